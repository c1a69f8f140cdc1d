"""Executors without a cluster: what is packed for other machines, what comes back, and what is refused."""

from __future__ import annotations

import dataclasses
import pickle
import socket
import sys
from pathlib import Path
from typing import Any, cast

import pytest

from crowdsft.core import errors
from crowdsft.core.campaign import CampaignState, Step, fold
from crowdsft.core.errors import CrowdsftError, Fault, InputError, MissingExtraError, SettingsError
from crowdsft.core.events import CampaignOpened
from crowdsft.core.settings import parse_settings, settings_to_dict
from crowdsft.rounds.executors import EXECUTORS
from crowdsft.rounds.executors.ray import RayExecutor
from crowdsft.rounds.executors.remote_step import (
    Done,
    Failed,
    RemoteStep,
    Report,
    perform,
    raise_again,
)
from crowdsft.rounds.resources import Resources
from crowdsft.rounds.store import Store


def opened() -> CampaignState:
    settings = parse_settings({"campaign": {"name": "T"}, "target": {"emotion": "joy"}})
    return fold([CampaignOpened("t", settings_to_dict(settings))])


def work(data: Path, **changes: Any) -> RemoteStep:
    step = RemoteStep(Step("measure_target", 0), opened(), (), str(data), "")
    return dataclasses.replace(step, **changes)


def test_a_step_elsewhere_ends_with_its_events(tmp_path: Path) -> None:
    packed = pickle.loads(pickle.dumps(work(tmp_path)))
    first, *_, last = perform(packed, place="node 7")
    assert first == Report("measure_target runs on node 7", 0.0)
    here = EXECUTORS.make("local").do(
        packed.step, packed.state, cast(Store, None), Resources(tmp_path), check=lambda: None
    )
    assert last == Done(cast(Any, here))
    assert pickle.loads(pickle.dumps(last)) == last


def test_errors_come_back_as_what_they_were(tmp_path: Path) -> None:
    *_, last = perform(work(tmp_path, step=Step("train", 1)), place="node 7")
    assert isinstance(last, Failed)
    with pytest.raises(CrowdsftError, match="has no round yet"):
        raise_again(last)
    for error in (SettingsError([Fault("a.b", "is wrong")]), MissingExtraError("X", "train")):
        with pytest.raises(type(error)) as caught:
            raise_again(Failed(type(error).__name__, str(error), ""))
        assert str(caught.value) == str(error)
    assert not issubclass(getattr(errors, "Fault"), CrowdsftError)  # noqa: B009
    with pytest.raises(CrowdsftError, match="should not fail"):
        raise_again(Failed("Fault", "x", "trace"))


def test_what_a_node_lacks_is_said(tmp_path: Path) -> None:
    *_, last = perform(work(tmp_path / "absent"), place="node 7")
    assert isinstance(last, Failed) and "CROWDSFT_ARTIFACTS" in last.message
    *_, last = perform(work(tmp_path, version="0.0.1"), place="node 7")
    assert isinstance(last, Failed) and "Install the same version" in last.message


def test_a_cluster_needs_a_storage_that_all_see(tmp_path: Path) -> None:
    resources = Resources(tmp_path, storage_url="memory://here")
    with pytest.raises(InputError, match="no other process sees"):
        RayExecutor().do(Step("train", 1), opened(), cast(Store, None), resources, check=lambda: None)


def test_a_cluster_that_is_not_there_is_said_at_once() -> None:
    pytest.importorskip("ray", reason="the executor ray needs the [ray] extra")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # nobody listens
        port = taken.getsockname()[1]
        with pytest.raises(InputError, match=rf"no Ray cluster at 127\.0\.0\.1:{port}.*ray start --head"):
            RayExecutor(f"127.0.0.1:{port}").connect()
    with pytest.raises(InputError, match="host:port"):
        RayExecutor("somewhere").connect()


def test_without_ray_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(MissingExtraError, match=r"crowdsft\[ray\]"):
        RayExecutor().connect()
