"""Reviews, reports, moderation and appeals as the person whom they concern may take them along."""

from __future__ import annotations

from typing import Any

from crowdsft.web.campaigns.models import Membership
from crowdsft.web.reviews.models import Appeal, Checkup, Moderation, Report, Review
from crowdsft.web.reviews.trail import about, trail


def review_data(member: Membership) -> dict[str, Any]:
    """Plain values. Others appear as "a reviewer" or not at all."""
    received = Review.objects.filter(contribution__membership=member).exclude(
        verdict__in=("", Review.SKIPPED)
    )
    given = Review.objects.filter(membership=member).exclude(verdict="")
    return {
        "reviews_of_my_work": [_review(row) for row in received.order_by("pk")],
        "reviews_by_me": [_review(row) for row in given.order_by("pk")],
        "noticed_about_my_work": [
            {"contribution": str(row.contribution_id), "flags": row.flags, "checked": row.checked.isoformat()}
            for row in Checkup.objects.filter(contribution__membership=member).order_by("pk")
        ],
        "reports_by_me": [
            {
                "part": row.part,
                "text": row.text,
                "reason": row.reason,
                "words": row.words,
                "state": row.state,
                "created": row.created.isoformat(),
            }
            for row in Report.objects.filter(membership=member).order_by("pk")
        ],
        "moderation_of_me": [
            _moderation(row) for row in Moderation.objects.filter(membership=member).order_by("pk")
        ],
        "moderation_by_me": [
            _moderation(row) for row in Moderation.objects.filter(actor=member).order_by("pk")
        ],
        "appeals": [
            {
                "about": about(row),
                "state": row.state,
                "granted": row.granted,
                "trail": [
                    {
                        "when": entry.when.isoformat() if entry.when else None,
                        "who": entry.who,
                        "what": entry.what,
                        "words": entry.words,
                    }
                    for entry in trail(row, member)
                ],
            }
            for row in Appeal.objects.filter(membership=member).order_by("pk")
        ],
        "appeals_answered_by_me": list(
            Appeal.objects.filter(answered_by=member).order_by("pk").values("granted", "answer")
        ),
    }


def _review(row: Review) -> dict[str, Any]:
    return {
        "contribution": str(row.contribution_id),
        "verdict": row.verdict,
        "reason": row.reason,
        "words": row.words,
        "decided": row.decided.isoformat() if row.decided else None,
        "undone": row.undone.isoformat() if row.undone else None,
    }


def _moderation(row: Moderation) -> dict[str, Any]:
    return {
        "kind": row.kind,
        "contribution": str(row.contribution_id) if row.contribution_id else None,
        "reason": row.reason,
        "words": row.words,
        "created": row.created.isoformat(),
        "until": row.until.isoformat() if row.until else None,
        "lifted": row.lifted.isoformat() if row.lifted else None,
        "lifted_why": row.lifted_why,
    }
