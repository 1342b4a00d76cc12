"""The declaration of a study, from which the command line makes a command."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sbpath.errors import InputError, Problems
from sbpath.experiment import Keep
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
        Used if not given.
    help : str
        Its meaning.
    metavar : str
        Placeholder of the value in the help.
    several : int or "+" or None
        Number of values, if more than one.
    choices : tuple, optional
        The values allowed.
    kind : type
        Of each value.
    parameters : tuple of str
        Names of the corresponding parameters of the protocol function, if they differ: of several, one for each value.
    check : callable, optional
        Raises InputError if a value is wrong, from the name and the value.
    """

    name: str
    default: Any
    help: str
    metavar: str
    several: int | str | None = None
    choices: tuple[str, ...] | None = None
    kind: type = str
    parameters: tuple[str, ...] = ()
    check: Callable[[str, Any], Any] | None = None

    def given(self, value: Any) -> dict[str, Any]:
        """The arguments of the protocol function, by parameter."""
        if len(self.parameters) < 2:
            return {(self.parameters or (self.name,))[0]: value}
        return dict(zip(self.parameters, value, strict=True))

    def named(self, problem: str) -> str:
        """A mistake that the function found, under the name of this argument."""
        parameter, colon, rest = problem.partition(": ")
        if not colon or parameter not in self.parameters:
            return problem
        return f"{self.name}: {rest}" if len(self.parameters) == 1 else f"{self.name}: {parameter} {rest}"


RATE = Argument("rate", "C/10", "current throughout", "RATE")
REST = Argument("rest", "10 h", "length of each rest", "TIME")


@dataclass(frozen=True, slots=True)
class Study:
    """A question, as a protocol and the analysis of its solution.

    Attributes
    ----------
    name : str
        On the command line.
    title : str
        The study in a few words.
    description : str
        What it does and prints, in a few sentences.
    example : str
        A command line.
    arguments : tuple of Argument
        Options besides the cut-offs.
    protocol : callable
        Makes the `Protocol` from `lower_V`, `upper_V` and the parameters of the arguments, by name.
    rows : callable
        The analysis: rows of the table from a `Solution`.
    columns : tuple of Column
        Of the table.
    report : callable
        The printed text of a `Solution`.
    figure : str
        Name of the function of `sbpath.plots` that draws it.
    of_mechanism : mapping
        Further parameters of `protocol` that follow from the mechanism.
    keep : "all", "ends" or int
        As in `simulate`.
    further : callable, optional
        What is printed below the report when it is asked for, from the `Solution`, `progress` and the
        arguments by name.
    asked : tuple of Argument
        Arguments of `further`, each with its `check`; nothing is asked if all are None.
    settings : tuple of Argument
        Arguments that are those of `simulate`.
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
    of_mechanism: Mapping[str, Callable[[Mechanism], Any]] = field(default_factory=dict)
    keep: Keep = "all"
    further: Callable[..., str] | None = None
    asked: tuple[Argument, ...] = field(default=())
    settings: tuple[Argument, ...] = field(default=())

    def protocol_of(self, mechanism: Mechanism, lower_V: float, upper_V: float, **chosen: Any) -> Protocol:
        """The protocol between two cut-offs (V), with defaults for arguments not given.

        Raises
        ------
        InputError
            All mistakes in the arguments, one line each.
        """
        given = {name: of(mechanism) for name, of in self.of_mechanism.items()}
        for argument in self.arguments:
            given |= argument.given(chosen.get(argument.name, argument.default))
        try:
            return self.protocol(lower_V=lower_V, upper_V=upper_V, **given)
        except InputError as error:
            problems = list(error.problems)
            for argument in self.arguments:
                problems = [argument.named(problem) for problem in problems]
            raise InputError(problems) from None

    def check_asked(self, **chosen: Any) -> None:
        """Raise InputError if an argument of `further` is wrong; call it before simulating."""
        problems = Problems()
        for argument in self.asked:
            if argument.check is not None and chosen[argument.name] is not None:
                problems.attempt(argument.check, argument.name.replace("_", "-"), chosen[argument.name])
        problems.check()

    def further_text(self, solution: Solution, progress: bool, **chosen: Any) -> str:
        """What `further` prints; nothing if it was not asked for."""
        if self.further is None or all(value is None for value in chosen.values()):
            return ""
        return self.further(solution, progress=progress, **chosen)
