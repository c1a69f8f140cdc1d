"""Opening a campaign of a folder: what several commands begin with."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from crowdsft.core.errors import InputError

if TYPE_CHECKING:
    from crowdsft.web.campaigns.models import Campaign

Data = Annotated[
    Path, typer.Option("--data", metavar="DIR", help="Folder of the platform, or the output of a run.")
]
Slug = Annotated[
    str | None, typer.Option("--campaign", help="Which campaign; needed when there are several.")
]


def open_campaign(data: Path, slug: str | None) -> Campaign:
    """The campaign named `slug`, or the only one there is.

    Raises:
        InputError: when there is no such campaign, or several and none is named.
    """
    from crowdsft.web.configure import configure_existing

    configure_existing(data)
    from crowdsft.web.campaigns.models import Campaign

    found = list(Campaign.objects.filter(slug=slug) if slug else Campaign.objects.all()[:2])
    if not found:
        raise InputError(
            f"There is no campaign {slug!r} in {data}." if slug else f"There is no campaign in {data} yet."
        )
    if len(found) > 1:
        raise InputError(f"There are several campaigns in {data}; name one with --campaign.")
    return found[0]
