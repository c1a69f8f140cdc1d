"""`crowdsft ledger verify | balances | payout`."""

from __future__ import annotations

import csv
import io
import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from crowdsft.cli.app import error_console, print_json
from crowdsft.cli.opening import Data, Slug, open_campaign
from crowdsft.core.errors import InputError

if TYPE_CHECKING:
    from crowdsft.web.campaigns.models import Campaign

app = typer.Typer(
    help="Check the ledger of a campaign, list balances, make a payout list.", no_args_is_help=True
)

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.command()
def verify(data: Data, campaign: Slug = None, json_output: Json = False) -> None:
    """Check every entry's hash and the journal behind it.

    Example: crowdsft ledger verify --data output
    """
    chosen = open_campaign(data, campaign)
    from crowdsft.core.errors import LedgerError
    from crowdsft.core.ledger import verify as verify_chain
    from crowdsft.web.journal_django import campaign_state, ledger

    entries = ledger(chosen)
    head = verify_chain(entries)
    if head != campaign_state(chosen).ledger_head:
        raise LedgerError(
            "The ledger's entries chain, but are not what the journal says. Restore one from a backup."
        )
    total = sum(entry.amount for entry in entries)
    if json_output:
        print_json(
            {"campaign": chosen.slug, "entries": len(entries), "sum": total, "head": head.hash, "valid": True}
        )
    else:
        error_console.print(
            f"{len(entries)} entries, {total} points, unbroken and as the journal says. Head {head.hash}"
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
    amount: Annotated[float, typer.Option("--amount", min=0, help="Sum to divide, in units of --currency.")],
    data: Data,
    campaign: Slug = None,
    currency: Annotated[str, typer.Option("--currency", help="What the sum is in.")] = "EUR",
    json_output: Json = False,
) -> None:
    """Divide a sum in proportion to points, to the cent, as CSV (or JSON) on standard output.

    Example: crowdsft ledger payout --data output --amount 500 > payout.csv
    """
    import numpy as np

    from crowdsft.core.apportion import split_points, tie_order

    points = _balances(open_campaign(data, campaign))
    if not any(points.values()):
        raise InputError("Nobody has points yet, so there is nothing to divide.")
    names = list(points)
    shares = np.array([float(points[name]) for name in names])
    cents = split_points(round(amount * 100), shares, tie_order(names, seed=0, round_number=0)).tolist()
    rows = [
        {"contributor": name, "points": points[name], "amount": f"{share / 100:.2f}", "currency": currency}
        for name, share in zip(names, cents, strict=True)
    ]
    if json_output:
        print_json(rows)
        return
    text = io.StringIO()
    writer = csv.DictWriter(text, ["contributor", "points", "amount", "currency"])
    writer.writeheader()
    writer.writerows(rows)
    sys.stdout.write(text.getvalue())


def _balances(campaign: Campaign) -> dict[str, int]:
    from crowdsft.core.ledger import balances as add_up
    from crowdsft.web.journal_django import ledger

    names: dict[str, Any] = dict(campaign.memberships.values_list("contributor", "pseudonym"))
    points = add_up(ledger(campaign))
    everybody = {names.get(contributor, contributor): amount for contributor, amount in points.items()}
    return dict(sorted(everybody.items(), key=lambda item: (-item[1], item[0])))
