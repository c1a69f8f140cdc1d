"""`crowdsft check`: what is installed, what is missing, what to do."""

from __future__ import annotations

import platform
import shutil
import sys
import tempfile
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path
from typing import Annotated

import typer

from crowdsft.cli.app import error_console, print_json

PARTS = {
    "platform (base install)": (
        "django",
        "django-allauth",
        "django-ninja",
        "granian",
        "numpy",
        "scipy",
        "pydantic",
    ),
    "training [train]": ("torch", "transformers", "peft", "safetensors", "scikit-learn"),
    "PostgreSQL [postgres]": ("psycopg",),
    "Parquet files [data]": ("pyarrow",),
    "TRL's trainer [trl]": ("trl", "datasets"),
}
EXTRA_OF = {
    "training [train]": "train",
    "PostgreSQL [postgres]": "postgres",
    "Parquet files [data]": "data",
    "TRL's trainer [trl]": "trl",
}
REQUIRED = ("platform (base install)", "training [train]")


SAMPLE = ("What a lovely morning!", "I wonder what that was.")


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at. `advice` says what to do when it is not fine."""

    what: str
    fine: bool
    required: bool
    found: str
    advice: str = ""


def check(
    model: Annotated[str | None, typer.Option("--base-model", help="Also try to load this model.")] = None,
    embedding: Annotated[
        str | None,
        typer.Option(
            "--embedding", metavar="NAME", help="Also try this embedding: sentence:ID, classifier:ID."
        ),
    ] = None,
    reward_model: Annotated[
        str | None, typer.Option("--reward-model", metavar="ID|PATH", help="Also try this reward model.")
    ] = None,
    revision: Annotated[
        str | None,
        typer.Option("--revision", help="Revision of the embedding or the reward model on the hub."),
    ] = None,
    campaign: Annotated[
        Path | None,
        typer.Option(
            "--campaign", metavar="CAMPAIGN.toml", help="Also read this campaign file and advise on it."
        ),
    ] = None,
    json_output: Annotated[bool, typer.Option("--json", help="Print the findings as JSON.")] = False,
) -> None:
    """Say what is installed, what is missing, and what to do about it.

    Example: crowdsft check --base-model builtin:tiny
    """
    findings = [_python(), *(_part(name, packages) for name, packages in PARTS.items()), _disk()]
    if all(finding.fine for finding in findings if finding.what == "training [train]"):
        findings.append(_model(model or "builtin:tiny"))
        if embedding is not None:
            findings.append(_embedding(embedding, revision))
        if reward_model is not None:
            findings.append(_reward_model(reward_model, revision))
    if campaign is not None:
        findings.append(_campaign(campaign))
    ready = all(finding.fine for finding in findings if finding.required)
    if json_output:
        print_json({"ready": ready, "findings": [asdict(finding) for finding in findings]})
    else:
        _show(findings, ready=ready)
    if not ready:
        raise typer.Exit(1)


def _python() -> Finding:
    fine = sys.version_info >= (3, 11)
    return Finding(
        "Python", fine, True, platform.python_version(), "" if fine else "Install Python 3.11 or newer."
    )


def _part(name: str, packages: tuple[str, ...]) -> Finding:
    found, missing = [], []
    for package in packages:
        try:
            found.append(f"{package} {metadata.version(package)}")
        except metadata.PackageNotFoundError:
            missing.append(package)
    advice = ""
    if missing:
        extra = f"[{EXTRA_OF[name]}]" if name in EXTRA_OF else ""
        advice = f"Missing: {', '.join(missing)}. Install with: pip install 'crowdsft{extra}'"
    return Finding(name, not missing, name in REQUIRED, ", ".join(found) or "nothing", advice)


def _disk() -> Finding:
    free = shutil.disk_usage(tempfile.gettempdir()).free / 1e9
    advice = "" if free > 1 else "Free some space: adapters and outputs of every round are kept."
    return Finding("disk", free > 1, False, f"{free:.0f} GB free in {tempfile.gettempdir()}", advice)


def _model(reference: str) -> Finding:
    from crowdsft.core.errors import CrowdsftError
    from crowdsft.training.models import load_model

    try:
        loaded = load_model(reference)
    except CrowdsftError as error:
        return Finding(f"model {reference}", False, True, "not loaded", str(error))
    count = sum(parameter.numel() for parameter in loaded.model.parameters())
    return Finding(f"model {reference}", True, True, f"{count / 1e6:.2f} million parameters")


def _embedding(name: str, revision: str | None) -> Finding:
    from crowdsft.core.errors import CrowdsftError
    from crowdsft.embedding import make_embedding

    try:
        embedding = make_embedding(name, revision=revision)
        rows = embedding.embed(SAMPLE)
    except CrowdsftError as error:
        return Finding(f"embedding {name}", False, True, "not loaded", str(error))
    labels = ", ".join(embedding.labels[:8]) + (", ..." if len(embedding.labels) > 8 else "")
    return Finding(f"embedding {name}", True, True, f"{rows.shape[1]} dimensions: {labels}")


def _reward_model(reference: str, revision: str | None) -> Finding:
    from crowdsft.core.errors import CrowdsftError
    from crowdsft.embedding.networks import class_labels
    from crowdsft.judging.reward_model import RewardModelJudge

    judge = RewardModelJudge(model=reference, revision=revision)
    try:
        network = judge.network()
        labels = class_labels(network)
        judge.label = labels[0]
        score = float(judge.scores([("Write a comment.", SAMPLE[0])])[0])
    except CrowdsftError as error:
        return Finding(f"reward model {reference}", False, True, "not loaded", str(error))
    template = "a chat template" if network.tokenizer.chat_template else "pairs of texts"
    found = (
        f"labels {', '.join(labels[:8])}; reads {template}; {SAMPLE[0]!r} scores {score:.3f} on {labels[0]}"
    )
    advice = (
        "" if len(labels) == 1 else "It has several labels: set reward_model.label to the one that is wanted."
    )
    return Finding(f"reward model {reference}", True, True, found, advice)


def _campaign(path: Path) -> Finding:
    from crowdsft.cli.campaign_file import read_campaign_file
    from crowdsft.core.advice import advice_of
    from crowdsft.core.errors import CrowdsftError

    try:
        settings = read_campaign_file(path)
    except CrowdsftError as error:
        return Finding(f"campaign {path}", False, True, "not readable", str(error))
    rounds = settings.rounds
    found = f"{settings.campaign.name!r}: {rounds.count} rounds of {rounds.groups} groups, no faults"
    return Finding(f"campaign {path}", True, True, found, " ".join(advice_of(settings)))


def _show(findings: list[Finding], *, ready: bool) -> None:
    for finding in findings:
        mark = "ok     " if finding.fine else "MISSING" if finding.required else "absent "
        error_console.print(f"{mark}  {finding.what}: {finding.found}", markup=False)
        if finding.advice:
            error_console.print(f"         {finding.advice}", markup=False)
    where = Path(sys.prefix)
    error_console.print(
        f"Ready: try `crowdsft demo`. ({where})" if ready else f"Not ready yet; see above. ({where})",
        markup=False,
    )
