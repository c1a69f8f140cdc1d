"""The client of `crowdsft.client` for asyncio: the same methods, awaited.

async with AsyncClient("http://127.0.0.1:8000") as anybody:
    ada = await anybody.sign_up("ada", "a long password", pseudonym="quiet-fern")
await ada.join("joy-in-comments")
task = await ada.task("joy-in-comments")
await ada.hand_in(task.id, "What a lovely morning!")

Made from client.py by scripts/make_async_client.py: change that file, then run the script.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

import httpx

from crowdsft.client import (
    Account,
    ApiError,
    CampaignSummary,
    Language,
    MailChoices,
    Membership,
    Notice,
    Pair,
    Review,
    Task,
    Token,
    _api_error,
    _checked,
    _is_loopback,
    _only_known,
)
from crowdsft.core.errors import CrowdsftError, InputError


class AsyncClient:
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
        self._http = httpx.AsyncClient(
            base_url=_checked(f"{self.address}/api"),
            headers={"Authorization": f"Bearer {token}"} if token else {},
            timeout=timeout_seconds,
            trust_env=not _is_loopback(self.address),  # a proxy cannot reach this machine's own addresses
        )

    async def __aenter__(self) -> AsyncClient:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the connection."""
        await self._http.aclose()

    # People

    async def sign_up(self, username: str, password: str, *, pseudonym: str | None = None) -> AsyncClient:
        """Make an account and return a client for it."""
        body = {"username": username, "password": password, "pseudonym": pseudonym}
        return self._with((await self._call("POST", "/accounts", body))["token"])

    async def log_in(self, username: str, password: str) -> AsyncClient:
        """A client for an existing account."""
        body = {"username": username, "password": password}
        return self._with((await self._call("POST", "/tokens", body))["token"])

    async def me(self) -> Account:
        """Whose token this is."""
        return _only_known(Account, await self._call("GET", "/me"))

    async def new_token(
        self,
        name: str,
        *,
        scopes: Sequence[str] = ("read", "contribute", "organise"),
        days: int | None = None,
    ) -> str:
        """Another token of yours, good for `scopes` and for so many days; it can be read only here."""
        body = {"name": name, "scopes": list(scopes), "days": days}
        token: str = (await self._call("POST", "/me/tokens", body))["token"]
        return token

    async def tokens(self) -> list[Token]:
        """Your tokens, newest first, without their keys."""
        return [_only_known(Token, row) for row in await self._call("GET", "/me/tokens")]

    async def take_back_token(self, token: int) -> None:
        """Take a token back; it stops working at once."""
        await self._call("DELETE", f"/me/tokens/{token}")

    async def my_data(self) -> dict[str, Any]:
        """All that the platform keeps about you."""
        found: dict[str, Any] = await self._call("GET", "/me/data")
        return found

    async def delete_account(self, *, pseudonym: str) -> None:
        """Delete your account and your texts for good; `pseudonym` has to be yours."""
        await self._call("POST", "/me/delete", {"confirm": pseudonym})

    async def notices(
        self, *, unread: bool = False, before: int | None = None, limit: int = 30
    ) -> list[Notice]:
        """Your notices, newest first; `before` an id goes on behind it. Looking at them marks none as read."""
        query = {"unread": unread, "limit": limit} | ({} if before is None else {"before": before})
        rows = (await self._ask("GET", "/me/notices", params=query)).json()
        return [_only_known(Notice, row) for row in rows]

    async def unread_notices(self) -> int:
        """How many notices you have not read; 100 stands for a hundred or more."""
        return int((await self._call("GET", "/me/notices/unread"))["unread"])

    async def read_notice(self, notice: int) -> None:
        """Mark one notice as read."""
        await self._call("POST", f"/me/notices/{notice}/read")

    async def read_all_notices(self) -> int:
        """Mark all notices as read; returns how many there were."""
        return int((await self._call("POST", "/me/notices/read"))["marked"])

    async def mail_choices(self) -> MailChoices:
        """How each kind of notice is mailed to you."""
        return _only_known(MailChoices, await self._call("GET", "/me/notices/mail"))

    async def choose_mail(self, **kinds: str) -> MailChoices:
        """Have kinds of notices mailed "at_once", "hourly" or "never"; others stay: choose_mail(points="never")."""
        return _only_known(MailChoices, await self._call("PUT", "/me/notices/mail", {"kinds": kinds}))

    async def language(self) -> Language:
        """The language of your account: of its pages, notices and mails."""
        return _only_known(Language, await self._call("GET", "/me/language"))

    async def choose_language(self, language: str) -> Language:
        """Choose the language of your account, such as "de"; empty for none."""
        return _only_known(Language, await self._call("PUT", "/me/language", {"language": language}))

    async def my_campaigns(self) -> list[dict[str, Any]]:
        """The campaigns that you are in, your drafts included."""
        found: list[dict[str, Any]] = await self._call("GET", "/me/campaigns")
        return found

    async def accept_invitation(self, key: str) -> dict[str, Any]:
        """Take the role that an invitation gives."""
        found: dict[str, Any] = await self._call("POST", f"/invitations/{key}")
        return found

    def _with(self, token: str) -> AsyncClient:
        return AsyncClient(self.address, token, timeout_seconds=self._timeout_seconds)

    # Campaigns

    async def campaigns(self) -> list[CampaignSummary]:
        """All campaigns, newest first."""
        return [_only_known(CampaignSummary, row) for row in await self._call("GET", "/campaigns")]

    async def create_campaign(self, settings: dict[str, Any], *, draft: bool = False) -> CampaignSummary:
        """Open a campaign with the settings of a campaign file, or keep it as a draft."""
        body = {"settings": settings, "draft": draft}
        return _only_known(CampaignSummary, await self._call("POST", "/campaigns", body))

    async def campaign(self, slug: str) -> CampaignSummary:
        """One campaign."""
        return _only_known(CampaignSummary, await self._call("GET", f"/campaigns/{slug}"))

    async def join(self, slug: str, *, consent_version: int | None = None) -> Membership:
        """Join, agreeing to the newest consent text and licence, or to the version named. Twice is fine."""
        body = {"agree": True, "consent_version": consent_version}
        return _only_known(Membership, await self._call("POST", f"/campaigns/{slug}/join", body))

    async def leave(self, slug: str, *, withdraw: bool = False) -> int:
        """Leave; returns how many texts were taken back (`withdraw`) that nothing was trained on yet."""
        return int(
            (await self._call("POST", f"/campaigns/{slug}/leave", {"withdraw": withdraw}))["withdrawn"]
        )

    async def consent_versions(self, slug: str) -> list[dict[str, Any]]:
        """Every version of the consent text and licence, oldest first."""
        found: list[dict[str, Any]] = await self._call("GET", f"/campaigns/{slug}/consent")
        return found

    async def membership(self, slug: str) -> Membership:
        """You in a campaign."""
        return _only_known(Membership, await self._call("GET", f"/campaigns/{slug}/me"))

    async def close_round(self, slug: str) -> None:
        """Close the open round (organisers)."""
        await self._call("POST", f"/campaigns/{slug}/close")

    async def close_vote(self, slug: str) -> None:
        """Count the votes of the open vote now (organisers)."""
        await self._call("POST", f"/campaigns/{slug}/vote/close")

    async def retry(self, slug: str) -> None:
        """Try the step again that has failed for good (organisers)."""
        await self._call("POST", f"/campaigns/{slug}/retry")

    async def result(self, slug: str) -> dict[str, Any]:
        """The campaign's machine output so far."""
        found: dict[str, Any] = await self._call("GET", f"/campaigns/{slug}/result")
        return found

    async def standings(
        self, slug: str, *, period: str = "all", first: int = 0, limit: int | None = None
    ) -> list[dict[str, Any]]:
        """Everybody's points, most first: of "all" rounds, the last 30 days ("month") or the newest paid "round"."""
        asked = f"?period={period}&first={first}" + ("" if limit is None else f"&limit={limit}")
        found: list[dict[str, Any]] = await self._call("GET", f"/campaigns/{slug}/standings{asked}")
        return found

    async def points(self, slug: str) -> list[dict[str, Any]]:
        """Your awards, round by round."""
        found: list[dict[str, Any]] = await self._call("GET", f"/campaigns/{slug}/points")
        return found

    async def ledger(self, slug: str, *, first: int = 0, limit: int | None = None) -> list[dict[str, Any]]:
        """The ledger, oldest entry first, or `limit` entries from position `first` on; the hashes can be checked."""
        asked = f"?first={first}" + ("" if limit is None else f"&limit={limit}")
        found: list[dict[str, Any]] = await self._call("GET", f"/campaigns/{slug}/ledger{asked}")
        return found

    async def ledger_lines(self, slug: str) -> bytes:
        """The whole ledger as a file of JSON lines."""
        return (await self._ask("GET", f"/campaigns/{slug}/ledger.jsonl")).content

    async def ledger_check(self, slug: str) -> dict[str, Any]:
        """Have the ledger checked: `state` is "sound", or "broken" with the `problem`; `head` is the last hash."""
        while True:  # of a long ledger the platform checks a part for each call
            found: dict[str, Any] = await self._call("GET", f"/campaigns/{slug}/ledger/check")
            if found["state"] != "checking":
                return found

    # Organising

    async def settings(self, slug: str) -> dict[str, Any]:
        """Your campaign's `settings`, and as the text of a campaign file (`toml`)."""
        found: dict[str, Any] = await self._call("GET", f"/campaigns/{slug}/settings")
        return found

    async def change_draft(self, slug: str, settings: dict[str, Any]) -> CampaignSummary:
        """Give a draft other settings."""
        answer = await self._call("PUT", f"/campaigns/{slug}/settings", {"settings": settings})
        return _only_known(CampaignSummary, answer)

    async def open(self, slug: str) -> CampaignSummary:
        """Open a draft."""
        return await self._decide(slug, "open")

    async def remove_draft(self, slug: str) -> None:
        """Remove a draft."""
        await self._call("POST", f"/campaigns/{slug}/remove")

    async def pause(self, slug: str, reason: str = "") -> CampaignSummary:
        """Pause; a step under way is brought to its end."""
        return await self._decide(slug, "pause", reason=reason)

    async def resume(self, slug: str) -> CampaignSummary:
        """Go on after a pause."""
        return await self._decide(slug, "resume")

    async def finish(self, slug: str, reason: str = "") -> CampaignSummary:
        """Finish early: no more rounds, then all is paid."""
        return await self._decide(slug, "finish", reason=reason)

    async def cancel(self, slug: str, reason: str = "") -> CampaignSummary:
        """Stop at once and for good; what was paid stays paid."""
        return await self._decide(slug, "cancel", reason=reason)

    async def roll_back(self, slug: str, to_round: int, reason: str = "") -> CampaignSummary:
        """Make the model that this round left the base again; 0 is the first base."""
        return await self._decide(slug, "rollback", to_round=to_round, reason=reason)

    async def approve(self, slug: str, reason: str = "") -> CampaignSummary:
        """Let the winner that waits become the next base."""
        return await self._decide(slug, "approve", reason=reason)

    async def decline(self, slug: str, reason: str) -> CampaignSummary:
        """Keep the base instead of the winner that waits."""
        return await self._decide(slug, "decline", reason=reason)

    async def archive(self, slug: str) -> CampaignSummary:
        """Take a campaign that is over out of the lists."""
        return await self._decide(slug, "archive")

    async def unarchive(self, slug: str) -> CampaignSummary:
        """Put it back into the lists."""
        return await self._decide(slug, "unarchive")

    async def publish_consent(self, slug: str, *, licence: str, text: str) -> dict[str, Any]:
        """Publish a new consent text: everybody is asked again."""
        body = {"licence": licence, "text": text}
        found: dict[str, Any] = await self._call("POST", f"/campaigns/{slug}/consent", body)
        return found

    async def members(self, slug: str) -> list[dict[str, Any]]:
        """Everybody with an account in your campaign."""
        found: list[dict[str, Any]] = await self._call("GET", f"/campaigns/{slug}/members")
        return found

    async def change_role(self, slug: str, member: int, role: str) -> None:
        """Give a member another role."""
        await self._call("PUT", f"/campaigns/{slug}/members/{member}", {"role": role})

    async def invite(
        self, slug: str, role: str, *, days: int | None = 14, uses: int | None = None
    ) -> dict[str, Any]:
        """A link that gives a role; its `key` and `address` can be read only here."""
        body = {"role": role, "days": days, "uses": uses}
        found: dict[str, Any] = await self._call("POST", f"/campaigns/{slug}/invitations", body)
        return found

    async def invitations(self, slug: str) -> list[dict[str, Any]]:
        """The campaign's links, without their keys."""
        found: list[dict[str, Any]] = await self._call("GET", f"/campaigns/{slug}/invitations")
        return found

    async def take_back_invitation(self, slug: str, invitation: int) -> None:
        """Make a link stop working."""
        await self._call("DELETE", f"/campaigns/{slug}/invitations/{invitation}")

    async def audit(self, slug: str) -> list[dict[str, Any]]:
        """Who decided what about the campaign, newest first."""
        found: list[dict[str, Any]] = await self._call("GET", f"/campaigns/{slug}/audit")
        return found

    async def add_webhook(self, slug: str, url: str, events: Sequence[str]) -> dict[str, Any]:
        """Tell the program at `url` of these events; its `secret` can be read only here."""
        body = {"url": url, "events": list(events)}
        found: dict[str, Any] = await self._call("POST", f"/campaigns/{slug}/webhooks", body)
        return found

    async def webhooks(self, slug: str) -> list[dict[str, Any]]:
        """The campaign's webhooks, without their secrets."""
        found: list[dict[str, Any]] = await self._call("GET", f"/campaigns/{slug}/webhooks")
        return found

    async def remove_webhook(self, slug: str, webhook: int) -> None:
        """Remove a webhook with its log."""
        await self._call("DELETE", f"/campaigns/{slug}/webhooks/{webhook}")

    async def ping_webhook(self, slug: str, webhook: int) -> dict[str, Any]:
        """Send a "ping"; returns the delivery that waits."""
        found: dict[str, Any] = await self._call("POST", f"/campaigns/{slug}/webhooks/{webhook}/ping")
        return found

    async def deliveries(self, slug: str) -> list[dict[str, Any]]:
        """What was sent to webhooks and how it went, newest first."""
        found: list[dict[str, Any]] = await self._call("GET", f"/campaigns/{slug}/deliveries")
        return found

    async def send_again(self, slug: str, delivery: str) -> None:
        """Send a message again that was delivered or given up."""
        await self._call("POST", f"/campaigns/{slug}/deliveries/{delivery}/again")

    async def bring(
        self, slug: str, file: Path, *, kind: str = "contributions", replaces: bool = False
    ) -> dict[str, Any]:
        """Upload a file of contributions, or of "prompts" for a draft; a worker looks into it.

        Nothing is imported before `confirm_import`. `replaces`: the prompts take the place of those that are there.
        """
        try:
            content = file.read_bytes()
        except OSError as error:
            raise InputError(f"{file} cannot be read: {error.strerror}.") from error
        form = {"kind": kind, "replaces": str(replaces).lower()}
        answer = await self._ask(
            "POST", f"/campaigns/{slug}/imports", data=form, files={"file": (file.name, content)}
        )
        found: dict[str, Any] = answer.json()
        return found

    async def imports(self, slug: str) -> list[dict[str, Any]]:
        """The files that were brought, newest first."""
        found: list[dict[str, Any]] = await self._call("GET", f"/campaigns/{slug}/imports")
        return found

    async def look_into_import(self, slug: str, number: str) -> dict[str, Any]:
        """What is in a file that was brought; its `report` names every line that was refused."""
        found: dict[str, Any] = await self._call("GET", f"/campaigns/{slug}/imports/{number}")
        return found

    async def confirm_import(self, slug: str, number: str, *, licensed: bool) -> None:
        """Have all good lines imported; `licensed` says that the texts may be used under the campaign's licence."""
        await self._call("POST", f"/campaigns/{slug}/imports/{number}/confirm", {"licensed": licensed})

    async def discard_import(self, slug: str, number: str) -> None:
        """Forget a file that is not confirmed."""
        await self._call("DELETE", f"/campaigns/{slug}/imports/{number}")

    async def dataset_versions(self, slug: str) -> list[dict[str, Any]]:
        """The data set after each closed round, newest first: equal versions hold equal data."""
        found: list[dict[str, Any]] = await self._call("GET", f"/campaigns/{slug}/data")
        return found

    async def dataset(self, slug: str, form: str = "jsonl") -> bytes:
        """The contributions of all closed rounds as a file: "jsonl" or "csv"."""
        return (await self._ask("GET", f"/campaigns/{slug}/data.{form}")).content

    async def models(self, slug: str) -> list[dict[str, Any]]:
        """Every candidate of the decided rounds, newest round first; `key` names it for `download_model`."""
        found: list[dict[str, Any]] = await self._call("GET", f"/campaigns/{slug}/models")
        return found

    async def download_model(self, slug: str, key: str, output: Path) -> Path:
        """Write a model to the zip file `output`, which appears whole: a card and its adapters in PEFT's format."""
        unfinished = output.with_name(f".{output.name}.part")
        try:
            async with self._http.stream("GET", f"/campaigns/{slug}/models/{key}.zip") as answer:
                if not answer.is_success:
                    await answer.aread()
                    raise _api_error(answer)
                with unfinished.open("wb") as file:
                    async for piece in answer.aiter_bytes():
                        file.write(piece)
            unfinished.replace(output)
        except httpx.TransportError as error:
            why = str(error) or type(error).__name__
            raise CrowdsftError(f"{self.address} does not send the model: {why}. Ask again.") from error
        except OSError as error:
            raise InputError(f"{output} cannot be written: {error.strerror}.") from error
        finally:
            unfinished.unlink(missing_ok=True)
        return output

    async def preview_payout(
        self,
        slug: str,
        amount: str,
        currency: str,
        *,
        places: int = 2,
        minimum: str = "0",
        first_round: int = 1,
        last_round: int | None = None,
    ) -> dict[str, Any]:
        """What a payout of `amount` ("500.00") would be now; nothing is fixed. See `fix_payout`."""
        body = {
            "amount": amount,
            "currency": currency,
            "places": places,
            "minimum": minimum,
            "first_round": first_round,
            "last_round": last_round,
        }
        found: dict[str, Any] = await self._call("POST", f"/campaigns/{slug}/payouts/preview", body)
        return {**found, "wanted": body}

    async def fix_payout(self, slug: str, preview: dict[str, Any]) -> dict[str, Any]:
        """Fix a payout exactly as `preview_payout` showed it; refused when anything has changed since."""
        body = {**preview["wanted"], "digest": preview["digest"]}
        found: dict[str, Any] = await self._call("POST", f"/campaigns/{slug}/payouts", body)
        return found

    async def payouts(self, slug: str) -> list[dict[str, Any]]:
        """The campaign's payouts, newest first."""
        found: list[dict[str, Any]] = await self._call("GET", f"/campaigns/{slug}/payouts")
        return found

    async def payout_lines(
        self, slug: str, payout: int, *, limit: int = 200, offset: int = 0
    ) -> list[dict[str, Any]]:
        """Lines of a payout, most points first, at most 1000 at once."""
        path = f"/campaigns/{slug}/payouts/{payout}/lines?limit={limit}&offset={offset}"
        found: list[dict[str, Any]] = await self._call("GET", path)
        return found

    async def mark_payout_line(
        self, slug: str, payout: int, line: int, state: str, reference: str = ""
    ) -> None:
        """Say that a line is "paid", "failed" (with the reason) or "due"."""
        body = {"state": state, "reference": reference}
        await self._call("PUT", f"/campaigns/{slug}/payouts/{payout}/lines/{line}", body)

    async def mark_payout_paid(self, slug: str, payout: int, reference: str = "") -> int:
        """Say that all lines that were due are paid; returns how many."""
        body = {"reference": reference}
        found: dict[str, int] = await self._call("POST", f"/campaigns/{slug}/payouts/{payout}/paid", body)
        return found["lines"]

    async def void_payout(self, slug: str, payout: int, reason: str) -> None:
        """Take the newest payout back while nothing of it is paid."""
        await self._call("POST", f"/campaigns/{slug}/payouts/{payout}/void", {"reference": reason})

    async def my_payouts(self, slug: str) -> list[dict[str, Any]]:
        """Your lines of the campaign's payouts, newest first."""
        found: list[dict[str, Any]] = await self._call("GET", f"/campaigns/{slug}/me/payouts")
        return found

    async def _decide(self, slug: str, what: str, **body: Any) -> CampaignSummary:
        return _only_known(CampaignSummary, await self._call("POST", f"/campaigns/{slug}/{what}", body))

    # Work

    async def task(self, slug: str) -> Task | None:
        """Your open task, or a new one; None while there is nothing to do."""
        try:
            return _only_known(Task, await self._call("POST", f"/campaigns/{slug}/task"))
        except ApiError as error:
            if error.status == httpx.codes.CONFLICT:
                return None
            raise

    async def look_at(self, task: int) -> Task:
        """A task of yours as it is now, with its draft, also after its round has closed."""
        return _only_known(Task, await self._call("GET", f"/tasks/{task}"))

    async def kept_texts(self, slug: str) -> list[dict[str, Any]]:
        """Closed tasks whose `draft` is a text of yours that was not handed in, newest first."""
        found: list[dict[str, Any]] = await self._call("GET", f"/campaigns/{slug}/texts/kept")
        return found

    async def choose(self, task: int, choice: str, *, reasons: Sequence[str] = (), note: str = "") -> None:
        """Hand in a judgement: "left" or "right", or a rating from "1" to "5"."""
        body = {"choice": choice, "reasons": list(reasons), "note": note}
        await self._call("POST", f"/tasks/{task}/response", body)

    async def save_draft(self, task: int, text: str) -> None:
        """Keep what has been written so far."""
        await self._call("PUT", f"/tasks/{task}/draft", {"text": text})

    async def hand_in(self, task: int, text: str) -> None:
        """Hand in the response to a task. After a lost connection, sending the same again is safe."""
        await self._call("POST", f"/tasks/{task}/response", {"text": text})

    async def skip(self, task: int, reason: str = "") -> None:
        """Skip a task."""
        await self._call("POST", f"/tasks/{task}/skip", {"reason": reason})

    async def pair(self, slug: str) -> Pair | None:
        """Two responses to compare, or None while there is nothing to vote on."""
        try:
            return _only_known(Pair, await self._call("POST", f"/campaigns/{slug}/vote"))
        except ApiError as error:
            if error.status == httpx.codes.CONFLICT:
                return None
            raise

    async def vote(self, pair: int, choice: str) -> None:
        """Decide a pair: "left", "same", "right" or "skipped"."""
        await self._call("POST", f"/votes/{pair}", {"choice": choice})

    # Quality

    async def my_contributions(self, slug: str) -> list[dict[str, Any]]:
        """What you handed in and what became of it, newest first."""
        found: list[dict[str, Any]] = await self._call("GET", f"/campaigns/{slug}/contributions/mine")
        return found

    async def change_contribution(self, contribution: str, text: str) -> None:
        """Put a new text in the place of one of yours that was sent back."""
        await self._call("PUT", f"/contributions/{contribution}", {"text": text})

    async def report(
        self, slug: str, reason: str, *, words: str = "", part: str = "text", **about: Any
    ) -> int:
        """Report a text that you were shown: `task=`, `vote=` or `contribution=` is its number."""
        body = {"reason": reason, "words": words, "part": part, **about}
        return int((await self._call("POST", f"/campaigns/{slug}/reports", body))["id"])

    async def appeal(
        self, slug: str, words: str, *, contribution: str | None = None, award: int | None = None
    ) -> dict[str, Any]:
        """Appeal against the decision on a contribution, the award of a round, or the pause of your tasks."""
        body = {"words": words, "contribution": contribution, "award": award}
        found: dict[str, Any] = await self._call("POST", f"/campaigns/{slug}/appeals", body)
        return found

    async def appeals(self, slug: str) -> list[dict[str, Any]]:
        """Your appeals with their trails; all of the campaign's for reviewers."""
        found: list[dict[str, Any]] = await self._call("GET", f"/campaigns/{slug}/appeals")
        return found

    async def withdraw_appeal(self, slug: str, appeal: int) -> None:
        """Take your appeal back while it is open."""
        await self._call("POST", f"/campaigns/{slug}/appeals/{appeal}/withdraw")

    async def moderations(self, slug: str) -> list[dict[str, Any]]:
        """Exclusions and pauses that concern you; all of the campaign's for reviewers."""
        found: list[dict[str, Any]] = await self._call("GET", f"/campaigns/{slug}/moderations")
        return found

    async def my_judgements(self, slug: str) -> dict[str, Any]:
        """How you judge: known answers, and how often you say what others say."""
        found: dict[str, Any] = await self._call("GET", f"/campaigns/{slug}/judgements/mine")
        return found

    # Reviewing

    async def judgements(self, slug: str) -> dict[str, Any]:
        """Known answers and agreement of the campaign and of everybody who judged in it."""
        found: dict[str, Any] = await self._call("GET", f"/campaigns/{slug}/judgements")
        return found

    async def next_review(self, slug: str) -> Review | None:
        """The contribution that is reserved for you, or the next one; None while none waits."""
        try:
            return _only_known(Review, await self._call("POST", f"/campaigns/{slug}/review"))
        except ApiError as error:
            if error.status == httpx.codes.CONFLICT:
                return None
            raise

    async def review(self, review: int, verdict: str, *, reason: str = "", words: str = "") -> None:
        """Decide: "accepted", "rejected" with a reason, "returned" with words, or "skipped"."""
        body = {"verdict": verdict, "reason": reason, "words": words}
        await self._call("POST", f"/reviews/{review}", body)

    async def reports(self, slug: str) -> list[dict[str, Any]]:
        """The campaign's reports, open ones first."""
        found: list[dict[str, Any]] = await self._call("GET", f"/campaigns/{slug}/reports")
        return found

    async def settle_report(self, slug: str, report: int, outcome: str) -> None:
        """Settle a report with what was done."""
        await self._call("POST", f"/campaigns/{slug}/reports/{report}", {"outcome": outcome})

    async def exclude(self, slug: str, contribution: str, reason: str, *, words: str = "") -> dict[str, Any]:
        """Leave a contribution out of the round to come."""
        body = {"contribution": contribution, "reason": reason, "words": words}
        found: dict[str, Any] = await self._call("POST", f"/campaigns/{slug}/exclusions", body)
        return found

    async def pause_member(
        self,
        slug: str,
        reason: str,
        *,
        member: int | None = None,
        contribution: str | None = None,
        words: str = "",
        days: int | None = None,
    ) -> dict[str, Any]:
        """Give a member, or the writer of a contribution, no tasks for so many days, or until it is lifted."""
        body = {
            "member": member,
            "contribution": contribution,
            "reason": reason,
            "words": words,
            "days": days,
        }
        found: dict[str, Any] = await self._call("POST", f"/campaigns/{slug}/pauses", body)
        return found

    async def lift(self, slug: str, moderation: int, why: str = "") -> None:
        """End a pause, or let an excluded contribution in again."""
        await self._call("POST", f"/campaigns/{slug}/moderations/{moderation}/lift", {"why": why})

    async def flags(self, slug: str) -> list[dict[str, Any]]:
        """In which contributions personal data or rude words were noticed (organisers)."""
        found: list[dict[str, Any]] = await self._call("GET", f"/campaigns/{slug}/flags")
        return found

    async def answer_appeal(self, slug: str, appeal: int, *, grant: bool, words: str) -> dict[str, Any]:
        """Grant or decline an appeal with your reasons; granting undoes the decision."""
        body = {"grant": grant, "words": words}
        found: dict[str, Any] = await self._call("POST", f"/campaigns/{slug}/appeals/{appeal}/answer", body)
        return found

    async def _call(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        answer = await self._ask(method, path, json=body)
        try:
            return answer.json() if answer.content else None
        except ValueError:
            raise CrowdsftError(
                f"{self.address} answers, but not as crowdsft's API does. Check the address."
            ) from None

    async def _ask(self, method: str, path: str, **sent: Any) -> httpx.Response:
        try:
            answer = await self._http.request(method, path, **sent)
        except httpx.TransportError as error:
            why = str(error) or type(error).__name__
            raise CrowdsftError(f"{self.address} does not answer: {why}. Is the platform running?") from error
        if not answer.is_success:
            raise _api_error(answer)
        return answer
