from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from crowdsft.web.accounts.models import User
from crowdsft.web.campaigns.leaving import delete_account
from crowdsft.web.contributions.models import Contribution, Task
from tests.web.pages.campaign_builder import CampaignBuilder
from tests.web.pages.reading import check_page, words

URL = "/campaigns/joy-in-comments/work/"


@pytest.fixture
def task(as_bob: Client, bob: User, builder: CampaignBuilder) -> Task:
    """Bob's open task."""
    builder.open()
    assert as_bob.get(URL).status_code == 200
    return Task.objects.get(membership__user=bob)


@pytest.fixture
def correction(as_bob: Client, alice: User, bob: User) -> Task:
    """A response of the model that bob corrects."""
    CampaignBuilder.start(owner=alice, people=[bob], tasks={"kinds": ["correct_response"]}).open()
    assert as_bob.get(URL).status_code == 200
    return Task.objects.get(membership__user=bob)


def _hand_in(client: Client, task: Task, text: str) -> object:
    return client.post(URL, {"task": task.pk, "response": text}, follow=True)


def test_without_an_account_one_signs_in_first(anonymous: Client, builder: CampaignBuilder) -> None:
    assert anonymous.get(URL).headers["Location"] == f"/accounts/login/?next={URL}"


def test_without_consent_one_joins_first(
    as_charlie: Client, as_alice: Client, builder: CampaignBuilder
) -> None:
    for client in (as_charlie, as_alice):
        assert client.get(URL).headers["Location"] == "/campaigns/joy-in-comments/join/"


def test_a_task_shows_its_message_and_what_is_left(as_bob: Client, task: Task) -> None:
    text = check_page(as_bob.get(URL))
    assert "Write a response" in text
    assert task.prompt in text
    assert "Task 1 of 4" in text
    assert "Yours for 30 minutes" in text


def test_a_response_is_handed_in_and_the_next_task_comes(as_bob: Client, task: Task) -> None:
    response = _hand_in(as_bob, task, "  What a day!\r\nThe sun came out.  ")
    assert "Thank you, that is task 1." in check_page(response)
    assert "Task 2 of 4" in words(response)
    contribution = Contribution.objects.get(task=task)
    assert contribution.response == "What a day!\nThe sun came out."


def test_an_empty_response_is_refused_and_nothing_is_lost(as_bob: Client, task: Task) -> None:
    response = _hand_in(as_bob, task, "   ")
    assert response.status_code == 422
    assert "Not handed in yet. The response is empty." in check_page(response)


def test_a_response_that_is_too_long_stays_in_the_editor(as_bob: Client, task: Task) -> None:
    text = "word " * 1000
    response = _hand_in(as_bob, task, text)
    assert response.status_code == 422
    assert "at most 4000 are allowed" in words(response)
    assert text in response.content.decode()
    assert not Contribution.objects.filter(task=task).exists()


def test_the_same_again_is_refused_and_kept(as_bob: Client, bob: User, task: Task) -> None:
    _hand_in(as_bob, task, "The sun came out.")
    second = Task.objects.get(membership__user=bob, state=Task.OPEN)
    Task.objects.filter(pk=second.pk).update(prompt=task.prompt)
    response = _hand_in(as_bob, second, "The sun came out.")
    assert response.status_code == 422
    assert "this very text before" in words(response)
    second.refresh_from_db()
    assert second.draft == "The sun came out."


def test_sending_the_same_form_twice_makes_one_contribution(as_bob: Client, task: Task) -> None:
    _hand_in(as_bob, task, "The sun came out.")
    assert _hand_in(as_bob, task, "The sun came out.").status_code == 200
    assert Contribution.objects.filter(membership=task.membership).count() == 1


def test_a_draft_is_kept_while_typing_and_restored(as_bob: Client, task: Task) -> None:
    response = as_bob.post(
        f"{URL}{task.pk}/draft/", {"response": "Half a <b>sentence"}, headers={"HX-Request": "true"}
    )
    assert response.status_code == 200
    assert "Draft saved" in words(response)
    page = as_bob.get(URL)
    assert "Half a &lt;b&gt;sentence</textarea>" in page.content.decode()
    assert "Draft saved" in check_page(page)


def test_a_draft_is_kept_without_a_script_too(as_bob: Client, task: Task) -> None:
    response = as_bob.post(f"{URL}{task.pk}/draft/", {"response": "Half a sentence"}, follow=True)
    assert "Your draft is saved." in words(response)
    assert "Half a sentence</textarea>" in response.content.decode()


def test_a_draft_that_is_too_long_says_so(as_bob: Client, task: Task) -> None:
    address = f"{URL}{task.pk}/draft/"
    response = as_bob.post(address, {"response": "x" * 4001}, headers={"HX-Request": "true"})
    assert response.status_code == 422
    assert "Nothing was lost" in words(response)
    whole = as_bob.post(address, {"response": "x" * 4001})
    assert whole.status_code == 422
    assert "x" * 4001 in whole.content.decode()


def test_a_draft_of_somebody_who_was_signed_out_is_not_taken_for_saved(anonymous: Client, task: Task) -> None:
    response = anonymous.post(f"{URL}{task.pk}/draft/", {"response": "x"}, headers={"HX-Request": "true"})
    assert response.status_code == 401


def test_a_correction_starts_from_the_models_response_and_shows_the_difference(
    as_bob: Client, correction: Task
) -> None:
    page = as_bob.get(URL)
    assert "Correct the model's response" in check_page(page)
    assert f"{correction.model_response}</textarea>" in page.content.decode()
    assert "Nothing yet. Your changes show up here." in words(page)
    changed = correction.model_response.replace("is", "was", 1)
    draft = as_bob.post(f"{URL}{correction.pk}/draft/", {"response": changed}, headers={"HX-Request": "true"})
    markup = draft.content.decode()
    assert "<del>is</del><ins>was</ins>" in markup
    assert 'id="difference"' in markup
    assert "hx-swap-oob" in markup
    assert "<del>is</del><ins>was</ins>" in as_bob.get(URL).content.decode()


def test_the_models_own_response_is_no_contribution(as_bob: Client, correction: Task) -> None:
    response = _hand_in(as_bob, correction, correction.model_response)
    assert response.status_code == 422
    assert "still the model's own answer" in words(response)


def test_starting_over_brings_the_models_response_back(as_bob: Client, correction: Task) -> None:
    as_bob.post(f"{URL}{correction.pk}/draft/", {"response": "Something else."})
    as_bob.post(f"{URL}{correction.pk}/start-over/")
    assert f"{correction.model_response}</textarea>" in as_bob.get(URL).content.decode()


def test_skipping_keeps_the_reason_and_brings_another_task(as_bob: Client, task: Task) -> None:
    response = as_bob.post(f"{URL}{task.pk}/skip/", {"reason": "It is unclear or broken"}, follow=True)
    assert "Skipped. Here is another task." in check_page(response)
    task.refresh_from_db()
    assert (task.state, task.skip_reason) == (Task.SKIPPED, "It is unclear or broken")
    assert Task.objects.filter(membership=task.membership, state=Task.OPEN).count() == 1


def test_after_the_last_task_there_is_a_rest(as_bob: Client, bob: User, builder: CampaignBuilder) -> None:
    builder.open()
    for number in range(4):
        as_bob.get(URL)
        response = _hand_in(
            as_bob, Task.objects.get(membership__user=bob, state=Task.OPEN), f"Sentence {number}."
        )
    text = check_page(response)
    assert "All tasks done for now" in text
    assert "You have done all 4 tasks of this round." in text
    campaign = words(as_bob.get("/campaigns/joy-in-comments/"))
    assert "You have done all your tasks of this round." in campaign


def test_a_round_that_closed_meanwhile_keeps_the_text(
    as_bob: Client, task: Task, builder: CampaignBuilder
) -> None:
    builder.contribute([0, 1, 1, 1]).close()
    response = _hand_in(as_bob, task, "I was still writing this.")
    text = check_page(response)
    assert "Your text is kept" in text
    assert "No round is open right now" in text
    assert "I was still writing this." in text
    builder.decide(0.6, [0.5, 0.55, 0.58]).open()
    text = check_page(as_bob.get(URL))
    assert "Your draft from round 1" in text
    assert "I was still writing this." in text


def test_a_finished_campaign_has_no_tasks(as_bob: Client, alice: User, bob: User) -> None:
    builder = CampaignBuilder.start(owner=alice, people=[bob], rounds={"count": 1})
    builder.play(0.6, [0.5, 0.55, 0.58]).finish()
    assert "This campaign is finished" in check_page(as_bob.get(URL))


@pytest.mark.parametrize("action", ["draft", "skip", "start-over"])
def test_nobody_touches_somebody_elses_task(
    as_charlie: Client, as_alice: Client, task: Task, action: str
) -> None:
    for client in (as_charlie, as_alice):
        response = client.post(f"{URL}{task.pk}/{action}/", {"response": "stolen", "reason": "stolen"})
        assert response.status_code == 404
    task.refresh_from_db()
    assert (task.state, task.draft) == (Task.OPEN, "")


def test_nobody_hands_in_somebody_elses_task(
    as_charlie: Client, charlie: User, task: Task, builder: CampaignBuilder
) -> None:
    as_charlie.post("/campaigns/joy-in-comments/join/", {"licence": "yes", "consent": "yes"})
    assert as_charlie.post(URL, {"task": task.pk, "response": "stolen"}).status_code == 404
    assert not Contribution.objects.exists()


@pytest.mark.parametrize("number", ["", "x", "-1", "99999", "9" * 40])
def test_a_task_that_does_not_exist_is_not_found(as_bob: Client, task: Task, number: str) -> None:
    assert as_bob.post(URL, {"task": number, "response": "x"}).status_code == 404


def test_the_second_text_of_two_tabs_is_shown_to_its_writer_and_to_nobody_else(
    as_bob: Client, as_alice: Client, task: Task
) -> None:
    mine = "/campaigns/joy-in-comments/mine/"
    assert "not handed in" not in words(as_bob.get(mine))
    _hand_in(as_bob, task, "From the first tab.")
    answer = as_bob.post(URL, {"task": task.pk, "response": "From the second tab."})
    assert answer.headers["Location"] == f"{mine}#kept"
    page = check_page(as_bob.get(mine))
    assert "kept under My contributions" in page and "Another text was handed in" in page
    assert "Written, not handed in" in page and page.count("From the second tab.") == 1
    assert Contribution.objects.get().response == "From the first tab."
    for address in (mine, "/campaigns/joy-in-comments/", "/campaigns/joy-in-comments/reviews/"):
        assert "From the second tab." not in words(as_alice.get(address))
    assert [row["draft"] for row in as_bob.get("/api/campaigns/joy-in-comments/texts/kept").json()] == [
        "From the second tab."
    ]
    assert as_alice.get("/api/campaigns/joy-in-comments/texts/kept").json() == []
    ahead = as_bob.post(URL, {"task": task.pk, "response": "A third text.", "ahead": "1"})
    assert ahead.status_code == 409 and f'href="{mine}#kept"' in ahead.content.decode()


def test_what_was_typed_is_no_longer_kept_apart_once_it_is_handed_in(as_bob: Client, task: Task) -> None:
    as_bob.post(f"{URL}{task.pk}/draft/", {"response": "Half a thought."})
    as_bob.post(f"{URL}{task.pk}/skip/", {"reason": "I have no time now"})
    assert "Task skipped" in check_page(as_bob.get("/campaigns/joy-in-comments/mine/"))
    as_bob.get(URL)
    _hand_in(as_bob, Task.objects.get(state=Task.OPEN), "Half a thought.")
    assert "Task skipped" not in check_page(as_bob.get("/campaigns/joy-in-comments/mine/"))


def test_a_lease_that_ran_out_costs_nothing(as_bob: Client, task: Task) -> None:
    as_bob.post(f"{URL}{task.pk}/draft/", {"response": "Half a thought."})
    Task.objects.update(lease_until=timezone.now() - timedelta(days=2))
    assert "Half a thought." in words(as_bob.get(URL))
    _hand_in(as_bob, task, "A whole one, two days later.")
    assert Contribution.objects.get().response == "A whole one, two days later."


def test_an_account_deleted_in_another_tab_is_asked_to_sign_in_and_leaves_nothing(
    as_bob: Client, bob: User, task: Task
) -> None:
    delete_account(bob)
    for address in (URL, f"{URL}{task.pk}/draft/", f"{URL}{task.pk}/skip/", f"{URL}ahead/"):
        answer = as_bob.post(address, {"task": task.pk, "response": "Written in the other tab."})
        assert answer.status_code in (302, 401, 404), address
        assert answer.status_code != 302 or answer.headers["Location"].startswith("/accounts/login/")
    assert not Task.objects.exists() and not Contribution.objects.exists()
