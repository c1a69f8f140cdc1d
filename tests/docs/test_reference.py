"""Everything that has a name stands in the reference, and what is made from the code is up to date."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest

from crowdsft.cli.campaign_file import FILE_KEYS
from crowdsft.core.campaign import fold
from crowdsft.core.evaluation import UTILITIES
from crowdsft.core.events import Event
from crowdsft.core.grouping import GROUPINGS
from crowdsft.core.ledger import chain
from crowdsft.core.registry import Table
from crowdsft.core.rewards import REWARDS
from crowdsft.core.settings import SECTIONS
from crowdsft.core.settings.tasks import TASK_KINDS
from crowdsft.core.valuation import METHODS
from crowdsft.core.weighting import WEIGHTINGS
from crowdsft.embedding import EMBEDDINGS, NETWORK_EMBEDDINGS
from crowdsft.judging import JUDGES
from crowdsft.rounds.executors import EXECUTORS
from crowdsft.rounds.result import campaign_result
from crowdsft.simulation.point_rules import POINT_RULES
from crowdsft.training import BACKENDS
from crowdsft.web.task_types import TASK_TYPES
from tests.core.campaigns import whole_campaign
from tests.docs.pages import DOCS, ROOT, make_reference, page

TABLES: tuple[Table[Any], ...] = (
    GROUPINGS, UTILITIES, REWARDS, POINT_RULES, WEIGHTINGS, EMBEDDINGS, NETWORK_EMBEDDINGS, JUDGES, BACKENDS, METHODS,
    EXECUTORS, TASK_TYPES,
)  # fmt: skip
FOR_TESTS_ONLY = {"CROWDSFT_KILL_AT"}


def section(text: str, heading: str) -> str:
    """The part of a page below a heading, up to the next of the same or a higher level."""
    level = len(heading) - len(heading.lstrip("#"))
    found = re.search(
        rf"^{re.escape(heading)}$\n(.*?)(?=^#{{1,{level}}} |\Z)", text, re.DOTALL | re.MULTILINE
    )
    assert found, f"there is no heading {heading!r}"
    return found[1]


def test_made_parts_are_up_to_date() -> None:
    stale = [path.name for path in make_reference().stale_files()]
    assert not stale, f"run: .venv/bin/python docs/make_reference.py (out of date: {', '.join(stale)})"


def test_check_finds_a_page_that_is_out_of_date(tmp_path: Path) -> None:
    shutil.copytree(DOCS, tmp_path / "docs", ignore=shutil.ignore_patterns("__pycache__", "screenshots"))
    (tmp_path / "src").symlink_to(ROOT / "src")
    changed = tmp_path / "docs" / "reference-settings.md"
    changed.write_text(page("reference-settings.md").replace("| `seed` |", "| `sed` |"))
    command = [sys.executable, str(tmp_path / "docs" / "make_reference.py")]
    answer = subprocess.run([*command, "--check"], capture_output=True, text=True, check=False)
    assert answer.returncode == 1 and "reference-settings.md" in answer.stderr
    assert subprocess.run(command, capture_output=True, check=False).returncode == 0
    assert changed.read_text() == page("reference-settings.md")


def every_option() -> Iterator[tuple[str, str]]:
    make_reference()
    from reference_makers.command_line import every_command, shown_parameters

    for name, command in every_command():
        yield name, ""
        for parameter in shown_parameters(command):
            for option in parameter.opts:
                yield name, option if option.startswith("-") else parameter.metavar or option.upper()


@pytest.mark.parametrize(("command", "option"), list(every_option()))
def test_every_command_and_option_stands_in_the_reference(command: str, option: str) -> None:
    found = section(page("reference-command-line.md"), f"## crowdsft {command}")
    assert re.search(rf"^\| `{re.escape(option)}[ `]", found, re.MULTILINE) or not option


def every_setting() -> list[tuple[str, str]]:
    own = [(name, key) for name, kind in SECTIONS.items() for key in kind.model_fields]
    return [*own, *FILE_KEYS]


@pytest.mark.parametrize(("name", "key"), every_setting())
def test_every_setting_stands_in_the_reference(name: str, key: str) -> None:
    assert re.search(rf"^\| `{key}` \|", section(page("reference-settings.md"), f"## [{name}]"), re.MULTILINE)


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.kind)
def test_every_name_of_every_table_stands_in_the_reference(table: Table[Any]) -> None:
    text = page("reference-tables.md")
    assert [name for name in table if f"| `{name}` |" not in text] == []


def test_every_table_of_the_package_is_known_here() -> None:
    sources = [path.read_text(encoding="utf-8") for path in (ROOT / "src").rglob("*.py")]
    kinds = {kind for text in sources for kind in re.findall(r"\] = Table\(\s*\"([^\"]+)\"", text)}
    assert kinds == {table.kind for table in TABLES}


def test_every_task_stands_in_the_reference() -> None:
    text = section(page("reference-tables.md"), "## Tasks")
    assert [name for name in TASK_KINDS if f"| `{name}` |" not in text] == []


@pytest.mark.parametrize("kind", get_args(Event), ids=lambda kind: kind.__name__)
def test_every_event_stands_in_the_reference_with_its_fields(kind: Any) -> None:
    text = page("reference-events.md")
    assert f"| {kind.__name__} |" in section(text, "## In which order")
    described = section(text, f"### {kind.__name__}")
    assert [name for name in kind.__dataclass_fields__ if f"| `{name}` |" not in described] == []


def test_every_environment_variable_stands_in_the_reference() -> None:
    sources = [path.read_text(encoding="utf-8") for path in (ROOT / "src").rglob("*.py")]
    variables = {name for text in sources for name in re.findall(r"\bCROWDSFT_[A-Z_]+\b", text)}
    text = page("reference-settings.md")
    assert [name for name in sorted(variables - FOR_TESTS_ONLY) if f"`{name}`" not in text] == []


def test_every_field_of_the_result_is_explained() -> None:
    state = fold(whole_campaign())
    entries, _ = chain(type(state.ledger_head)(), [], campaign="test", round_number=1, reason="none")
    result = campaign_result(state, entries, names={}, total_seconds=1.0, peak_memory_bytes=1)
    first = result["rounds"][0]
    objects = (result, first, first["candidates"][0], result["ledger"], result["seconds"])
    text = section(page("how-to-run-from-a-file.md"), "## result.json, field by field")
    assert [key for value in objects for key in value if f"`{key}`" not in text] == []


def test_every_request_of_the_api_is_listed() -> None:
    from crowdsft.web.api import api

    text = page("how-to-use-the-api.md")
    paths = api.get_openapi_schema(path_prefix="/api/")["paths"]
    requests = [(method.upper(), path) for path, operations in paths.items() for method in operations]
    wanted = [re.sub(r"\{\w+:", "{", f"`{method} {path}`") for method, path in requests]
    assert wanted and [line for line in wanted if line not in text] == []
