from __future__ import annotations

import unicodedata
from typing import Any

import pytest

from crowdsft.web.contributions.models import Contribution, Task
from tests.web.api.callers import Caller, refusal
from tests.web.pages.campaign_builder import CampaignBuilder

pytestmark = pytest.mark.django_db


@pytest.fixture
def collecting(builder: CampaignBuilder) -> CampaignBuilder:
    return builder.open()


@pytest.fixture
def correcting(alice: Caller, bob: Caller) -> CampaignBuilder:
    """A campaign whose tasks are to correct the model's answers."""
    assert bob.user is not None
    tasks = {"kinds": ["correct_response"]}
    return CampaignBuilder.start(owner=alice.user, people=[bob.user], tasks=tasks).open()


def ask(who: Caller, builder: CampaignBuilder) -> Any:
    return who("POST", f"/campaigns/{builder.campaign.slug}/task")


def hand_in(who: Caller, task: dict[str, Any], text: str) -> Any:
    return who("POST", f"/tasks/{task['id']}/response", {"text": text})


def draft(who: Caller, task: dict[str, Any]) -> str:
    return str(who.get(f"/tasks/{task['id']}")["draft"])


# Getting a task


def test_asking_twice_gives_the_same_task(bob: Caller, collecting: CampaignBuilder) -> None:
    task = ask(bob, collecting).json()
    assert (task["kind"], task["state"], task["number"], task["round"]) == ("write_response", "open", 0, 1)
    again = ask(bob, collecting).json()
    assert {**again, "lease_until": None} == {**task, "lease_until": None}
    assert again["lease_until"] > task["lease_until"]


def test_before_during_and_after_rounds(bob: Caller, builder: CampaignBuilder) -> None:
    assert "being prepared" in refusal(ask(bob, builder), 409)
    builder.open()
    for number in range(4):
        assert hand_in(bob, ask(bob, builder).json(), f"Something new, {number}.").status_code == 201
    assert "all 4 tasks" in refusal(ask(bob, builder), 409)
    builder.contribute([0, 1, 1, 1, 1, 1]).close()
    assert "training" in refusal(ask(bob, builder), 409)
    builder.decide(1.0, [0.7, 0.9, 1.1]).open()
    assert ask(bob, builder).json()["round"] == 2
    builder.contribute().close().decide(0.7, [0.7, 0.7, 0.7])
    builder.play(0.7, [0.7, 0.7, 0.7]).finish()
    assert "finished" in refusal(ask(bob, builder), 409)


def test_a_campaign_from_a_file_has_no_tasks(bob: Caller, collecting: CampaignBuilder) -> None:
    collecting.campaign.is_supplied = True
    collecting.campaign.save()
    assert "file" in refusal(ask(bob, collecting), 409)


def test_strangers_join_first(charlie: Caller, anybody: Caller, collecting: CampaignBuilder) -> None:
    assert "Join it first" in refusal(ask(charlie, collecting), 403)
    refusal(ask(anybody, collecting), 401)


def test_somebody_else_s_task_is_not_there(
    bob: Caller, charlie: Caller, alice: Caller, collecting: CampaignBuilder
) -> None:
    task = ask(bob, collecting).json()
    charlie("POST", f"/campaigns/{collecting.campaign.slug}/join", {"agree": True})
    for somebody in (charlie, alice):
        refusal(somebody("GET", f"/tasks/{task['id']}"), 404)
        refusal(somebody("PUT", f"/tasks/{task['id']}/draft", {"text": "mine now"}), 404)
        refusal(hand_in(somebody, task, "mine now"), 404)
        refusal(somebody("POST", f"/tasks/{task['id']}/skip", {}), 404)
    assert (draft(bob, task), Task.objects.get(pk=task["id"]).state) == ("", "open")


# Drafts


def test_a_draft_is_kept_and_comes_back(bob: Caller, collecting: CampaignBuilder) -> None:
    task = ask(bob, collecting).json()
    text = "  Half a sentence,\n\tnot yet\r\nclean 😀 <b>&amp;"
    assert bob("PUT", f"/tasks/{task['id']}/draft", {"text": text}).status_code == 204
    assert ask(bob, collecting).json()["draft"] == text


def test_a_draft_that_is_too_long_is_kept_all_the_same(bob: Caller, collecting: CampaignBuilder) -> None:
    task = ask(bob, collecting).json()
    text = "word " * 2_000
    answer = bob("PUT", f"/tasks/{task['id']}/draft", {"text": text})
    assert "10000 characters; at most 4000" in refusal(answer, 422)
    assert draft(bob, task) == text


def test_there_is_an_end_to_what_is_kept(bob: Caller, collecting: CampaignBuilder) -> None:
    task = ask(bob, collecting).json()
    answer = bob("PUT", f"/tasks/{task['id']}/draft", {"text": "x" * 200_001})
    assert "200000 characters" in refusal(answer, 422)
    assert draft(bob, task) == ""


# Handing in


@pytest.mark.parametrize("text", ["", " ", "\n\t ", "\u00a0\u2003", "\u200b\u200d\ufeff", "\x01\x02"])
def test_nothing_is_no_response(text: str, bob: Caller, collecting: CampaignBuilder) -> None:
    task = ask(bob, collecting).json()
    bob("PUT", f"/tasks/{task['id']}/draft", {"text": "what I had"})
    assert "empty" in refusal(hand_in(bob, task, text), 422)
    assert not Contribution.objects.exists()
    if not text.strip():
        assert draft(bob, task) == "what I had"


def test_a_response_that_is_too_long_is_kept_as_a_draft(bob: Caller, collecting: CampaignBuilder) -> None:
    task, text = ask(bob, collecting).json(), "x" * 4_001
    assert "4001 characters; at most 4000" in refusal(hand_in(bob, task, text), 422)
    assert draft(bob, task) == text
    assert hand_in(bob, task, text[1:]).status_code == 201


def test_the_same_text_twice_counts_once(bob: Caller, collecting: CampaignBuilder) -> None:
    Task.objects.all().delete()
    first = ask(bob, collecting).json()
    hand_in(bob, first, "The same again.")
    second = ask(bob, collecting).json()
    Task.objects.filter(pk=second["id"]).update(prompt=first["prompt"])
    assert "before" in refusal(hand_in(bob, second, "  The same again.\r\n"), 422)
    assert draft(bob, second).strip() == "The same again."
    assert hand_in(bob, second, "Not the same again.").status_code == 201


def test_the_model_s_own_answer_is_no_correction(bob: Caller, correcting: CampaignBuilder) -> None:
    task = ask(bob, correcting).json()
    assert task["model_response"] == task["draft"] != ""
    assert "model's own answer" in refusal(hand_in(bob, task, f" {task['model_response']}\n"), 422)
    assert hand_in(bob, task, task["model_response"] + " How nice!").status_code == 201


def test_the_same_request_twice_is_one_contribution(bob: Caller, collecting: CampaignBuilder) -> None:
    task = ask(bob, collecting).json()
    first, second = (hand_in(bob, task, "Sent twice.") for _ in range(2))
    assert first.status_code == second.status_code == 201
    assert first.json() == second.json()
    assert Contribution.objects.count() == 1


def test_another_answer_to_a_task_that_is_done_is_kept(bob: Caller, collecting: CampaignBuilder) -> None:
    task = ask(bob, collecting).json()
    hand_in(bob, task, "The first answer.")
    assert "another answer" in refusal(hand_in(bob, task, "A better one."), 422)
    assert draft(bob, task) == "A better one."
    assert Contribution.objects.get().response == "The first answer."


def test_a_text_that_comes_after_its_round_is_kept(bob: Caller, collecting: CampaignBuilder) -> None:
    task = ask(bob, collecting).json()
    collecting.contribute([0, 1, 1, 1, 1, 1]).close()
    assert "Round 1 closed before" in refusal(hand_in(bob, task, "Too late, alas."), 422)
    found = bob.get(f"/tasks/{task['id']}")
    assert (found["state"], found["draft"]) == ("expired", "Too late, alas.")
    assert not Contribution.objects.filter(membership__user=bob.user).exists()


def test_letters_are_normalised_and_line_ends_are_unix(bob: Caller, collecting: CampaignBuilder) -> None:
    hand_in(bob, ask(bob, collecting).json(), "  Cafe\u0301\r\nsecond line \n")
    response = Contribution.objects.get().response
    assert response == "Café\nsecond line" and unicodedata.is_normalized("NFC", response)


def test_markup_is_text_like_any_other(bob: Caller, collecting: CampaignBuilder) -> None:
    text = "<script>alert('x')</script> & {{ secret }} {% now %}"
    assert hand_in(bob, ask(bob, collecting).json(), text).status_code == 201
    assert Contribution.objects.get().response == text


# Skipping


def test_a_skipped_task_makes_room_for_another(bob: Caller, collecting: CampaignBuilder) -> None:
    task = ask(bob, collecting).json()
    bob("PUT", f"/tasks/{task['id']}/draft", {"text": "an idea"})
    assert bob("POST", f"/tasks/{task['id']}/skip", {"reason": "unclear"}).status_code == 204
    other = ask(bob, collecting).json()
    assert (other["number"], other["draft"]) == (1, "")
    assert "skipped" in refusal(hand_in(bob, task, "After all!"), 422)
    assert draft(bob, task) == "After all!"
    assert Task.objects.get(pk=task["id"]).skip_reason == "unclear"


def test_skipping_does_not_use_up_tasks(bob: Caller, collecting: CampaignBuilder) -> None:
    for _ in range(6):
        bob("POST", f"/tasks/{ask(bob, collecting).json()['id']}/skip", {})
    for number in range(4):
        assert hand_in(bob, ask(bob, collecting).json(), f"Text {number}").status_code == 201
    refusal(ask(bob, collecting), 409)


def test_what_is_handed_in_cannot_be_skipped(bob: Caller, collecting: CampaignBuilder) -> None:
    task = ask(bob, collecting).json()
    hand_in(bob, task, "Handed in.")
    assert bob("POST", f"/tasks/{task['id']}/skip", {"reason": "too late"}).status_code == 204
    assert Task.objects.get(pk=task["id"]).state == Task.DONE


def test_a_reason_has_an_end(bob: Caller, collecting: CampaignBuilder) -> None:
    task = ask(bob, collecting).json()
    assert "reason" in refusal(bob("POST", f"/tasks/{task['id']}/skip", {"reason": "x" * 201}), 422)
