"""`crowdsft ledger verify | balances | payout`."""

from __future__ import annotations

import csv
import io
import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from crowdsft.cli.app import error_console, print_json
from crowdsft.cli.opening import Data, Slug, open_campaign

if TYPE_CHECKING:
    from crowdsft.web.campaigns.models import Campaign

app = typer.Typer(
    help="Check the ledger of a campaign, list balances, make a payout list.", no_args_is_help=True
)

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.command()
def verify(data: Data, campaign: Slug = None, json_output: Json = False) -> None:
    """Check every entry's hash, that the entries are what the rounds paid, and the journal behind them.

    Example: crowdsft ledger verify --data output
    """
    chosen = open_campaign(data, campaign)
    from crowdsft.core.ledger_check import Tally, check_on, compare
    from crowdsft.web.campaigns.ledger_reading import portions
    from crowdsft.web.journal_django import campaign_state

    tally = Tally()
    for entries in portions(chosen):
        tally = check_on(tally, entries)
    compare(tally, campaign_state(chosen))
    count, total, head = tally.head.position, tally.total, tally.head
    if json_output:
        print_json(
            {"campaign": chosen.slug, "entries": count, "sum": total, "head": head.hash, "valid": True}
        )
    else:
        error_console.print(
            f"{count} entries, {total} points, unbroken and as the journal says. Head {head.hash}"
        )


@app.command()
def balances(data: Data, campaign: Slug = None, json_output: Json = False) -> None:
    """Print everybody's points.

    Example: crowdsft ledger balances --data output --json
    """
    points = _balances(open_campaign(data, campaign))
    if json_output:
        print_json(points)
    else:
        for name, amount in points.items():
            typer.echo(f"{amount:>10}  {name}")


@app.command()
def payout(
    amount: Annotated[str, typer.Option("--amount", metavar="SUM", help="Sum to divide: 500 or 500.00.")],
    data: Data,
    campaign: Slug = None,
    currency: Annotated[str, typer.Option("--currency", help="What the sum is in.")] = "EUR",
    places: Annotated[
        int, typer.Option("--places", min=0, max=8, help="Digits behind the point of the smallest unit.")
    ] = 2,
    minimum: Annotated[
        str,
        typer.Option(
            "--minimum", metavar="SUM", help="Who is due less gets nothing now; it is listed as owed."
        ),
    ] = "0",
    json_output: Json = False,
) -> None:
    """Divide a sum in proportion to all points, to the smallest unit, as CSV (or JSON) on standard output.

    A platform's page "Payouts" does the same and remembers what was paid.

    Example: crowdsft ledger payout --data output --amount 500 > payout.csv
    """
    from crowdsft.core.ledger import balances as add_up
    from crowdsft.core.payout import amount_text, divide, parse_amount
    from crowdsft.dataset.formats import harmless

    chosen = open_campaign(data, campaign)
    from crowdsft.web.journal_django import ledger

    entries = ledger(chosen)
    names: dict[str, str] = dict(chosen.memberships.values_list("contributor", "pseudonym"))
    shares = divide(
        parse_amount(amount, places),
        add_up(entries),
        minimum=parse_amount(minimum, places),
        ties=entries[-1].hash if entries else "",
    )
    rows = [
        {
            "contributor": names.get(share.contributor, share.contributor),
            "points": share.points,
            "amount": amount_text(share.amount, places),
            "owed": amount_text(share.owed_after, places),
            "currency": currency,
        }
        for share in shares
    ]
    if json_output:
        print_json(rows)
        return
    text = io.StringIO()
    writer = csv.DictWriter(text, ["contributor", "points", "amount", "owed", "currency"])
    writer.writeheader()
    writer.writerows({name: harmless(value) for name, value in row.items()} for row in rows)
    sys.stdout.write(text.getvalue())


def _balances(campaign: Campaign) -> dict[str, int]:
    from crowdsft.core.ledger import balances as add_up
    from crowdsft.web.journal_django import ledger

    names: dict[str, Any] = dict(campaign.memberships.values_list("contributor", "pseudonym"))
    points = add_up(ledger(campaign))
    everybody = {names.get(contributor, contributor): amount for contributor, amount in points.items()}
    return dict(sorted(everybody.items(), key=lambda item: (-item[1], item[0])))
