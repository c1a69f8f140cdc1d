"""The command `crowdsft` and what its subcommands share: exit codes, progress, machine output."""

from __future__ import annotations

import json
import signal
import sys
from typing import Any

import typer
from rich.console import Console

from crowdsft.core.errors import CrowdsftError, InputError

SUCCESS, FAILURE, WRONG_USE = 0, 1, 2
INTERRUPTED = 130

error_console = Console(stderr=True, highlight=False, soft_wrap=True)


def print_json(value: Any) -> None:
    """Machine output: one object on standard output."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False, allow_nan=False) + "\n")
    sys.stdout.flush()


def build_app() -> typer.Typer:
    """The command with all its subcommands."""
    from crowdsft.cli import (
        backup,
        check,
        demo,
        examples,
        experiment,
        export,
        init,
        ledger,
        push,
        run,
        serve,
        simulate,
        value,
        worker,
    )

    app = typer.Typer(
        name="crowdsft",
        help="A crowd improves a language model together, and each contributor earns what it was worth.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode="markdown",
    )
    app.callback()(_common)
    app.command()(demo.demo)
    app.command()(serve.serve)
    app.command()(worker.worker)
    app.command()(run.run)
    app.command()(examples.examples)
    app.command()(init.init)
    app.command()(export.export)
    app.command()(push.push)
    app.command()(backup.backup)
    app.command()(backup.restore)
    app.command()(simulate.simulate)
    app.command()(value.value)
    app.command()(check.check)
    app.add_typer(experiment.app, name="experiment")
    app.add_typer(ledger.app, name="ledger")
    return app


def _print_version(wanted: bool) -> None:
    if wanted:
        from crowdsft import __version__

        typer.echo(f"crowdsft {__version__}")
        raise typer.Exit


def _common(
    version: bool = typer.Option(
        False, "--version", help="Print the version and exit.", is_eager=True, callback=_print_version
    ),
) -> None:
    """Options of every command."""


def main() -> None:
    """Run the command line and exit with its code."""
    for number in (signal.SIGINT, signal.SIGTERM):  # also where a shell started us with them ignored
        signal.signal(number, signal.default_int_handler)
    try:
        code = build_app()(standalone_mode=False)
        if code == INTERRUPTED:  # typer turns Ctrl-C into this
            raise KeyboardInterrupt
        sys.exit(code if isinstance(code, int) else SUCCESS)
    except InputError as error:
        _fail(str(error), WRONG_USE)
    except CrowdsftError as error:
        _fail(str(error), FAILURE)
    except (KeyboardInterrupt, typer.Abort):
        _fail("Interrupted. What was done is kept; the same command with --resume goes on.", FAILURE)
    except BrokenPipeError:
        sys.exit(FAILURE)
    except Exception as error:
        exit_code = getattr(error, "exit_code", None)
        if exit_code is None or not hasattr(error, "format_message"):
            raise
        _fail(_usage(error), WRONG_USE)


def _usage(error: Any) -> str:
    context = getattr(error, "ctx", None)
    hint = f"\nSee: {context.command_path} --help" if context is not None else ""
    return f"{error.format_message()}{hint}"


def _fail(message: str, code: int) -> None:
    error_console.print("[bold red]crowdsft:[/] ", end="")
    error_console.print(message, markup=False)
    sys.exit(code)
