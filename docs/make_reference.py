"""Write what the reference pages say about the code, from the code.

    .venv/bin/python docs/make_reference.py           write the parts that changed
    .venv/bin/python docs/make_reference.py --check   write nothing; exit code 1 when a part is out of date

A page holds its own prose; a part between `<!-- made: NAME -->` and `<!-- end of NAME -->` is made here. Adding one:
a function without arguments that returns Markdown, and a line in `PARTS`.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from pathlib import Path

DOCS = Path(__file__).resolve().parent
for folder in (DOCS, DOCS.parent / "src"):
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))

from reference_makers import api, command_line, events, settings, tables  # noqa: E402
from reference_makers.markdown import MissingWordsError  # noqa: E402

PARTS: dict[str, Callable[[], str]] = {
    "settings": settings.settings_part,
    "environment": settings.environment_part,
    "command-line": command_line.command_line_part,
    "events": events.events_part,
    "event-values": events.event_values_part,
    "tables": tables.tables_part,
    "api": api.api_part,
}
FILES: dict[str, Callable[[], str]] = {"campaign-schema.json": settings.schema_text}

_PART = re.compile(r"(<!-- made: (?P<name>[\w-]+) -->\n).*?(<!-- end of (?P=name) -->)", re.DOTALL)


def wanted_files() -> dict[Path, str]:
    """What each page with made parts, and each made file, must hold."""
    pages = {page: page.read_text(encoding="utf-8") for page in sorted(DOCS.glob("*.md"))}
    wanted = {page: _PART.sub(_made, text) for page, text in pages.items() if _PART.search(text)}
    return wanted | {DOCS / name: make() for name, make in FILES.items()}


def _made(found: re.Match[str]) -> str:
    return f"{found[1]}\n{PARTS[found['name']]().strip()}\n\n{found[3]}"


def stale_files() -> list[Path]:
    """The files that do not hold what they must."""
    return [path for path, text in wanted_files().items() if _held(path) != text]


def _held(path: Path) -> str | None:
    return path.read_text(encoding="utf-8") if path.exists() else None


def main() -> int:
    """The exit code."""
    try:
        stale = stale_files()
    except MissingWordsError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    names = ", ".join(path.name for path in stale)
    if "--check" in sys.argv[1:]:
        if stale:
            sys.stderr.write(f"Out of date: {names}. Run: .venv/bin/python docs/make_reference.py\n")
        return 1 if stale else 0
    wanted = wanted_files()
    for path in stale:
        path.write_text(wanted[path], encoding="utf-8")
    sys.stderr.write(f"Wrote {names}.\n" if stale else "Everything is up to date.\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
