"""The playground's page: a form, bones while the models think, two replies, and nobody else's questions."""

from django.test import Client

from crowdsft.web.accounts.models import User
from crowdsft.web.playground.models import Exchange
from tests.web.pages.campaign_builder import CampaignBuilder
from tests.web.pages.reading import check_page

URL = "/campaigns/joy-in-comments/playground/"
ASKED = {"message": "It rained on <b>our</b> picnic.", "left": "start", "right": "1"}


def test_only_people_with_an_account_may_ask(anonymous: Client, builder: CampaignBuilder) -> None:
    assert anonymous.get(URL).headers["Location"] == f"/accounts/login/?next={URL}"


def test_a_question_waits_and_is_answered(
    as_charlie: Client, as_bob: Client, builder: CampaignBuilder
) -> None:
    builder.play(1.0, [0.9, 0.8, 0.7])
    assert "The replies appear here." in check_page(as_charlie.get(URL))
    assert as_charlie.post(URL, ASKED).headers["Location"] == URL
    assert "The models are thinking." in check_page(as_charlie.get(URL))
    exchange = Exchange.objects.get()
    assert as_charlie.get(f"{URL}{exchange.pk}/").status_code == 204
    assert as_bob.get(f"{URL}{exchange.pk}/").status_code == 404
    answers = [{"text": f"Reply {n} <script>", "utility": -0.62, "seconds": 1.23} for n in range(2)]
    Exchange.objects.update(state=Exchange.DONE, answers=answers)
    part = as_charlie.get(f"{URL}{exchange.pk}/").content.decode()
    assert "Reply 0 &lt;script&gt;" in part and "hx-get" not in part
    text = check_page(as_charlie.get(URL))
    assert "Distance 0.620 · 3 words · 1.2 s" in text and "It rained on <b>our</b> picnic." in text
    assert "Reply" not in check_page(as_bob.get(URL))


def test_a_problem_keeps_what_was_typed(as_bob: Client, builder: CampaignBuilder) -> None:
    builder.play(1.0, [0.9, 0.8, 0.7])
    response = as_bob.post(URL, {**ASKED, "right": "9"})
    assert response.status_code == 422
    text = check_page(response)
    assert "This campaign has no model '9' to talk to." in text and "It rained" in text


def test_a_failure_says_why(as_bob: Client, bob: User, builder: CampaignBuilder) -> None:
    builder.play(1.0, [0.9, 0.8, 0.7])
    as_bob.post(URL, ASKED)
    Exchange.objects.update(state=Exchange.FAILED, error="The adapter is missing.")
    assert "The models could not answer. The adapter is missing." in check_page(as_bob.get(URL))


def test_a_hidden_target_is_not_told_by_distances(as_bob: Client, bob: User) -> None:
    builder = CampaignBuilder.start(owner=None, people=[bob], target={"emotion": "joy", "hidden": True})
    builder.play(1.0, [0.9, 0.8, 0.7])
    as_bob.post(URL, ASKED)
    Exchange.objects.update(
        state=Exchange.DONE, answers=[{"text": "Hi", "utility": -0.62, "seconds": 1.0}] * 2
    )
    assert "0.62" not in check_page(as_bob.get(URL))
