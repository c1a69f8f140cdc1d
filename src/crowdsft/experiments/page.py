"""The pages in which experiments tell their results: one HTML file, figures inside, no script."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from pathlib import Path

STYLE = """
:root { color-scheme: light; }
body { margin: 0 auto; max-width: 62rem; padding: 2rem 1.25rem 4rem; color: #1c2321; background: #fff;
  font: 16px/1.6 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; }
h1 { font-size: 1.75rem; line-height: 1.2; margin: 0 0 .5rem; }
h2 { font-size: 1.2rem; margin: 2.75rem 0 .5rem; }
p { max-width: 44rem; margin: .5rem 0; }
.lede { color: #5b6562; }
figure { margin: 1rem 0 0; overflow-x: auto; }
figure img { width: 100%; min-width: 44rem; height: auto; display: block; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; margin: 1rem 0; font-variant-numeric: tabular-nums; }
th, td { padding: .4rem .9rem .4rem 0; text-align: right; border-bottom: 1px solid #dfe4e2; white-space: nowrap; }
th { color: #5b6562; font-weight: 550; font-size: .875rem; }
th:first-child, td:first-child { text-align: left; }
caption { text-align: left; color: #5b6562; font-size: .875rem; padding-bottom: .25rem; }
"""


def write_page(file: Path, title: str, parts: Sequence[str]) -> None:
    """Write a page of its own; `title` and `parts` are HTML."""
    page = (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{title}</title><style>{STYLE}</style></head><body>{''.join(parts)}</body></html>\n"
    )
    file.write_text(page, encoding="utf-8")


def figure(image: str, words: str) -> str:
    """A picture (base64 of a PNG) that is read out as `words`."""
    return f'<figure><img src="data:image/png;base64,{image}" alt="{escape(words)}"></figure>'


def table(caption: str, titles: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table of texts; the first column is the left-aligned one."""
    head = "".join(f"<th>{escape(title)}</th>" for title in titles)
    body = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    return (
        f'<div class="scroll"><table><caption>{escape(caption)}</caption>'
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )
