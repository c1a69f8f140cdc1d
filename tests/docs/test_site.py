"""The site builds without a warning, and nothing in it is loaded from anywhere else."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.docs.pages import PAGES, ROOT, name_of

pytest.importorskip("mkdocs", reason="mkdocs-material is not installed; it comes with the [dev] extra")

_LOADED = re.compile(r"<(?:script|img|iframe|source)\b[^>]*\bsrc=\"?((?:https?:)?//[^\s\">]+)")
_STYLES = re.compile(r"<link\b[^>]*\brel=\"?(?:stylesheet|preconnect|preload|icon)[^>]*")
_IMPORTED = re.compile(r"(?:@import\s+|url\()[\"']?((?:https?:)?//[^\"')\s]+)")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(folder)]
    environment = os.environ | {"NO_MKDOCS_2_WARNING": "1"}
    answer = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, env=environment, check=False, timeout=120
    )
    assert answer.returncode == 0, answer.stderr
    return folder


@pytest.mark.parametrize("path", PAGES, ids=name_of)
def test_every_page_is_built_and_can_be_reached(site: Path, path: Path) -> None:
    built = path.relative_to(ROOT / "docs").with_suffix(".html")
    assert (site / built).is_file()
    assert (
        f'href="{built}"' in (site / "index.html").read_text(encoding="utf-8") or built.name == "index.html"
    )


def test_nothing_is_loaded_from_elsewhere(site: Path) -> None:
    loaded: set[str] = set()
    for file in site.rglob("*.html"):
        text = file.read_text(encoding="utf-8")
        loaded.update(_LOADED.findall(text))
        loaded.update(tag for tag in _STYLES.findall(text) if "//" in tag)
    for file in site.rglob("*.css"):
        loaded.update(_IMPORTED.findall(file.read_text(encoding="utf-8")))
    assert loaded == set()


def test_the_code_that_makes_the_pages_is_not_published(site: Path) -> None:
    assert list(site.rglob("*.py")) == []
    assert (site / "campaign-schema.json").is_file()
