"""The pages, and what stands in them."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from types import ModuleType

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
PAGES = sorted(DOCS.rglob("*.md"))
ALL_MARKDOWN = [*PAGES, ROOT / "README.md", ROOT / "CONTRIBUTING.md"]

_BLOCK = re.compile(
    r"^(?P<indent> *)```(?P<language>\w+)\n(?P<code>.*?)^(?P=indent)```$", re.DOTALL | re.MULTILINE
)


def page(name: str) -> str:
    """The text of a page."""
    return (DOCS / name).read_text(encoding="utf-8")


def code_blocks(path: Path, *languages: str) -> list[str]:
    """What stands in fenced blocks of these languages."""
    text = path.read_text(encoding="utf-8")
    return [found["code"] for found in _BLOCK.finditer(text) if found["language"] in languages]


def name_of(path: Path) -> str:
    """For the names of tests."""
    return str(path.relative_to(ROOT))


def make_reference() -> ModuleType:
    """The script that makes the reference."""
    if str(DOCS) not in sys.path:
        sys.path.insert(0, str(DOCS))
    import make_reference as script

    return script
