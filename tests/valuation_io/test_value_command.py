"""`crowdsft value`: what it prints and how it refuses."""

import json

import numpy as np
import pytest
import typer
from typer.testing import CliRunner

from crowdsft.cli.value import value
from crowdsft.core.errors import CrowdsftError, InputError
from crowdsft.core.valuation import METHODS, value_game
from crowdsft.core.valuation.games import AirportGame, CentroidGame, TableGame
from crowdsft.valuation_io import save_table_game


def run(*words):
    """What the command prints, as JSON; raises what it raises."""
    app = typer.Typer()
    app.command()(value)
    result = CliRunner().invoke(app, [*map(str, words), "--json"])
    if isinstance(result.exception, CrowdsftError):
        raise result.exception
    assert result.exit_code == 0, result.output
    found = json.loads(result.stdout)
    assert {"values", "intervals", "evaluations", "efficiency_gap", "seconds"} <= set(found)
    assert np.array(found["intervals"], dtype=float).shape == (len(found["values"]), 2)
    assert isinstance(found["evaluations"], int)
    return found


@pytest.fixture
def vectors(tmp_path):
    rows = np.random.default_rng(0).uniform(0, 5, (11, 3))
    lines = ["user,a,b,c", *(f"u{k},{','.join(map(repr, row.tolist()))}" for k, row in enumerate(rows))]
    path = tmp_path / "vectors.csv"
    path.write_text("\n".join(lines) + "\n")
    return path, rows


@pytest.mark.parametrize("evaluation", ["l2", "l1", "dot"])
@pytest.mark.parametrize("method", ["auto", "exact", "control_variate", "permutation"])
def test_centroid_games_of_a_file(vectors, evaluation, method):
    path, rows = vectors
    words = ("--game", "centroid", "--vectors", path, "--target-row", 4, "--evaluation", evaluation)
    found = run(*words, "--method", method, "--budget", 3000)
    players = [row for row in range(11) if row != 4]
    truth = CentroidGame(rows[players], rows[4], evaluation).shapley()
    assert found["players"] == players
    low, high = np.array(found["intervals"]).T
    slack = 0.05 * truth.std()
    assert ((low - slack <= truth) & (truth <= high + slack)).all()
    assert found["efficiency_gap"] <= 1e-9
    assert found["evaluations"] <= 3000
    assert found["seconds"] >= 0


def test_a_table_on_file_is_valued_exactly(tmp_path):
    game = TableGame(np.random.default_rng(0).normal(size=32))
    save_table_game(tmp_path / "game.npz", game)
    found = run("--game", tmp_path / "game.npz")
    np.testing.assert_allclose(found["values"], game.shapley(), atol=1e-12)
    assert found["evaluations"] == 32


def test_a_game_from_a_module_in_the_current_directory(tmp_path, monkeypatch):
    (tmp_path / "harbour_games.py").write_text(
        "from crowdsft.core.valuation.games import AirportGame\n"
        "import numpy as np\n"
        "GAME = AirportGame(np.arange(1.0, 26.0))\n"
        "def make():\n    return GAME\n"
        "def broken(x):\n    return GAME\n"
        "NUMBER = 3\n"
    )
    monkeypatch.chdir(tmp_path)
    game, method = AirportGame(np.arange(1.0, 26.0)), METHODS.make("permutation")
    expected = value_game(game, method, 400, np.random.default_rng(0))
    for name in ("GAME", "make"):
        found = run("--game", f"harbour_games:{name}", "--budget", 400, "--method", "permutation")
        np.testing.assert_allclose(found["values"], expected.values, atol=1e-12)
        np.testing.assert_allclose(found["intervals"], expected.intervals(), atol=1e-12)
    with pytest.raises(InputError, match="without arguments"):
        run("--game", "harbour_games:broken")
    with pytest.raises(InputError, match="neither a game nor a function"):
        run("--game", "harbour_games:NUMBER")


def test_the_same_seed_gives_the_same_values(vectors):
    words = ("--game", "centroid", "--vectors", vectors[0], "--target-row", 0, "--method", "leverage")
    first, again, other = (run(*words, "--budget", 60, "--seed", seed)["values"] for seed in (1, 1, 2))
    assert first == again != other


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--game", "centroid"), "needs --vectors FILE.csv and --target-row K"),
        (("--game", "centroid", "--vectors", "VECTORS", "--target-row", 11), "has rows 0 to 10"),
        (("--game", "centroid", "--vectors", "VECTORS", "--target-row", -1), "has rows 0 to 10"),
        (("--game", "centroid", "--vectors", "no.csv", "--target-row", 0), "cannot read vectors from no.csv"),
        (
            ("--game", "centroid", "--vectors", "VECTORS", "--target-row", 0, "--evaluation", "cosine"),
            "no evaluation 'cosine'",
        ),
        (("--game", "no.npz"), "cannot read a game from no.npz"),
        (("--game", "no.npz", "--target-row", 1), "belong to --game centroid"),
        (("--game", "airport"), "there is no game 'airport'"),
        (("--game", "no_such_module:game"), "cannot import the game no_such_module:game"),
        (
            ("--game", "centroid", "--vectors", "VECTORS", "--target-row", 0, "--method", "shapely"),
            "no valuation method named 'shapely'",
        ),
        (("--game", "centroid", "--vectors", "VECTORS", "--target-row", 0, "--budget", 0), "allows none"),
        (
            ("--game", "centroid", "--vectors", "VECTORS", "--target-row", 0, "--seconds", -1),
            "seconds allows nothing",
        ),
    ],
)
def test_bad_input_is_refused_with_what_to_do(vectors, words, said):
    with pytest.raises(InputError, match=said):
        run(*(vectors[0] if word == "VECTORS" else word for word in words))
