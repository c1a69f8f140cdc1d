"""The files in examples/ are what the pages say: campaigns that can be run."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from crowdsft.cli.campaign_file import read_campaign_file
from crowdsft.cli.init import TEMPLATE
from crowdsft.core.seeds import derive_rng
from crowdsft.rounds.contributions_file import deal_rounds, read_contributions
from tests.docs.pages import DOCS, ROOT, name_of

CAMPAIGNS = [*sorted((ROOT / "examples").glob("*.toml")), TEMPLATE]
EXAMPLES = [path for path in CAMPAIGNS if path.with_suffix(".jsonl").exists()]


def test_there_is_an_example_with_contributions() -> None:
    assert (ROOT / "examples" / "joy.toml") in EXAMPLES


@pytest.mark.parametrize("path", CAMPAIGNS, ids=name_of)
def test_a_campaign_file_is_accepted(path: Path) -> None:
    assert read_campaign_file(path).rounds.count >= 1


@pytest.mark.parametrize("path", EXAMPLES, ids=name_of)
def test_contributions_fill_every_round(path: Path) -> None:
    settings = read_campaign_file(path)
    supplied = read_contributions(path.with_suffix(".jsonl"), settings)
    assert supplied.repeated == ()
    dealt = deal_rounds(
        supplied.contributions,
        rounds=settings.rounds.count,
        groups=settings.rounds.groups,
        rng=derive_rng(settings.campaign.seed, "deal"),
    )
    assert {row.round_number for row in dealt} == set(range(1, settings.rounds.count + 1))


@pytest.mark.parametrize("path", CAMPAIGNS, ids=name_of)
def test_the_published_schema_knows_every_key_of_a_campaign_file(path: Path) -> None:
    import tomllib

    schema: dict[str, Any] = json.loads((DOCS / "campaign-schema.json").read_text(encoding="utf-8"))
    data = tomllib.loads(path.read_text(encoding="utf-8"))
    assert set(data) <= set(schema["properties"])
    for section, values in data.items():
        if not isinstance(values, dict):
            continue
        definition = schema["$defs"][schema["properties"][section]["$ref"].rsplit("/", 1)[1]]
        assert set(values) <= set(definition["properties"]), section
        for key, value in values.items():
            allowed = definition["properties"][key].get("enum")
            assert allowed is None or value in allowed, f"{section}.{key}"
