"""What every section of the campaign settings is made of."""

from __future__ import annotations

from collections.abc import Collection
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, StringConstraints

from crowdsft.core.errors import unknown_name_problem
from crowdsft.core.sentences import sentence

NonEmpty = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]


class Section(BaseModel):
    """A table of the campaign file: frozen, and no key is accepted that we do not know."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


def out_of_bounds(given: str, item: Any) -> str:
    """What pydantic says of a value that is not what it should be; as a sentence where its kind is a common one."""
    bounds, kind = item.get("ctx", {}), item["type"]
    match kind:
        case "greater_than_equal":
            return sentence(
                "is {given}; input should be greater than or equal to {bound}",
                given=given,
                bound=bounds["ge"],
            )
        case "less_than_equal":
            return sentence(
                "is {given}; input should be less than or equal to {bound}", given=given, bound=bounds["le"]
            )
        case "greater_than":
            return sentence(
                "is {given}; input should be greater than {bound}", given=given, bound=bounds["gt"]
            )
        case "less_than":
            return sentence("is {given}; input should be less than {bound}", given=given, bound=bounds["lt"])
        case "string_too_long":
            return sentence(
                "is {given}; string should have at most {bound} characters",
                given=given,
                bound=bounds["max_length"],
            )
        case "string_too_short":
            return sentence(
                "is {given}; string should have at least {bound} characters",
                given=given,
                bound=bounds["min_length"],
            )
        case "too_long":
            return sentence(
                "is {given}; tuple should have at most {bound} items", given=given, bound=bounds["max_length"]
            )
        case "too_short":
            return sentence(
                "is {given}; tuple should have at least {bound} items",
                given=given,
                bound=bounds["min_length"],
            )
        case "int_parsing" | "int_type" | "int_from_float":
            return sentence("is {given}; input should be a valid integer", given=given)
        case "float_parsing" | "float_type":
            return sentence("is {given}; input should be a valid number", given=given)
        case "literal_error":
            return sentence(
                "is {given}; input should be {expected}", given=given, expected=bounds["expected"]
            )
    message = str(item["msg"])
    return f"is {given}; {message[0].lower()}{message[1:]}"


def known_name(kind: str, name: str, table: Collection[str]) -> str:
    """`name`, if it is in `table`.

    Raises:
        ValueError: saying what was meant and what there is; pydantic turns it into a fault.
    """
    if name not in table:
        raise ValueError(unknown_name_problem(kind, name, table))
    return name
