"""Worlds, streams of chance and files of vectors."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from crowdsft.core.errors import InputError
from crowdsft.simulation import draw_world
from crowdsft.simulation.streams import RunStreams
from crowdsft.simulation.vectors import read_vectors
from crowdsft.simulation.world import run_seeds

VECTORS = np.arange(24.0).reshape(8, 3)


def test_one_of_the_first_rows_becomes_the_expert() -> None:
    world = draw_world(VECTORS, users=4, seeds=run_seeds(1, 200))
    assert set(world.experts) == {0, 1, 2, 3, 4}
    for run, expert in enumerate(world.experts):
        np.testing.assert_array_equal(world.targets[run], VECTORS[expert])
        np.testing.assert_array_equal(world.contributors[run], np.delete(VECTORS[:5], expert, axis=0))


def test_the_start_lies_in_the_range_of_the_numbers() -> None:
    world = draw_world(VECTORS, users=4, seeds=run_seeds(1, 300))
    assert world.starts.min() >= 0
    assert world.starts.max() <= 23
    assert world.starts.mean() == pytest.approx(11.5, abs=1)
    narrow = draw_world(VECTORS, users=4, seeds=run_seeds(1, 300), start_range=(2.0, 3.0))
    assert narrow.starts.min() >= 2
    assert narrow.starts.max() <= 3


def test_a_run_alone_is_the_run_beside_others() -> None:
    seeds = run_seeds(5, 4)
    assert len(set(seeds)) == 4
    together = draw_world(VECTORS, users=6, seeds=seeds)
    for run, seed in enumerate(seeds):
        alone = draw_world(VECTORS, users=6, seeds=run_seeds(seed, 1))
        np.testing.assert_array_equal(alone.starts[0], together.starts[run])
        assert alone.experts[0] == together.experts[run]
    streams = RunStreams(seeds)
    drawn = [streams.random((4, 2)), streams.standard_normal((4, 3))]
    only = RunStreams(seeds[2:3])
    for array, shape in zip(drawn, [(1, 2), (1, 3)], strict=True):
        method = only.random if shape == (1, 2) else only.standard_normal
        np.testing.assert_array_equal(method(shape)[0], array[2])


def test_streams_are_asked_for_all_runs() -> None:
    with pytest.raises(TypeError, match="2 runs"):
        RunStreams([1, 2]).random((3, 4))


@pytest.mark.parametrize("users", [0, 8, 100])
def test_too_few_vectors(users: int) -> None:
    with pytest.raises(InputError, match="between 1 and 7"):
        draw_world(VECTORS, users=users, seeds=[1])


def test_vectors_must_be_numbers() -> None:
    with pytest.raises(InputError, match="finite"):
        draw_world(np.array([[1.0], [np.nan]]), users=1, seeds=[1])
    with pytest.raises(InputError, match="shape"):
        draw_world(np.ones(3), users=1, seeds=[1])


def test_a_file_of_vectors(tmp_path: Path) -> None:
    file = tmp_path / "vectors.csv"
    file.write_text('\ufeffid,"a, b",c\nanna,1,2.5\nbert,-3e1,0\n\n', encoding="utf-8")
    np.testing.assert_array_equal(read_vectors(file), [[1, 2.5], [-30, 0]])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("id,a\n", "no vectors"),
        ("id\n1\n", "no vectors"),
        ("", "no vectors"),
        ("id,a,b\nx,1,2\ny,1\n", "row 3: 2 cells, but the header has 3"),
        ("id,a\nx,1\ny,one\n", "row 3, column 'a': 'one' is not a finite number"),
        ("id,a\nx,nan\n", "'nan' is not a finite number"),
        ("id,a\nx,\n", "'' is not a finite number"),
    ],
)
def test_files_that_cannot_be_used(tmp_path: Path, text: str, said: str) -> None:
    file = tmp_path / "vectors.csv"
    file.write_text(text)
    with pytest.raises(InputError, match=said):
        read_vectors(file)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot read vectors"):
        read_vectors(tmp_path / "none.csv")
