"""Crowds have the make-up that they promise."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crowdsft.core.errors import InputError
from crowdsft.world import (
    EMOTIONS,
    Persona,
    expert_comments,
    heterogeneous_crowd,
    homogeneous_crowd,
    parse_comment,
)

emotions = st.sampled_from(EMOTIONS)
sizes = st.integers(min_value=1, max_value=150)
seeds = st.integers(min_value=0, max_value=2**32)


@given(emotions, sizes, seeds)
def test_a_crowd_has_as_many_people_with_different_names_as_asked_for(
    emotion: str, size: int, seed: int
) -> None:
    for make in (heterogeneous_crowd, homogeneous_crowd):
        crowd = make(emotion, size, rng=np.random.default_rng(seed))
        assert len({persona.name for persona in crowd}) == len(crowd) == size
        for persona in crowd:
            assert len(persona.mixture) == len(EMOTIONS)
            assert sum(persona.mixture) == pytest.approx(1.0)
            assert min(persona.mixture) >= 0


@given(emotions, sizes, seeds)
def test_kinds_keep_their_proportions_within_one_person(emotion: str, size: int, seed: int) -> None:
    kinds = Counter(
        persona.kind for persona in heterogeneous_crowd(emotion, size, rng=np.random.default_rng(seed))
    )
    for kind, parts in (("expert", 3), ("average", 5), ("off target", 4)):
        assert abs(kinds[kind] - size * parts / 12) < 1


def test_twelve_people_are_three_experts_five_average_and_four_off_target() -> None:
    crowd = heterogeneous_crowd("joy", rng=np.random.default_rng(0))
    assert Counter(persona.kind for persona in crowd) == {"expert": 3, "average": 5, "off target": 4}
    on_target = {"expert": 0.85, "average": 0.35, "off target": 0.1 / (len(EMOTIONS) - 1)}
    for persona in crowd:
        assert persona.mixture[EMOTIONS.index("joy")] == pytest.approx(on_target[persona.kind])


def test_off_target_people_each_have_another_emotion_of_their_own() -> None:
    crowd = heterogeneous_crowd("joy", rng=np.random.default_rng(0))
    favourites = [int(np.argmax(persona.mixture)) for persona in crowd if persona.kind == "off target"]
    assert len(set(favourites)) == 4
    assert EMOTIONS.index("joy") not in favourites
    assert all(
        max(persona.mixture) == pytest.approx(0.9) for persona in crowd if persona.kind == "off target"
    )


def test_everybody_in_a_homogeneous_crowd_is_alike() -> None:
    crowd = homogeneous_crowd("fear", 5, share=0.7, rng=np.random.default_rng(0))
    assert len({persona.mixture for persona in crowd}) == 1
    assert crowd[0].mixture[EMOTIONS.index("fear")] == pytest.approx(0.7)


def test_a_persona_writes_its_mixture() -> None:
    mixture = tuple(0.25 if emotion in ("joy", "anger", "fear", "love") else 0.0 for emotion in EMOTIONS)
    persona = Persona("Ada", mixture, "average")
    rng = np.random.default_rng(1)
    parses = [parse_comment(persona.write(rng)) for _ in range(800)]
    shares = Counter(parse.emotion for parse in parses if parse is not None)
    assert set(shares) == {"joy", "anger", "fear", "love"}
    assert all(abs(count / 800 - 0.25) < 0.06 for count in shares.values())


def test_expert_comments_are_different_and_all_of_the_emotion() -> None:
    comments = expert_comments("gratitude", 100, np.random.default_rng(0))
    assert len(set(comments)) == len(comments) == 100
    parses = [parse_comment(comment) for comment in comments]
    assert all(parse is not None and parse.emotion == "gratitude" for parse in parses)


def test_more_expert_comments_than_there_can_be_are_refused() -> None:
    with pytest.raises(InputError, match="too many"):
        expert_comments("optimism", 100_000, np.random.default_rng(0))


@pytest.mark.parametrize("make", [heterogeneous_crowd, homogeneous_crowd])
def test_faults_in_a_crowd_are_named(make: object) -> None:
    assert callable(make)
    with pytest.raises(InputError, match="at least one contributor"):
        make("joy", 0, rng=np.random.default_rng(0))
    with pytest.raises(InputError, match="no emotion named"):
        make("boredom", 5, rng=np.random.default_rng(0))


def test_a_share_that_is_no_probability_is_refused() -> None:
    with pytest.raises(InputError, match=r"\[0, 1\]"):
        homogeneous_crowd("joy", 5, share=1.5, rng=np.random.default_rng(0))
