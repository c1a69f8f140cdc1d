"""All that the platform keeps about a person, for that person: as plain values, and as a zip to take along."""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any

from allauth.account.models import EmailAddress

from crowdsft.web.accounts.models import User
from crowdsft.web.campaigns.models import AuditLine, LedgerRow, Membership
from crowdsft.web.contributions.models import Contribution, Task
from crowdsft.web.contributions.quality import PersonQuality, own_quality
from crowdsft.web.journal_django import campaign_state
from crowdsft.web.notices.models import Notice
from crowdsft.web.notices.reading import mail_choices
from crowdsft.web.payouts.export import record
from crowdsft.web.payouts.own import own_payouts
from crowdsft.web.playground.models import Exchange
from crowdsft.web.reviews.own_data import review_data
from crowdsft.web.votes.models import Vote

README = """Everything that this platform keeps about you.

account.json        your account: username, pseudonym, email addresses, API tokens (without their keys), what you
                    decided as an organiser, your notices and which are mailed, what you asked models on the
                    playground in the last day
campaigns/NAME.json one file for each campaign: what you agreed to and when, your tasks with their drafts, your
                    contributions, your votes, your awards with their estimates, your lines of payouts and the ledger;
                    what reviewers decided about your work and why, what you decided as one, your reports and appeals

Times are in UTC. `contributor` is the random identifier by which the campaign's journal and ledger know you.
"""


def personal_data(user: User) -> dict[str, Any]:
    """Account and campaigns of `user`, as values that JSON can hold."""
    memberships = Membership.objects.filter(user=user).select_related("campaign").order_by("joined", "pk")
    return {
        "account": _account(user),
        "playground": [
            {
                "campaign": asked.campaign.slug,
                "message": asked.message,
                "answers": asked.answers,
                "created": asked.created.isoformat(),
            }
            for asked in Exchange.objects.filter(user=user).select_related("campaign").order_by("created")
        ],
        "notices": [_notice(notice) for notice in Notice.objects.filter(user=user).order_by("pk")],
        "mailed": mail_choices(user),
        "campaigns": [_campaign(membership) for membership in memberships],
    }


def personal_zip(user: User) -> bytes:
    """`personal_data` as files in a zip, with a page that explains them."""
    data = personal_data(user)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("README.txt", README)
        rest = {name: data[name] for name in ("playground", "notices", "mailed")}
        archive.writestr("account.json", _json(data["account"] | rest))
        for campaign in data["campaigns"]:
            archive.writestr(f"campaigns/{campaign['campaign']}.json", _json(campaign))
    return packed.getvalue()


def _json(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"


def _account(user: User) -> dict[str, Any]:
    return {
        "username": user.username,
        "pseudonym": user.pseudonym,
        "language": user.language,
        "email": user.email,
        "emails": list(EmailAddress.objects.filter(user=user).values_list("email", flat=True)),
        "joined": user.date_joined.isoformat(),
        "last_login": user.last_login.isoformat() if user.last_login else None,
        "tokens": [
            {"name": token.name, "created": token.created.isoformat(), "scopes": token.scopes.split()}
            for token in user.api_tokens.order_by("pk")
        ],
        "decisions": [
            {
                "campaign": line.campaign.slug,
                "happened": line.happened.isoformat(),
                "what": line.what,
                "detail": line.detail,
            }
            for line in AuditLine.objects.filter(actor=user).select_related("campaign").order_by("pk")
        ],
    }


def _notice(notice: Notice) -> dict[str, Any]:
    return {
        "kind": notice.kind,
        "text": notice.sentence,
        "link": notice.link,
        "happened": notice.happened.isoformat(),
        "read": notice.read.isoformat() if notice.read else None,
    }


def _campaign(membership: Membership) -> dict[str, Any]:
    campaign = membership.campaign
    return {
        "campaign": campaign.slug,
        "name": campaign.name,
        "role": membership.role,
        "pseudonym": membership.pseudonym,
        "contributor": membership.contributor,
        "joined": membership.joined.isoformat(),
        "left": membership.left.isoformat() if membership.left else None,
        "agreements": [
            {
                "version": agreement.version.number,
                "agreed": agreement.agreed.isoformat(),
                "licence": agreement.version.licence,
                "consent": agreement.version.text,
            }
            for agreement in membership.agreements.select_related("version")
        ],
        "tasks": [_task(task) for task in Task.objects.filter(membership=membership).order_by("pk")],
        "contributions": [
            _contribution(row)
            for row in Contribution.objects.filter(membership=membership).order_by("created", "pk")
        ],
        "judging": _judging(own_quality(membership)),
        "votes": list(
            Vote.objects.filter(membership=membership)
            .order_by("pk")
            .values("round_number", "number", "row", "left", "right", "choice")
        ),
        **review_data(membership),
        "awards": _awards(membership),
        "payouts": [
            {"payout": line.payout.number, **record(line.payout, line, membership.pseudonym)}
            for line in own_payouts(membership).lines
        ],
        "ledger": list(
            LedgerRow.objects.filter(campaign=campaign, contributor=membership.contributor)
            .order_by("position")
            .values("position", "round_number", "amount", "reason", "previous", "hash")
        ),
    }


def _judging(own: PersonQuality) -> dict[str, Any]:
    return {
        "judged": own.judged,
        "known_answers": {"answered": own.known.answered, "right": own.known.right},
        "agreement": {
            kind: {"items": found.items, "share": found.share} for kind, found in own.agreement.items()
        },
    }


def _task(task: Task) -> dict[str, Any]:
    return {
        "round": task.round_number,
        "number": task.number,
        "kind": task.kind,
        "state": task.state,
        "prompt": task.prompt,
        "model_response": task.model_response,
        "options": task.options,
        "verdict": task.verdict,
        "draft": task.draft,
        "skip_reason": task.skip_reason,
        "created": task.created.isoformat(),
        "changed": task.changed.isoformat(),
    }


def _contribution(row: Contribution) -> dict[str, Any]:
    return {
        "id": str(row.pk),
        "round": row.round_number,
        "kind": row.kind,
        "prompt": row.prompt,
        "response": row.response,
        "digest": row.digest,
        "standing": row.standing,
        "weight": row.weight,
        "created": row.created.isoformat(),
    }


def _awards(membership: Membership) -> list[dict[str, Any]]:
    state = campaign_state(membership.campaign)
    return [
        {
            "round": current.number,
            "points": award.points,
            "estimate": award.estimate,
            "low": award.low,
            "high": award.high,
            "for_rounds": list(award.for_rounds),
        }
        for current in state.rounds
        for award in (current.points.awards if current.points else ())
        if award.contributor == membership.contributor
    ]
