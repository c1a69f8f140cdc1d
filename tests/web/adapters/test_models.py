"""The models of a campaign: the page, the API, and the zip files that both give."""

from __future__ import annotations

import io
import shutil
from zipfile import ZipFile

import pytest
from django.test import Client

from crowdsft.core.campaign import CampaignState
from crowdsft.training.adapters import CONFIG_FILE, WEIGHTS_FILE
from crowdsft.web.accounts.models import User
from crowdsft.web.contributions.export import dataset_of
from tests.web.adapters.with_weights import WithWeights, artifacts
from tests.web.pages.reading import check_page

URL = "/campaigns/joy-in-comments/models/"
API = "/api/campaigns/joy-in-comments/models"


@pytest.fixture
def played(alice: User, bob: User) -> WithWeights:
    """Group B wins round 1, nobody round 2; round 3 is measured and not decided."""
    builder = WithWeights.start(owner=alice, people=[bob])
    assert isinstance(builder, WithWeights)
    builder.play(1.0, [0.9, 0.7, 0.8]).play(0.7, [0.9, 0.9, 0.8])
    builder.open().contribute().close().measure(0.7, [0.5, 0.6, 0.6])
    return builder


def zip_of(client: Client, address: str) -> ZipFile:
    answer = client.get(address)
    assert answer.status_code == 200 and answer.streaming, answer
    assert answer.headers["Content-Type"] == "application/zip"
    return ZipFile(io.BytesIO(b"".join(answer.streaming_content)))  # type: ignore[arg-type]


def test_everybody_sees_the_candidates_of_decided_rounds(anonymous: Client, played: WithWeights) -> None:
    text = check_page(anonymous.get(URL))
    assert text.index("Round 2") < text.index("Round 1")
    assert "Round 3" not in text
    assert "Group B winner Distance 0.70" in text
    assert "Trained from the winner of round 1. The base stayed: none came closer." in text
    assert "Trained from the start." in text and "builtin:tiny" in text
    assert text.count("Download") == 6


def test_before_the_first_decision_the_page_says_when_there_is_something(
    anonymous: Client, builder: WithWeights
) -> None:
    assert "No model to download yet" in check_page(anonymous.get(URL))


def test_a_draft_has_no_models(as_bob: Client, as_alice: Client, alice: User) -> None:
    from crowdsft.core.settings import parse_settings
    from crowdsft.web.campaigns.create import create_campaign
    from tests.web.pages.campaign_builder import plan

    create_campaign(parse_settings(plan()), owner=alice, is_draft=True)
    assert as_bob.get(URL).status_code == 404
    assert as_bob.get(API).status_code == 404


def test_a_zip_holds_the_adapter_and_a_card_that_names_the_data(
    anonymous: Client, played: WithWeights
) -> None:
    with zip_of(anonymous, f"{URL}1-1.zip") as archive:
        assert archive.namelist() == ["README.md", CONFIG_FILE, WEIGHTS_FILE]
        assert archive.read(WEIGHTS_FILE).startswith(b"0 1 1")
        card = archive.read("README.md").decode()
    version = _version_of_round(played, 1)
    assert f"Version `{version}`: 6 contributions up to round 1" in card
    assert "# Joy in comments: round 1, group B" in card
    assert "Distance to the target | 0.70" in card and "95 % interval" in card
    assert "1 of 3: the winner, the base of the next round" in card


def test_a_later_model_brings_the_winners_before_it(anonymous: Client, played: WithWeights) -> None:
    with zip_of(anonymous, f"{URL}2-0.zip") as archive:
        names = archive.namelist()
        assert names == [
            "README.md",
            *(f"adapter-{n}/{f}" for n in (1, 2) for f in (CONFIG_FILE, WEIGHTS_FILE)),
        ]
        assert archive.read(f"adapter-1/{WEIGHTS_FILE}").startswith(b"0 1 1")
        assert archive.read(f"adapter-2/{WEIGHTS_FILE}").startswith(b"0 2 0")
        assert 'set_adapter(["adapter-1", "adapter-2"])' in archive.read("README.md").decode()


def test_a_round_alone_names_its_winner(anonymous: Client, played: WithWeights) -> None:
    with zip_of(anonymous, f"{API}/1.zip") as archive:
        assert archive.read(WEIGHTS_FILE).startswith(b"0 1 1")


@pytest.mark.parametrize("key", ["3-0", "3", "2", "9-0", "1-7", "start", "x"])
def test_what_is_not_decided_or_not_there_is_not_found(
    anonymous: Client, played: WithWeights, key: str
) -> None:
    assert anonymous.get(f"{API}/{key}.zip").status_code == 404
    answer = anonymous.get(f"{URL}{key}.zip")
    assert answer.status_code == 404
    assert "Candidates appear when their round is decided." in check_page(answer)


def test_the_api_lists_what_the_page_shows(anonymous: Client, played: WithWeights) -> None:
    rows = anonymous.get(API).json()
    assert [row["key"] for row in rows] == ["2-0", "2-1", "2-2", "1-1", "1-0", "1-2"]
    winner = rows[3]
    assert winner["winner"] and winner["group"] == 1 and winner["available"]
    assert winner["low"] < winner["distance"] < winner["high"]
    assert winner["adapters"] == list(_lineage(played.state))


def test_weights_that_cannot_be_read_are_no_server_error(anonymous: Client, played: WithWeights) -> None:
    shutil.rmtree(artifacts().root / _lineage(played.state)[0])
    answer = anonymous.get(f"{URL}1-1.zip")
    assert answer.status_code == 503
    assert "is missing from" in check_page(answer)


def test_asking_for_the_head_makes_no_zip(anonymous: Client, played: WithWeights) -> None:
    answer = anonymous.head(f"{URL}1-1.zip")
    assert answer.status_code == 200 and not answer.streaming
    assert answer.headers["Content-Disposition"] == 'attachment; filename="joy-in-comments-round-1-2.zip"'


def _lineage(state: CampaignState) -> tuple[str, ...]:
    return state.lineage


def _version_of_round(played: WithWeights, number: int) -> str:
    from crowdsft.dataset.rows import dataset_version

    return dataset_version([row for row in dataset_of(played.campaign).rows if row.round <= number])
