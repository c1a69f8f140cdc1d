"""The card: what it says, and that its code loads the very model that was measured."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from crowdsft.publishing.card import HUB_LICENCES, ModelFacts, card
from crowdsft.publishing.files import model_files, write_folder

FACTS = ModelFacts(
    campaign="joy",
    name="Joy in comments",
    description="Answer the way a joyful person would.",
    model="round 2, group B",
    base="builtin:tiny",
    revision=None,
    trusts_code=False,
    round_number=2,
    rounds=3,
    part="the winner, the base of the next round",
    measure="Distance to the target",
    measured="0.825 (95 % interval 0.79 to 0.86); the round's base had 1.12. Lower is better",
    data_version="ab" * 32,
    contributions=1234,
    licence="CC-BY-4.0",
    adapters=("1" * 64,),
)


def code_of(text: str) -> str:
    found = re.search(r"```python\n(.*?)```", text, re.DOTALL)
    assert found is not None
    return found[1]


def test_it_says_what_the_model_is_made_of() -> None:
    text = card(FACTS)
    for words in (
        "license: cc-by-4.0", "# Joy in comments: round 2, group B", "`builtin:tiny`", "(`joy`)", "2 of 3",
        "0.825 (95 % interval 0.79 to 0.86)", "Version `" + "ab" * 32, "1,234 contributions", "library_name: peft",
    ):  # fmt: skip
        assert words in text
    assert "base_model:" not in text  # the hub knows no such model


def test_a_model_of_the_hub_is_named_with_its_revision() -> None:
    text = card(replace(FACTS, base="org/model", revision="abc123", trusts_code=True), where="me/mine")
    assert "base_model: org/model" in text and "revision `abc123`" in text
    code = code_of(text)
    assert 'revision="abc123", trust_remote_code=True' in code
    assert 'PeftModel.from_pretrained(model, "me/mine")' in code
    assert len([line for line in code.splitlines() if line.strip()]) == 6


def test_settings_cannot_put_code_into_the_card() -> None:
    evil = 'x"); import os; os.remove("'
    for facts in (
        replace(FACTS, base=evil),
        replace(FACTS, revision=evil),
        replace(FACTS, base=f"builtin:{evil}"),
    ):
        tree = ast.parse(code_of(card(facts)))
        named = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
        assert "os" not in named


def test_a_folder_of_the_server_is_not_told() -> None:
    assert "/home/alice" not in card(replace(FACTS, base="/home/alice/models/dialect"))


@pytest.mark.parametrize("licence", ["Our own licence: ask us", "CC-BY-4.0"])
def test_the_hub_gets_a_licence_that_it_knows(licence: str) -> None:
    found = re.search(r"^license: (.*)$", card(replace(FACTS, licence=licence)), re.MULTILINE)
    assert found is not None and found[1] in (*HUB_LICENCES, "other")


@pytest.mark.parametrize("backend", ["multi_lora", "full_finetune"])
@pytest.mark.parametrize("count", [1, 2])
def test_its_code_loads_the_model_that_was_measured(backend: str, count: int, tmp_path: Path) -> None:
    torch = pytest.importorskip("torch", reason="needs the [train] extra")
    pytest.importorskip("peft", reason="needs the [train] extra")
    from crowdsft.training import BACKENDS
    from crowdsft.training.base import Example, GroupData, TrainingOptions
    from crowdsft.training.models import load_model, model_with_adapters

    first = load_model("builtin:tiny")
    options = TrainingOptions(rank=4, passes=1, learning_rate=0.01, adapt_head=backend != "full_finetune")
    adapters: list[Path] = []
    for number in range(count):
        base = model_with_adapters(first, adapters) if adapters else first
        rows = tuple(Example("How was your day?", f"Wonderful, all {n + number} of it!") for n in range(8))
        (made,) = BACKENDS.make(backend).train(
            base, [GroupData(0, rows, number)], options=options, output=tmp_path / "artifacts"
        )
        adapters.append(tmp_path / "artifacts" / made.digest)
    facts = replace(FACTS, adapters=tuple(path.name for path in adapters))
    write_folder(model_files(facts, adapters), tmp_path / "model")
    code = code_of((tmp_path / "model" / "README.md").read_text(encoding="utf-8"))
    code += "\nimport torch\nwith torch.no_grad():\n"
    code += "    logits = model(torch.arange(5, 25)[None]).logits\ntorch.save(logits, 'logits.pt')\n"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path / "model", capture_output=True, text=True, timeout=120,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    with torch.no_grad():
        wanted = model_with_adapters(first, adapters).model(torch.arange(5, 25)[None]).logits
        plain = first.model(torch.arange(5, 25)[None]).logits
    found = torch.load(tmp_path / "model" / "logits.pt")
    assert torch.allclose(found, wanted, atol=1e-4)
    assert not torch.allclose(found, plain, atol=1e-2)
