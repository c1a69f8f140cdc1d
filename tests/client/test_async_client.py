"""The asyncio client against a real server process, and that it says the same as the other one."""

from __future__ import annotations

import asyncio
import inspect
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest

from crowdsft.async_client import AsyncClient
from crowdsft.client import ApiError, Client
from crowdsft.core.errors import CrowdsftError, InputError
from tests.client.servers import Platform, other_server, platform
from tests.client.test_client import CROWD, PASSWORD, TASKS, settings

MAKER = Path(__file__).parent.parent.parent / "scripts" / "make_async_client.py"
CONTEXT = {"__enter__": "__aenter__", "__exit__": "__aexit__"}


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Platform, list[str]]]:
    """A platform with a campaign "Calm" that collects, and the tokens of a crowd."""
    with platform(tmp_path_factory.mktemp("platform")) as found:
        with Client(found.address) as anybody, anybody.sign_up("alice", PASSWORD) as alice:
            alice.create_campaign(settings("Calm"))
        yield found, found.open_rounds(people=CROWD)


def test_the_file_is_up_to_date() -> None:
    answer = subprocess.run([sys.executable, str(MAKER), "--check"], capture_output=True, text=True)
    assert answer.returncode == 0, answer.stderr


def test_both_clients_have_the_same_methods_with_the_same_arguments() -> None:
    def methods(client: type) -> dict[str, inspect.Signature]:
        found = inspect.getmembers(client, inspect.isfunction)
        return {CONTEXT.get(name, name): inspect.signature(method) for name, method in found}

    here, there = methods(Client), methods(AsyncClient)
    assert here.keys() == there.keys()
    for name, signature in here.items():
        assert signature.parameters == there[name].parameters, name
        assert str(signature.return_annotation).replace("Client", "AsyncClient") == str(
            there[name].return_annotation
        ), name


def test_every_public_method_of_the_asyncio_client_is_awaited() -> None:
    public = [
        method for name, method in inspect.getmembers(AsyncClient, inspect.isfunction) if name[0] != "_"
    ]
    assert public and all(inspect.iscoroutinefunction(method) for method in public)


def test_from_sign_up_to_hand_in(served: tuple[Platform, list[str]]) -> None:
    async def day(address: str) -> None:
        async with AsyncClient(address) as anybody:
            bob = await anybody.sign_up("bob", PASSWORD, pseudonym="bob the kind")
            async with bob:
                assert (await bob.me()).pseudonym == "bob the kind"
                assert (await bob.join("calm")).role == "contributor"
                task = await bob.task("calm")
                assert task is not None and task.state == "open"
                await bob.save_draft(task.id, "Half a thought")
                assert (await bob.look_at(task.id)).draft == "Half a thought"
                await bob.hand_in(task.id, "A whole thought. 😀")
                assert (await bob.membership("calm")).tasks_done == 1
                assert [token.name for token in await bob.tokens()] != []
            assert "calm" in {row.slug for row in await anybody.campaigns()}

    asyncio.run(day(served[0].address))


def test_sixteen_people_at_once_in_one_thread(served: tuple[Platform, list[str]]) -> None:
    async def work(token: str) -> int:
        async with AsyncClient(served[0].address, token) as person:
            await person.join("calm")
            done = 0
            while (task := await person.task("calm")) is not None:
                await person.hand_in(task.id, f"{token[-6:]} says {task.number}.")
                done += 1
            assert await person.task("calm") is None
            return done

    async def crowd() -> list[int]:
        return await asyncio.gather(*(work(token) for token in served[1]))

    assert asyncio.run(crowd()) == [TASKS] * CROWD


@pytest.mark.parametrize(
    ("status", "says", "call"),
    [
        (404, "no campaign 'nothing'", lambda anybody: anybody.campaign("nothing")),
        (401, "not signed in", lambda anybody: anybody.me()),
        (401, "do not belong together", lambda anybody: anybody.log_in("alice", "another password")),
    ],
)
def test_a_refusal_is_an_error_with_its_sentence(
    status: int,
    says: str,
    call: Callable[[AsyncClient], Awaitable[object]],
    served: tuple[Platform, list[str]],
) -> None:
    async def ask() -> None:
        async with AsyncClient(served[0].address) as anybody:
            await call(anybody)

    with pytest.raises(ApiError, match=says) as caught:
        asyncio.run(ask())
    assert caught.value.status == status


def test_a_server_that_is_something_else_or_slow() -> None:
    async def ask(address: str) -> None:
        async with AsyncClient(address, timeout_seconds=0.5) as client:
            await client.campaigns()

    with other_server(200, b"<h1>It works!</h1>") as address, pytest.raises(CrowdsftError, match="not as"):
        asyncio.run(ask(address))
    with (
        other_server(200, b"[]", delay_seconds=2.0) as address,
        pytest.raises(CrowdsftError, match="does not answer"),
    ):
        asyncio.run(ask(address))
    with pytest.raises(InputError, match="is no address"):
        AsyncClient("ftp://127.0.0.1")
