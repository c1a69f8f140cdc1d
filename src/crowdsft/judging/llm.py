"""A language model as judge: which of two answers to the same prompt is better, asked in both orders."""

from __future__ import annotations

import os
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass

import numpy as np

from crowdsft.core.errors import EvaluationError, InputError
from crowdsft.judging.base import Case, Floats
from crowdsft.judging.chat_endpoint import ChatEndpoint, Message
from crowdsft.judging.comparison import Comparison, Verdict, read_verdict, reminded
from crowdsft.judging.purse import Limits, Purse, question_id

MOST_MALFORMED = 0.1
"""Share of comparisons without a verdict from which on the judge is not believed."""

FOR_FIRST: dict[Verdict, float] = {"A": 1.0, "B": -1.0, "TIE": 0.0}


@dataclass(frozen=True, slots=True)
class LlmJudge:
    """Wins against the base: 1 where a candidate's answer is better than the base's, -1 where worse, 0 for a tie.

    Each pair is shown in both orders and the two verdicts are averaged, so that a liking for the first or the second
    place cancels out. Equal answers are a tie without a question. Utilities say nothing about the base itself, which
    has 0: values of different rounds are comparable only by the wins that led from one to the next.

    Args:
        endpoint: Address before /chat/completions.
        model: The model's name there.
        criterion: What makes an answer better, in words.
        api_key_variable: Environment variable with the key; None where none is needed.
        samples: At most this many outputs of each candidate are compared.
        shown_examples: At most this many expert answers are shown as what is wanted.
        max_tokens: Longest reply; a model that thinks aloud needs more than the three words do.
        max_calls, max_cost, input_price, output_price: See `Limits`; they hold for the whole campaign.
        parallel: Questions under way at a time.
        attempts, timeout_seconds: See `ChatEndpoint`.
    """

    endpoint: str | None = None
    model: str | None = None
    criterion: str | None = None
    api_key_variable: str | None = None
    samples: int = 50
    shown_examples: int = 3
    max_tokens: int = 16
    max_calls: int = 10_000
    max_cost: float | None = None
    input_price: float = 0.0
    output_price: float = 0.0
    parallel: int = 4
    attempts: int = 6
    timeout_seconds: float = 60.0

    def utilities(self, case: Case) -> list[Floats]:
        """float64[k] for each model, k <= `samples` rows; see `Judge.utilities`."""
        count = min(self.samples, len(case.prompts))
        pairs = [_both_orders(case, model, count) for model in range(1, len(case.outputs))]
        wanted = list(
            dict.fromkeys(comparison for rows in pairs for row in rows for comparison in row if row)
        )
        verdicts = self._verdicts(wanted, case)
        candidates = [np.array([_win(row, verdicts) for row in rows]) for rows in pairs]
        return [np.zeros(count), *candidates]

    def _verdicts(self, wanted: Sequence[Comparison], case: Case) -> dict[Comparison, Verdict]:
        if self.endpoint is None or self.model is None or self.criterion is None:
            raise InputError(
                "the judge 'llm' needs llm_judge.endpoint, llm_judge.model and llm_judge.criterion."
            )
        limits = Limits(self.max_calls, self.max_cost, self.input_price, self.output_price)
        purse = Purse(case.memory / "llm.jsonl", limits)
        endpoint = ChatEndpoint(
            self.endpoint,
            self.model,
            api_key(self.api_key_variable),
            self.max_tokens,
            attempts=self.attempts,
            timeout_seconds=self.timeout_seconds,
        )
        examples = [answer for _, answer in case.expert_pairs[: self.shown_examples]]
        questions = {comparison: comparison.messages(self.criterion, examples) for comparison in wanted}
        try:
            replies = self._replies(questions, endpoint, purse, case)
            unclear = {
                comparison: reminded(questions[comparison], reply)
                for comparison, reply in replies.items()
                if read_verdict(reply) is None
            }
            replies |= self._replies(unclear, endpoint, purse, case)
        finally:
            endpoint.close()
        return _read(replies)

    def _replies(
        self, questions: dict[Comparison, list[Message]], endpoint: ChatEndpoint, purse: Purse, case: Case
    ) -> dict[Comparison, str]:
        """The reply to each question: kept ones, and the others from the endpoint, several at a time."""
        ids = {
            comparison: question_id(endpoint.model, messages, self.max_tokens)
            for comparison, messages in questions.items()
        }
        missing = [comparison for comparison, question in ids.items() if purse.reply(question) is None]
        purse.require_calls(len(missing))
        stop = threading.Event()

        def ask(comparison: Comparison) -> None:
            if stop.is_set():  # another call failed: nothing more is paid for
                return
            try:
                pay_for(comparison)
            except BaseException:
                stop.set()
                raise

        def pay_for(comparison: Comparison) -> None:
            reserved = purse.reserve(questions[comparison], self.max_tokens)
            try:
                reply = endpoint.ask(questions[comparison])
            except BaseException:
                purse.give_back(reserved)
                raise
            purse.settle(ids[comparison], reply, reserved)

        with ThreadPoolExecutor(self.parallel) as pool:
            waiting = [pool.submit(ask, comparison) for comparison in missing]
            try:
                for done, finished in enumerate(as_completed(waiting), start=1):
                    finished.result()
                    case.report(f"asking {endpoint.model}: {done} of {len(missing)}", done / len(missing))
            except BaseException:
                stop.set()
                raise
        return {comparison: purse.reply(question) or "" for comparison, question in ids.items()}


def api_key(variable: str | None) -> str | None:
    """The key in an environment variable.

    Raises:
        InputError: The variable is not set.
    """
    if variable is None:
        return None
    key = os.environ.get(variable, "").strip()
    if not key:
        raise InputError(
            f"the environment variable {variable}, which llm_judge.api_key_variable names, is not set. "
            f"Set it to the key of the endpoint: export {variable}=..."
        )
    return key


def _both_orders(case: Case, model: int, count: int) -> list[tuple[Comparison, ...]]:
    """For each row the candidate first and the base first; nothing where their answers are equal."""
    base, candidate = case.outputs[0], case.outputs[model]
    return [
        (Comparison(prompt, own, other), Comparison(prompt, other, own))
        if own.strip() != other.strip()
        else ()
        for prompt, own, other in zip(case.prompts[:count], candidate, base, strict=False)
    ]


def _win(row: tuple[Comparison, ...], verdicts: dict[Comparison, Verdict]) -> float:
    if not row:
        return 0.0
    candidate_first, base_first = row
    return (FOR_FIRST[verdicts[candidate_first]] - FOR_FIRST[verdicts[base_first]]) / 2


def _read(replies: dict[Comparison, str]) -> dict[Comparison, Verdict]:
    """Verdicts; a reply that is still none after a reminder is a tie, unless there are too many of them.

    Raises:
        EvaluationError: There are.
    """
    verdicts = {comparison: read_verdict(reply) for comparison, reply in replies.items()}
    malformed = [comparison for comparison, verdict in verdicts.items() if verdict is None]
    if malformed and len(malformed) > MOST_MALFORMED * len(verdicts):
        raise EvaluationError(
            f"the language model gave no verdict on {len(malformed)} of {len(verdicts)} comparisons; one reply was "
            f"{replies[malformed[0]][:80]!r}. Use a model that can reply with one word, or raise llm_judge.max_tokens "
            "for one that thinks aloud first."
        )
    return {comparison: verdict or "TIE" for comparison, verdict in verdicts.items()}
