"""Points by rank are those of the paper's code, in campaigns as in simulations."""

import numpy as np
import pytest

from crowdsft.core.rewards.rank import rank_points
from crowdsft.simulation import SimulationSettings, World, simulate_tournament
from crowdsft.simulation.point_rules import RankPoints


@pytest.mark.parametrize("groups", [2, 3, 5])
def test_a_round_pays_what_the_simulation_pays_where_no_mistake_was_made(groups):
    rng = np.random.default_rng(groups)
    vectors = rng.uniform(0, 5, (1, 11, 4))
    world = World(vectors[:, 1:], vectors[:, 0], rng.uniform(0, 5, (1, 4)), np.array([0]), (groups,))
    history = simulate_tournament(world, SimulationSettings(groups=groups, rounds=12, mistake_chance=0.0))
    paid = 0
    for number, record in enumerate(history.records(0), start=1):
        points = rank_points(record)
        assert sorted(points.tolist()) == [float(rank) for rank in range(1, groups + 1)]
        assert np.argmax(points) == np.argmax(record.values)
        earned = RankPoints().after_round(np.zeros((1, 10)), history.until(number), world.targets)[0]
        if record.significant:
            paid += 1
            assert earned == pytest.approx(points @ (record.weights > 0))
        else:
            assert not earned.any()
    assert paid > 3
