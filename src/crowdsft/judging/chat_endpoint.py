"""Asking a language model over HTTP, in the words of OpenAI's chat completions, patiently but not for ever."""

from __future__ import annotations

import email.utils
import ipaddress
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import httpx

from crowdsft.core.errors import EvaluationError

LONGEST_WAIT_SECONDS = 120.0
WORTH_ANOTHER_TRY = frozenset({408, 409, 425, 429, 500, 502, 503, 504, 529})

Message = dict[str, str]


@dataclass(frozen=True, slots=True)
class Reply:
    """What the model said; the numbers of tokens are None where the endpoint does not tell them."""

    text: str
    input_tokens: int | None
    output_tokens: int | None


@dataclass(slots=True)
class ChatEndpoint:
    """One model at one address. Safe to use from several threads.

    Args:
        address: What comes before /chat/completions.
        model: The model's name there.
        key: Sent as a bearer token, and nowhere else: no error holds it.
        max_tokens: Longest reply.
        attempts: How often one question is asked when the endpoint is busy, broken or silent.
        timeout_seconds: For each attempt.
        sleep: Waits between attempts.
    """

    address: str
    model: str
    key: str | None = field(repr=False)
    max_tokens: int
    attempts: int = 6
    timeout_seconds: float = 60.0
    sleep: Callable[[float], None] = time.sleep
    _http: httpx.Client = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._http = httpx.Client(
            headers={"Authorization": f"Bearer {self.key}"} if self.key else {},
            timeout=self.timeout_seconds,
            trust_env=not _is_loopback(self.address),  # a proxy cannot reach this machine's own addresses
        )

    def close(self) -> None:
        """Let go of the connections."""
        self._http.close()

    def ask(self, messages: Sequence[Message]) -> Reply:
        """The model's reply, at temperature 0.

        Raises:
            EvaluationError: The endpoint refuses, or does not answer after all attempts.
        """
        problem = ""
        for attempt in range(self.attempts):
            answer, problem = self._post(messages)
            if answer is not None and answer.status_code == 200:
                return _reply(answer, self.address)
            if answer is not None and answer.status_code not in WORTH_ANOTHER_TRY:
                break
            if attempt + 1 < self.attempts:
                self.sleep(self._wait_seconds(answer, attempt, problem))
        else:
            raise EvaluationError(
                f"the language model at {self.address} did not answer in {self.attempts} attempts: {problem}. "
                "Nothing was written; go on later, or lower llm_judge.parallel."
            )
        raise EvaluationError(
            f"the language model at {self.address} refuses: {problem}. Check llm_judge.endpoint, llm_judge.model and "
            "the key in the environment variable that llm_judge.api_key_variable names."
        )

    def _post(self, messages: Sequence[Message]) -> tuple[httpx.Response | None, str]:
        """The answer, if there is one, and what is wrong with it."""
        body = {
            "model": self.model,
            "messages": list(messages),
            "temperature": 0,
            "max_tokens": self.max_tokens,
        }
        try:
            answer = self._http.post(f"{self.address.rstrip('/')}/chat/completions", json=body)
        except httpx.TimeoutException:
            return None, f"no answer within {self.timeout_seconds:g} seconds"
        except httpx.TransportError as error:
            return None, self._without_key(f"{type(error).__name__}: {error}")
        return answer, self._without_key(f"HTTP {answer.status_code}, {answer.text[:200]!r}")

    def _wait_seconds(self, answer: httpx.Response | None, attempt: int, problem: str) -> float:
        """What the endpoint asks for, else 1, 2, 4, ... seconds.

        Raises:
            EvaluationError: It asks for more than anybody should wait inside a step.
        """
        asked = _retry_after_seconds(answer.headers.get("Retry-After")) if answer is not None else None
        if asked is None:
            return float(min(2.0**attempt, LONGEST_WAIT_SECONDS))
        if asked > LONGEST_WAIT_SECONDS:
            raise EvaluationError(
                f"the language model at {self.address} asks to wait {asked:.0f} seconds ({problem}). "
                "Nothing was written; go on after that time."
            )
        return asked

    def _without_key(self, text: str) -> str:
        return text.replace(self.key, "[key]") if self.key else text


def _reply(answer: httpx.Response, address: str) -> Reply:
    try:
        data: Any = answer.json()
        text = data["choices"][0]["message"]["content"]
        usage = data.get("usage") or {}
        tokens = [usage.get(name) for name in ("prompt_tokens", "completion_tokens")]
    except (ValueError, KeyError, IndexError, TypeError, AttributeError):
        raise EvaluationError(
            f"{address} answered, but not in the words of chat completions. Check llm_judge.endpoint: it is the "
            "address before /chat/completions."
        ) from None
    counts = [count if isinstance(count, int) and count >= 0 else None for count in tokens]
    return Reply(text if isinstance(text, str) else "", counts[0], counts[1])


def _retry_after_seconds(header: str | None) -> float | None:
    """Seconds or a date, as HTTP allows; None for neither."""
    if header is None:
        return None
    try:
        return max(0.0, float(header))
    except ValueError:
        pass
    try:
        return max(0.0, email.utils.parsedate_to_datetime(header).timestamp() - time.time())
    except (TypeError, ValueError):
        return None


def _is_loopback(address: str) -> bool:
    host = urlsplit(address).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
