"""A zip file is made while it is sent, without holding what is in it."""

import io
import tracemalloc
from pathlib import Path
from zipfile import ZipFile

from crowdsft.publishing.archive import zip_pieces


def test_what_went_in_comes_out(tmp_path: Path) -> None:
    (tmp_path / "weights").write_bytes(bytes(range(256)) * 5_000)
    made = b"".join(
        zip_pieces([("README.md", b"# Hello"), ("a/weights", tmp_path / "weights"), ("none", b"")])
    )
    with ZipFile(io.BytesIO(made)) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == ["README.md", "a/weights", "none"]
        assert archive.read("README.md") == b"# Hello" and archive.read("none") == b""
        assert archive.read("a/weights") == (tmp_path / "weights").read_bytes()


def test_equal_entries_give_equal_bytes(tmp_path: Path) -> None:
    made = []
    for name in ("one", "two"):
        (tmp_path / name).write_bytes(b"weights")
        made.append(b"".join(zip_pieces([("w", tmp_path / name)])))
    assert made[0] == made[1]


def test_a_file_larger_than_memory_allows_goes_through_in_pieces(tmp_path: Path) -> None:
    large = tmp_path / "weights"
    with large.open("wb") as file:
        file.truncate(300 * 1024 * 1024)
    tracemalloc.start()
    sent = sum(len(piece) for piece in zip_pieces([("weights", large)]))
    _now, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert sent > 300 * 1024 * 1024
    assert most < 4 * 1024 * 1024
