"""Reading request bodies."""

from __future__ import annotations

import json
from typing import Any

from django.http import HttpRequest
from ninja.parser import Parser

from crowdsft.web.task_types.texts import UNSTORABLE


class StorableParser(Parser):
    """JSON whose texts every database can keep."""

    def parse_body(self, request: HttpRequest) -> dict[str, Any]:
        """The JSON object in the body.

        Raises:
            ValueError: when it is no JSON, no object, or holds a text with a NUL character or half a surrogate
                pair.
        """
        body = json.loads(request.body)
        if not isinstance(body, dict):
            raise ValueError("the body is no JSON object")
        if not _is_storable(body):
            raise ValueError("a text holds U+0000 or half a surrogate pair")
        return body


def _is_storable(value: object) -> bool:
    if isinstance(value, str):
        return UNSTORABLE.search(value) is None
    if isinstance(value, dict):
        return all(_is_storable(key) and _is_storable(item) for key, item in value.items())
    if isinstance(value, list):
        return all(map(_is_storable, value))
    return True
