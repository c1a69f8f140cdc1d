"""What mkdocs does besides building: complete the navigation, and refuse parts that are out of date."""

from __future__ import annotations

import logging
import sys
from pathlib import Path
from typing import Any

DOCS = Path(__file__).resolve().parent
SECTIONS = {
    "tutorial-": "Tutorial",
    "how-to-": "How to",
    "reference-": "Reference",
    "decisions/": "Decisions",
}
OTHER_PAGES = "Explanation"

logger = logging.getLogger("mkdocs.hooks")


def on_config(config: Any) -> Any:
    """Add the pages that the navigation does not name to the section that their name says."""
    pages = sorted(str(page.relative_to(DOCS)) for page in DOCS.rglob("*.md"))
    named = set(_pages_of(config.nav))
    for page in pages:
        if page not in named and page != "README.md":
            _section(config.nav, page).append(page)
    return config


def on_pre_build(config: Any) -> None:
    """A warning, so an error with --strict, when a page does not say what the code says."""
    if str(DOCS) not in sys.path:
        sys.path.insert(0, str(DOCS))
    from make_reference import stale_files

    for path in stale_files():
        logger.warning("%s is out of date. Run: .venv/bin/python docs/make_reference.py", path.name)


def _pages_of(nav: Any) -> list[str]:
    if isinstance(nav, str):
        return [nav]
    parts = nav.values() if isinstance(nav, dict) else nav
    return [page for part in parts for page in _pages_of(part)]


def _section(nav: list[dict[str, Any]], page: str) -> list[Any]:
    title = next((title for start, title in SECTIONS.items() if page.startswith(start)), OTHER_PAGES)
    found: list[Any] = next(entry[title] for entry in nav if title in entry)
    return found
