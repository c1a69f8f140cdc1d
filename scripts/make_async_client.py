"""Write `crowdsft/async_client.py` from `crowdsft/client.py`: the same methods, awaited.

python scripts/make_async_client.py          writes it
python scripts/make_async_client.py --check  exits with 1 when it is out of date

Whoever adds a method to `Client` runs this. A method that asks the server, itself or through another one,
becomes `async`, each such call is awaited, and streams are read in the same way; everything else, docstrings and
comments too, stays as it is.
"""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

PACKAGE = Path(__file__).parent.parent / "src" / "crowdsft"
SOURCE, TARGET = PACKAGE / "client.py", PACKAGE / "async_client.py"

HEADER = '''"""The client of `crowdsft.client` for asyncio: the same methods, awaited.

async with AsyncClient("http://127.0.0.1:8000") as anybody:
    ada = await anybody.sign_up("ada", "a long password", pseudonym="quiet-fern")
await ada.join("joy-in-comments")
task = await ada.task("joy-in-comments")
await ada.hand_in(task.id, "What a lovely morning!")

Made from client.py by scripts/make_async_client.py: change that file, then run the script.
"""
'''
RENAMED = {"Client": "AsyncClient", "__enter__": "__aenter__", "__exit__": "__aexit__", "close": "aclose"}
Edit = tuple[int, str, str]  # where, what stands there, what shall stand there


def async_client(source: str) -> str:
    """The text of `async_client.py` for a text of `client.py`."""
    tree = ast.parse(source)
    (client,) = (node for node in tree.body if isinstance(node, ast.ClassDef) and node.name == "Client")
    text = ast.get_source_segment(source, client)
    assert text is not None
    body = _edited(text, list(_edits(text)))
    imports = [ast.unparse(n) for n in tree.body if isinstance(n, ast.Import | ast.ImportFrom)]
    kept = [name for name in _names_of(tree) if name != "Client"]
    imports.append(f"from crowdsft.client import {', '.join(kept)}")
    return _tidy("\n".join([HEADER, *imports, "\n", body, ""]))


def _names_of(module: ast.Module) -> Iterator[str]:
    for node in module.body:
        if isinstance(node, ast.ClassDef | ast.FunctionDef):
            yield node.name
        elif isinstance(node, ast.Assign):
            yield from (target.id for target in node.targets if isinstance(target, ast.Name))


def _edits(text: str) -> Iterator[Edit]:
    client = ast.parse(text).body[0]
    assert isinstance(client, ast.ClassDef)
    starts = [0]
    for line in text.splitlines(keepends=True):
        starts.append(starts[-1] + len(line.encode()))

    def at(line: int, column: int) -> int:
        return starts[line - 1] + column

    asking = _asking(client)
    parents = {child: node for node in ast.walk(client) for child in ast.iter_child_nodes(node)}
    yield at(client.lineno, client.col_offset) + len("class "), "Client", "AsyncClient"
    for node in ast.walk(client):
        if isinstance(node, ast.FunctionDef):
            here = at(node.lineno, node.col_offset)
            if node.name in asking:
                yield here, "", "async "
            if node.name in ("__enter__", "__exit__"):
                yield here + len("def "), node.name, RENAMED[node.name]
        elif isinstance(node, ast.Name) and node.id == "Client":
            yield at(node.lineno, node.col_offset), "Client", "AsyncClient"
        elif isinstance(node, ast.Attribute) and ast.unparse(node) in ("httpx.Client", "self._http.close"):
            assert node.end_lineno is not None and node.end_col_offset is not None
            end = at(node.end_lineno, node.end_col_offset)
            yield end - len(node.attr), node.attr, RENAMED[node.attr]
        elif isinstance(node, ast.With) and _calls(node.items[0].context_expr, "stream"):
            yield at(node.lineno, node.col_offset), "", "async "
        elif isinstance(node, ast.For) and _calls(node.iter, "iter_bytes"):
            yield at(node.lineno, node.col_offset), "", "async "
            yield at(node.iter.lineno, node.iter.col_offset) + len("answer."), "iter_bytes", "aiter_bytes"
        elif _calls(node, "read") and ast.unparse(node) == "answer.read()":
            assert isinstance(node, ast.Call)
            yield at(node.lineno, node.col_offset), "answer.read", "await answer.aread"
        if isinstance(node, ast.Call) and _asked(node) in asking and not _calls(node, "stream"):
            assert node.end_lineno is not None and node.end_col_offset is not None
            inside = isinstance(parents[node], ast.Attribute | ast.Subscript)
            yield at(node.lineno, node.col_offset), "", "(await " if inside else "await "
            if inside:
                yield at(node.end_lineno, node.end_col_offset), "", ")"


def _asking(client: ast.ClassDef) -> set[str]:
    """The methods that ask the server, themselves or through others; and the context's two."""
    methods = [node for node in client.body if isinstance(node, ast.FunctionDef)]
    asking = {"_http", "__enter__", "__exit__"}
    while True:
        more = {
            method.name
            for method in methods
            if any(isinstance(n, ast.Call) and _asked(n) in asking for n in ast.walk(method))
        }
        if more <= asking:
            return asking
        asking |= more


def _asked(call: ast.Call) -> str | None:
    """`name` for `self.name(...)` and for `self.name.anything(...)`."""
    called = call.func
    while isinstance(called, ast.Attribute):
        if isinstance(called.value, ast.Name) and called.value.id == "self":
            return called.attr
        called = called.value
    return None


def _calls(node: ast.AST, method: str) -> bool:
    """Whether `node` is `something.method(...)`."""
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == method


def _edited(text: str, edits: list[Edit]) -> str:
    raw = text.encode()
    for where, old, new in sorted(edits, reverse=True):
        assert raw[where : where + len(old)] == old.encode(), (where, old)
        raw = raw[:where] + new.encode() + raw[where + len(old) :]
    return raw.decode()


def _tidy(text: str) -> str:
    for command in (["check", "--fix", "--quiet", "--select", "F401,I001"], ["format", "--quiet"]):
        ruff = [sys.executable, "-m", "ruff", *command, "--stdin-filename", str(TARGET), "-"]
        text = subprocess.run(ruff, input=text, capture_output=True, text=True, check=True).stdout
    return text


def main() -> None:
    """Write or check the file."""
    wanted = async_client(SOURCE.read_text(encoding="utf-8"))
    if "--check" not in sys.argv:
        TARGET.write_text(wanted, encoding="utf-8")
    elif not TARGET.exists() or TARGET.read_text(encoding="utf-8") != wanted:
        sys.exit("async_client.py is out of date. Run: python scripts/make_async_client.py")


if __name__ == "__main__":
    main()
