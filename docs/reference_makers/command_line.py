"""Every command and every option, as the program itself knows them."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from typing import Any

import typer.main
from typer.core import TyperArgument

from crowdsft.cli.app import build_app
from reference_makers.markdown import MissingWordsError, table

WITHOUT_HELP = {
    "--contributors": "How many simulated contributors there are.",
    "--groups": "Groups, and so candidates, in each round.",
    "--rounds": "Number of rounds.",
    "--seed": "Seed of all that is left to chance.",
    "--json": "Print JSON.",
}
_EXAMPLE = re.compile(r"\n\s*Examples?: (?P<command>crowdsft .*)", re.DOTALL)


def every_command() -> Iterator[tuple[str, Any]]:
    """("ledger verify", its command), in the order of the help; groups come before their members."""
    yield from _below("", typer.main.get_command(build_app()))


def _below(prefix: str, group: Any) -> Iterator[tuple[str, Any]]:
    for name, command in group.commands.items():
        if command.hidden:
            continue
        yield f"{prefix}{name}", command
        if hasattr(command, "commands"):
            yield from _below(f"{prefix}{name} ", command)


def shown_parameters(command: Any) -> list[Any]:
    """The arguments and options that `--help` lists, but for --help itself."""
    return [parameter for parameter in command.params if not getattr(parameter, "hidden", False)]


def command_line_part() -> str:
    """A section for each command."""
    return "\n\n".join(_section(name, command) for name, command in every_command())


def _section(name: str, command: Any) -> str:
    words = inspect.cleandoc(command.help or "")
    if not words:
        raise MissingWordsError(f"the command {name!r} has no docstring")
    example = _EXAMPLE.search(words)
    described = _EXAMPLE.sub("", words).strip()
    parts = [f"## crowdsft {name}", " ".join(described.split())]
    if hasattr(command, "commands"):
        parts.append(f"Its commands: {', '.join(f'`{name} {below}`' for below in command.commands)}.")
        return "\n\n".join(parts)
    if example:
        parts.append(f"```console\n$ {' '.join(example['command'].split())}\n```")
    rows = [_row(name, parameter) for parameter in shown_parameters(command)]
    if rows:
        parts.append(table(("Option", "Default", "Meaning"), rows))
    return "\n\n".join(parts)


def _row(name: str, parameter: Any) -> tuple[str, str, str]:
    is_argument = isinstance(parameter, TyperArgument)
    option = parameter.metavar or parameter.name.upper() if is_argument else ", ".join(parameter.opts)
    value = "" if is_argument or parameter.is_flag else f" {_value(parameter)}"
    meaning = parameter.help or WITHOUT_HELP.get(option, "")
    if not meaning:
        raise MissingWordsError(
            f"{option} of the command {name!r} has no help; give it one in src/crowdsft/cli"
        )
    return f"`{option}{value}`", _default(parameter), f"{meaning}{_limits(parameter)}"


def _value(parameter: Any) -> str:
    if parameter.metavar:
        return str(parameter.metavar)
    annotation = getattr(getattr(parameter, "type_descriptor", None), "annotation", str)
    known = {int: "N", float: "X", str: "NAME"}
    return known.get(annotation, "FILE")


def _default(parameter: Any) -> str:
    if parameter.required:
        return "*required*"
    if getattr(parameter, "is_flag", False):
        return "off"
    return "" if parameter.default is None else f"`{parameter.default}`"


def _limits(parameter: Any) -> str:
    low, high = getattr(parameter, "min", None), getattr(parameter, "max", None)
    if low is None and high is None:
        return ""
    if high is None:
        return f" At least {low:g}."
    return f" {low or 0:g} to {high:g}."
