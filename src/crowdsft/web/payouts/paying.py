"""Fixing a payout, and what happens to its lines: paid, failed, or the whole voided. Each decision is in the log."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from django.db import transaction
from django.db.models import Count, Sum
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from crowdsft.core.errors import InputError
from crowdsft.web.accounts.models import User
from crowdsft.web.campaigns.audit import note
from crowdsft.web.campaigns.models import Campaign
from crowdsft.web.notices.notify import Told, notify_each
from crowdsft.web.notices.people import members
from crowdsft.web.notices.wording import Money, Value
from crowdsft.web.payouts.models import Payout, PayoutLine
from crowdsft.web.payouts.planning import Plan, plan_again, plan_payout

LONGEST_REFERENCE = 120
ROWS_AT_ONCE = 1000

DUE = gettext_noop("A payout of %(campaign)s is fixed: %(amount)s for you.")
OWED = gettext_noop(
    "A payout of %(campaign)s is fixed. Your part, %(owed)s, is below its minimum of %(minimum)s: it is added to the "
    "next payout."
)
PAID = gettext_noop("%(campaign)s has paid you %(amount)s.")
PAID_WITH = gettext_noop("%(campaign)s has paid you %(amount)s. Reference: %(reference)s")
FAILED = gettext_noop(
    "%(campaign)s could not pay you %(amount)s. Nothing is lost: please ask its organisers. Reason: %(reference)s"
)
VOIDED = gettext_noop(
    "%(campaign)s took back the payout of %(amount)s to you before it was paid. Your points count in the next one."
)


def fix_payout(campaign: Campaign, actor: User | None, plan: Plan) -> Payout:
    """Fix what was previewed as `plan`; from here on its points are paid out.

    Raises:
        InputError: when points were paid or another payout was fixed since the preview.
    """
    with transaction.atomic():
        Campaign.objects.select_for_update(no_key=True).get(pk=campaign.pk)  # one payout after the other
        if plan_payout(campaign, plan.wanted).digest != plan.digest:
            raise InputError(
                _(
                    "The ledger or the payouts have changed since this preview. Nothing was fixed; look at the new one."
                )
            )
        payout = Payout.objects.create(
            campaign=campaign,
            number=1 + Payout.objects.filter(campaign=campaign).count(),
            currency=plan.wanted.currency,
            places=plan.wanted.places,
            budget=plan.wanted.budget,
            minimum=plan.wanted.minimum,
            first_round=plan.wanted.first_round,
            last_round=plan.last_round,
            head_position=plan.head.position,
            head_hash=plan.head.hash,
            digest=plan.digest,
            fixed_by=actor,
        )
        PayoutLine.objects.bulk_create(_lines(payout, plan), batch_size=ROWS_AT_ONCE)
        note(campaign, actor, "fixed a payout", f"payout {payout.number}: {payout.shown(payout.budget)}")
        _tell(payout, payout.lines.all())
    return payout


def _lines(payout: Payout, plan: Plan) -> Iterator[PayoutLine]:
    for share in plan.shares:
        yield PayoutLine(
            payout=payout,
            contributor=share.contributor,
            points=share.points,
            share=share.share,
            owed_before=share.owed_before,
            amount=share.amount,
            owed_after=share.owed_after,
            state=PayoutLine.DUE if share.amount else PayoutLine.OWED,
        )


def mark_line(
    payout: Payout, actor: User | None, line_id: int, state: str, reference: str = ""
) -> PayoutLine:
    """Say that a line was paid, that it failed, or that it is due after all.

    Args:
        reference: The payment's reference; for a failure the reason, which its contributor reads.

    Raises:
        InputError: for a line that there is not, of which nothing is paid, or a failure without a reason.
    """
    reference = _checked(state, reference)
    with transaction.atomic():
        _check_stands(payout)
        line = payout.lines.select_for_update().filter(pk=line_id).exclude(state=PayoutLine.OWED).first()
        if line is None:
            raise InputError(_("There is no such line of this payout that could be paid."))
        if (line.state, line.reference) == (state, reference):
            return line
        line.state, line.reference = state, reference
        line.save(update_fields=["state", "reference", "changed"])
        detail = (
            f"payout {payout.number}, {line.contributor}: {payout.shown(line.amount)} {reference}".strip()
        )
        note(payout.campaign, actor, f"marked a line as {state}", detail)
        _tell(payout, [line])
    return line


def mark_all_paid(payout: Payout, actor: User | None, reference: str = "") -> int:
    """Say that all lines that are due were paid; failed ones stay failed. Returns how many.

    Raises:
        InputError: when the payout was voided, or nothing is due.
    """
    reference = _checked(PayoutLine.PAID, reference)
    with transaction.atomic():
        _check_stands(payout)
        due = list(payout.lines.select_for_update().filter(state=PayoutLine.DUE))
        if not due:
            raise InputError(_("Nothing of this payout is due any more."))
        for start in range(0, len(due), 500):
            chosen = [line.pk for line in due[start : start + 500]]
            PayoutLine.objects.filter(pk__in=chosen).update(
                state=PayoutLine.PAID, reference=reference, changed=timezone.now()
            )
        for line in due:
            line.state, line.reference = PayoutLine.PAID, reference
        paid = payout.shown(sum(line.amount for line in due))
        detail = f"payout {payout.number}: {paid}, {len(due)} lines {reference}".strip()
        note(payout.campaign, actor, "marked all as paid", detail)
        _tell(payout, due)
    return len(due)


def void_payout(payout: Payout, actor: User | None, reason: str) -> None:
    """Take the newest payout back, as long as nothing of it was paid: its points count in the next one.

    Raises:
        InputError: when it is not the newest that stands, something was paid, or no reason is given.
    """
    if not reason.strip():
        raise InputError(_("Please say why it is taken back: it stands in the log."))
    with transaction.atomic():
        Campaign.objects.select_for_update(no_key=True).get(pk=payout.campaign.pk)
        _check_stands(payout)
        if Payout.objects.filter(campaign=payout.campaign, voided=None, number__gt=payout.number).exists():
            raise InputError(_("A later payout builds on this one. Take that one back first."))
        if payout.lines.filter(state=PayoutLine.PAID).exists():
            raise InputError(_("Something of this payout was paid, so it cannot be taken back."))
        payout.voided = timezone.now()
        payout.save(update_fields=["voided"])
        note(payout.campaign, actor, "took back a payout", f"payout {payout.number}: {reason.strip()}")
        lines = payout.lines.filter(state__in=(PayoutLine.DUE, PayoutLine.FAILED))
        _tell(payout, lines, text=VOIDED)


def is_as_the_ledger_says(payout: Payout) -> bool:
    """Whether the fixed lines are what the ledger, up to its head, and earlier payouts give; and the head is there."""
    again = plan_again(payout)
    head = payout.campaign.ledger.filter(position=payout.head_position - 1, hash=payout.head_hash)
    lines = {
        (line.contributor, line.points, line.share, line.owed_before, line.amount, line.owed_after)
        for line in payout.lines.all()
    }
    expected = {
        (s.contributor, s.points, s.share, s.owed_before, s.amount, s.owed_after) for s in again.shares
    }
    return head.exists() and lines == expected and again.digest == payout.digest


def totals(payout: Payout) -> dict[str, tuple[int, int]]:
    """State -> (lines, amount); for `owed` lines the amount is what is owed."""
    rows = (
        payout.lines.order_by().values_list("state").annotate(Count("pk"), Sum("amount"), Sum("owed_after"))
    )
    found = dict.fromkeys((PayoutLine.DUE, PayoutLine.PAID, PayoutLine.FAILED, PayoutLine.OWED), (0, 0))
    for state, count, amount, owed in rows:
        found[state] = (count, owed if state == PayoutLine.OWED else amount)
    return found


def _checked(state: str, reference: str) -> str:
    clean = " ".join(reference.split())
    if state not in (PayoutLine.DUE, PayoutLine.PAID, PayoutLine.FAILED):
        raise InputError(_("A line is due, paid or failed."))
    if len(clean) > LONGEST_REFERENCE:
        raise InputError(_("Please keep the reference to 120 characters."))
    if state == PayoutLine.FAILED and not clean:
        raise InputError(_("Please say why it failed: its contributor will read it."))
    return "" if state == PayoutLine.DUE else clean


def _check_stands(payout: Payout) -> None:
    """Inside a transaction: nobody voids the payout, or marks its lines, before this one ends."""
    Payout.objects.select_for_update(no_key=True).get(pk=payout.pk)
    payout.refresh_from_db()
    if payout.voided is not None:
        raise InputError(_("This payout was taken back. Fix another one."))


def _tell(payout: Payout, lines: Iterable[PayoutLine], *, text: str = "") -> None:
    accounts = {member.contributor: member.user_id for member in members(payout.campaign, gone=True)}
    told = [
        _told(payout, line, accounts[line.contributor], text)
        for line in lines
        if line.contributor in accounts
    ]
    notify_each("payout", payout.campaign, told)


def _money(payout: Payout, units: int) -> Money:
    return {"units": units, "places": payout.places, "currency": payout.currency}


def _told(payout: Payout, line: PayoutLine, user_id: int, text: str) -> Told:
    with_reference = PAID_WITH if line.reference else PAID
    texts = {
        PayoutLine.DUE: DUE,
        PayoutLine.PAID: with_reference,
        PayoutLine.FAILED: FAILED,
        PayoutLine.OWED: OWED,
    }
    values: dict[str, Value] = {
        "campaign": payout.campaign.name,
        "amount": _money(payout, line.amount),
        "owed": _money(payout, line.owed_after),
        "minimum": _money(payout, payout.minimum),
        "reference": line.reference,
    }
    link = f"/campaigns/{payout.campaign.slug}/points/#payouts"
    return Told(user_id, text or texts[line.state], link, values)
