"""`crowdsft demo`: the whole platform with a sample campaign and simulated contributors."""

from __future__ import annotations

import subprocess
import sys
import time
import webbrowser
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Annotated, Any

import httpx
import typer

from crowdsft.cli.app import error_console, print_json
from crowdsft.cli.demo_crowd import SimulatedCrowd
from crowdsft.cli.run import print_summary, winner_words, write_result
from crowdsft.cli.serve import free_port
from crowdsft.client import CampaignSummary, Client
from crowdsft.core.errors import CrowdsftError, InputError
from crowdsft.core.seeds import derive_rng

DEMO_EMOTION = "joy"
EXPERT_EXAMPLES = 100
TASKS_PER_CONTRIBUTOR = 8
START_SECONDS = 60.0


def demo(
    headless: Annotated[bool, typer.Option("--headless", help="End when the campaign does.")] = False,
    contributors: Annotated[
        int, typer.Option("--contributors", min=2, max=500, help="Simulated contributors.")
    ] = 12,
    groups: Annotated[
        int, typer.Option("--groups", min=2, max=32, help="Groups, and so candidates, per round.")
    ] = 3,
    rounds: Annotated[int, typer.Option("--rounds", min=1, max=100, help="Rounds.")] = 3,
    seed: Annotated[int, typer.Option("--seed", min=0, help="The same seed gives the same campaign.")] = 1,
    output: Annotated[
        Path | None, typer.Option("--output", metavar="DIR", help="Default: demo-output.")
    ] = None,
    json_output: Annotated[bool, typer.Option("--json", help="Print the result as one JSON object.")] = False,
) -> None:
    """Start the platform with a sample campaign; simulated contributors work on it over HTTP, models really train.

    Example: crowdsft demo --headless --seed 1 --output demo-output --json
    """
    started = time.perf_counter()
    if contributors < groups:
        raise InputError(f"{contributors} contributors cannot fill {groups} groups. Use more --contributors.")
    folder = _empty_folder(output)
    port = free_port("127.0.0.1", 0)
    address = f"http://127.0.0.1:{port}"
    with _server(folder, port) as server, Client(address) as anybody:
        _wait_until_up(address, server)
        settings = demo_settings(contributors=contributors, groups=groups, rounds=rounds, seed=seed)
        with anybody.sign_up(
            "organiser", _password(seed, "organiser"), pseudonym="demo-organiser"
        ) as organiser:
            campaign = organiser.create_campaign(settings)
        page = f"{address}/campaigns/{campaign.slug}/"
        error_console.print(f"The campaign is at {page} (contributors are simulated)", markup=False)
        if not headless and sys.stdout.isatty():
            webbrowser.open(page)
        crowd = SimulatedCrowd(
            address,
            campaign.slug,
            emotion=DEMO_EMOTION,
            contributors=contributors,
            seed=seed,
            unhurried=not headless,
        )
        with crowd:
            _watch(anybody, campaign.slug, server, crowd)
        result = _result(folder, campaign.slug, server.pid, seconds=time.perf_counter() - started)
        if json_output:
            print_json(result)
        else:
            print_summary(result, folder)
        if not headless:
            error_console.print(f"The pages stay at {page} until you press Ctrl-C.", markup=False)
            with suppress(KeyboardInterrupt):
                server.wait()


def demo_settings(*, contributors: int, groups: int, rounds: int, seed: int) -> dict[str, Any]:
    """The sample campaign, as a campaign file would hold it."""
    from crowdsft.world import PROMPTS, expert_comments

    examples = expert_comments(DEMO_EMOTION, EXPERT_EXAMPLES, derive_rng(seed, "expert comments"))
    return {
        "campaign": {
            "name": "Joy in comments",
            "description": "Teach the model to comment the way a joyful person would.",
            "guidelines": "Write one short comment in your own words.\n\n- **Be warm.** Say what makes you glad.\n"
            "- **Be yourself.** No copied texts.\n- If the model wrote something, make it better.",
            "seed": seed,
            "simulated": True,
        },
        "prompts": {"texts": list(PROMPTS)},
        "target": {"examples": examples},
        "rounds": {
            "count": rounds, "groups": groups, "close": "size", "size": contributors * TASKS_PER_CONTRIBUTOR,
        },
        "tasks": {"per_contributor": TASKS_PER_CONTRIBUTOR},
    }  # fmt: skip


def _empty_folder(output: Path | None) -> Path:
    from crowdsft.web.configure import prepare_folder

    folder = output or Path("demo-output")
    number = 2
    while output is None and folder.exists():
        folder = Path(f"demo-output-{number}")
        number += 1
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise InputError(
            f"{folder} is not empty. Name another folder, or look at what it holds with: crowdsft serve --data {folder}"
        )
    prepare_folder(folder)
    return folder


@contextmanager
def _server(folder: Path, port: int) -> Iterator[subprocess.Popen[bytes]]:
    import os

    command = [
        sys.executable, "-m", "crowdsft", "serve", "--port", str(port), "--data", str(folder),
        "--parent", str(os.getpid()),
    ]  # fmt: skip
    with (folder / "server.log").open("wb") as log:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
        )
        try:
            yield process
        finally:
            process.terminate()
            try:
                process.wait(timeout=15)
            except subprocess.TimeoutExpired:
                process.kill()


def _wait_until_up(address: str, server: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if server.poll() is not None:
            raise CrowdsftError("The server did not start; server.log in the output folder says why.")
        with suppress(httpx.TransportError):
            if httpx.get(f"{address}/healthz", timeout=2.0).is_success:
                return
        time.sleep(0.1)
    raise CrowdsftError(
        f"The server did not answer within {START_SECONDS:.0f} s; see server.log in the output folder."
    )


def _watch(client: Client, slug: str, server: subprocess.Popen[bytes], crowd: SimulatedCrowd) -> None:
    """Tell what happens until the campaign is over."""
    told, said = 0, ""
    while True:
        if server.poll() is not None:
            raise CrowdsftError("The server stopped; server.log in the output folder says why.")
        summary = client.campaign(slug)
        crowd.hear(round_is_open=summary.state == "collecting")
        if summary.state == "stuck":
            raise CrowdsftError(f"The campaign cannot go on: {summary.doing}")
        rounds = client.result(slug)["rounds"]
        for row in rounds[told:]:
            error_console.print(_round_sentence(row), markup=False)
        told = len(rounds)
        if summary.state == "finished":
            return
        doing = _doing(summary)
        if doing != said:
            error_console.print(f"  {doing}", style="dim", markup=False)
            said = doing
        time.sleep(0.4)


def _doing(summary: CampaignSummary) -> str:
    """What is going on, coarse enough that each sentence is worth a line."""
    if summary.state == "collecting":
        return f"round {summary.round} of {summary.rounds}: {summary.contributors} contributors are at work"
    if summary.state == "training":
        return f"round {summary.round} of {summary.rounds}: candidates train and are measured"
    return "preparing"


def _round_sentence(row: dict[str, Any]) -> str:
    candidates = ", ".join(f"{chr(65 + c['group'] % 26)} {-c['utility']:.3f}" for c in row["candidates"])
    winner = "the base stays" if row["winner"] is None else f"{winner_words(row)} wins"
    paid = sum(row["awards"].values())
    return (
        f"Round {row['round']}: base {-row['base_utility']:.3f}; {candidates}; {winner}; {paid} points paid"
    )


def _result(folder: Path, slug: str, server: int, *, seconds: float) -> dict[str, Any]:
    from crowdsft.web.configure import configure_existing

    configure_existing(folder)
    from crowdsft.web.campaigns.models import Campaign
    from crowdsft.web.journal_django import campaign_state

    campaign = Campaign.objects.get(slug=slug)
    processes = (server, *descendants(server))
    return write_result(campaign, campaign_state(campaign), folder, seconds=seconds, processes=processes)


def descendants(process: int) -> tuple[int, ...]:
    """Processes below `process`, where /proc tells it."""
    found: list[int] = []
    for task in Path(f"/proc/{process}/task").glob("*/children"):
        for child in map(int, task.read_text().split()):
            found.extend((child, *descendants(child)))
    return tuple(found)


def _password(seed: int, name: str) -> str:
    return f"{derive_rng(seed, name, 'password').bytes(12).hex()}"
