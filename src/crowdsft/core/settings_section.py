"""What every section of the campaign settings is made of."""

from __future__ import annotations

from collections.abc import Collection
from typing import Annotated

from pydantic import BaseModel, ConfigDict, StringConstraints

from crowdsft.core.errors import unknown_name_problem

NonEmpty = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]


class Section(BaseModel):
    """A table of the campaign file: frozen, and no key is accepted that we do not know."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


def known_name(kind: str, name: str, table: Collection[str]) -> str:
    """`name`, if it is in `table`.

    Raises:
        ValueError: saying what was meant and what there is; pydantic turns it into a fault.
    """
    if name not in table:
        raise ValueError(unknown_name_problem(kind, name, table))
    return name
