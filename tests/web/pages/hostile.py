"""What a page or an operation may be sent by somebody who means harm, or by a broken program."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver
from django.urls.converters import IntConverter, SlugConverter, StringConverter, UUIDConverter

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "MADEUP")
NOBODYS_UUID = "00000000-0000-4000-8000-000000000000"
TOO_LONG = "ä" * 250_000  # more than any text here may have, and less than the largest body
HALF_A_PAIR = "\ud800"  # of surrogates, which UTF-8 has no bytes for
TEXTS = (
    "",
    " \n\t ",
    "a\x00b",  # PostgreSQL keeps no NUL
    HALF_A_PAIR,
    "999999999999999999999999999999",  # more than the database's whole numbers
    "-1",
    "1e999",
    "NaN",
    "²",  # isdigit() says yes, int() says no
    "2026-02-30",
    "../../etc/passwd",
    "'; DROP TABLE accounts_user; --",
    "{{ 7|add:7 }}<script>",
    "%s%(name)s{0.__class__}",
    TOO_LONG,
)
BODIES = (
    b"",
    b"{",
    b"[1, 2]",
    b'"text"',
    b"null",
    b"\xff\xfe\x00",
    b'{"text": "a\\u0000b"}',
    b'{"text": "\\ud800"}',
    b"[" * 100_000,
    b'{"text":' * 20_000,
    b'{"id": ' + b"9" * 5_000 + b"}",
    b'{"a": NaN, "b": 1e999}',
)
CONTENT_TYPES = (
    "application/json",
    "text/plain",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x",
    "multipart/form-data",
    "application/json; charset=made-up",
    "application/x-www-form-urlencoded; charset=made-up",
    "",
)


def patterns(under: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every address of the site below `under`, as Django knows it, with the converter of each of its parts."""
    yield from (found for found in _patterns(get_resolver()) if found[0].startswith(under))


def _patterns(
    resolver: URLResolver, before: str = "", outer: dict[str, Any] | None = None
) -> Iterator[tuple[str, dict[str, Any]]]:
    for entry in resolver.url_patterns:
        route = before + str(entry.pattern)
        converters = {**(outer or {}), **getattr(entry.pattern, "converters", {})}
        if isinstance(entry, URLResolver):
            yield from _patterns(entry, route, converters)
        elif isinstance(entry, URLPattern) and "(?P" not in route and "^" not in route:
            yield route, converters


def address(route: str, converters: dict[str, Any], known: dict[str, object]) -> str:
    """An address that `route` matches: of what is known where there is such a thing, else of something made up."""
    for name, converter in converters.items():
        value = known.get(name, _made_up(converter))
        route = re.sub(rf"<(?:\w+:)?{name}>", str(value), route)
    return f"/{route}"


def _made_up(converter: object) -> str:
    match converter:
        case IntConverter():
            return "987654321"
        case UUIDConverter():
            return NOBODYS_UUID
        case SlugConverter() | StringConverter():
            return "made-up"
        case _:
            return "made/up"
