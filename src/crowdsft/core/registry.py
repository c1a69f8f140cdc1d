"""Closed tables, name -> implementation, in which names from campaign files are looked up.

A table is one literal dictionary in the package's `__init__`. Heavy implementations stand in it as
"module:attribute" strings and are imported when they are used; text from a user is only ever a key.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Mapping
from typing import Any, Generic, TypeVar

from crowdsft.core.errors import UnknownNameError

T = TypeVar("T")


class Table(Mapping[str, type[T]], Generic[T]):
    """A read-only mapping from names to classes of one kind ("grouping", "reward policy", ...)."""

    def __init__(self, kind: str, entries: Mapping[str, type[T] | str]) -> None:
        self.kind = kind
        self._entries = dict(entries)

    def __getitem__(self, name: str) -> type[T]:
        try:
            entry = self._entries[name]
        except KeyError:
            raise UnknownNameError(self.kind, name, self._entries) from None
        if not isinstance(entry, str):
            return entry
        module, attribute = entry.split(":")
        loaded: type[T] = getattr(importlib.import_module(module), attribute)
        return loaded

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)

    def __contains__(self, name: object) -> bool:
        return name in self._entries

    def make(self, name: str, **options: Any) -> T:
        """The implementation called `name`, built with `options` as its settings."""
        return self[name](**options)
