import numpy as np
import pytest

from crowdsft.core.clusters import link, near_vectors, weights_of_holders
from crowdsft.core.errors import InputError
from crowdsft.core.evidence import RoundRecord


def record(clusters):
    weights = np.array([[0.5, 0.5, 0.0], [0.0, 0.0, 1.0]])
    return RoundRecord(1, ("ann", "bob", "cem"), weights, 0.0, np.zeros(2), None, False, clusters=clusters)


def test_the_first_member_holds_the_weight_of_its_cluster():
    assert weights_of_holders(record((0, 1, 0))).tolist() == [[0.5, 0.5, 0.0], [1.0, 0.0, 0.0]]
    assert weights_of_holders(record(())).tolist() == record(()).weights.tolist()


@pytest.mark.parametrize("clusters", [(0, 1), (0, 1, 3), (0, 1, -1)])
def test_clusters_that_name_nobody_are_refused(clusters):
    with pytest.raises(InputError, match="clusters are"):
        weights_of_holders(record(clusters))


def test_links_are_followed():
    near = np.eye(5, dtype=bool)
    for a, b in ((1, 2), (2, 4)):
        near[a, b] = near[b, a] = True
    assert link(near).tolist() == [0, 1, 1, 3, 1]


def test_near_vectors_are_one_only_where_they_are_sure_to_be_near():
    vectors = np.array([[0.0, 0.0], [0.01, 0.0], [1.0, 0.0], [0.0, 1.0]])
    exact, vague = np.zeros((4, 4)), np.full((4, 4), 0.09)
    assert near_vectors(vectors, exact, radius=0.05)[0].tolist() == [0, 0, 2, 3]
    surely, perhaps = near_vectors(vectors, vague, radius=0.05)
    assert surely.tolist() == [0, 1, 2, 3]
    assert perhaps.tolist() == [0, 0, 2, 3]
    assert near_vectors(vectors, 10 * vague, radius=0.05)[1].tolist() == [0, 1, 2, 3]
