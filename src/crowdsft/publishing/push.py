"""Pushing a model's files to the Hugging Face hub, in one commit."""

from __future__ import annotations

import re
from collections.abc import Sequence

from crowdsft.core.errors import CrowdsftError, InputError, MissingExtraError
from crowdsft.publishing.archive import Content

_REPOSITORY = re.compile(r"[A-Za-z0-9][\w.-]{0,95}/[A-Za-z0-9][\w.-]{0,95}")
NOT_PUSHED = "Nothing was pushed"


def check_repository(repository: str) -> None:
    """Raises: InputError when `repository` is not ORG/NAME."""
    if not _REPOSITORY.fullmatch(repository):
        raise InputError(
            f"{repository!r} is no repository. Give it as ORG/NAME, for example my-group/my-model."
        )


def push_files(files: Sequence[tuple[str, Content]], repository: str, *, private: bool, message: str) -> str:
    """Make the repository where it is missing, and commit all files; returns its address.

    The token is HF_TOKEN's or that of `hf auth login`, as huggingface_hub finds it; it is kept nowhere else. The
    commit is made when everything has arrived: a push that is cut off leaves no half model.

    Args:
        files: Names in the repository, and what they hold.
        repository: ORG/NAME.
        private: Whether a repository that is made here is private; one that is there stays as it is.
        message: Of the commit.

    Raises:
        InputError: there is no token, or the name is none.
        CrowdsftError: the hub refuses, or cannot be reached.
        MissingExtraError: huggingface_hub is not installed.
    """
    check_repository(repository)
    try:
        from huggingface_hub import CommitOperationAdd, HfApi, constants, get_token
        from huggingface_hub.errors import HfHubHTTPError, OfflineModeIsEnabled
    except ImportError as error:
        raise MissingExtraError("Pushing to the Hugging Face hub", "train") from error
    where = constants.ENDPOINT
    if get_token() is None:
        raise InputError(
            f"{NOT_PUSHED}: there is no token for {where}. Make one that may write in its settings, and set HF_TOKEN "
            "or run `hf auth login`. --dry-run writes the folder without one."
        )
    hub = HfApi()
    try:
        hub.create_repo(repository, private=private, exist_ok=True)
        hub.create_commit(
            repository,
            [CommitOperationAdd(path_in_repo=name, path_or_fileobj=content) for name, content in files],
            commit_message=message,
        )
    except OfflineModeIsEnabled as error:
        raise CrowdsftError(
            f"{NOT_PUSHED}: HF_HUB_OFFLINE is set, so nothing may go to {where}. Unset it, or write the folder with "
            "--dry-run and upload it elsewhere with `hf upload`."
        ) from error
    except HfHubHTTPError as error:
        raise CrowdsftError(_refused(error, repository, where)) from error
    except Exception as error:
        if not _is_of_the_network(error):
            raise
        raise CrowdsftError(
            f"{NOT_PUSHED}: {where} cannot be reached: {error or type(error).__name__}. Connect to the network and run "
            "the command again, or write the folder with --dry-run and upload it elsewhere with `hf upload`."
        ) from error
    return f"{where}/{repository}"


def _is_of_the_network(error: Exception) -> bool:
    """Whether the other side did not answer; which HTTP library says so depends on huggingface_hub's version."""
    names = {kind.__name__ for kind in type(error).__mro__}
    return isinstance(error, OSError) or bool(names & {"TransportError", "RequestException"})


def _refused(error: Exception, repository: str, where: str) -> str:
    response = getattr(error, "response", None)
    status = getattr(response, "status_code", None)
    if status == 401:
        return (
            f"{NOT_PUSHED}: {where} does not know the token. Make a new one that may write, and set HF_TOKEN."
        )
    if status == 403:
        return (
            f"{NOT_PUSHED}: the token may not write to {repository}. Make one that may write there, or name a "
            "repository of your own."
        )
    return f"{NOT_PUSHED}: {where} refused: {error}"
