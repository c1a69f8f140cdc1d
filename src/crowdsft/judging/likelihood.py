"""How likely a model is to give the expert answers."""

from __future__ import annotations

from dataclasses import dataclass

from crowdsft.core.errors import EvaluationError
from crowdsft.judging.base import Case, Floats


@dataclass(frozen=True, slots=True)
class LikelihoodJudge:
    """Mean log-likelihood per token, in nats, of each expert answer; one row for each answer.

    It looks at no output: a model that gives the expert answers a chance, but writes nonsense half the time, is not
    found out. Use it beside a judge that reads, or as a guard.
    """

    def utilities(self, case: Case) -> list[Floats]:
        """float64[n] for each model, n expert answers; see `Judge.utilities`."""
        from crowdsft.training.likelihood import likelihoods_of_responses

        if len(case.expert_pairs) < 2:
            raise EvaluationError(
                f"the judge 'likelihood' has {len(case.expert_pairs)} expert answers for the {case.sample} sample and "
                "needs two. Give the target more examples, or take the judge out of [judging]."
            )
        return likelihoods_of_responses(
            case.base, case.adapters, case.expert_pairs, max_tokens=case.max_tokens
        )
