"""`crowdsft examples`: train on the expert examples alone, the simpler arm that a crowd has to beat."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from crowdsft.cli.app import error_console, print_json
from crowdsft.cli.campaign_file import read_campaign_file

SHOWN = 5


def examples(
    campaign_file: Annotated[Path, typer.Argument(metavar="CAMPAIGN.toml", help="The campaign's settings.")],
    output: Annotated[
        Path, typer.Option("--output", metavar="DIR", help="Folder for the adapter that comes out.")
    ],
    passes: Annotated[
        int | None,
        typer.Option(min=1, help="How often each example is seen. Default: rounds.count x training.passes."),
    ] = None,
    base_model: Annotated[
        str | None,
        typer.Option("--base-model", metavar="ID|PATH", help="Replaces model.base of the campaign file."),
    ] = None,
    json_output: Annotated[bool, typer.Option("--json", help="Print the result as one JSON object.")] = False,
) -> None:
    """Train one model on a campaign's expert examples alone, without a crowd, and measure it as the campaign would.

    Example: crowdsft examples examples/joy.toml --output alone
    """
    from crowdsft.rounds.examples_alone import train_on_examples
    from crowdsft.rounds.references import check_references
    from crowdsft.rounds.resources import Resources

    settings = read_campaign_file(campaign_file, base_model=base_model)
    check_references(settings)
    output.mkdir(parents=True, exist_ok=True)
    with error_console.status("starting") as status:
        resources = Resources(output, report=lambda message, fraction, parts=(): status.update(message))
        found = train_on_examples(settings, resources, passes=passes)
    result: dict[str, Any] = {
        "adapter": str(resources.artifacts.adapter(found.adapter)),
        "examples": len(settings.target.examples or ()),
        "passes": found.passes,
        "base_distance": 0.0 - found.base.mean_utility,
        "distance": 0.0 - found.trained.mean_utility,
        "gain": found.trained.gain,
        "gain_standard_error": found.trained.gain_error,
        "copied": found.copied,
        "outputs": list(found.outputs[:SHOWN]),
    }
    if json_output:
        print_json(result)
        return
    typer.echo(
        f"Distance to the target {result['base_distance']:.3f} -> {result['distance']:.3f}, after {found.passes} "
        f"passes over {result['examples']} examples. {100 * found.copied:.0f} % of the answers repeat an example "
        "word for word."
    )
    for text in found.outputs[:SHOWN]:
        typer.echo(f"  {text.strip()}")
    typer.echo(f"The adapter is {result['adapter']}. A campaign has to come nearer, or to copy less.")
