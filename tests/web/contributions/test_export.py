"""A campaign as a data set: what closed rounds hold, and nothing else."""

from __future__ import annotations

import csv
import io
import json

import pytest

from crowdsft.dataset.formats import csv_bytes, jsonl_bytes
from crowdsft.web.contributions.export import dataset_of
from crowdsft.web.contributions.models import Contribution
from crowdsft.web.reviews.models import Checkup
from tests.web.pages.campaign_builder import CampaignBuilder

pytestmark = pytest.mark.django_db


def test_closed_rounds_are_exported_and_open_ones_are_not() -> None:
    builder = CampaignBuilder.start(owner=None)
    builder.play(1.0, [0.9, 0.8, 0.7]).open().contribute()
    data = dataset_of(builder.campaign)
    assert {row.round for row in data.rows} == {1} and len(data.rows) == len(builder.members)
    assert {row.contributor for row in data.rows} == {member.contributor for member in builder.members}
    assert all(row.group_won == (row.group == builder.state.rounds[0].winner) for row in data.rows)
    assert data.licence == "CC-BY-4.0" and data.left_out == 0
    assert dataset_of(builder.campaign).version == data.version


def test_a_text_that_was_taken_back_is_left_out() -> None:
    builder = CampaignBuilder.start(owner=None).play(1.0, [0.9, 0.8, 0.7])
    before = dataset_of(builder.campaign)
    Contribution.objects.filter(membership=builder.members[0]).update(response="", prompt="")
    after = dataset_of(builder.campaign)
    assert after.left_out == 1 and len(after.rows) == len(before.rows) - 1
    assert after.version != before.version


def test_what_a_worker_noticed_is_a_column_and_no_part_of_the_version() -> None:
    builder = CampaignBuilder.start(owner=None).play(1.0, [0.9, 0.8, 0.7])
    before = dataset_of(builder.campaign)
    assert {row.flags for row in before.rows} == {None}
    flagged, clean, *_ = Contribution.objects.order_by("pk")
    Checkup.objects.create(contribution=flagged, flags={"rude": ["damn"], "personal": ["a@b.example"]})
    Checkup.objects.create(contribution=clean, flags={})
    after = dataset_of(builder.campaign)
    assert after.version == before.version
    cells = {row["id"]: row["flags"] for row in csv.DictReader(io.StringIO(csv_bytes(after).decode()))}
    lines = {row["id"]: row["flags"] for row in map(json.loads, jsonl_bytes(after).splitlines())}
    assert cells[str(flagged.pk)] == "personal rude" and lines[str(flagged.pk)] == ["personal", "rude"]
    assert cells[str(clean.pk)] == "none" and lines[str(clean.pk)] == []
    assert sorted(set(cells.values())) == ["", "none", "personal rude"]
    assert b"damn" not in csv_bytes(after) and b"a@b.example" not in jsonl_bytes(after)
