"""Events to plain JSON values and back. The kind of an event is its class name."""

from __future__ import annotations

from typing import Any, get_args

from pydantic import TypeAdapter, ValidationError

from crowdsft.core.errors import JournalError
from crowdsft.core.events import Event

EVENT_KINDS: dict[str, type[Any]] = {kind.__name__: kind for kind in get_args(Event)}
_ADAPTERS: dict[str, TypeAdapter[Any]] = {name: TypeAdapter(kind) for name, kind in EVENT_KINDS.items()}


def encode_event(event: Event) -> tuple[str, dict[str, Any]]:
    """The event's kind and its fields as plain JSON values."""
    kind = type(event).__name__
    payload: dict[str, Any] = _ADAPTERS[kind].dump_python(event, mode="json")
    return kind, payload


def decode_event(kind: str, payload: dict[str, Any]) -> Event:
    """The event that `encode_event` wrote.

    Raises:
        JournalError: when the kind is unknown or a field does not fit.
    """
    if kind not in _ADAPTERS:
        raise JournalError(
            f"The journal holds an event of kind {kind!r}, which this version of crowdsft does not know. "
            "It was written by a newer version; please upgrade."
        )
    try:
        event: Event = _ADAPTERS[kind].validate_python(payload)
    except ValidationError as error:
        raise JournalError(
            f"The journal holds a damaged {kind} event: {error.errors()[0]['msg']}."
        ) from error
    return event
