"""The document that describes the API, and the page that shows it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any

import pytest
from django.test import Client

from crowdsft.web.api import api
from crowdsft.web.security import POLICY

pytestmark = pytest.mark.django_db
METHODS = {"get", "put", "post", "delete", "options", "head", "patch", "trace"}
SCHEMA_TYPES = {"string", "number", "integer", "boolean", "array", "object", "null"}


@pytest.fixture
def document() -> dict[str, Any]:
    answer = Client().get("/api/openapi.json")
    assert answer["Content-Type"].startswith("application/json")
    found: dict[str, Any] = answer.json()
    return found


def operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, item in document["paths"].items():
        assert path.startswith("/api/") and set(item) <= METHODS
        for method, operation in item.items():
            yield path, method, operation


def references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"]
        for item in value.values():
            yield from references(item)
    elif isinstance(value, list):
        for item in value:
            yield from references(item)


def resolve(document: dict[str, Any], reference: str) -> Any:
    assert reference.startswith("#/")
    found: Any = document
    for part in reference[2:].split("/"):
        found = found[part.replace("~1", "/").replace("~0", "~")]
    return found


def check_schema(schema: Any) -> None:
    """The parts of JSON Schema 2020-12 that are used here, well formed."""
    assert isinstance(schema, dict)
    if "type" in schema:
        types = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
        assert set(types) <= SCHEMA_TYPES
    assert set(schema.get("required", ())) <= set(schema.get("properties", ()))
    for name in ("anyOf", "oneOf", "allOf"):
        assert name not in schema or schema[name]
        for part in schema.get(name, ()):
            check_schema(part)
    for part in schema.get("properties", {}).values():
        check_schema(part)
    for name in ("items", "additionalProperties"):
        if isinstance(schema.get(name), dict):
            check_schema(schema[name])
    if "pattern" in schema:
        re.compile(schema["pattern"])


def test_it_is_openapi_3_in_form(document: dict[str, Any]) -> None:
    assert re.fullmatch(r"3\.\d+\.\d+", document["openapi"])
    assert document["info"]["title"] == "crowdsft" and document["info"]["version"]
    names = [operation["operationId"] for _, _, operation in operations(document)]
    assert len(names) == len(set(names)) > 15
    for reference in references(document):
        resolve(document, reference)
    for schema in document["components"]["schemas"].values():
        check_schema(schema)


def test_every_operation_says_what_it_takes_and_answers(document: dict[str, Any]) -> None:
    for path, method, operation in operations(document):
        declared = {p["name"]: p for p in operation.get("parameters", []) if p["in"] == "path"}
        assert set(declared) == set(re.findall(r"{(\w+)}", path))
        for parameter in operation.get("parameters", []):
            assert parameter["in"] in {"path", "query", "header", "cookie"}
            assert parameter["required"] is True or parameter["in"] != "path"
            check_schema(parameter["schema"])
        if "requestBody" in operation:
            assert method in {"post", "put", "patch"}
            for content in operation["requestBody"]["content"].values():
                check_schema(content["schema"])
        assert operation["description"] and operation["tags"]
        codes = set(operation["responses"])
        assert codes & {"200", "201", "204"}
        for code, response in operation["responses"].items():
            assert re.fullmatch(r"[1-5]\d\d", str(code)) and response["description"]
            for content in response.get("content", {}).values():
                check_schema(content["schema"])


def test_every_operation_says_who_may_use_it(document: dict[str, Any]) -> None:
    schemes = document["components"]["securitySchemes"]
    assert schemes["TokenAuth"] == {"type": "http", "scheme": "bearer"}
    assert (schemes["SignedIn"]["type"], schemes["SignedIn"]["in"]) == ("apiKey", "cookie")
    open_to_all = {
        (method, path) for path, method, operation in operations(document) if "security" not in operation
    }
    assert open_to_all == {
        ("post", "/api/accounts"),
        ("post", "/api/tokens"),
        ("get", "/api/campaigns"),
        ("get", "/api/campaigns/{slug}"),
        ("get", "/api/campaigns/{slug}/standings"),
        ("get", "/api/campaigns/{slug}/ledger"),
        ("get", "/api/campaigns/{slug}/ledger.jsonl"),
        ("get", "/api/campaigns/{slug}/ledger/check"),
        ("get", "/api/campaigns/{slug}/consent"),
        ("get", "/api/campaigns/{slug}/result"),
        ("get", "/api/campaigns/{slug}/models"),
        ("get", "/api/campaigns/{slug}/models/{key}.zip"),
    }
    for _, _, operation in operations(document):
        for choice in operation.get("security", []):
            assert set(choice) <= set(schemes)
        if "security" in operation:
            assert "401" in {str(code) for code in operation["responses"]}


def test_errors_are_described(document: dict[str, Any]) -> None:
    assert set(document["components"]["schemas"]["Problem"]["properties"]) == {"detail", "faults"}
    for _, _, operation in operations(document):
        for code, response in operation["responses"].items():
            if str(code).startswith("4"):
                (content,) = response["content"].values()
                assert content["schema"] == {"$ref": "#/components/schemas/Problem"}


class Loaded(HTMLParser):
    """What a page loads, and the scripts that stand in it."""

    def __init__(self) -> None:
        super().__init__()
        self.addresses: list[str] = []
        self.inline: list[dict[str, str | None]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        assert not any(name.startswith("on") for name in given) and tag not in ("iframe", "object", "style")
        if tag in ("script", "img", "link"):
            address = given.get("src") or given.get("href")
            if address:
                self.addresses.append(address)
            else:
                self.inline.append(given)


def test_the_documentation_page_is_all_ours() -> None:
    answer = Client().get("/api/docs")
    assert answer.status_code == 200 and answer["Content-Security-Policy"] == POLICY.format(forms="'self'")
    page = Loaded()
    page.feed(answer.content.decode())
    assert len(page.addresses) >= 4
    for address in page.addresses:
        assert address.startswith("/static/")
        served = Client().get(address)
        assert served.status_code == 200, address
        assert len(b"".join(served)) > 500
    assert [script.get("type") for script in page.inline] == ["application/json"]
    settings = json.loads(
        re.search(rb'id="swagger-settings">(.*?)</script>', answer.content, re.DOTALL).group(1)  # type: ignore[union-attr]
    )
    assert settings["url"] == "/api/openapi.json"
    assert settings["validatorUrl"] is None


def test_nothing_inline_may_run_and_nothing_comes_from_elsewhere() -> None:
    assert "unsafe" not in POLICY and "http" not in POLICY and POLICY.startswith("default-src 'none'")


def test_the_document_is_made_without_warnings(recwarn: pytest.WarningsRecorder) -> None:
    api.get_openapi_schema()
    assert [str(warning.message) for warning in recwarn] == []


def test_no_two_schemas_share_a_name() -> None:
    """In the document the second would silently take the first one's place."""
    import importlib
    import pkgutil
    from collections import Counter

    from ninja import Schema

    import crowdsft.web.api as package

    modules = [
        importlib.import_module(f"{package.__name__}.{found.name}")
        for found in pkgutil.iter_modules(package.__path__)
    ]
    own = {
        value
        for module in modules
        for value in vars(module).values()
        if isinstance(value, type) and issubclass(value, Schema) and value is not Schema
    }
    names = Counter(schema.__name__ for schema in own)
    assert [name for name, count in names.items() if count > 1] == []
