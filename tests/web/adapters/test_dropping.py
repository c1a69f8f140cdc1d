"""Losing candidates are dropped where the campaign says so: never what somebody needs, and safe from kills."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from crowdsft.core.errors import InputError
from crowdsft.rounds.artifacts import Artifacts
from crowdsft.rounds.storage import Storage
from crowdsft.web.accounts.models import User
from crowdsft.web.adapters.dropping import Dropping, drop_spare
from crowdsft.web.adapters.models import DroppedAdapter
from crowdsft.web.campaigns.models import Step
from crowdsft.web.playground.choices import find_choice
from crowdsft.web.playground.queue import ask
from tests.web.adapters.with_weights import WEIGHT_BYTES, WithWeights, artifacts
from tests.web.pages.reading import check_page

WINNERS = {"artifacts": {"keep": "winners"}}


def start(name: str = "Joy in comments", seed: int = 0, **sections: Any) -> WithWeights:
    found = WithWeights.start(
        owner=None, others=["a", "b", "c"], campaign={"name": name, "seed": seed}, **(WINNERS | sections)
    )
    assert isinstance(found, WithWeights)
    return found


def test_only_winners_are_left_when_a_round_has_finished() -> None:
    builder = start().play(1.0, [0.9, 0.7, 0.8]).play(0.7, [0.9, 0.9, 0.8])
    first, second = builder.state.rounds
    assert drop_spare(artifacts()) == (5, True)
    assert artifacts().adapters_here() == {first.adapters[1]}
    assert DroppedAdapter.objects.count() == 5
    assert set(DroppedAdapter.objects.values_list("digest", flat=True)) == {
        first.adapters[0], first.adapters[2], *second.adapters,
    }  # fmt: skip
    assert all(row.size > WEIGHT_BYTES for row in DroppedAdapter.objects.all())
    assert drop_spare(artifacts()) == (0, True)
    assert artifacts().adapter(first.adapters[1]).is_dir()


def test_all_are_kept_where_nothing_else_was_asked_for() -> None:
    start(artifacts={}).play(1.0, [0.9, 0.7, 0.8])
    assert drop_spare(artifacts()) == (0, True)
    assert len(artifacts().adapters_here()) == 3


def test_a_round_that_has_not_finished_keeps_its_candidates() -> None:
    builder = start()
    builder.open().contribute().close().decide_until_award(1.0, [0.9, 0.7, 0.8])
    assert drop_spare(artifacts()) == (0, True)
    builder.decided()
    assert drop_spare(artifacts()) == (2, True)


def test_what_another_campaign_needs_stays() -> None:
    one = start("One").play(1.0, [0.9, 0.7, 0.8])
    other = start("Other", artifacts={}).play(1.0, [0.9, 0.7, 0.8])
    assert one.state.rounds[0].adapters == other.state.rounds[0].adapters
    assert drop_spare(artifacts()) == (0, True)


def test_an_adapter_that_a_step_may_just_have_made_stays() -> None:
    start("One").play(1.0, [0.9, 0.7, 0.8])
    other = start("Other")
    other.open().contribute().close()
    Step.objects.filter(campaign=other.campaign).update(run_after=0.0)
    assert other.store.claim("a worker", lease_seconds=60, campaign="other") is not None
    assert drop_spare(artifacts()) == (0, False)
    assert len(artifacts().adapters_here()) == 3


def test_a_question_that_waits_is_answered_first(bob: User) -> None:
    builder = start().play(1.0, [0.9, 0.7, 0.8])
    ask(builder.campaign, bob, message="Hello there", left="start", right="1-0")
    assert drop_spare(artifacts()) == (1, True)
    assert artifacts().adapter(builder.state.rounds[0].adapters[0]).is_dir()


def test_pages_say_that_a_candidate_is_gone(as_bob: Client) -> None:
    builder = start().play(1.0, [0.9, 0.7, 0.8])
    drop_spare(artifacts())
    here = f"/campaigns/{builder.campaign.slug}"
    text = check_page(as_bob.get(f"{here}/models/"))
    assert text.count("dropped") >= 2 and text.count("Download") == 1
    answer = as_bob.get(f"{here}/models/1-0.zip")
    assert answer.status_code == 404 and "its weights were dropped after the round" in check_page(answer)
    assert [row["available"] for row in as_bob.get(f"/api{here}/models").json()] == [True, False, False]
    assert "Round 1, group A (dropped)" in check_page(as_bob.get(f"{here}/playground/"))
    with pytest.raises(InputError, match="cannot answer any more"):
        find_choice(builder.state, "1-0")


def test_a_worker_looks_again_only_after_a_round() -> None:
    builder = start().play(1.0, [0.9, 0.7, 0.8])
    dropping = Dropping(artifacts())
    assert [dropping.drop_next(), dropping.drop_next()] == [True, False]
    builder.play(0.7, [0.9, 0.9, 0.8])
    assert [dropping.drop_next(), dropping.drop_next()] == [True, False]


def test_with_a_storage_both_it_and_the_cache_are_emptied(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CROWDSFT_ARTIFACTS", (tmp_path / "storage").as_uri())
    builder = start().play(1.0, [0.9, 0.7, 0.8])
    assert drop_spare(artifacts())[0] == 2
    won = builder.state.lineage[0]
    assert artifacts().storage == Storage((tmp_path / "storage").as_uri())
    assert sorted(path.name for path in (tmp_path / "storage").iterdir() if path.suffix == ".tar") == [
        f"{won}.tar"
    ]
    other_machine = Artifacts(tmp_path / "other", artifacts().storage)
    assert other_machine.adapter(won).is_dir()


def test_what_a_killed_worker_had_set_aside_is_put_back_or_dropped() -> None:
    builder = start().play(1.0, [0.9, 0.7, 0.8])
    first = builder.state.rounds[0]
    for digest in first.adapters[:2]:  # the second is the winner's: a needed one
        artifacts().set_aside(digest)
    assert drop_spare(artifacts()) == (2, True)
    assert artifacts().adapters_here() == {first.adapters[1]}
    assert artifacts().adapters_aside() == frozenset()


KILLED = """
import sys
from pathlib import Path
from crowdsft.web.configure import configure, migrate
configure(Path(sys.argv[1]))
migrate()
from crowdsft.web.adapters.dropping import drop_spare
from crowdsft.web.campaigns.models import Campaign
from tests.web.adapters.test_dropping import start
from tests.web.adapters.with_weights import artifacts
if not Campaign.objects.exists():
    start().play(1.0, [0.9, 0.7, 0.8])
drop_spare(artifacts())
from crowdsft.web.adapters.models import DroppedAdapter
print(len(artifacts().adapters_here()), len(artifacts().adapters_aside()), DroppedAdapter.objects.count())
"""


@pytest.mark.parametrize("point", ["aside", "written"])
def test_a_worker_killed_while_dropping_is_followed_by_one_that_ends_the_same(
    point: str, tmp_path: Path
) -> None:
    def run(**more: str) -> subprocess.CompletedProcess[str]:
        kept = {
            key: value for key, value in os.environ.items() if not key.startswith(("CROWDSFT_", "DJANGO_"))
        }
        return subprocess.run(
            [sys.executable, "-c", KILLED, str(tmp_path)], env=kept | more, capture_output=True, text=True,
            timeout=120, check=False, cwd=Path(__file__).parent.parent.parent.parent,
        )  # fmt: skip

    assert run(CROWDSFT_KILL_AT=f"drop:{point}:0").returncode == -9
    done = run()
    assert done.stdout.split() == ["1", "0", "2"], done.stderr[-2000:]
