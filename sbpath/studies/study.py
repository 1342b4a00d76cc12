"""What a study declares, so that the command line can run it and print what it finds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from sbpath.errors import InputError
from sbpath.mechanism.mechanism import Mechanism
from sbpath.protocol.protocol import Protocol
from sbpath.solution import Solution
from sbpath.text.tables import Column


@dataclass(frozen=True, slots=True)
class Argument:
    """An argument of a study.

    Attributes
    ----------
    name : str
        Of the keyword argument of the study's protocol; with hyphens, of the option.
    default : Any
        What it is if not given; its type is that of the value.
    help : str
        What it means.
    metavar : str
        The placeholder for the value in the help.
    several : int or "+" or None
        How many values it takes, if more than one.
    choices : tuple, optional
        The values that it can have.
    kind : type
        Of each value.
    parameters : tuple of str
        What the function that makes the protocol calls it, where that is another name.
    """

    name: str
    default: Any
    help: str
    metavar: str
    several: int | str | None = None
    choices: tuple[str, ...] | None = None
    kind: type = str
    parameters: tuple[str, ...] = ()

    def named(self, problem: str) -> str:
        """A mistake that the function found, under the name of this argument."""
        parameter, colon, rest = problem.partition(": ")
        if not colon or parameter not in self.parameters:
            return problem
        return f"{self.name}: {rest}" if len(self.parameters) == 1 else f"{self.name}: {parameter} {rest}"


RATE = Argument("rate", "C/10", "current throughout", "RATE")
REST = Argument("rest", "10 h", "how long each rest is", "TIME")


@dataclass(frozen=True, slots=True)
class Study:
    """A question, as a protocol and what is read off its solution.

    Attributes
    ----------
    name : str
        Of the study on the command line.
    title : str
        What it is, in a few words.
    description : str
        What is done and what is printed, in a few sentences.
    example : str
        A call.
    arguments : tuple of Argument
        What can be chosen besides the cut-offs.
    protocol : callable
        Makes the `Protocol` from mechanism, lower and upper cut-off (V) and the arguments by name.
    rows : callable
        The analysis: the rows of the table from a `Solution`.
    columns : tuple of Column
        The table.
    report : callable
        What is printed of a `Solution`.
    figure : str
        Name of the function of `sbpath.plots` that draws it.
    """

    name: str
    title: str
    description: str
    example: str
    protocol: Callable[..., Protocol]
    rows: Callable[[Solution], Sequence[Any]]
    columns: tuple[Column[Any], ...]
    report: Callable[[Solution], str]
    figure: str
    arguments: tuple[Argument, ...] = field(default=())

    def protocol_of(self, mechanism: Mechanism, lower_V: float, upper_V: float, **chosen: Any) -> Protocol:
        """The protocol between two cut-offs (V), with defaults for arguments that are not given.

        Raises
        ------
        InputError
            All that is wrong with the arguments, one line each.
        """
        given = {argument.name: argument.default for argument in self.arguments} | chosen
        try:
            return self.protocol(mechanism, lower_V, upper_V, **given)
        except InputError as error:
            problems = list(error.problems)
            for argument in self.arguments:
                problems = [argument.named(problem) for problem in problems]
            raise InputError(problems) from None
