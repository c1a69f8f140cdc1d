"""The addresses of the REST API, from its own OpenAPI description."""

from __future__ import annotations

import os
import re
import tempfile

from reference_makers.markdown import table

_TYPED = re.compile(r"\{\w+:")
METHODS = ("get", "post", "put", "patch", "delete")


def api_part() -> str:
    """A table of all operations."""
    _start_django()
    from crowdsft.web.api import api

    paths = api.get_openapi_schema(path_prefix="/api/")["paths"]
    rows = [
        (
            f"`{method.upper()} {_TYPED.sub('{', path)}`",
            "an account" if "security" in operation else "anybody",
            operation["description"],
        )
        for path, operations in paths.items()
        for method, operation in operations.items()
        if method in METHODS
    ]
    return table(("Request", "Who", "What"), rows)


def _start_django() -> None:
    import django
    from django.apps import apps

    if not apps.ready:
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "crowdsft.web.settings")
        os.environ.setdefault("CROWDSFT_DATA", tempfile.gettempdir() + "/crowdsft-reference")
        django.setup()
