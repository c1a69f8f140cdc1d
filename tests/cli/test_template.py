"""The commented campaign file must say what is true."""

from __future__ import annotations

import re
import tomllib
from typing import Any

import pytest

from crowdsft.cli.init import TEMPLATE
from crowdsft.core.settings import SECTIONS, parse_settings

LINE = re.compile(r"^# (?P<key>\w+) = (?P<value>.+?)(\s{2,}#.*)?$")
NO_DEFAULT = {
    "campaign.guidelines_file", "campaign.consent", "model.revision", "prompts.file", "target.examples_file",
    "target.emotion", "target.vector", "rounds.size", "rounds.minutes", "training.learning_rate",
    "training.b_rate_ratio", "training.adapt_head", "training.trl", "training.tokens_per_pass",
    "training.gradient_checkpointing", "reviews.phone_region", "evaluation.embedding_revision",
    "reward_model.model", "reward_model.revision", "reward_model.label", "llm_judge.endpoint", "llm_judge.model",
    "llm_judge.criterion", "llm_judge.api_key_variable", "llm_judge.max_cost", "votes.minutes", "votes.enough",
}  # fmt: skip


def commented() -> list[tuple[str, str, Any]]:
    """Section, key and value of every setting that is commented out."""
    found, section = [], ""
    for line in TEMPLATE.read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            section = line.split("]")[0][1:]
        elif match := LINE.match(line):
            value = tomllib.loads(f"x = {match['value']}")["x"]
            found.append((section, match["key"], value))
    return found


@pytest.mark.parametrize(("section", "key", "value"), commented(), ids=lambda part: str(part)[:30])
def test_what_is_commented_out_is_the_default(section: str, key: str, value: Any) -> None:
    if f"{section}.{key}" in NO_DEFAULT:
        return
    default = SECTIONS[section].model_fields[key].default
    assert value == (list(default) if isinstance(default, tuple) else default)


def test_every_setting_is_in_the_template() -> None:
    shown = {f"{section}.{key}" for section, key, _ in commented()}
    data = tomllib.loads(TEMPLATE.read_text(encoding="utf-8"))
    shown |= {
        f"{section}.{key}" for section, table in data.items() if isinstance(table, dict) for key in table
    }
    known = {f"{section}.{key}" for section, kind in SECTIONS.items() for key in kind.model_fields}
    assert known - shown == {"campaign.simulated", "target.examples"} - shown
    parse_settings(data)
