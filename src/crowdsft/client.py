"""A typed client of the REST API, for scripts, bots and simulated contributors.

with Client("http://127.0.0.1:8000") as anybody:
    ada = anybody.sign_up("ada", "a long password", pseudonym="quiet-fern")
ada.join("joy-in-comments")
task = ada.task("joy-in-comments")
ada.hand_in(task.id, "What a lovely morning!")
"""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass, fields
from types import TracebackType
from typing import Any, TypeVar

import httpx

from crowdsft.core.errors import CrowdsftError, Fault, InputError

T = TypeVar("T")


class ApiError(CrowdsftError):
    """The server refused: `status` is the HTTP status, the message what it said.

    `faults` lists each thing that is wrong with what was sent, where the server named them.
    """

    def __init__(self, status: int, message: str, faults: Sequence[Fault] = ()) -> None:
        self.status = status
        self.faults = tuple(faults)
        super().__init__(message)


@dataclass(frozen=True, slots=True)
class Account:
    """Who somebody is; only the pseudonym is public."""

    username: str
    pseudonym: str


@dataclass(frozen=True, slots=True)
class Pair:
    """Two responses to one message, for a vote; whose they are is not told."""

    id: int
    campaign: str
    round: int
    number: int
    prompt: str
    left: str
    right: str


@dataclass(frozen=True, slots=True)
class Token:
    """A token of yours; the key itself cannot be read again."""

    id: int
    name: str
    created: str
    scopes: list[str]
    expires: str | None


@dataclass(frozen=True, slots=True)
class Membership:
    """Somebody in a campaign; `role` is organiser, reviewer or contributor.

    `may_work` is false until the newest consent text is agreed to, and after leaving.
    """

    campaign: str
    pseudonym: str
    role: str
    may_work: bool
    agreed_version: int | None
    points: int
    tasks_done: int
    tasks_per_round: int


@dataclass(frozen=True, slots=True)
class CampaignSummary:
    """A campaign at a glance; see the API's documentation for each field."""

    slug: str
    name: str
    state: str
    doing: str
    simulated: bool
    round: int
    rounds: int
    contributors: int
    contributions_waiting: int
    round_size: int | None
    distance_at_start: float | None
    distance: float | None
    consent_version: int
    archived: bool


@dataclass(frozen=True, slots=True)
class Task:
    """Something to do; `model_response` is the text to correct or to rate, `options` are the two to choose from.

    `state`: open, next (prepared), done, skipped or expired.
    """

    id: int
    campaign: str
    round: int
    number: int
    kind: str
    state: str
    prompt: str
    model_response: str
    options: list[str]
    draft: str


class Client:
    """One person, or nobody in particular, talking to a platform.

    Args:
        address: Where the platform is, e.g. "http://127.0.0.1:8000".
        token: An API token; None for what needs no account.
        timeout_seconds: For each request.

    Raises:
        InputError: when `address` is none.
    """

    def __init__(self, address: str, token: str | None = None, *, timeout_seconds: float = 30.0) -> None:
        self.address = address.rstrip("/")
        self._timeout_seconds = timeout_seconds
        self._http = httpx.Client(
            base_url=_checked(f"{self.address}/api"),
            headers={"Authorization": f"Bearer {token}"} if token else {},
            timeout=timeout_seconds,
            trust_env=not _is_loopback(self.address),  # a proxy cannot reach this machine's own addresses
        )

    def __enter__(self) -> Client:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection."""
        self._http.close()

    # People

    def sign_up(self, username: str, password: str, *, pseudonym: str | None = None) -> Client:
        """Make an account and return a client for it."""
        body = {"username": username, "password": password, "pseudonym": pseudonym}
        return self._with(self._call("POST", "/accounts", body)["token"])

    def log_in(self, username: str, password: str) -> Client:
        """A client for an existing account."""
        body = {"username": username, "password": password}
        return self._with(self._call("POST", "/tokens", body)["token"])

    def me(self) -> Account:
        """Whose token this is."""
        return _only_known(Account, self._call("GET", "/me"))

    def new_token(
        self,
        name: str,
        *,
        scopes: Sequence[str] = ("read", "contribute", "organise"),
        days: int | None = None,
    ) -> str:
        """Another token of yours, good for `scopes` and for so many days; it can be read only here."""
        body = {"name": name, "scopes": list(scopes), "days": days}
        token: str = self._call("POST", "/me/tokens", body)["token"]
        return token

    def tokens(self) -> list[Token]:
        """Your tokens, newest first, without their keys."""
        return [_only_known(Token, row) for row in self._call("GET", "/me/tokens")]

    def take_back_token(self, token: int) -> None:
        """Take a token back; it stops working at once."""
        self._call("DELETE", f"/me/tokens/{token}")

    def my_data(self) -> dict[str, Any]:
        """All that the platform keeps about you."""
        found: dict[str, Any] = self._call("GET", "/me/data")
        return found

    def delete_account(self, *, pseudonym: str) -> None:
        """Delete your account and your texts for good; `pseudonym` has to be yours."""
        self._call("POST", "/me/delete", {"confirm": pseudonym})

    def my_campaigns(self) -> list[dict[str, Any]]:
        """The campaigns that you are in, your drafts included."""
        found: list[dict[str, Any]] = self._call("GET", "/me/campaigns")
        return found

    def accept_invitation(self, key: str) -> dict[str, Any]:
        """Take the role that an invitation gives."""
        found: dict[str, Any] = self._call("POST", f"/invitations/{key}")
        return found

    def _with(self, token: str) -> Client:
        return Client(self.address, token, timeout_seconds=self._timeout_seconds)

    # Campaigns

    def campaigns(self) -> list[CampaignSummary]:
        """All campaigns, newest first."""
        return [_only_known(CampaignSummary, row) for row in self._call("GET", "/campaigns")]

    def create_campaign(self, settings: dict[str, Any], *, draft: bool = False) -> CampaignSummary:
        """Open a campaign with the settings of a campaign file, or keep it as a draft."""
        body = {"settings": settings, "draft": draft}
        return _only_known(CampaignSummary, self._call("POST", "/campaigns", body))

    def campaign(self, slug: str) -> CampaignSummary:
        """One campaign."""
        return _only_known(CampaignSummary, self._call("GET", f"/campaigns/{slug}"))

    def join(self, slug: str, *, consent_version: int | None = None) -> Membership:
        """Join, agreeing to the newest consent text and licence, or to the version named. Twice is fine."""
        body = {"agree": True, "consent_version": consent_version}
        return _only_known(Membership, self._call("POST", f"/campaigns/{slug}/join", body))

    def leave(self, slug: str, *, withdraw: bool = False) -> int:
        """Leave; returns how many texts were taken back (`withdraw`) that nothing was trained on yet."""
        return int(self._call("POST", f"/campaigns/{slug}/leave", {"withdraw": withdraw})["withdrawn"])

    def consent_versions(self, slug: str) -> list[dict[str, Any]]:
        """Every version of the consent text and licence, oldest first."""
        found: list[dict[str, Any]] = self._call("GET", f"/campaigns/{slug}/consent")
        return found

    def membership(self, slug: str) -> Membership:
        """You in a campaign."""
        return _only_known(Membership, self._call("GET", f"/campaigns/{slug}/me"))

    def close_round(self, slug: str) -> None:
        """Close the open round (organisers)."""
        self._call("POST", f"/campaigns/{slug}/close")

    def retry(self, slug: str) -> None:
        """Try the step again that has failed for good (organisers)."""
        self._call("POST", f"/campaigns/{slug}/retry")

    def result(self, slug: str) -> dict[str, Any]:
        """The campaign's machine output so far."""
        found: dict[str, Any] = self._call("GET", f"/campaigns/{slug}/result")
        return found

    def standings(self, slug: str) -> list[dict[str, Any]]:
        """Everybody's points, most first."""
        found: list[dict[str, Any]] = self._call("GET", f"/campaigns/{slug}/standings")
        return found

    def points(self, slug: str) -> list[dict[str, Any]]:
        """Your awards, round by round."""
        found: list[dict[str, Any]] = self._call("GET", f"/campaigns/{slug}/points")
        return found

    def ledger(self, slug: str) -> list[dict[str, Any]]:
        """The whole ledger, oldest entry first; its hashes can be checked from what is here."""
        found: list[dict[str, Any]] = self._call("GET", f"/campaigns/{slug}/ledger")
        return found

    # Organising

    def settings(self, slug: str) -> dict[str, Any]:
        """Your campaign's `settings`, and as the text of a campaign file (`toml`)."""
        found: dict[str, Any] = self._call("GET", f"/campaigns/{slug}/settings")
        return found

    def change_draft(self, slug: str, settings: dict[str, Any]) -> CampaignSummary:
        """Give a draft other settings."""
        answer = self._call("PUT", f"/campaigns/{slug}/settings", {"settings": settings})
        return _only_known(CampaignSummary, answer)

    def open(self, slug: str) -> CampaignSummary:
        """Open a draft."""
        return self._decide(slug, "open")

    def remove_draft(self, slug: str) -> None:
        """Remove a draft."""
        self._call("POST", f"/campaigns/{slug}/remove")

    def pause(self, slug: str, reason: str = "") -> CampaignSummary:
        """Pause; a step under way is brought to its end."""
        return self._decide(slug, "pause", reason=reason)

    def resume(self, slug: str) -> CampaignSummary:
        """Go on after a pause."""
        return self._decide(slug, "resume")

    def finish(self, slug: str, reason: str = "") -> CampaignSummary:
        """Finish early: no more rounds, then all is paid."""
        return self._decide(slug, "finish", reason=reason)

    def cancel(self, slug: str, reason: str = "") -> CampaignSummary:
        """Stop at once and for good; what was paid stays paid."""
        return self._decide(slug, "cancel", reason=reason)

    def roll_back(self, slug: str, to_round: int, reason: str = "") -> CampaignSummary:
        """Make the model that this round left the base again; 0 is the first base."""
        return self._decide(slug, "rollback", to_round=to_round, reason=reason)

    def approve(self, slug: str, reason: str = "") -> CampaignSummary:
        """Let the winner that waits become the next base."""
        return self._decide(slug, "approve", reason=reason)

    def decline(self, slug: str, reason: str) -> CampaignSummary:
        """Keep the base instead of the winner that waits."""
        return self._decide(slug, "decline", reason=reason)

    def archive(self, slug: str) -> CampaignSummary:
        """Take a campaign that is over out of the lists."""
        return self._decide(slug, "archive")

    def unarchive(self, slug: str) -> CampaignSummary:
        """Put it back into the lists."""
        return self._decide(slug, "unarchive")

    def publish_consent(self, slug: str, *, licence: str, text: str) -> dict[str, Any]:
        """Publish a new consent text: everybody is asked again."""
        body = {"licence": licence, "text": text}
        found: dict[str, Any] = self._call("POST", f"/campaigns/{slug}/consent", body)
        return found

    def members(self, slug: str) -> list[dict[str, Any]]:
        """Everybody with an account in your campaign."""
        found: list[dict[str, Any]] = self._call("GET", f"/campaigns/{slug}/members")
        return found

    def change_role(self, slug: str, member: int, role: str) -> None:
        """Give a member another role."""
        self._call("PUT", f"/campaigns/{slug}/members/{member}", {"role": role})

    def invite(
        self, slug: str, role: str, *, days: int | None = 14, uses: int | None = None
    ) -> dict[str, Any]:
        """A link that gives a role; its `key` and `address` can be read only here."""
        body = {"role": role, "days": days, "uses": uses}
        found: dict[str, Any] = self._call("POST", f"/campaigns/{slug}/invitations", body)
        return found

    def invitations(self, slug: str) -> list[dict[str, Any]]:
        """The campaign's links, without their keys."""
        found: list[dict[str, Any]] = self._call("GET", f"/campaigns/{slug}/invitations")
        return found

    def take_back_invitation(self, slug: str, invitation: int) -> None:
        """Make a link stop working."""
        self._call("DELETE", f"/campaigns/{slug}/invitations/{invitation}")

    def audit(self, slug: str) -> list[dict[str, Any]]:
        """Who decided what about the campaign, newest first."""
        found: list[dict[str, Any]] = self._call("GET", f"/campaigns/{slug}/audit")
        return found

    def add_webhook(self, slug: str, url: str, events: Sequence[str]) -> dict[str, Any]:
        """Tell the program at `url` of these events; its `secret` can be read only here."""
        body = {"url": url, "events": list(events)}
        found: dict[str, Any] = self._call("POST", f"/campaigns/{slug}/webhooks", body)
        return found

    def webhooks(self, slug: str) -> list[dict[str, Any]]:
        """The campaign's webhooks, without their secrets."""
        found: list[dict[str, Any]] = self._call("GET", f"/campaigns/{slug}/webhooks")
        return found

    def remove_webhook(self, slug: str, webhook: int) -> None:
        """Remove a webhook with its log."""
        self._call("DELETE", f"/campaigns/{slug}/webhooks/{webhook}")

    def ping_webhook(self, slug: str, webhook: int) -> dict[str, Any]:
        """Send a "ping"; returns the delivery that waits."""
        found: dict[str, Any] = self._call("POST", f"/campaigns/{slug}/webhooks/{webhook}/ping")
        return found

    def deliveries(self, slug: str) -> list[dict[str, Any]]:
        """What was sent to webhooks and how it went, newest first."""
        found: list[dict[str, Any]] = self._call("GET", f"/campaigns/{slug}/deliveries")
        return found

    def send_again(self, slug: str, delivery: str) -> None:
        """Send a message again that was delivered or given up."""
        self._call("POST", f"/campaigns/{slug}/deliveries/{delivery}/again")

    def _decide(self, slug: str, what: str, **body: Any) -> CampaignSummary:
        return _only_known(CampaignSummary, self._call("POST", f"/campaigns/{slug}/{what}", body))

    # Work

    def task(self, slug: str) -> Task | None:
        """Your open task, or a new one; None while there is nothing to do."""
        try:
            return _only_known(Task, self._call("POST", f"/campaigns/{slug}/task"))
        except ApiError as error:
            if error.status == httpx.codes.CONFLICT:
                return None
            raise

    def look_at(self, task: int) -> Task:
        """A task of yours as it is now, with its draft, also after its round has closed."""
        return _only_known(Task, self._call("GET", f"/tasks/{task}"))

    def choose(self, task: int, choice: str, *, reasons: Sequence[str] = (), note: str = "") -> None:
        """Hand in a judgement: "left" or "right", or a rating from "1" to "5"."""
        body = {"choice": choice, "reasons": list(reasons), "note": note}
        self._call("POST", f"/tasks/{task}/response", body)

    def save_draft(self, task: int, text: str) -> None:
        """Keep what has been written so far."""
        self._call("PUT", f"/tasks/{task}/draft", {"text": text})

    def hand_in(self, task: int, text: str) -> None:
        """Hand in the response to a task. After a lost connection, sending the same again is safe."""
        self._call("POST", f"/tasks/{task}/response", {"text": text})

    def skip(self, task: int, reason: str = "") -> None:
        """Skip a task."""
        self._call("POST", f"/tasks/{task}/skip", {"reason": reason})

    def pair(self, slug: str) -> Pair | None:
        """Two responses to compare, or None while there is nothing to vote on."""
        try:
            return _only_known(Pair, self._call("POST", f"/campaigns/{slug}/vote"))
        except ApiError as error:
            if error.status == httpx.codes.CONFLICT:
                return None
            raise

    def vote(self, pair: int, choice: str) -> None:
        """Decide a pair: "left", "same", "right" or "skipped"."""
        self._call("POST", f"/votes/{pair}", {"choice": choice})

    def _call(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        try:
            answer = self._http.request(method, path, json=body)
        except httpx.TransportError as error:
            why = str(error) or type(error).__name__
            raise CrowdsftError(f"{self.address} does not answer: {why}. Is the platform running?") from error
        if not answer.is_success:
            raise _api_error(answer)
        try:
            return answer.json() if answer.content else None
        except ValueError:
            raise CrowdsftError(
                f"{self.address} answers, but not as crowdsft's API does. Check the address."
            ) from None


def _checked(address: str) -> str:
    """Raises: InputError when `address` is no address of a web server."""
    try:
        url = httpx.URL(address)
    except httpx.InvalidURL as error:
        raise InputError(f"{address!r} is no address: {error}.") from None
    if url.scheme not in ("http", "https") or not url.host:
        raise InputError(f"{address!r} is no address. Give one such as http://127.0.0.1:8000.")
    return address


def _is_loopback(address: str) -> bool:
    host = httpx.URL(address).host
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _api_error(answer: httpx.Response) -> ApiError:
    try:
        body = answer.json()
        detail, faults = body["detail"], body.get("faults", ())
        return ApiError(
            answer.status_code, str(detail), [Fault(str(f["where"]), str(f["problem"])) for f in faults]
        )
    except (ValueError, KeyError, TypeError, AttributeError):
        return ApiError(answer.status_code, f"{answer.status_code} {answer.reason_phrase}".rstrip())


def _only_known(kind: type[T], row: dict[str, Any]) -> T:
    """`row` as `kind`; a newer server may say more than this client knows."""
    return kind(**{field.name: row[field.name] for field in fields(kind)})  # type: ignore[arg-type]
