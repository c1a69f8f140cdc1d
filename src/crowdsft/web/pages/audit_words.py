"""The audit log in the reader's language. Its rows keep English words, whoever decided; pages say them again.

What has no words here is shown as it was written, so a new kind of decision needs a line in `DECISIONS`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, pgettext_lazy

from crowdsft.web.campaigns.models import AuditLine, Membership
from crowdsft.web.reviews.reasons import EXCLUSION, PAUSE, REJECTION
from crowdsft.web.stored_words import StoredWords

DECISIONS = {
    "paused": pgettext_lazy("decided", "paused"),
    "resumed": pgettext_lazy("decided", "resumed"),
    "finished early": pgettext_lazy("decided", "finished early"),
    "cancelled": pgettext_lazy("decided", "cancelled"),
    "rolled back": pgettext_lazy("decided", "rolled back"),
    "approved": pgettext_lazy("decided", "approved"),
    "declined": pgettext_lazy("decided", "declined"),
    "archived": pgettext_lazy("decided", "archived"),
    "taken out of the archive": pgettext_lazy("decided", "taken out of the archive"),
    "invited": pgettext_lazy("decided", "invited"),
    "accepted": pgettext_lazy("decided", "accepted"),
    "took back an invitation": pgettext_lazy("decided", "took back an invitation"),
    "changed a role": pgettext_lazy("decided", "changed a role"),
    "member deleted": pgettext_lazy("decided", "member deleted"),
    "closed a round by hand": pgettext_lazy("decided", "closed a round by hand"),
    "closed a vote by hand": pgettext_lazy("decided", "closed a vote by hand"),
    "published consent": pgettext_lazy("decided", "published consent"),
    "added a webhook": pgettext_lazy("decided", "added a webhook"),
    "removed a webhook": pgettext_lazy("decided", "removed a webhook"),
    "rejected a contribution": pgettext_lazy("decided", "rejected a contribution"),
    "sent a contribution back": pgettext_lazy("decided", "sent a contribution back"),
    "excluded a contribution": pgettext_lazy("decided", "excluded a contribution"),
    "let a contribution in again": pgettext_lazy("decided", "let a contribution in again"),
    "paused a member": pgettext_lazy("decided", "paused a member"),
    "lifted a pause": pgettext_lazy("decided", "lifted a pause"),
    "settled a report": pgettext_lazy("decided", "settled a report"),
    "answered an appeal": pgettext_lazy("decided", "answered an appeal"),
    "fixed a payout": pgettext_lazy("decided", "fixed a payout"),
    "took back a payout": pgettext_lazy("decided", "took back a payout"),
    "marked a line as due": pgettext_lazy("decided", "marked a line as due"),
    "marked a line as paid": pgettext_lazy("decided", "marked a line as paid"),
    "marked a line as failed": pgettext_lazy("decided", "marked a line as failed"),
    "marked all as paid": pgettext_lazy("decided", "marked all as paid"),
    "confirmed a file of contributions": pgettext_lazy("decided", "confirmed a file of contributions"),
    "confirmed a file of prompts": pgettext_lazy("decided", "confirmed a file of prompts"),
    "imported contributions": pgettext_lazy("decided", "imported contributions"),
    "imported prompts": pgettext_lazy("decided", "imported prompts"),
}
# The forms of what stands behind a decision. What people wrote themselves has none of them, or only at its end.
DETAILS = (
    gettext_noop("round {number}"),
    gettext_noop("link {number}"),
    gettext_noop("{role}, link {number}"),
    gettext_noop("{name}: {role}"),
    gettext_noop("version {number}, {words}"),
    gettext_noop("to round {number}: {words}"),
    gettext_noop("to round {number}"),
    gettext_noop("to the first base: {words}"),
    gettext_noop("to the first base"),
    gettext_noop("payout {number}, {contributor}: {words}"),
    gettext_noop("payout {number}: {money}, {count} lines {words}"),
    gettext_noop("payout {number}: {money}, {count} lines"),
    gettext_noop("payout {number}: {words}"),
    gettext_noop("{count} of {file}"),
    gettext_noop("report {number}"),
    gettext_noop("appeal {number}, granted"),
    gettext_noop("appeal {number}, declined"),
    gettext_noop("contributor {contributor}, until it is lifted: {reason}"),
    gettext_noop("contributor {contributor}, {count} days: {reason}"),
    gettext_noop("contributor {contributor}"),
    gettext_noop("{contribution}: {reason}"),
)
_REASONS = {**REJECTION, **EXCLUSION, **PAUSE}
_DETAILS = StoredWords(
    DETAILS,
    parts={
        "role": "|".join(name for name, _words in Membership.ROLES),
        "name": "[^:]+",
        "words": ".+",
        "contributor": r"\S+",
        "contribution": "[0-9a-f-]{36}",
        "reason": "|".join(_REASONS),
        "money": "[0-9.]+ [A-Z]+",
        "file": r"\S.*\.(?:jsonl|ndjson|json|csv|parquet)",
    },
    said={
        "role": lambda role: str(dict(Membership.ROLES)[role]),
        "reason": lambda reason: str(_REASONS[reason]),
    },
)


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the log, to be shown."""

    happened: datetime
    actor: str
    what: str
    detail: str


def audit_line(row: AuditLine) -> Line:
    """`row` in the reader's language."""
    actor = row.actor.pseudonym if row.actor else _("Somebody who left")
    return Line(row.happened, actor, str(DECISIONS.get(row.what, row.what)), detail_words(row.detail))


def detail_words(detail: str) -> str:
    """What was noted of a decision, in the reader's language where it has one of our forms."""
    return _DETAILS.say(detail)
