"""A typed client of the REST API, for scripts, bots and simulated contributors.

with Client("http://127.0.0.1:8000") as anybody:
    ada = anybody.sign_up("ada", "a long password", pseudonym="quiet-fern")
ada.join("joy-in-comments")
task = ada.task("joy-in-comments")
ada.hand_in(task.id, "What a lovely morning!")
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from types import TracebackType
from typing import Any, TypeVar

import httpx

from crowdsft.core.errors import CrowdsftError

T = TypeVar("T")


class ApiError(CrowdsftError):
    """The server refused: `status` is the HTTP status, the message what it said."""

    def __init__(self, status: int, message: str) -> None:
        self.status = status
        super().__init__(message)


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


@dataclass(frozen=True, slots=True)
class Task:
    """Something to do; `model_response` is the text to correct."""

    id: int
    campaign: str
    round: int
    number: int
    kind: str
    prompt: str
    model_response: str
    draft: str


class Client:
    """One person, or nobody in particular, talking to a platform.

    Args:
        address: Where the platform is, e.g. "http://127.0.0.1:8000".
        token: An API token; None for what needs no account.
        timeout_seconds: For each request.
    """

    def __init__(self, address: str, token: str | None = None, *, timeout_seconds: float = 30.0) -> None:
        self.address = address.rstrip("/")
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._http = httpx.Client(base_url=f"{self.address}/api", headers=headers, timeout=timeout_seconds)

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
        return Client(self.address, self._call("POST", "/accounts", body)["token"])

    def log_in(self, username: str, password: str) -> Client:
        """A client for an existing account."""
        return Client(
            self.address, self._call("POST", "/tokens", {"username": username, "password": password})["token"]
        )

    # Campaigns

    def campaigns(self) -> list[CampaignSummary]:
        """All campaigns, newest first."""
        return [_only_known(CampaignSummary, row) for row in self._call("GET", "/campaigns")]

    def create_campaign(self, settings: dict[str, Any]) -> CampaignSummary:
        """Open a campaign with the settings of a campaign file."""
        return _only_known(CampaignSummary, self._call("POST", "/campaigns", {"settings": settings}))

    def campaign(self, slug: str) -> CampaignSummary:
        """One campaign."""
        return _only_known(CampaignSummary, self._call("GET", f"/campaigns/{slug}"))

    def join(self, slug: str) -> None:
        """Join, agreeing to the campaign's consent text and licence."""
        self._call("POST", f"/campaigns/{slug}/join", {"agree": True})

    def close_round(self, slug: str) -> None:
        """Close the open round (organisers)."""
        self._call("POST", f"/campaigns/{slug}/close")

    def result(self, slug: str) -> dict[str, Any]:
        """The campaign's machine output so far."""
        found: dict[str, Any] = self._call("GET", f"/campaigns/{slug}/result")
        return found

    def standings(self, slug: str) -> list[dict[str, Any]]:
        """Everybody's points, most first."""
        found: list[dict[str, Any]] = self._call("GET", f"/campaigns/{slug}/standings")
        return found

    # Work

    def task(self, slug: str) -> Task | None:
        """Your open task, or a new one; None while there is nothing to do."""
        try:
            return _only_known(Task, self._call("POST", f"/campaigns/{slug}/task"))
        except ApiError as error:
            if error.status == httpx.codes.CONFLICT:
                return None
            raise

    def save_draft(self, task: int, text: str) -> None:
        """Keep what has been written so far."""
        self._call("PUT", f"/tasks/{task}/draft", {"text": text})

    def hand_in(self, task: int, text: str) -> None:
        """Hand in the response to a task."""
        self._call("POST", f"/tasks/{task}/response", {"text": text})

    def skip(self, task: int, reason: str = "") -> None:
        """Skip a task."""
        self._call("POST", f"/tasks/{task}/skip", {"reason": reason})

    def _call(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        try:
            answer = self._http.request(method, path, json=body)
        except httpx.TransportError as error:
            raise CrowdsftError(
                f"{self.address} does not answer: {error}. Is the platform running?"
            ) from error
        if answer.is_success:
            return answer.json() if answer.content else None
        raise ApiError(answer.status_code, _detail(answer))


def _detail(answer: httpx.Response) -> str:
    try:
        detail = answer.json()["detail"]
    except (ValueError, KeyError, TypeError):
        return f"{answer.status_code} {answer.reason_phrase}"
    return detail if isinstance(detail, str) else str(detail)


def _only_known(kind: type[T], row: dict[str, Any]) -> T:
    """`row` as `kind`; a newer server may say more than this client knows."""
    return kind(**{field.name: row[field.name] for field in fields(kind)})  # type: ignore[arg-type]
