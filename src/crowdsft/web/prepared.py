"""Queries that nearly every request asks, with SQL that is made once: making it takes Django longer than running it.

find_user = Prepared(lambda number: User.objects.filter(pk=number))
user = find_user.first(7)
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from django.db import connection
from django.db.models import Model, QuerySet
from django.db.models.query import get_related_populators

M = TypeVar("M", bound=Model)

STAND_INS = 2_000_000_000  # numbers that fit into every column of whole numbers, and that no query means


class Prepared(Generic[M]):
    """A query with places for values, each a whole number or a text that is compared as it is.

    The first use makes the SQL, with a stand-in for each value; all uses run it. A join (`select_related`), an
    order, a limit and a lock are kept; what depends on a value otherwise (`in`, a moment, a pattern) is not for this.

    Args:
        build: From as many values as it has arguments to the query.
    """

    def __init__(self, build: Callable[..., QuerySet[M]]) -> None:
        self._build = build
        self._values = len(inspect.signature(build).parameters)
        self._plans: dict[str, _Plan] = {}

    def rows(self, *values: int | str) -> list[M]:
        """What the database has for `values`."""
        if not _can_be(values):
            return []
        plan = self._plan(values)
        return [plan.made(row) for row in plan.fetched(plan.sql, values)]

    def first(self, *values: int | str) -> M | None:
        """The first row, or None."""
        found = self.rows(*values)
        return found[0] if found else None

    def count(self, *values: int | str) -> int:
        """How many rows there are."""
        if not _can_be(values):
            return 0
        plan = self._plan(values)
        return int(plan.fetched(f"SELECT COUNT(*) FROM ({plan.sql}) AS counted", values)[0][0])

    def _plan(self, values: tuple[int | str, ...]) -> _Plan:
        assert len(values) == self._values
        plan = self._plans.get(connection.vendor)
        if plan is None:
            plan = self._plans[connection.vendor] = _planned(self._build, values)
        return plan


def _can_be(values: tuple[int | str, ...]) -> bool:
    """Whether a database can hold such numbers; it refuses even to look for larger ones."""
    return all(abs(value) < 1 << 63 for value in values if isinstance(value, int))


@dataclass(frozen=True, slots=True)
class _Plan:
    """SQL, where the values go (their number, or None and a constant), and how a row becomes an object."""

    sql: str
    places: tuple[tuple[int | None, Any], ...]
    model: type[Model]
    fields: list[str]
    start: int
    converters: tuple[tuple[int, list[Any], Any], ...]
    related: list[Any]

    def fetched(self, sql: str, values: tuple[int | str, ...]) -> list[Any]:
        with connection.cursor() as cursor:
            cursor.execute(sql, [values[p] if p is not None else c for p, c in self.places])
            return list(cursor.fetchall())

    def made(self, row: Any) -> Any:
        values = list(row)
        for place, converters, expression in self.converters:
            for convert in converters:
                values[place] = convert(values[place], expression, connection)
        found = self.model.from_db(
            connection.alias, self.fields, values[self.start : self.start + len(self.fields)]
        )
        for related in self.related:
            related.populate(values, found)
        return found


def _planned(build: Callable[..., QuerySet[Any]], values: tuple[int | str, ...]) -> _Plan:
    stand_ins = [
        STAND_INS + number if isinstance(value, int) else f"stand-in {STAND_INS + number}"
        for number, value in enumerate(values)
    ]
    compiler: Any = build(*stand_ins).query.get_compiler(using=connection.alias)
    sql, parameters = compiler.as_sql()
    places = tuple((stand_ins.index(p), None) if p in stand_ins else (None, p) for p in parameters)
    assert {place for place, _ in places} >= set(range(len(values))), "a value has no place of its own"
    columns = [column[0] for column in compiler.select[: compiler.col_count]]
    info = compiler.klass_info
    start, end = info["select_fields"][0], info["select_fields"][-1] + 1
    return _Plan(
        sql=sql,
        places=places,
        model=info["model"],
        fields=[column.target.attname for column in columns[start:end]],
        start=start,
        converters=tuple((place, *found) for place, found in compiler.get_converters(columns).items()),
        related=get_related_populators(info, compiler.select, connection.alias),  # type: ignore[call-arg]
    )
