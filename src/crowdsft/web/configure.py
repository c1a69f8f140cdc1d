"""Set Django up for a data folder. Every command that touches the database starts here."""

from __future__ import annotations

import os
import tempfile
from contextlib import suppress
from pathlib import Path

from crowdsft.core.errors import InputError

PLATFORM_DATABASE = "crowdsft.sqlite"
RUN_DATABASE = "campaign.sqlite"
OWNER_ONLY = 0o077  # what the umask takes from everybody else


def configure(data: Path, *, database: str | None = None) -> None:
    """Point Django at the platform in `data` (made when it does not exist) and load it.

    From here on this process makes files that only their owner reads: the database holds people's texts.

    Args:
        data: Folder of the database, the artifacts and the secret key.
        database: Name of the SQLite file in `data`; default `crowdsft.sqlite`.

    Raises:
        InputError: when the folder cannot be written.
    """
    os.umask(OWNER_ONLY)
    prepare_folder(data)
    _close_to_others(data)
    os.environ["CROWDSFT_DATA"] = str(data.resolve())
    if database:
        os.environ["CROWDSFT_DATABASE_FILE"] = database
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "crowdsft.web.settings")
    import django

    django.setup()


def _close_to_others(data: Path) -> None:
    """Take the folder and its databases from others where an earlier version left them readable.

    Somebody else's folder (a shared volume, another owner) is left as it is.
    """
    for path in (data, *data.glob("*.sqlite*")):
        with suppress(PermissionError, FileNotFoundError):
            path.chmod(path.stat().st_mode & ~OWNER_ONLY)


def configure_existing(data: Path) -> None:
    """Like `configure`, for a folder that must hold a platform or the output of `crowdsft run` already.

    Raises:
        InputError: when it does not.
    """
    if "CROWDSFT_DATABASE_URL" not in os.environ and not database_file(data).exists():
        raise InputError(f"{data} holds no crowdsft database. Check the path given with --data.")
    configure(data, database=database_file(data).name)


def database_file(data: Path) -> Path:
    """The SQLite file in `data`: the platform's, or that of a `crowdsft run`."""
    of_run = data / RUN_DATABASE
    return of_run if of_run.exists() else data / PLATFORM_DATABASE


def prepare_folder(folder: Path) -> None:
    """Make `folder` and check that it can be written.

    Raises:
        InputError: saying why not.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):  # a name of its own: workers start side by side
            pass
    except OSError as error:
        raise InputError(
            f"The folder {folder} cannot be written: {error.strerror or error}. "
            "Choose another folder, or change its permissions."
        ) from error


def migrate() -> None:
    """Bring the database's tables up to date."""
    from django.core.management import call_command

    call_command("migrate", interactive=False, verbosity=0)
