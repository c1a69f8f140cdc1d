"""Files that organisers bring: looked into line by line, confirmed, and written at once or not at all."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from crowdsft.core.errors import InputError
from crowdsft.core.settings import parse_settings
from crowdsft.web.campaigns.create import create_campaign
from crowdsft.web.campaigns.models import Campaign, Membership
from crowdsft.web.contributions.models import Contribution
from crowdsft.web.imports import doing, receiving
from crowdsft.web.imports.doing import do_next_import
from crowdsft.web.imports.models import Import, ImportPart
from tests.web.api.callers import Caller, refusal
from tests.web.pages.campaign_builder import CampaignBuilder, plan
from tests.web.pages.reading import check_page

pytestmark = pytest.mark.django_db

GOOD = [
    {"contributor": "ada", "prompt": "How are you?", "response": "Glad!"},
    {"contributor": " Zoë ", "prompt": "How are you?", "response": "Happy as a lark."},
    {"contributor": "ada", "prompt": "What is new?", "response": "A kitten!", "round": 2},
]


def lines(*rows: object) -> bytes:
    return "\n".join(row if isinstance(row, str) else json.dumps(row) for row in rows).encode()


def bring(builder: CampaignBuilder, content: bytes, name: str = "texts.jsonl", **more: Any) -> Import:
    owner = builder.campaign.owner
    assert owner is not None
    pieces = [content[start : start + 7] for start in range(0, len(content), 7)]
    options = {"kind": Import.CONTRIBUTIONS, **more}
    return receiving.receive(builder.campaign, owner, pieces, name=name, **options)


def checked(builder: CampaignBuilder, content: bytes, name: str = "texts.jsonl", **more: Any) -> Import:
    row = bring(builder, content, name, **more)
    assert do_next_import()
    row.refresh_from_db()
    return row


def done(builder: CampaignBuilder, row: Import) -> Import:
    owner = builder.campaign.owner
    assert owner is not None
    receiving.confirm(row, owner)
    assert do_next_import()
    row.refresh_from_db()
    return row


def supplied(builder: CampaignBuilder) -> list[Contribution]:
    return list(
        Contribution.objects.filter(campaign=builder.campaign, kind="supplied").order_by("prompt", "response")
    )


# Contributions


def test_a_file_is_looked_into_confirmed_and_then_there(builder: CampaignBuilder) -> None:
    builder.open()
    before = len(supplied(builder))
    row = checked(builder, lines(*GOOD))
    assert (row.state, row.accepted, row.contributors, row.rejected) == ("checked", 3, 2, 0)
    assert row.preview[1] == {
        "line": 2, "contributor": "Zoë", "prompt": "How are you?", "response": "Happy as a lark.", "round": None,
    }  # fmt: skip
    assert len(supplied(builder)) == before and not do_next_import()
    row = done(builder, row)
    assert (row.state, row.accepted, row.preview, ImportPart.objects.count()) == ("done", 3, [], 0)
    found = supplied(builder)[-3:]
    assert [(text.membership.pseudonym, text.response, text.planned_round) for text in found] == [
        ("ada", "Glad!", None),
        ("Zoë", "Happy as a lark.", None),
        ("ada", "A kitten!", 2),
    ]
    assert Membership.objects.get(campaign=builder.campaign, pseudonym="Zoë").user is None
    assert [line.what for line in builder.campaign.audit.all()[:2]] == [
        "imported contributions",
        "confirmed a file of contributions",
    ]


def test_imported_texts_take_part_in_the_round(builder: CampaignBuilder) -> None:
    builder.open()
    done(builder, checked(builder, lines(*GOOD)))
    builder.contribute().close()
    names = {text.membership.pseudonym for text in supplied(builder) if text.round_number == 1}
    assert {"ada", "Zoë"} <= names


def test_every_line_that_cannot_be_used_is_named_with_its_reason(builder: CampaignBuilder) -> None:
    builder.open().play(1.0, (0.9, 0.8, 0.7)).open()
    bob = builder.members[0]
    row = checked(
        builder,
        lines(
            *GOOD[:1],
            "{not JSON",
            "",
            ["a", "list"],
            {"contributor": "ada", "prompt": "Hm?"},
            {"contributor": "ada", "prompt": "Hm?", "response": "  "},
            {"contributor": "ada", "prompt": "Hm?", "response": "\u200b"},
            {"contributor": "ada", "prompt": "Hm?", "response": "x" * 100_000},
            {"contributor": bob.pseudonym, "prompt": "Hm?", "response": "Not by me."},
            {"contributor": "n" * 300, "prompt": "Hm?", "response": "Long name."},
            {"contributor": "ada", "prompt": "Hm?", "response": "a\u0000b"},
            {"contributor": "ada", "prompt": "Hm?", "response": "Late.", "round": 1},
            {"contributor": "ada", "prompt": "Hm?", "response": "Never.", "round": 99},
            GOOD[0],
        ),
    )
    assert (row.accepted, row.rejected) == (1, 12)
    says = {
        2: "is not JSON", 4: "not a JSON object", 5: "has no 'response'", 6: "white space", 7: "can be seen",
        8: "100000 characters", 9: "the name of a member", 10: "300 characters", 11: "cannot be kept",
        12: "round 1 is closed", 13: "from 1 to 3", 14: "said the same",
    }  # fmt: skip
    found = dict(row.refused_lines)
    assert found.keys() == says.keys()
    for line, words in says.items():
        assert words in found[line], (line, found[line])


def test_the_same_file_twice_adds_nothing(builder: CampaignBuilder) -> None:
    builder.open()
    done(builder, checked(builder, lines(*GOOD)))
    before = len(supplied(builder))
    again = checked(builder, lines(*GOOD))
    assert (again.accepted, again.rejected) == (0, 3)
    with pytest.raises(InputError, match="No line of this file"):
        done(builder, again)
    assert len(supplied(builder)) == before


def test_csv_and_parquet_say_the_same(builder: CampaignBuilder) -> None:
    pyarrow = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    builder.open()
    table = 'contributor,prompt,response,round\nada,How?,Well!,\nben,How?,"So,\nso",2\n'
    sink = io.BytesIO()
    rows = [{"contributor": "ada", "prompt": "How?", "response": "Well!", "round": None},
            {"contributor": "ben", "prompt": "How?", "response": "So,\nso", "round": 2}]  # fmt: skip
    parquet.write_table(pyarrow.Table.from_pylist(rows), sink)
    one = checked(builder, table.encode(), "texts.csv")
    two = checked(builder, sink.getvalue(), "TEXTS.PARQUET")
    assert one.accepted == two.accepted == 2
    assert [row["response"] for row in one.preview] == [row["response"] for row in two.preview]


@pytest.mark.parametrize(
    ("content", "name", "says"),
    [
        (b"\xff\xfe", "texts.jsonl", "texts.jsonl is not UTF-8 text"),
        (b"PAR1 and no more", "texts.parquet", "texts.parquet is no Parquet file"),
    ],
)
def test_a_file_that_cannot_be_read_at_all(
    content: bytes, name: str, says: str, builder: CampaignBuilder
) -> None:
    builder.open()
    row = checked(builder, content, name)
    assert row.state == "failed" and says in row.error and "/tmp" not in row.error
    receiving.discard(row)
    assert ImportPart.objects.count() == 0


@pytest.mark.parametrize(
    ("content", "name", "more", "says"),
    [
        (b"", "texts.jsonl", {}, "is empty"),
        (b"{}", "texts.xlsx", {}, "does not say what it is"),
        (b"{}", "../../etc/passwd", {}, "'passwd' does not say"),
        (b"{}", "texts.jsonl", {"kind": "prompts"}, "cannot be changed"),
        (b"{}", "texts.jsonl", {"kind": "pictures"}, "not 'pictures'"),
    ],
)
def test_what_is_not_even_kept(
    content: bytes, name: str, more: dict[str, str], says: str, builder: CampaignBuilder
) -> None:
    builder.open()
    with pytest.raises(InputError, match=says):
        bring(builder, content, name, **more)
    assert Import.objects.count() == ImportPart.objects.count() == 0


def test_too_large_and_too_many(builder: CampaignBuilder, monkeypatch: pytest.MonkeyPatch) -> None:
    builder.open()
    for _ in range(receiving.MOST_PENDING):
        bring(builder, lines(*GOOD))
    with pytest.raises(InputError, match="wait already"):
        bring(builder, lines(*GOOD))
    Import.objects.all().delete()
    owner = builder.campaign.owner
    assert owner is not None
    pieces = (b"x" * 1024 * 1024 for _ in range(receiving.MOST_MEGABYTES + 1))
    with pytest.raises(InputError, match="larger than 20 MB"):
        receiving.receive(builder.campaign, owner, pieces, name="a.jsonl", kind="contributions")
    assert ImportPart.objects.count() == 0


def test_a_worker_killed_in_the_middle_leaves_nothing_half_done(
    builder: CampaignBuilder, monkeypatch: pytest.MonkeyPatch
) -> None:
    builder.open()
    row = checked(builder, lines(*GOOD))
    before = len(supplied(builder))
    owner = builder.campaign.owner
    assert owner is not None
    receiving.confirm(row, owner)
    real = doing.note

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(doing, "note", killed)
    with pytest.raises(KeyboardInterrupt):
        do_next_import()
    assert len(supplied(builder)) == before and ImportPart.objects.exists()
    monkeypatch.setattr(doing, "note", real)
    assert do_next_import()
    assert len(supplied(builder)) == before + 3


def test_a_campaign_that_ended_meanwhile_takes_nothing(builder: CampaignBuilder) -> None:
    builder.open()
    row = checked(builder, lines(*GOOD))
    Campaign.objects.update(life=Campaign.CANCELLED)
    row = done(builder, row)
    assert row.state == "failed" and "has ended" in row.error and not supplied(builder)[3:]


def test_enough_texts_close_a_round_by_size(alice: Caller) -> None:
    builder = CampaignBuilder.start(
        owner=alice.user, others=(), rounds={"close": "size", "size": 3, "groups": 2}
    )
    builder.open()
    done(builder, checked(builder, lines(*[{**row, "round": 1} for row in GOOD])))
    builder.close()
    assert {text.round_number for text in supplied(builder)} == {1}


# Prompts


def test_prompts_go_into_a_draft(alice: Caller) -> None:
    campaign = create_campaign(parse_settings(plan()), owner=alice.user, is_draft=True)
    builder = CampaignBuilder(campaign, [])
    content = lines(
        {"prompt": "Why?"}, {"text": "Why?"}, {"prompt": "What is new?"}, {"prompt": " "}, {"a": 1}
    )
    row = checked(builder, content, kind="prompts")
    assert (row.accepted, row.rejected) == (1, 4)
    done(builder, row)
    campaign.refresh_from_db()
    assert campaign.settings.prompts.texts == ("How was your day?", "What is new?", "Why?")
    done(builder, checked(builder, lines({"prompt": "Only this?"}), kind="prompts", replaces=True))
    campaign.refresh_from_db()
    assert campaign.settings.prompts.texts == ("Only this?",)
    with pytest.raises(InputError, match="Only a campaign that is open"):
        bring(builder, lines(*GOOD))


# By page and API


def refused(answer: Any) -> str:
    assert answer.status_code == 422
    return check_page(answer)


def test_the_page_from_upload_to_report(alice: Caller, bob: Caller, builder: CampaignBuilder) -> None:
    builder.open()
    browser, address = Client(), f"/campaigns/{builder.campaign.slug}/manage/data/"
    assert alice.user is not None and bob.user is not None
    browser.force_login(alice.user)
    assert "Nothing is imported before" in check_page(browser.get(address))
    assert "No file arrived" in refused(browser.post(address))
    sent = browser.post(
        address, {"file": SimpleUploadedFile("t.csv", b"contributor,prompt,response\na,b,=1\na,b\n")}
    )
    assert sent.status_code == 302
    here = sent["Location"]
    assert "Being checked" in check_page(browser.get(here))
    assert do_next_import()
    page = check_page(browser.get(here))
    assert "Waits for you" in page and "Import 1 line" in page and "Line 3" in page
    assert "say first" in refused(browser.post(here, {"do": "confirm"}))
    report = browser.get(f"{here}report.csv")
    assert report["Content-Type"].startswith("text/csv") and b"3,has more or fewer cells" in report.content
    assert browser.post(here, {"do": "confirm", "licensed": "on"}).status_code == 302
    assert do_next_import()
    assert "Imported" in check_page(browser.get(here)) and "Imported" in check_page(browser.get(address))
    stranger = Client()
    stranger.force_login(bob.user)
    for path in (address, here, f"{here}report.csv", f"{address}contributions.jsonl"):
        assert stranger.get(path).status_code == 403


def test_versions_and_downloads(alice: Caller, builder: CampaignBuilder) -> None:
    builder.open().contribute().close()
    browser, address = Client(), f"/campaigns/{builder.campaign.slug}/manage/data/"
    assert alice.user is not None
    browser.force_login(alice.user)
    (version,) = alice.get(f"/campaigns/{builder.campaign.slug}/data")
    assert version["version"][:12] in check_page(browser.get(address))
    rows = [json.loads(line) for line in browser.get(f"{address}contributions.jsonl").content.splitlines()]
    assert len(rows) == version["contributions"] and {row["round"] for row in rows} == {1}
    assert browser.get(f"{address}contributions.exe").status_code == 404
    answer = alice("GET", f"/campaigns/{builder.campaign.slug}/data.csv")
    assert answer.status_code == 200 and answer.content.startswith(b"id,round")


def test_the_api_from_upload_to_done(
    alice: Caller, bob: Caller, builder: CampaignBuilder, tmp_path: Path
) -> None:
    builder.open()
    path = f"/campaigns/{builder.campaign.slug}/imports"

    def upload(who: Caller, content: bytes, name: str = "t.jsonl") -> Any:
        return Client(headers={"Authorization": f"Bearer {who.token}"}).post(
            f"/api{path}", {"file": SimpleUploadedFile(name, content), "kind": "contributions"}
        )

    assert "organiser" in refusal(upload(bob, lines(*GOOD)), 403)
    assert "does not say" in refusal(upload(alice, b"x", "t.zip"), 422)
    assert "file" in refusal(alice("POST", path, {"file": "text"}), 422)
    row = upload(alice, lines(*GOOD, "{"))
    assert row.status_code == 201
    number = row.json()["id"]
    assert "still being checked" in refusal(
        alice("POST", f"{path}/{number}/confirm", {"licensed": True}), 422
    )
    assert do_next_import()
    found = alice.get(f"{path}/{number}")
    assert found["state"] == "checked" and found["report"][0]["line"] == 4
    assert "licensed" in refusal(alice("POST", f"{path}/{number}/confirm", {"licensed": False}), 422)
    assert alice("POST", f"{path}/{number}/confirm", {"licensed": True}).status_code == 204
    assert do_next_import() and alice.get(path)[0]["state"] == "done"
    assert "cannot be discarded" in refusal(alice("DELETE", f"{path}/{number}"), 422)
    assert "no such import" in refusal(alice("GET", f"{path}/{'0' * 8}-0000-0000-0000-{'0' * 12}"), 404)
