"""Models in Hugging Face's format, from a folder or from the hub: where they are, how to load them, why not.

Only safetensors weights are read: a pickle can run code on the machine that loads it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from crowdsft.core.errors import MissingExtraError, ModelError

_HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]*(/[\w.-]+)?")


def locate(reference: str, *, instead: str = "") -> str:
    """The folder or hub id to load `reference` from; nothing is loaded yet.

    Args:
        instead: What else could be given, appended to the advice.

    Raises:
        ModelError: The folder does not exist or holds no model.
    """
    folder = Path(reference).expanduser()
    if folder.is_dir():
        require_files(folder, reference)
        return str(folder)
    if folder.exists():
        raise ModelError(f"{reference!r} is a file; give the folder that holds config.json and the weights.")
    if not _HUB_ID.fullmatch(reference) or reference.startswith((".", "~", "/")):
        raise ModelError(
            f"the folder {reference!r} does not exist (looked for {folder.absolute()}). "
            f"Give the path of a model's folder, a hub id such as 'organisation/name'{instead}."
        )
    return reference


def load_network(
    kind: str,
    reference: str,
    *,
    revision: str | None = None,
    trust_remote_code: bool = False,
    unused: str | None = None,
) -> tuple[Any, Any]:
    """A network in evaluation mode, float32 on the CPU, and its tokenizer.

    Args:
        kind: One of transformers' classes, e.g. "AutoModelForSequenceClassification".
        reference: A folder in Hugging Face's format, or a hub id.
        revision: Branch, tag or commit on the hub; None for its default branch.
        trust_remote_code: Whether Python code that comes with the model may run on this machine.
        unused: Weights with this in their name may be missing: the caller does not use them.

    Raises:
        ModelError: It cannot be found, or is no such network with safetensors weights and a tokenizer.
        MissingExtraError: The [train] extra is not installed.
    """
    try:
        import torch
        import transformers
        from safetensors import SafetensorError
    except ImportError as error:
        raise MissingExtraError("Loading a model", "train") from error
    source = locate(reference)
    shared: dict[str, Any] = {"revision": revision, "trust_remote_code": trust_remote_code}
    try:
        with quietly():
            model, report = getattr(transformers, kind).from_pretrained(
                source, dtype=torch.float32, use_safetensors=True, output_loading_info=True, **shared
            )
        tokenizer = transformers.AutoTokenizer.from_pretrained(source, **shared)
    except (OSError, ValueError, RuntimeError, ImportError, KeyError, SafetensorError) as error:
        raise ModelError(why_not_loaded(reference, source, error)) from error
    missing = [name for name in report["missing_keys"] if unused is None or unused not in name]
    require_weights(missing, reference)
    model.train(False)
    model.requires_grad_(False)
    return model, tokenizer


def optional_json(reference: str, name: str, *, revision: str | None = None) -> Any:
    """What a JSON file beside a model holds; None where the model has no such file.

    Raises:
        ModelError: Nobody can say whether it has one: the hub cannot be reached. Or the file is no JSON.
    """
    from huggingface_hub import hf_hub_download
    from huggingface_hub.errors import EntryNotFoundError, HfHubHTTPError, LocalEntryNotFoundError

    source = Path(locate(reference))
    path = source / name
    try:
        if not source.is_dir():
            path = Path(hf_hub_download(reference, name, revision=revision))
        return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else None
    except LocalEntryNotFoundError as error:
        raise ModelError(
            f"whether the model {reference!r} has the file {name} cannot be known: it is not in the local cache, and "
            f"the Hugging Face hub cannot be reached. Run `hf download {reference}` while connected and give the "
            "folder that it prints instead of the id."
        ) from error
    except EntryNotFoundError:
        return None
    except (OSError, HfHubHTTPError, ValueError) as error:
        raise ModelError(f"{name} of the model {reference!r} cannot be read: {error}") from error


@contextmanager
def quietly() -> Iterator[None]:
    """No progress bars inside the block; who wants one has a callback for it."""
    from transformers.utils import logging

    shown = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    try:
        yield
    finally:
        if shown:
            logging.enable_progress_bar()  # type: ignore[no-untyped-call]


def require_files(folder: Path, reference: str) -> None:
    """Refuse a folder that holds no model with safetensors weights.

    Raises:
        ModelError: saying what it holds instead.
    """
    if not (folder / "config.json").is_file():
        raise ModelError(
            f"{reference!r} holds no config.json ({folder}), so it is not a model in Hugging Face's format. "
            "Save one there with model.save_pretrained(folder) and tokenizer.save_pretrained(folder)."
        )
    if not any(folder.glob("*.safetensors")):
        pickles = sorted(path.name for pattern in ("*.bin", "*.pt", "*.pth") for path in folder.glob(pattern))
        found = f"only {', '.join(pickles)}, which can run code when read" if pickles else "no weights at all"
        raise ModelError(
            f"{reference!r} holds no safetensors weights, {found} ({folder}). "
            "Load it where you trust it and save it again with model.save_pretrained(folder)."
        )


def require_weights(missing: Collection[str], reference: str) -> None:
    """Refuse what transformers would fill with random numbers."""
    if missing:
        raise ModelError(
            f"{reference!r} lacks {len(missing)} of its weights, {min(missing)} among them. "
            "Its files are incomplete: fetch or save it again."
        )


def why_not_loaded(reference: str, source: str, error: Exception, *, instead: str = "") -> str:
    """What went wrong while loading `reference` from `source`, and what to do next.

    Args:
        instead: What else could be used, appended to the advice when the hub cannot be reached.
    """
    from huggingface_hub import errors as hub

    chain: list[BaseException] = []
    link: BaseException | None = error
    while link is not None and link not in chain:
        chain.append(link)
        link = link.__cause__ or link.__context__

    def caused_by(*kinds: type[BaseException]) -> bool:
        return any(isinstance(link, kinds) for link in chain)

    where = f"the model {reference!r} could not be loaded"
    if Path(source).is_dir():
        return f"{where} from {source}: {error}"
    if caused_by(hub.GatedRepoError):
        return (
            f"{where}: it is gated. Accept its terms on https://huggingface.co/{reference} and set HF_TOKEN."
        )
    if caused_by(hub.RevisionNotFoundError):
        return f"{where}: the hub has no such revision of it. Check `revision`."
    if caused_by(hub.RepositoryNotFoundError):
        return f"{where}: no folder has this name, and the hub does not know it (if private, set HF_TOKEN)."
    unreachable = (hub.OfflineModeIsEnabled, hub.LocalEntryNotFoundError, ConnectionError)
    if caused_by(*unreachable) or "offline" in str(error):
        return (
            f"{where}: it is neither a folder nor in the local cache, and the Hugging Face hub cannot be "
            "reached. Unset HF_HUB_OFFLINE or connect to the network, download it beforehand with "
            f"`hf download {reference}`{instead}."
        )
    if "trust_remote_code" in str(error):
        return (
            f"{where}: it needs Python code of its own. Read it, then set trust_remote_code if you trust it."
        )
    if "safetensors" in str(error):
        return (
            f"{where}: it has no safetensors weights. Choose a revision that has them, or convert it first."
        )
    return f"{where}: {error}"
