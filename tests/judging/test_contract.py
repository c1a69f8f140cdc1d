"""Laws that every judge of the table obeys, on a base, an equal candidate and a different one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("torch", reason="judges of models need the [train] extra")

from crowdsft.judging import JUDGES, Case, Judge
from tests.judging.cases import case
from tests.judging.chat_server import ChatServer, longer_wins, serving
from tests.judging.tiny_networks import save_classifier

pytestmark = pytest.mark.train

BASE = [f"I wonder what number {number} is." for number in range(10)]
OTHER = [f"Life is sweet and I danced {'and danced ' * (number % 3)}in the park." for number in range(10)]


@pytest.fixture(scope="module")
def options(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, dict[str, Any]]]:
    network = save_classifier(tmp_path_factory.mktemp("reward"))
    with serving(ChatServer(longer_wins)) as server:
        yield {
            "reward_model": {"model": str(network)},
            "llm": {
                "endpoint": server.address,
                "model": "judge",
                "criterion": "Longer is better.",
                "samples": 8,
            },
        }


@pytest.fixture(scope="module")
def base() -> Any:
    from crowdsft.training.models import load_model

    return load_model("builtin:tiny")


@pytest.fixture(params=sorted(JUDGES))
def judge(request: pytest.FixtureRequest, options: dict[str, dict[str, Any]]) -> Judge:
    return JUDGES.make(request.param, **options.get(request.param, {}))


@pytest.fixture
def three(base: Any, tmp_path: Path) -> Case:
    return case([BASE, BASE, OTHER], tmp_path, base=base)


def test_rows_are_paired_and_finite(judge: Judge, three: Case) -> None:
    rows = judge.utilities(three)
    assert len(rows) == 3
    assert {len(row) for row in rows} == {len(rows[0])} and len(rows[0]) >= 2
    assert np.isfinite(rows).all()


def test_an_equal_model_is_worth_the_same(judge: Judge, three: Case) -> None:
    rows = judge.utilities(three)
    np.testing.assert_array_equal(rows[0], rows[1])


def test_the_same_case_gets_the_same_utilities(judge: Judge, three: Case, tmp_path: Path) -> None:
    first, again = judge.utilities(three), judge.utilities(three)
    np.testing.assert_array_equal(first, again)


def test_models_are_judged_alone(judge: Judge, three: Case, base: Any, tmp_path: Path) -> None:
    alone = judge.utilities(case([BASE, OTHER], tmp_path, base=base))[1]
    np.testing.assert_allclose(alone, judge.utilities(three)[2], atol=1e-5)
