"""`crowdsft push`: a campaign's model to the Hugging Face hub."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from crowdsft.cli.app import error_console, print_json
from crowdsft.cli.opening import Data, open_campaign
from crowdsft.core.errors import InputError

if TYPE_CHECKING:
    from crowdsft.core.campaign import CampaignState
    from crowdsft.web.adapters.catalogue import Model


def push(
    campaign: Annotated[str, typer.Argument(help="Address of the campaign, e.g. joy-in-comments.")],
    data: Data,
    repo: Annotated[str, typer.Option("--repo", metavar="ORG/NAME", help="Repository on the hub.")],
    round_number: Annotated[
        int | None,
        typer.Option("--round", min=1, help="The winner of this round; default: the base as it is now."),
    ] = None,
    private: Annotated[bool, typer.Option("--private", help="Make a new repository private.")] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Write the folder that would be pushed, and push nothing.")
    ] = False,
    output: Annotated[
        Path | None, typer.Option("--output", metavar="DIR", help="Folder of --dry-run; default: NAME.")
    ] = None,
    json_output: Annotated[bool, typer.Option("--json", help="Print what was done as JSON.")] = False,
) -> None:
    """Push a model to the Hugging Face hub: its adapters in PEFT's format and a card.

    The token is HF_TOKEN's or that of `hf auth login`; crowdsft never stores it.

    Example: crowdsft push joy-in-comments --data crowdsft-data --repo my-group/joy --dry-run
    """
    from crowdsft.publishing.files import write_folder
    from crowdsft.publishing.push import check_repository, push_files

    check_repository(repo)
    if output is not None and not dry_run:
        raise InputError(
            "--output is the folder of --dry-run; a push writes none. Add --dry-run, or leave it out."
        )
    chosen = open_campaign(data, campaign)
    from crowdsft.rounds.artifacts import artifacts_in
    from crowdsft.web.adapters.catalogue import files_of
    from crowdsft.web.journal_django import campaign_state

    model = _chosen(campaign_state(chosen), round_number)
    files = files_of(chosen, model, artifacts_in(data), where=repo)
    if dry_run:
        folder = output or Path(repo.split("/")[1])
        write_folder(files, folder)
        _tell(json_output, model, folder=str(folder), files=[name for name, _ in files], repository=repo)
        return
    address = push_files(files, repo, private=private, message=f"{chosen.name}: {model.title}")
    _tell(json_output, model, address=address, files=[name for name, _ in files], repository=repo)


def _chosen(state: CampaignState, round_number: int | None) -> Model:
    """The winner of a round, or the base as it is now. Raises: InputError when there is none."""
    from crowdsft.web.adapters.catalogue import decided, find_model, models_of

    if round_number is None:
        found = [model for model in models_of(decided(state)) if model.adapters == state.lineage]
        if not found:
            raise InputError("No round has brought a better model yet, so there is nothing to push.")
        return next((model for model in found if model.is_winner), found[0])
    past = next((past for past in decided(state) if past.number == round_number), None)
    if past is None:
        raise InputError(f"Round {round_number} is not decided. Decided are: {_numbers(state)}.")
    if past.winner is None:
        raise InputError(f"In round {round_number} the base stayed, so there is no model of it to push.")
    return find_model(state, f"{round_number}")


def _numbers(state: CampaignState) -> str:
    from crowdsft.web.adapters.catalogue import decided

    return ", ".join(str(past.number) for past in reversed(decided(state))) or "none"


def _tell(json_output: bool, model: Model, **what: object) -> None:
    if json_output:
        print_json({"model": model.title, "adapters": list(model.adapters), **what})
        return
    where = what.get("address") or what.get("folder")
    pushed = "is at" if "address" in what else "was not pushed; what would be is in"
    error_console.print(f"{model.title} {pushed} {where}", markup=False)
