import io
import json
import zipfile

import pytest
from django.test import Client

from crowdsft.web.accounts.models import ApiToken, User, find_token
from crowdsft.web.campaigns.consent import publish_consent
from crowdsft.web.campaigns.models import Membership
from crowdsft.web.contributions.models import Contribution, Task
from tests.web.pages.campaign_builder import CampaignBuilder
from tests.web.pages.reading import check_page

URL = "/campaigns/joy-in-comments/"
PLAYED = (0.9, [0.84, 0.79, 0.87])


def test_the_page_lists_what_is_kept(as_bob: Client, builder: CampaignBuilder) -> None:
    builder.play(*PLAYED)
    text = check_page(as_bob.get("/account/data/"))
    assert "1 text. Agreed to version 1 on" in text
    assert "Your data: copy, leave, delete" in check_page(as_bob.get("/account/"))


def test_the_zip_holds_everything_and_explains_itself(as_bob: Client, builder: CampaignBuilder) -> None:
    builder.play(*PLAYED)
    answer = as_bob.get("/account/data/download/")
    assert (
        answer.headers["Content-Type"] == "application/zip" and "no-cache" in answer.headers["Cache-Control"]
    )
    with zipfile.ZipFile(io.BytesIO(answer.content)) as packed:
        assert packed.namelist() == ["README.txt", "account.json", "campaigns/joy-in-comments.json"]
        mine = json.loads(packed.read("campaigns/joy-in-comments.json"))
        account = json.loads(packed.read("account.json"))
    assert mine["contributions"][0]["response"].startswith("The sun came out.")
    assert "You got" in account["notices"][0]["text"] and account["mailed"]["points"] == "hourly"


def test_leaving_asks_what_shall_happen_to_unused_texts(
    as_bob: Client, bob: User, builder: CampaignBuilder
) -> None:
    builder.play(*PLAYED).open().contribute()
    assert "1 text of yours has not been used" in check_page(as_bob.get(f"{URL}leave/"))
    said = check_page(as_bob.post(f"{URL}leave/", {"texts": "withdraw"}, follow=True))
    assert "You have left Joy in comments. 1 text is taken back. Your points stay yours." in said
    assert Contribution.objects.filter(membership__user=bob, round_number=None).count() == 0
    assert as_bob.get(f"{URL}work/").headers["Location"] == f"{URL}join/"
    assert "Join again" in check_page(as_bob.get(URL))
    assert "rank" in check_page(as_bob.get(f"{URL}points/"))


def test_the_only_organiser_cannot_leave(as_alice: Client, builder: CampaignBuilder) -> None:
    said = check_page(as_alice.post(f"{URL}leave/", follow=True))
    assert "You are the only organiser of Joy in comments." in said


def test_an_account_is_deleted_for_pseudonym_and_password(
    as_bob: Client, bob: User, builder: CampaignBuilder
) -> None:
    builder.play(*PLAYED)
    for sent in ({}, {"pseudonym": "quiet-fern-202"}, {"pseudonym": "quiet-fern-202", "password": "wrong"}):
        response = as_bob.post("/account/delete/", sent)
        assert response.status_code == 422 and "Nothing was deleted." in check_page(response)
    right = {"pseudonym": "quiet-fern-202", "password": "bob-has-a-long-password"}
    said = check_page(as_bob.post("/account/delete/", right, follow=True))
    assert "Your account and your texts are deleted." in said
    assert not User.objects.filter(username="bob").exists()
    assert as_bob.get("/account/").status_code == 302
    page = check_page(Client().get(URL))
    names = [row["contributor"] for row in Client().get("/api/campaigns/joy-in-comments/standings").json()]
    assert "someone who left" in names
    assert "quiet-fern-202" not in names and "quiet-fern-202" not in page


def test_an_organiser_is_told_what_to_do_before_deleting(as_alice: Client, builder: CampaignBuilder) -> None:
    text = check_page(as_alice.get("/account/delete/"))
    assert "First, somebody else has to organise these campaigns" in text and "Joy in comments" in text


def test_a_new_consent_text_is_shown_with_the_one_agreed_to(
    as_bob: Client, bob: User, builder: CampaignBuilder
) -> None:
    builder.open()
    publish_consent(builder.refreshed(), licence="CC0-1.0", text="We print a book, too.", actor=None)
    assert as_bob.get(f"{URL}work/").headers["Location"] == f"{URL}join/"
    text = check_page(as_bob.get(f"{URL}join/"))
    assert "The agreement has changed" in text and "We print a book, too." in text
    assert "I may leave and have my texts deleted at any time." in text  # the old one
    ticks = {"licence": "yes", "consent": "yes"}
    late = as_bob.post(f"{URL}join/", {**ticks, "version": "1"})
    assert late.status_code == 422 and "please read the new one" in check_page(late)
    assert as_bob.post(f"{URL}join/", {**ticks, "version": "2"}).headers["Location"] == f"{URL}work/"
    member = Membership.objects.get(user=bob)
    assert list(member.agreements.values_list("version__number", flat=True)) == [1, 2]


def test_a_text_sent_under_the_old_consent_is_kept_as_a_draft(
    as_bob: Client, builder: CampaignBuilder
) -> None:
    builder.open()
    as_bob.get(f"{URL}work/")
    task = Task.objects.get()
    publish_consent(builder.refreshed(), licence="CC0-1.0", text="We print a book, too.", actor=None)
    answer = as_bob.post(f"{URL}work/", {"task": task.pk, "response": "Nearly lost."})
    assert answer.headers["Location"] == f"{URL}join/"
    task.refresh_from_db()
    assert task.draft == "Nearly lost." and not Contribution.objects.exists()


def test_a_token_is_made_for_a_purpose_and_taken_back(as_bob: Client, bob: User) -> None:
    for sent in ({"name": ""}, {"name": "bot"}, {"name": "bot", "scopes": ["everything"]}):
        assert as_bob.post("/account/tokens/", sent).status_code == 422
    sent = {"name": "bot", "scopes": ["read", "contribute"], "days": "30"}
    response = as_bob.post("/account/tokens/", sent)
    check_page(response)
    key = response.context["key"]
    token = find_token(key)
    assert token is not None and token.scopes == "read contribute" and token.expires is not None
    assert key not in as_bob.get("/account/tokens/").content.decode()
    as_bob.post(f"/account/tokens/{token.pk}/take-back/")
    assert find_token(key) is None


def test_nobody_takes_back_somebody_elses_token(as_charlie: Client, bob: User) -> None:
    token = ApiToken.objects.create(user=bob, name="bot", digest="0" * 64)
    as_charlie.post(f"/account/tokens/{token.pk}/take-back/")
    assert ApiToken.objects.filter(pk=token.pk).exists()


def test_a_new_password_takes_all_tokens_back(as_bob: Client, bob: User) -> None:
    ApiToken.objects.create(user=bob, name="bot", digest="0" * 64)
    new = "another-long-password"
    sent = {"oldpassword": "bob-has-a-long-password", "password1": new, "password2": new}
    assert as_bob.post("/accounts/password/change/", sent).status_code == 302
    assert not ApiToken.objects.exists()


@pytest.mark.parametrize(
    "path", ["/account/data/", "/account/data/download/", "/account/delete/", "/account/tokens/"]
)
def test_without_an_account_one_signs_in_first(anonymous: Client, path: str) -> None:
    assert anonymous.get(path).headers["Location"] == f"/accounts/login/?next={path}"
