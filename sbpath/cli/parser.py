"""The parser of the command line: commands, and mistakes in them in one line."""

from __future__ import annotations

import argparse
import re
from collections.abc import Sequence
from typing import Any, NoReturn

from sbpath import __version__
from sbpath.cli import (
    cmd_app,
    cmd_compare,
    cmd_fit,
    cmd_literature,
    cmd_propose,
    cmd_read,
    cmd_run,
    cmd_simulate,
    cmd_sweep,
    cmd_systems,
    cmd_why,
)
from sbpath.cli.options import HelpFormatter
from sbpath.errors import InputError, nearest, same_name

EXAMPLES = """examples:
  sbpath list
  sbpath simulate li-sb --cycles 2 --plot li.png --csv li.csv
  sbpath run gitt na-sb --rate C/20 --plot gitt.png
  sbpath compare li-sb na-sb k-sb li-sb-libh4 --plot hysteresis.png
"""


class _Once(argparse.Action):
    """Store a value and refuse a second one, which would silently replace the first."""

    def __call__(
        self, parser: argparse.ArgumentParser, namespace: argparse.Namespace, values: Any, option_string: str | None = None
    ) -> None:  # fmt: skip
        given = vars(namespace).setdefault("given", set())
        if option_string is not None and self.dest in given:
            several = "; give all its values after one" if self.nargs in ("+", "*") else "; give it once"
            raise argparse.ArgumentError(self, f"is given twice{several}")
        given.add(self.dest)
        setattr(namespace, self.dest, self.const if self.nargs == 0 else values)


class _Flag(_Once):
    """A switch."""

    def __init__(self, option_strings: Sequence[str], dest: str, **options: Any) -> None:
        super().__init__(option_strings, dest, **{"default": False, **options}, nargs=0, const=True)


class _Parser(argparse.ArgumentParser):
    """Reports a mistake in one line, like the rest of sbpath, with the nearest word that is right."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        # Options that may be repeated have action="append".
        for name in (None, "store"):
            self.register("action", name, _Once)
        self.register("action", "store_true", _Flag)
        # -10C is a temperature, not an option; argparse itself accepts only -10.
        self._negative_number_matcher = re.compile(r"-\d+\.?\d*\s*(°?[CKck])?$")
        self.set_defaults(parser=self)

    def error(self, message: str) -> NoReturn:
        if "expected one argument" in message or "expected at least one argument" in message:
            message += "; a value that begins with - is written with =, e.g. --temperature=-20C"
        raise InputError(f"{message}; see {self.prog} --help")

    def _get_value(self, action: argparse.Action, arg_string: str) -> Any:
        try:
            return super()._get_value(action, arg_string)
        except argparse.ArgumentError:
            wanted = "a whole number" if action.type is int else "a number"
            raise InputError(
                f"{action.option_strings[0]}: must be {wanted}, not {arg_string!r:.60}"
            ) from None

    def _get_values(self, action: argparse.Action, arg_strings: list[str]) -> Any:
        # Commands, studies and other choices may be written in upper or lower case.
        if action.choices is not None:
            several = None if action.nargs != argparse.PARSER else 1
            chosen = [same_name(text, action.choices) or text for text in arg_strings[:several]]
            arg_strings = [*chosen, *arg_strings[len(chosen) :]]
        return super()._get_values(action, arg_strings)

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        if action.choices is not None and value not in action.choices:
            known = [*map(str, action.choices)]
            hint = nearest(str(value), known, f"choose one of {', '.join(known)}")
            if isinstance(action, argparse._SubParsersAction):
                # A study without `run`, or a command after it.
                elsewhere = {words.rpartition(" ")[2]: words for words in parsers()}
                if whole := same_name(str(value), elsewhere):
                    hint = f"write sbpath {elsewhere[whole]}"
            raise argparse.ArgumentError(action, f"there is no {value!r}; {hint}")


def read_command(words: Sequence[str]) -> argparse.Namespace:
    """The options of a command line, with the function that carries the command out as ``handler``.

    Raises
    ------
    InputError
        If it is not one of the commands with their options; the line says what is near.
    """
    options, strange = parser(with_studies=words[:1] == ["run"]).parse_known_args(words)
    if strange:
        raise InputError(_unknown(options, strange[0], words))
    return options


def _unknown(options: argparse.Namespace, word: str, words: Sequence[str]) -> str:
    """What is wrong with a word that the command does not take, and which command does."""
    command = options.parser.prog
    see = f"see {command} --help"
    if not word.startswith("-"):
        if any(
            action.dest == "mechanism" and not action.option_strings for action in options.parser._actions
        ):
            return (
                f"{word}: {command} takes one system; for several: sbpath compare {options.mechanism} {word}"
            )
        return f"{word}: {command} takes no such word; {see}"
    name = word.partition("=")[0]
    commands = parsers()
    others = [f"sbpath {text}" for text in commands if name in commands[text]._option_string_actions]
    own = [option for option in options.parser._option_string_actions if option.startswith("--")]
    hint = nearest(name, own, see)
    if others:
        more = f" and {len(others) - 4} more commands" if len(others) > 4 else ""
        hint = f"only {', '.join(others[:4])}{more} {'has' if len(others) == 1 else 'have'} it"
    return f"{name}: {command} has no such option; {hint}"


def parsers() -> dict[str, argparse.ArgumentParser]:
    """The parser of each command and of each study, by its words."""

    def below(parser: argparse.ArgumentParser, words: str) -> dict[str, argparse.ArgumentParser]:
        found = {words: parser}
        for action in parser._actions:
            if isinstance(action, argparse._SubParsersAction):
                for name, child in action.choices.items():
                    found |= below(child, f"{words} {name}".strip())
        return found

    return below(parser(), "")


def parser(with_studies: bool = True) -> argparse.ArgumentParser:
    """The parser of all commands; those of the studies are slow to make."""
    parser = _Parser(
        prog="sbpath",
        description="Simulate antimony (Sb) battery anodes in Li, Na and K cells: voltage plateaus, phase fractions "
        "and hysteresis from a graph of phases.",
        epilog=EXAMPLES,
        formatter_class=HelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"sbpath {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)

    for group in (cmd_systems, cmd_propose, cmd_simulate, cmd_compare, cmd_why):
        group.add(commands)
    cmd_run.add(commands, with_studies)
    cmd_sweep.add(commands)
    cmd_read.add(commands)
    cmd_fit.add(commands)
    cmd_literature.add(commands)
    cmd_app.add(commands)
    return parser
