"""`crowdsft export`: a campaign's contributions as a data set."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from crowdsft.cli.app import error_console, print_json
from crowdsft.cli.opening import Data, Slug, open_campaign


def export(
    data: Data,
    output: Annotated[Path, typer.Option("--output", metavar="PATH", help="File, or for datasets a folder.")],
    form: Annotated[str, typer.Option("--format", help="jsonl, csv, parquet, or datasets.")] = "jsonl",
    campaign: Slug = None,
    json_output: Annotated[bool, typer.Option("--json", help="Print what was written as JSON.")] = False,
) -> None:
    """Write all contributions of closed rounds, without those that were taken back.

    `datasets` makes a folder with Parquet and a card, which the datasets library and the Hugging Face hub read. The
    printed version is a hash of all rows: equal versions hold equal data.

    Example: crowdsft export --data output --format datasets --output my-dataset
    """
    chosen = open_campaign(data, campaign)
    from crowdsft.dataset import write_dataset
    from crowdsft.web.contributions.export import dataset_of

    found = dataset_of(chosen)
    files = write_dataset(found, output, form=form)
    if json_output:
        print_json(
            {
                "campaign": found.campaign,
                "version": found.version,
                "contributions": len(found.rows),
                "left_out": found.left_out,
                "files": [str(file) for file in files],
            }
        )
        return
    error_console.print(
        f"{len(found.rows):,} contributions in {', '.join(map(str, files))}. Version {found.version}",
        markup=False,
    )
