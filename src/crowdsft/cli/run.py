"""`crowdsft run`: a campaign from a file of contributions, without the web."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from crowdsft.cli.app import error_console, print_json
from crowdsft.cli.campaign_file import read_campaign_file
from crowdsft.cli.executor import ExecutorName, RayAddress, ready_executor
from crowdsft.cli.progress import MERGE_WORDS
from crowdsft.core.advice import advice_of
from crowdsft.core.errors import InputError
from crowdsft.core.seeds import derive_rng, derive_seed
from crowdsft.core.settings import CampaignSettings, settings_digest
from crowdsft.rounds.contributions_file import SuppliedContribution, deal_rounds, read_contributions

if TYPE_CHECKING:
    from crowdsft.core.campaign import CampaignState
    from crowdsft.rounds.executors import Executor
    from crowdsft.web.campaigns.models import Campaign

CampaignFile = Annotated[Path, typer.Argument(metavar="CAMPAIGN.toml", help="The campaign's settings.")]
ContributionsFile = Annotated[
    Path, typer.Option("--contributions", metavar="FILE.jsonl", help="Contributions as JSON lines.")
]


def run(
    campaign_file: CampaignFile,
    contributions: ContributionsFile,
    output: Annotated[
        Path, typer.Option("--output", metavar="DIR", help="Folder for everything that comes out.")
    ],
    base_model: Annotated[
        str | None,
        typer.Option("--base-model", metavar="ID|PATH", help="Replaces model.base of the campaign file."),
    ] = None,
    executor: ExecutorName = "local",
    ray_address: RayAddress = "",
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with a campaign that was interrupted.")
    ] = False,
    json_output: Annotated[bool, typer.Option("--json", help="Print the result as one JSON object.")] = False,
) -> None:
    """Run a campaign from a file of contributions: close, group, train, select and pay, round by round.

    Example: crowdsft run examples/joy.toml --contributions examples/joy.jsonl --output output
    """
    started = time.perf_counter()
    doing = ready_executor(executor, ray_address=ray_address)
    settings = read_campaign_file(campaign_file, base_model=base_model)
    supplied = read_contributions(contributions, settings)
    dealt = deal_rounds(
        supplied.contributions,
        rounds=settings.rounds.count,
        groups=settings.rounds.groups,
        rng=derive_rng(settings.campaign.seed, "deal"),
    )
    if supplied.repeated:
        _warn_of_repetitions(supplied.repeated)
    from crowdsft.rounds.references import check_references

    check_references(settings)
    for sentence in advice_of(settings):
        error_console.print(sentence, markup=False)
    _check_folder(output, resume=resume)

    from crowdsft.web.configure import RUN_DATABASE, configure, migrate

    configure(output, database=RUN_DATABASE)
    with _only_one(output):
        migrate()
        campaign = _resumed(settings, dealt) if resume else _started(settings, dealt)
        state = _work(campaign, output, doing)
        result = write_result(campaign, state, output, seconds=time.perf_counter() - started)
    if json_output:
        print_json(result)
    else:
        print_summary(result, output)


def _warn_of_repetitions(lines: tuple[int, ...]) -> None:
    shown = ", ".join(map(str, lines[:10])) + (", ..." if len(lines) > 10 else "")
    error_console.print(
        f"{len(lines)} contributions repeat what the same contributor said before and are left out (lines {shown})."
    )


def _check_folder(output: Path, *, resume: bool) -> None:
    from crowdsft.web.configure import RUN_DATABASE, prepare_folder

    exists = (output / RUN_DATABASE).exists()
    if exists and not resume:
        raise InputError(
            f"{output} already holds a campaign. Use --resume to go on with it, or name another folder with --output."
        )
    if resume and not exists:
        raise InputError(f"{output} holds no campaign to resume. Leave --resume out to start one.")
    prepare_folder(output)


@contextmanager
def _only_one(output: Path) -> Iterator[None]:
    """Hold the folder for this process; whoever held it before is gone, so that its claims can be taken over."""
    import fcntl

    with (output / ".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise InputError(
                f"Another crowdsft is at work in {output}. Wait for it, or use another folder."
            ) from None
        yield


def _started(settings: CampaignSettings, dealt: tuple[SuppliedContribution, ...]) -> Campaign:
    from django.db import transaction

    from crowdsft.web.campaigns.create import create_campaign, member_from_file
    from crowdsft.web.contributions.models import Contribution
    from crowdsft.web.journal_django import contribution_digest

    salt = f"{derive_seed(settings.campaign.seed, 'contributors'):016x}"
    with transaction.atomic():
        campaign = create_campaign(settings, owner=None, salt=salt, is_supplied=True)
        members = {
            name: member_from_file(campaign, name) for name in sorted({row.contributor for row in dealt})
        }
        Contribution.objects.bulk_create(
            (
                Contribution(
                    campaign=campaign,
                    membership=members[row.contributor],
                    kind="supplied",
                    prompt=row.prompt,
                    response=row.response,
                    digest=contribution_digest(row.prompt, row.response, row.weight),
                    weight=row.weight,
                    planned_round=row.round_number,
                )
                for row in dealt
            ),
            batch_size=200,
        )
    return campaign


def _resumed(settings: CampaignSettings, dealt: tuple[SuppliedContribution, ...]) -> Campaign:
    """The campaign in the folder, when it is the one that the files describe."""
    from crowdsft.web.campaigns.models import Campaign
    from crowdsft.web.contributions.models import Contribution
    from crowdsft.web.journal_django import contribution_digest, take_over

    campaign = Campaign.objects.first()
    if campaign is None:
        return _started(settings, dealt)
    if settings_digest(campaign.settings) != settings_digest(settings):
        raise InputError(
            f"The folder holds the campaign {campaign.name!r} with other settings than the campaign file; it cannot be "
            "resumed with these. Use the file it was started with, or another --output folder."
        )
    known = Contribution.objects.filter(campaign=campaign).values_list(
        "membership__contributor", "digest", "planned_round"
    )
    given = (
        (
            campaign.contributor_id(row.contributor),
            contribution_digest(row.prompt, row.response, row.weight),
            row.round_number,
        )
        for row in dealt
    )
    if _fingerprint(known) != _fingerprint(given):
        raise InputError(
            "The folder's campaign was started with other contributions; it cannot be resumed with these. "
            "Use the file it was started with, or another --output folder."
        )
    take_over(campaign)
    return campaign


def _fingerprint(rows: Any) -> str:
    return hashlib.sha256(json.dumps(sorted(map(list, rows))).encode()).hexdigest()


def _work(campaign: Campaign, output: Path, executor: Executor) -> CampaignState:
    from crowdsft.cli.progress import CampaignProgress
    from crowdsft.rounds.resources import Resources
    from crowdsft.rounds.worker import Worker
    from crowdsft.web.adapters.dropping import drop_spare
    from crowdsft.web.journal_django import DjangoStore, campaign_state

    with CampaignProgress(campaign_state(campaign)) as progress:
        resources = Resources(output, report=progress.report)
        worker = Worker(DjangoStore(), resources, executor=executor, raise_errors=True)
        try:
            state = worker.run_campaign(campaign.slug, progress.happened)
        finally:
            executor.close()
    drop_spare(resources.artifacts)
    return state


def write_result(
    campaign: Campaign, state: CampaignState, output: Path, *, seconds: float, processes: tuple[int, ...] = ()
) -> dict[str, Any]:
    """Write `result.json` and `report.html` into `output` and return the result."""
    from crowdsft.cli.report import write_report
    from crowdsft.rounds.artifacts import artifacts_in
    from crowdsft.rounds.result import campaign_result, peak_memory_bytes
    from crowdsft.web.journal_django import ledger

    names = dict(campaign.memberships.values_list("contributor", "pseudonym"))
    result = campaign_result(
        state,
        ledger(campaign),
        names=names,
        total_seconds=seconds,
        peak_memory_bytes=peak_memory_bytes(processes),
    )
    (output / "result.json").write_text(
        json.dumps(result, indent=2, ensure_ascii=False) + "\n", encoding="utf-8"
    )
    write_report(result, state, artifacts_in(output), output / "report.html")
    return result


def winner_words(row: dict[str, Any]) -> str:
    """Who won a round of a result: "group B", or which merge of the groups."""
    number = row["winner"] - len(row["candidates"])
    if number >= 0:
        return MERGE_WORDS[row["merges"][number]["kind"]]
    return f"group {chr(65 + row['winner'] % 26)}"


def print_summary(result: dict[str, Any], output: Path) -> None:
    """What happened, for people."""
    from rich.console import Console
    from rich.table import Table

    console = Console(highlight=False)
    sign = 1 if "score" in result else -1
    table = Table(
        "Round",
        "Winner",
        "Score" if "score" in result else "Distance",
        "Points paid",
        title=f"Campaign {result['campaign']}",
        title_justify="left",
    )
    for row in result["rounds"]:
        winner = row["winner"]
        label = "base kept" if winner is None else winner_words(row)
        shown = sign * row["utility"]
        table.add_row(str(row["round"]), label, f"{shown:.3f}", str(sum(row["awards"].values())))
    console.print(table)
    console.print(
        f"{_progress_words(result)} in {result['seconds']['total']:.0f} s. "
        f"Ledger: {result['ledger']['sum']} points in {result['ledger']['entries']} entries, "
        f"{'valid' if result['ledger']['valid'] else 'NOT VALID'}."
    )
    best = sorted(result["points"].items(), key=lambda item: -item[1])[:5]
    console.print("Most points: " + ", ".join(f"{name} {points}" for name, points in best))
    console.print(f"Everything is in {output}: open report.html, or: crowdsft serve --data {output}")


def _progress_words(result: dict[str, Any]) -> str:
    if "score" in result:
        return f"Score by the judges {result['score']['start']:.3f} -> {result['score']['end']:.3f}"
    return (
        f"Distance to the target {result['base_distance']:.3f} -> {result['final_distance']:.3f} "
        f"({result['reduction_percent']:.1f} % closer)"
    )
