"""The client against a real server process on loopback."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from crowdsft.client import ApiError, Client
from crowdsft.core.errors import CrowdsftError, InputError
from crowdsft.core.ledger import GENESIS
from tests.client.servers import other_server, platform

CROWD = 16
TASKS = 3
PASSWORD = "a long and rare password"


def settings(name: str, **sections: Any) -> dict[str, Any]:
    return {
        "campaign": {"name": name},
        "target": {"emotion": "joy"},
        "rounds": {"count": 2, "groups": 2, "close": "manual"},
        "tasks": {"per_contributor": TASKS, "kinds": ["write_response"]},
        **sections,
    }


@dataclass(frozen=True, slots=True)
class Served:
    """One platform for all tests here, with a campaign "Calm" that collects, and the tokens of a crowd."""

    address: str
    alice: str
    crowd: list[str]


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with platform(tmp_path_factory.mktemp("platform")) as found, Client(found.address) as anybody:
        with anybody.sign_up("alice", PASSWORD, pseudonym="amber") as alice:
            alice.create_campaign(settings("Calm"))
            token = alice.new_token("for the tests")
        yield Served(found.address, token, found.open_rounds(people=CROWD))


@pytest.fixture
def anybody(served: Served) -> Iterator[Client]:
    with Client(served.address) as client:
        yield client


@pytest.fixture
def alice(served: Served) -> Iterator[Client]:
    with Client(served.address, served.alice) as client:
        yield client


def newcomer(anybody: Client, name: str) -> Client:
    return anybody.sign_up(name, PASSWORD, pseudonym=f"{name} the kind")


# A day's work


def test_from_sign_up_to_hand_in(anybody: Client) -> None:
    with newcomer(anybody, "bob") as bob:
        assert (bob.me().username, bob.me().pseudonym) == ("bob", "bob the kind")
        joined = bob.join("calm")
        assert (joined.role, joined.points, joined.tasks_per_round) == ("contributor", 0, TASKS)
        for number in range(TASKS):
            task = bob.task("calm")
            assert task is not None and (task.number, task.state, task.draft) == (number, "open", "")
            bob.save_draft(task.id, "Half a thought")
            again = bob.task("calm")
            assert again is not None and (again.id, again.draft) == (task.id, "Half a thought")
            bob.hand_in(task.id, f"A whole thought, number {number}. 😀")
            bob.hand_in(task.id, f"A whole thought, number {number}. 😀")
            assert bob.look_at(task.id).state == "done"
            assert bob.membership("calm").tasks_done == number + 1
        assert bob.task("calm") is None
        assert bob.points("calm") == []


def test_skipping_gives_another_task(anybody: Client) -> None:
    with newcomer(anybody, "carla") as carla:
        carla.join("calm")
        first = carla.task("calm")
        assert first is not None
        carla.skip(first.id, "unclear")
        second = carla.task("calm")
        assert second is not None and second.id != first.id


def test_what_anybody_may_see(anybody: Client) -> None:
    summary = anybody.campaign("calm")
    assert (summary.slug, summary.state, summary.round, summary.rounds) == ("calm", "collecting", 1, 2)
    assert "calm" in {row.slug for row in anybody.campaigns()}
    assert anybody.result("calm")["ledger"]["head"] == GENESIS
    assert anybody.ledger("calm") == anybody.ledger("calm", first=3, limit=2) == []
    assert anybody.ledger_lines("calm") == b""
    assert anybody.ledger_check("calm")["state"] == "sound"
    assert all(row["points"] == 0 for row in anybody.standings("calm"))


def test_an_organiser_s_work(alice: Client) -> None:
    assert alice.create_campaign(settings("Storm")).state == "preparing"
    assert alice.membership("storm").role == "organiser"
    with pytest.raises(ApiError, match="No round is open"):
        alice.close_round("storm")
    with pytest.raises(ApiError, match="nothing to try again"):
        alice.retry("storm")
    alice.close_round("calm")


def test_nothing_to_do_yet_is_no_error(alice: Client) -> None:
    slug = alice.create_campaign(settings("Quiet")).slug
    alice.join(slug)
    assert alice.task(slug) is None


def test_sixteen_people_over_http_at_once(served: Served, anybody: Client) -> None:
    def work(token: str) -> int:
        with Client(served.address, token) as person:
            person.join("calm")
            done = 0
            while (task := person.task("calm")) is not None:
                person.hand_in(task.id, f"{person.me().username} says {task.number}.")
                done += 1
            assert person.membership("calm").tasks_done == done
            return done

    before = anybody.campaign("calm").contributions_waiting
    with ThreadPoolExecutor(CROWD) as pool:
        done = list(pool.map(work, served.crowd))
    assert done == [TASKS] * CROWD
    assert anybody.campaign("calm").contributions_waiting == before + CROWD * TASKS


def test_logging_in_and_taking_tokens_back(anybody: Client) -> None:
    with anybody.log_in("alice", PASSWORD) as alice:
        other = Client(anybody.address, alice.new_token("lost phone"))
        assert other.me() == alice.me()
        (lost,) = (token for token in alice.tokens() if token.name == "lost phone")
        alice.take_back_token(lost.id)
        with other, pytest.raises(ApiError, match="unknown here"):
            other.me()


def test_notices_their_mails_and_the_language(anybody: Client, alice: Client) -> None:
    with newcomer(anybody, "nora") as nora:
        nora.join("calm")
        assert nora.unread_notices() == 0 and nora.notices() == []
        (member,) = (row["id"] for row in alice.members("calm") if row["pseudonym"] == "nora the kind")
        alice.change_role("calm", member, "reviewer")
        (notice,) = nora.notices(unread=True)
        assert (notice.kind, notice.campaign, notice.is_read) == ("role", "calm", False)
        assert notice.text == "You are a reviewer of Calm now."
        assert nora.choose_language("de").language == "de" and nora.language().languages["de"] == "Deutsch"
        assert "Calm" in nora.notices()[0].text and nora.notices()[0].text != notice.text
        assert nora.notices(before=notice.id, limit=5) == []
        nora.read_notice(notice.id)
        assert nora.unread_notices() == 0 and nora.read_all_notices() == 0
        assert nora.mail_choices().kinds["role"] == "at_once"
        assert nora.choose_mail(role="never", points="hourly").kinds["role"] == "never"
        for wrong in (lambda: nora.choose_mail(role="weekly"), lambda: nora.choose_language("xx")):
            with pytest.raises(ApiError, match="Nothing was changed") as refused:
                wrong()
            assert refused.value.status == 422


# When it does not work


def test_all_faults_of_a_campaign_are_named(alice: Client) -> None:
    wrong = settings("Wrong", rounds={"groups": 1, "grouping": "randm"})
    with pytest.raises(ApiError, match="Did you mean 'random'") as caught:
        alice.create_campaign(wrong)
    assert caught.value.status == 422
    assert {fault.where for fault in caught.value.faults} == {"rounds.groups", "rounds.grouping"}


@pytest.mark.parametrize(
    ("status", "says", "call"),
    [
        (404, "no campaign 'nothing'", lambda anybody: anybody.campaign("nothing")),
        (401, "not signed in", lambda anybody: anybody.me()),
        (401, "not signed in", lambda anybody: anybody.join("calm")),
        (401, "do not belong together", lambda anybody: anybody.log_in("alice", "another password")),
        (422, "taken", lambda anybody: anybody.sign_up("alice", PASSWORD)),
        (401, "unknown here", lambda anybody: Client(anybody.address, "crowdsft_wrong").me()),
        (401, "unknown here", lambda anybody: Client(anybody.address, "crowdsft_wrong").join("calm")),
        (404, "no such task", lambda anybody: newcomer(anybody, "flo").look_at(10**9)),
        (403, "Join it first", lambda anybody: newcomer(anybody, "dora").task("calm")),
        (422, "empty", lambda anybody: hand_in_nothing(anybody)),
    ],
)
def test_a_refusal_is_an_error_with_its_sentence(status: int, says: str, call: Any, anybody: Client) -> None:
    with pytest.raises(ApiError, match=says) as caught:
        call(anybody)
    assert caught.value.status == status


def hand_in_nothing(anybody: Client) -> None:
    with newcomer(anybody, "eve") as eve:
        eve.join("calm")
        task = eve.task("calm")
        assert task is not None
        eve.hand_in(task.id, "  ")


def test_a_server_that_is_down() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with Client(f"http://127.0.0.1:{port}") as client, pytest.raises(CrowdsftError, match="does not answer"):
        client.campaigns()


def test_a_server_that_stops_in_between(tmp_path: Any) -> None:
    with platform(tmp_path) as found:
        client = Client(found.address)
        assert client.campaigns() == []
    with pytest.raises(CrowdsftError, match="does not answer"):
        client.campaigns()
    client.close()


def test_a_server_that_is_slow() -> None:
    with (
        other_server(200, b"[]", delay_seconds=1.0) as address,
        Client(address, timeout_seconds=0.1) as client,
        pytest.raises(CrowdsftError, match="does not answer"),
    ):
        client.campaigns()


def test_a_server_that_is_something_else() -> None:
    with (
        other_server(200, b"<h1>It works!</h1>") as address,
        Client(address) as client,
        pytest.raises(CrowdsftError, match="not as crowdsft's API does"),
    ):
        client.campaigns()


@pytest.mark.parametrize("body", [b"<h1>Bad gateway</h1>", b"[]", b'{"error": 1}', b""])
def test_an_error_that_is_not_ours(body: bytes) -> None:
    with other_server(502, body) as address, Client(address) as client:
        with pytest.raises(ApiError, match="502 Bad Gateway") as caught:
            client.campaigns()
        assert caught.value.status == 502


@pytest.mark.parametrize("address", ["", "127.0.0.1:8000", "ftp://127.0.0.1", "http://", "http://[::1"])
def test_an_address_that_is_none(address: str) -> None:
    with pytest.raises(InputError, match="is no address"):
        Client(address)


def test_a_proxy_is_not_asked_for_this_machine(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    with Client(f"{served.address}/") as client:
        assert client.campaign("calm").name == "Calm"


# The life of a campaign, and leaving it


def test_a_campaign_from_draft_to_archive(alice: Client, anybody: Client) -> None:
    slug = alice.create_campaign(settings("Whole life"), draft=True).slug
    with pytest.raises(ApiError, match="no campaign"):
        anybody.campaign(slug)
    assert {"slug": slug, "life": "draft"}.items() <= alice.my_campaigns()[0].items()
    changed = alice.change_draft(slug, settings("Whole life", points={"budget_per_round": 7}))
    assert changed.state == "draft"
    assert alice.settings(slug)["settings"]["points"]["budget_per_round"] == 7
    assert alice.open(slug).state == "preparing"
    assert alice.pause(slug, "a holiday").state == "paused"
    assert alice.resume(slug).state == "preparing"
    with pytest.raises(ApiError, match="base already"):
        alice.roll_back(slug, 0)
    with pytest.raises(ApiError, match="No winner waits"):
        alice.approve(slug)
    with pytest.raises(ApiError, match="No winner waits"):
        alice.decline(slug, "rude")
    with pytest.raises(ApiError, match="Only finished and cancelled"):
        alice.archive(slug)
    assert alice.finish(slug).state == "preparing"
    assert alice.cancel(slug, "enough").state == "cancelled"
    assert alice.archive(slug).archived and slug not in {row.slug for row in anybody.campaigns()}
    assert not alice.unarchive(slug).archived
    done = [line["what"] for line in alice.audit(slug)]
    assert done == [
        "taken out of the archive",
        "archived",
        "cancelled",
        "finished early",
        "resumed",
        "paused",
    ]
    other = alice.create_campaign(settings("Never"), draft=True).slug
    alice.remove_draft(other)
    assert other not in {row["slug"] for row in alice.my_campaigns()}


def test_people_and_terms(alice: Client, anybody: Client) -> None:
    slug = alice.create_campaign(settings("Terms")).slug
    invitation = alice.invite(slug, "reviewer", days=3, uses=2)
    assert invitation["address"].endswith(f"/invitations/{invitation['key']}/")
    with newcomer(anybody, "rita") as rita:
        assert rita.accept_invitation(invitation["key"])["role"] == "reviewer"
        assert rita.audit(slug)[0]["what"] == "accepted"
        member = next(row for row in alice.members(slug) if row["pseudonym"] == "rita the kind")
        alice.change_role(slug, member["id"], "contributor")
        assert rita.join(slug, consent_version=1).may_work
        assert alice.publish_consent(slug, licence="CC0-1.0", text="A book, too.")["number"] == 2
        assert not rita.membership(slug).may_work
        assert [row["number"] for row in rita.consent_versions(slug)] == [1, 2]
        alice.take_back_invitation(slug, invitation["id"])
        assert alice.invitations(slug)[0]["revoked"] is not None
        assert rita.leave(slug, withdraw=True) == 0
        assert rita.my_data()["campaigns"][0]["campaign"] == slug
        rita.delete_account(pseudonym="rita the kind")
        with pytest.raises(ApiError, match="unknown here"):
            rita.me()


def test_a_token_that_may_only_read(alice: Client, served: Served) -> None:
    with Client(served.address, alice.new_token("reader", scopes=["read"], days=1)) as reader:
        assert reader.me().username == "alice"
        with pytest.raises(ApiError, match="good for read only"):
            reader.pause("calm")
        with pytest.raises(ApiError, match="good for read only"):
            reader.new_token("more")
    newest = alice.tokens()[0]
    assert newest.scopes == ["read"] and newest.expires is not None


def test_files_in_and_data_out(alice: Client, served: Served, tmp_path: Path) -> None:
    slug = alice.create_campaign(settings("Filed")).slug
    file = tmp_path / "texts.csv"
    file.write_text("contributor,prompt,response\nada,How?,Well!\n")
    brought = alice.bring(slug, file)
    assert (brought["state"], brought["size"]) == ("waiting", file.stat().st_size)
    with pytest.raises(ApiError, match="still being checked"):
        alice.confirm_import(slug, brought["id"], licensed=True)
    assert alice.look_into_import(slug, brought["id"])["report"] == []
    alice.discard_import(slug, brought["id"])
    assert [row["state"] for row in alice.imports(slug)] == ["discarded"]
    assert (alice.dataset_versions(slug), alice.dataset(slug)) == ([], b"")
    with pytest.raises(ApiError, match="no such file"):
        alice.dataset(slug, "xml")
    with pytest.raises(InputError, match="cannot be read"):
        alice.bring(slug, tmp_path / "nothing.csv")


def test_webhooks(alice: Client) -> None:
    slug = alice.create_campaign(settings("Hooked")).slug
    hook = alice.add_webhook(slug, "https://hook.example.org/", ["round.closed"])
    assert hook["secret"].startswith("whsec_") and "secret" not in alice.webhooks(slug)[0]
    waiting = alice.ping_webhook(slug, hook["id"])
    assert [row["id"] for row in alice.deliveries(slug)] == [waiting["id"]]
    with pytest.raises(ApiError, match="could be sent again"):
        alice.send_again(slug, waiting["id"])
    alice.remove_webhook(slug, hook["id"])
    assert alice.webhooks(slug) == []


def test_a_model_that_is_not_there_leaves_no_file(anybody: Client, tmp_path: Path) -> None:
    assert anybody.models("calm") == []
    with pytest.raises(ApiError, match="has no model '1'") as caught:
        anybody.download_model("calm", "1", tmp_path / "model.zip")
    assert caught.value.status == 404
    assert list(tmp_path.iterdir()) == []
