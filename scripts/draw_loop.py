"""Draw docs/pictures/loop.svg, the picture of a round in the README: `python scripts/draw_loop.py`."""

from __future__ import annotations

from pathlib import Path

WIDTH, HEIGHT = 920, 380
STYLE = """
  .ground { fill: #fafaf8 } .card { fill: #ffffff; stroke: #d9d8d2 } .group { fill: #f2f2ee; stroke: none }
  .won { fill: #e2f1ed; stroke: #0a6a5c; stroke-width: 1.5 }
  text { font-family: system-ui, -apple-system, "Segoe UI", sans-serif; fill: #1b1d1f; font-size: 15px }
  .title { font-weight: 600 } .small { fill: #5a5d63; font-size: 13px } .accent { fill: #0a6a5c; font-weight: 600 }
  .you { fill: #96490a; font-weight: 600 } .arrow { fill: none; stroke: #85857e; stroke-width: 1.6; marker-end: url(#head) }
  .loop { fill: none; stroke: #0a6a5c; stroke-width: 2; marker-end: url(#winner) }
  .head { fill: #85857e } .winner { fill: #0a6a5c }
  @media (prefers-color-scheme: dark) {
    .ground { fill: #101214 } .card { fill: #181b1e; stroke: #2c3237 } .group { fill: #21262a }
    .won { fill: #14302b; stroke: #62cbb6 } text { fill: #ecedeb } .small { fill: #a6acb2 } .accent { fill: #62cbb6 }
    .you { fill: #f2a65a } .arrow { stroke: #788089 } .loop { stroke: #62cbb6 } .head { fill: #788089 } .winner { fill: #62cbb6 }
  }
"""


def box(x: int, y: int, width: int, height: int, kind: str = "card") -> str:
    """A rounded rectangle."""
    return f'<rect class="{kind}" x="{x}" y="{y}" width="{width}" height="{height}" rx="10"/>'


def text(x: float, y: int, words: str, kind: str = "", anchor: str = "middle") -> str:
    """One line of text."""
    return f'<text class="{kind}" x="{x}" y="{y}" text-anchor="{anchor}">{words}</text>'


def arrow(path: str, kind: str = "arrow") -> str:
    """A line with a head at its end."""
    return f'<path class="{kind}" d="{path}"/>'


def main() -> None:
    """Write the picture."""
    parts = [box(0, 0, WIDTH, HEIGHT, "ground")]
    parts += [box(24, 96, 168, 132), text(108, 126, "The crowd", "title")]
    parts += [text(108, 152, "writes, corrects", "small"), text(108, 172, "and compares answers", "small")]
    parts += [text(108, 204, "1 contribute", "accent")]
    for row, letter in enumerate("ABC"):
        top, won = 40 + 86 * row, letter == "B"
        parts += [arrow(f"M194 162 C 225 162 222 {top + 33} 250 {top + 33}")]
        parts += [box(256, top, 146, 66, "group"), text(329, top + 28, f"Group {letter}", "title")]
        parts += [text(329, top + 49, "2 shuffled in", "small")]
        parts += [arrow(f"M404 {top + 33} H 436")]
        parts += [box(442, top, 176, 66, "won" if won else "card")]
        parts += [
            text(530, top + 28, f"Candidate {letter}", "title"),
            text(530, top + 49, "3 own copy, trained", "small"),
        ]
        parts += [arrow(f"M620 {top + 33} C 652 {top + 33} 646 162 672 162")]
    parts += [box(678, 96, 218, 132), text(787, 126, "Measured blind", "title")]
    parts += [
        text(787, 152, "4 same prompts, same dice,", "small"),
        text(787, 172, "distance to the target", "small"),
    ]
    parts += [text(787, 204, "better beyond noise? B wins", "accent")]
    parts += [arrow("M787 230 V 322 Q 787 336 773 336 H 122 Q 108 336 108 322 V 236", "loop")]
    parts += [text(448, 326, "5 the winner is the next base model", "accent")]
    parts += [text(448, 358, "6 everyone whose work moved the round earns points, winner or not", "you")]
    head = (
        '<marker id="{0}" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
        '<path class="{1}" d="M0 0 L8 4 L0 8 z"/></marker>'
    )
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
        'aria-label="A round: the crowd contributes, groups are formed, each trains its own copy of the model, the copies '
        'are measured blind, the best becomes the next base, and everyone earns points.">'
        f"<style>{STYLE}</style><defs>{head.format('head', 'head')}{head.format('winner', 'winner')}</defs>"
        + "".join(parts)
        + "</svg>\n"
    )
    (Path(__file__).parent.parent / "docs" / "pictures" / "loop.svg").write_text(svg, encoding="utf-8")


if __name__ == "__main__":
    main()
