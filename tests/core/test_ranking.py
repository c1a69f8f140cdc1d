from hypothesis import given
from hypothesis import strategies as st

from crowdsft.core.ranking import Ranking

amounts_of_people = st.lists(st.integers(-2, 5), max_size=20)


def test_equal_points_share_a_place_and_the_next_is_left_out() -> None:
    ranking = Ranking({"a": 5, "b": 9, "c": 5, "d": 1, "e": 0, "f": -2})
    assert [(place.rank, place.contributor, place.points) for place in ranking[:]] == [
        (1, "b", 9),
        (2, "a", 5),
        (2, "c", 5),
        (4, "d", 1),
    ]
    assert ranking.index_of("c") == 2 and ranking.around("c", 1) == (1, 4)
    assert ranking.index_of("e") is ranking.index_of("g") is ranking.index_of(None) is None
    assert ranking.around("e", 2) == (0, 0)


@given(amounts=amounts_of_people, start=st.integers(0, 25), size=st.integers(0, 25))
def test_any_part_says_the_same_as_the_whole(amounts: list[int], start: int, size: int) -> None:
    points = {f"person-{number}": amount for number, amount in enumerate(amounts)}
    ranking = Ranking(points)
    everybody = ranking[:]
    assert ranking[start : start + size] == everybody[start : start + size]
    for index, place in enumerate(everybody):
        assert place.rank == 1 + sum(other > place.points for other in points.values())
        assert ranking.index_of(place.contributor) == index
    assert len(ranking) == sum(amount > 0 for amount in points.values())
