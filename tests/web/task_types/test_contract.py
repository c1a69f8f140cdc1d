"""The laws of task types, for every entry of the table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest
from django.template.loader import get_template
from hypothesis import given
from hypothesis import strategies as st

from crowdsft.core.settings.tasks import (
    DRAFT_KINDS,
    JUDGEMENT_KINDS,
    TASK_KINDS,
    GoldChoice,
    GoldRating,
    GoldSection,
)
from crowdsft.web.task_types import TASK_TYPES
from crowdsft.web.task_types.base import Draft, Material, Source, TaskType
from crowdsft.web.task_types.texts import clean_text

DRAFTS = tuple(Draft(f"Message {row // 2}", f"Answer {row}.") for row in range(12))
GOLD = GoldSection(
    choose=(GoldChoice(prompt="2 + 2?", better="4.", worse="5."),),
    rate=(GoldRating(prompt="2 + 2?", response="A fish.", rating=1),),
)
ANSWERS: dict[str, list[Mapping[str, Sequence[str]]]] = {
    "write_response": [{"response": ["  What a day!\r\nThe sun came out. "]}],
    "correct_response": [{"response": ["Quite another answer."]}],
    "choose_response": [{"choice": ["left"]}, {"choice": ["right"], "note": [" It\u0301 listens. "]}],
    "rate_response": [{"choice": [rating], "reasons": ["clumsy"]} for rating in "12345"],
}
EVERY = [(name, TASK_TYPES.make(name)) for name in TASK_TYPES]

pytestmark = pytest.mark.parametrize(("name", "task_type"), EVERY, ids=[name for name, _ in EVERY])


def source(seed: int = 7) -> Source:
    return Source(("How are you?", "What is new?"), DRAFTS, seed)


def test_the_table_and_the_settings_know_the_same_kinds(name: str, task_type: TaskType) -> None:
    assert set(TASK_TYPES) == set(TASK_KINDS) == set(ANSWERS)
    assert task_type.needs_drafts == (name in DRAFT_KINDS)
    assert task_type.is_judgement == (name in JUDGEMENT_KINDS) == (task_type.scale is not None)


def test_its_template_is_there(name: str, task_type: TaskType) -> None:
    get_template(task_type.fragment)
    assert str(task_type.heading) and all(map(str, task_type.skip_reasons))


def test_offers_follow_from_what_is_given(name: str, task_type: TaskType) -> None:
    assert task_type.offers(source()) == task_type.offers(source())
    assert len(task_type.offers(source())) >= 1
    for seed in range(30):
        offers = task_type.offers(source(seed))
        assert [offer.item for offer in offers] == [offer.item for offer in task_type.offers(source())]
        assert all(bool(offer.item) == task_type.is_judgement for offer in offers)
        assert len({offer.item for offer in offers}) == len(offers)


def test_no_answer_is_refused_with_a_sentence(name: str, task_type: TaskType) -> None:
    nothing: list[Mapping[str, Sequence[str]]] = [
        {},
        {"response": [" "], "choice": [""]},
        {"choice": ["up"], "response": [""]},
    ]
    for fields in nothing:
        problem = task_type.problem(task_type.offers(source())[0], task_type.write(fields))
        assert problem is not None and problem.endswith(".") and ("please" in problem.lower())


def test_what_is_chosen_in_advance_is_no_answer(name: str, task_type: TaskType) -> None:
    material = task_type.offers(source())[0]
    assert task_type.problem(material, task_type.first_draft(material)) is not None


def test_an_answer_is_kept_shown_and_comes_to_an_example(name: str, task_type: TaskType) -> None:
    for fields in ANSWERS[name]:
        for material in task_type.offers(source()):
            draft = task_type.write(fields)
            assert task_type.problem(material, draft) is None
            shown = task_type.show(draft)
            assert shown.get("choice", shown.get("text")) == fields.get("choice", fields.get("response"))[0]  # type: ignore[index]
            outcome = task_type.outcome(material, draft)
            assert 0 <= outcome.weight <= 1
            assert outcome.response == clean_text(outcome.response) != ""
            assert (outcome.verdict is not None) == task_type.is_judgement
            assert bool(outcome.model_response) == task_type.needs_drafts


@given(
    fields=st.dictionaries(st.sampled_from(["response", "choice", "note", "reasons"]), st.lists(st.text())),
    draft=st.text(),
)
def test_whatever_is_sent_or_kept_nothing_raises(
    name: str, task_type: TaskType, fields: dict[str, list[str]], draft: str
) -> None:
    material = task_type.offers(source())[0]
    for kept in (task_type.write(fields), draft):
        task_type.show(kept)
        if task_type.problem(material, kept) is None:
            task_type.outcome(material, kept)


def test_known_answers_are_right_and_others_are_not(name: str, task_type: TaskType) -> None:
    for seed in range(10):
        for known in task_type.known(GOLD, seed=seed):
            assert task_type.is_judgement and known.material.item
            assert task_type.is_right(known.expected, known.expected)
            verdicts = {
                task_type.outcome(known.material, task_type.write(fields)).verdict for fields in ANSWERS[name]
            }
            assert known.expected in verdicts
            assert not all(
                task_type.is_right(verdict, known.expected) for verdict in verdicts if verdict is not None
            )
    assert bool(task_type.known(GOLD, seed=1)) == task_type.is_judgement
    assert task_type.known(GoldSection(), seed=1) == ()


def test_sides_are_shuffled_and_a_verdict_means_the_same_on_both(name: str, task_type: TaskType) -> None:
    if name != "choose_response":
        return
    shown: dict[tuple[str, ...], int | None] = {}
    for seed in range(200):
        (first, *_) = task_type.offers(source(seed))
        chosen = "left" if first.options[0] == "Answer 0." else "right"
        shown[first.options] = task_type.outcome(first, task_type.write({"choice": [chosen]})).verdict
    assert len(shown) == 2 and len(set(shown.values())) == 1
    lefts = [task_type.offers(source(seed))[0].options[0] for seed in range(400)]
    assert 150 < lefts.count("Answer 0.") < 250


def test_a_low_rating_trains_little_or_nothing(name: str, task_type: TaskType) -> None:
    if name != "rate_response":
        return
    material: Material = task_type.offers(source())[0]
    weights = [
        task_type.outcome(material, task_type.write({"choice": [rating]})).weight for rating in "12345"
    ]
    assert weights == [0.0, 0.25, 0.5, 0.75, 1.0]
