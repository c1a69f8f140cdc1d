"""What a language model's replies cost a campaign so far: a limit that holds, and replies that are paid for once.

Every reply is a line of a file, written before anything is made of it. A worker that is killed, or a step that is done
again, finds the replies there and asks for the rest only; what they cost still counts.
"""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from crowdsft.core.errors import EvaluationError
from crowdsft.judging.chat_endpoint import Message, Reply

PER_MILLION = 1e-6


@dataclass(frozen=True, slots=True)
class Limits:
    """What a campaign may spend: calls, and money at prices per million tokens; max_cost None: no limit on money."""

    max_calls: int
    max_cost: float | None
    input_price: float
    output_price: float

    def cost(self, input_tokens: int, output_tokens: int) -> float:
        """Of one call, in the currency of the prices."""
        return PER_MILLION * (input_tokens * self.input_price + output_tokens * self.output_price)


@dataclass(slots=True)
class Purse:
    """The replies to a campaign's questions and what they cost. Safe to use from several threads.

    Args:
        file: JSON lines; it need not exist yet. A last line that was cut off by a crash is left out.
    """

    file: Path
    limits: Limits
    calls: int = field(default=0, init=False)
    spent: float = field(default=0.0, init=False)
    _reserved: float = field(default=0.0, init=False)
    _replies: dict[str, str] = field(default_factory=dict, init=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False)

    def __post_init__(self) -> None:
        for row in _rows(self.file):
            self._count(row)

    def reply(self, question: str) -> str | None:
        """The reply to a question, if it was paid for already."""
        return self._replies.get(question)

    def require_calls(self, count: int) -> None:
        """Check that `count` more calls are allowed, before the first of them.

        Raises:
            EvaluationError: They are not.
        """
        if self.calls + count > self.limits.max_calls:
            raise EvaluationError(
                f"the language model would have to be asked {count:,} more times, but llm_judge.max_calls = "
                f"{self.limits.max_calls:,} and {self.calls:,} calls are used. Nothing of this was asked or written. "
                "Raise it, or lower llm_judge.samples or rounds.groups."
            )

    def reserve(self, messages: Sequence[Message], max_tokens: int) -> float:
        """Set aside what a call may cost at most, and return it; `settle` or `give_back` ends it.

        A text has at most as many tokens as bytes; the rest is room for what the endpoint puts around it.

        Raises:
            EvaluationError: It could exceed the limit.
        """
        size = sum(len(message["content"].encode()) + 32 for message in messages)
        most = self.limits.cost(size, max_tokens)
        with self._lock:
            self.require_calls(1)
            limit = self.limits.max_cost
            if limit is not None and self.spent + self._reserved + most > limit:
                raise EvaluationError(
                    f"the language model has cost {self.spent:.4f} so far and the next calls could exceed "
                    f"llm_judge.max_cost = {limit:g}. Nothing was written to the journal; the {self.calls:,} replies "
                    "so far are kept. Raise the limit, or lower llm_judge.samples."
                )
            self.calls += 1
            self._reserved += most
        return most

    def give_back(self, reserved: float) -> None:
        """The call did not happen."""
        with self._lock:
            self.calls -= 1
            self._reserved -= reserved

    def settle(self, question: str, reply: Reply, reserved: float) -> None:
        """Keep a reply and what it cost; all that was reserved, where the endpoint does not tell its tokens."""
        told = reply.input_tokens is not None and reply.output_tokens is not None
        cost = self.limits.cost(reply.input_tokens or 0, reply.output_tokens or 0) if told else reserved
        row = {"question": question, "reply": reply.text, "cost": cost}
        with self._lock:
            self.calls -= 1
            self._reserved -= reserved
            self._append(row)
            self._count(row)

    def _append(self, row: dict[str, Any]) -> None:
        self.file.parent.mkdir(parents=True, exist_ok=True)
        with self.file.open("ab+") as file:
            if file.tell():
                file.seek(-1, 2)
                if file.read(1) != b"\n":  # a line that was cut off stays a line of its own
                    file.write(b"\n")
            file.write(json.dumps(row, ensure_ascii=False).encode() + b"\n")

    def _count(self, row: dict[str, Any]) -> None:
        self.calls += 1
        self.spent += row["cost"]
        self._replies[row["question"]] = row["reply"]


def question_id(model: str, messages: Sequence[Message], max_tokens: int) -> str:
    """SHA-256 of everything that decides the reply."""
    text = json.dumps([model, list(messages), max_tokens], ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def _rows(file: Path) -> list[dict[str, Any]]:
    if not file.exists():
        return []
    rows = []
    for line in file.read_bytes().split(b"\n"):
        try:
            row = json.loads(line)
        except ValueError:
            continue
        if isinstance(row, dict) and {"question", "reply", "cost"} <= row.keys():
            rows.append(row)
    return rows
