"""The declaration of a study, from which the command line makes a command."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

from sbpath.errors import InputError, Problems
from sbpath.experiment import Keep
from sbpath.mechanism.mechanism import Mechanism
from sbpath.protocol.protocol import Protocol
from sbpath.solution import Solution
from sbpath.text.tables import Column

Role = Literal["protocol", "simulation", "further"]


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
    role : {"protocol", "simulation", "further"}
        Which function takes it: the study's protocol, `simulate`, or the study's `further`.
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
    role: Role = "protocol"

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
        Its options besides those that all studies have.
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
        What is printed below the report, from the `Solution`, `progress` and its arguments by name, unless all of these
        are None.
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

    def chosen(self, values: Mapping[str, Any]) -> dict[Role, dict[str, Any]]:
        """Values of the arguments by role; all that their checks find wrong is raised at once, before anything is simulated."""
        found: dict[Role, dict[str, Any]] = {role: {} for role in get_args(Role)}
        problems = Problems()
        for argument in self.arguments:
            value = found[argument.role][argument.name] = values[argument.name]
            if argument.check is not None and value is not None:
                problems.attempt(argument.check, argument.name.replace("_", "-"), value)
        problems.check()
        return found

    def protocol_of(self, mechanism: Mechanism, lower_V: float, upper_V: float, **chosen: Any) -> Protocol:
        """The protocol between two cut-offs (V), with defaults for arguments not given."""
        given = {name: of(mechanism) for name, of in self.of_mechanism.items()}
        for argument in (one for one in self.arguments if one.role == "protocol"):
            given |= argument.given(chosen.get(argument.name, argument.default))
        try:
            return self.protocol(lower_V=lower_V, upper_V=upper_V, **given)
        except InputError as error:
            problems = list(error.problems)
            for argument in self.arguments:
                problems = [argument.named(problem) for problem in problems]
            raise InputError(problems) from None

    def further_text(self, solution: Solution, progress: bool, **chosen: Any) -> str:
        """What `further` prints; nothing if it was not asked for."""
        if self.further is None or all(value is None for value in chosen.values()):
            return ""
        return self.further(solution, progress=progress, **chosen)
