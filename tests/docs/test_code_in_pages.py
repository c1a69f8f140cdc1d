"""Code in the pages is code: it parses, names commands and options that exist, and does what the page says."""

from __future__ import annotations

import json
import re
import shlex
import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from crowdsft.core.settings import parse_settings
from tests.docs.pages import DOCS, PAGES, ROOT, code_blocks, make_reference, name_of

every_page = pytest.mark.parametrize("path", [*PAGES, ROOT / "README.md"], ids=name_of)


def command_lines(path: Path) -> list[list[str]]:
    """The `crowdsft ...` lines of a page, as words."""
    typed = [
        line.removeprefix("$ ")
        for block in code_blocks(path, "console")
        for line in block.splitlines()
        if line.startswith("$ ")
    ]
    typed += [line for block in code_blocks(path, "sh") for line in block.splitlines()]
    lines = [line.strip().removeprefix(".venv/bin/") for line in typed]
    return [shlex.split(line, comments=True) for line in lines if line.startswith("crowdsft ")]


@every_page
def test_commands_and_options_exist(path: Path) -> None:
    make_reference()
    from reference_makers.command_line import every_command

    known = {
        name: {option for parameter in command.params for option in parameter.opts}
        for name, command in every_command()
    }
    for words in command_lines(path):
        if words[1].startswith("-"):
            continue
        two = " ".join(words[1:3])
        name = two if two in known else words[1]
        assert name in known, words
        options = {word for word in words if word.startswith("--")}
        assert options <= known[name] | {"--help"}, words


@every_page
def test_python_compiles_and_toml_parses(path: Path) -> None:
    for block in code_blocks(path, "python"):
        compile(block, name_of(path), "exec")
    for block in code_blocks(path, "toml"):
        tomllib.loads(block)
    for block in code_blocks(path, "json"):
        json.loads(block)


def test_the_shortest_campaign_file_is_one() -> None:
    (block,) = code_blocks(DOCS / "how-to-run-from-a-file.md", "toml")
    assert parse_settings(tomllib.loads(block)).campaign.name == "Joy in comments"


def test_the_settings_sent_with_curl_are_accepted() -> None:
    sent = [
        found
        for block in code_blocks(DOCS / "how-to-use-the-api.md", "console")
        for found in re.findall(r"-d '(\{.*?\})'", block, re.DOTALL)
    ]
    bodies = [json.loads(text) for text in sent]
    (settings,) = [body["settings"] for body in bodies if "settings" in body]
    assert parse_settings(settings).round_size == 4


def test_the_judge_of_the_how_to_keeps_the_laws(tmp_path: Path) -> None:
    from tests.judging.cases import case

    (block,) = code_blocks(DOCS / "how-to-judge-with-a-model.md", "python")
    module: dict[str, Any] = {"__name__": __name__}
    exec(compile(block, "how-to-judge-with-a-model.md", "exec"), module)
    base, candidate = module["BrevityJudge"](words=2).utilities(
        case([["a b", "a"], ["a b c", "a b"]], tmp_path)
    )
    assert base.tolist() == [0.0, -1.0] and candidate.tolist() == [-1.0, 0.0]


def test_judges_in_the_how_to_are_accepted() -> None:
    blocks = code_blocks(DOCS / "how-to-judge-with-a-model.md", "toml")
    reward, llm, several = (tomllib.loads(block) for block in blocks[:3])
    start = {"campaign": {"name": "Test"}, "target": {"examples": ["a", "b", "c", "d"]}}
    assert parse_settings(start | reward).judging.judges == ("reward_model",)
    assert parse_settings(start | llm).llm_judge.max_calls == 2000
    assert parse_settings(start | reward | several).judging.guards == ("likelihood",)


def test_the_evaluation_of_the_how_to_keeps_the_laws() -> None:
    block = code_blocks(DOCS / "how-to-add-an-evaluation.md", "python")[0]
    module: dict[str, Any] = {"__name__": "chebyshev"}
    exec(compile(block, "how-to-add-an-evaluation.md", "exec"), module)
    evaluation = module["Chebyshev"]()
    target = np.array([6.0, 8.0])
    assert evaluation.utility(np.array([3.0, 4.0]), target) == -4.0
    points = np.random.default_rng(1).normal(size=(5, 3, 2))
    step = 1e-6
    for k in range(2):
        nudge = step * np.eye(2)[k]
        slope = (evaluation.utility(points + nudge, target) - evaluation.utility(points, target)) / step
        np.testing.assert_allclose(evaluation.gradient(points, target)[..., k], slope, atol=1e-5)
    np.testing.assert_array_equal(evaluation.gradient(target, target), np.zeros(2))
