"""Keep the tree in README.md true: every module with the first line of its docstring.

python scripts/readme_tree.py          writes it
python scripts/readme_tree.py --check  exits with 1 when README.md is out of date
"""

from __future__ import annotations

import ast
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
START, END = "<!-- tree -->\n", "<!-- /tree -->"
LEFT_OUT = {"migrations", "static", "templates", "model", "__pycache__"}
WIDTH = 34


def first_line(module: Path) -> str:
    """The first line of a module's docstring."""
    docstring = ast.get_docstring(ast.parse(module.read_text(encoding="utf-8"))) or ""
    return docstring.split("\n")[0].rstrip(".")


def lines_of(folder: Path, depth: int) -> list[str]:
    """A line for the folder, then one for each of its modules, then its folders."""
    indent = "  " * depth
    package = folder / "__init__.py"
    about = first_line(package) if package.exists() else ""
    lines = [f"{indent + folder.name + '/':<{WIDTH}} {about}".rstrip()]
    for module in sorted(folder.glob("*.py")):
        about = first_line(module)
        if module.name != "__init__.py" and about:
            lines.append(f"{indent + '  ' + module.name:<{WIDTH}} {about}")
    for child in sorted(path for path in folder.iterdir() if path.is_dir() and path.name not in LEFT_OUT):
        if any(child.glob("**/*.py")):
            lines.extend(lines_of(child, depth + 1))
    return lines


def main() -> None:
    """Write or check the tree."""
    readme = ROOT / "README.md"
    text = readme.read_text(encoding="utf-8")
    before, rest = text.split(START, 1)
    _, after = rest.split(END)
    tree = "\n".join(lines_of(ROOT / "src" / "crowdsft", 0))
    wanted = f"{before}{START}```text\n{tree}\n```\n{END}{after}"
    if "--check" not in sys.argv:
        readme.write_text(wanted, encoding="utf-8")
    elif wanted != text:
        sys.exit("The tree in README.md is out of date. Run: python scripts/readme_tree.py")


if __name__ == "__main__":
    main()
