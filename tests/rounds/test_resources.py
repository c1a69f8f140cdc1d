from __future__ import annotations

from typing import Any

from crowdsft.core.settings import parse_settings
from crowdsft.rounds.resources import training_options
from crowdsft.training.base import TINY_PARAMETERS, TrainingOptions


def options(parameters: int, **training: Any) -> TrainingOptions:
    settings = parse_settings({"campaign": {"name": "T"}, "target": {"emotion": "joy"}, "training": training})
    return training_options(settings, parameters=parameters)


def test_what_is_left_open_follows_the_models_size() -> None:
    tiny, large = options(TINY_PARAMETERS - 1), options(TINY_PARAMETERS)
    assert (tiny.learning_rate, tiny.b_rate_ratio, tiny.adapt_head) == (1e-3, 12.0, True)
    assert (large.learning_rate, large.b_rate_ratio, large.adapt_head) == (2e-4, 1.0, False)


def test_what_is_given_is_kept() -> None:
    found = options(10, learning_rate=1e-4, adapt_head=False, rank=3)
    assert (found.learning_rate, found.adapt_head, found.rank, found.b_rate_ratio) == (1e-4, False, 3, 12.0)


def test_defaults_for_tiny_models_are_the_backends_defaults() -> None:
    assert options(10, max_tokens=TrainingOptions().max_tokens) == TrainingOptions()


def test_options_of_trl_go_to_its_backend_alone() -> None:
    found = options(10, backend="trl_sft", trl={"loss_type": "dft"})
    assert found == options(10, adapt_head=False)  # TRL trains no adapter of the output head
