"""The command and the script that make the result of the page again."""

from __future__ import annotations

import shlex
from collections.abc import Collection

from sbpath.app.setting import DEFAULT_CYCLES, DEFAULT_RATE, Setting

# Where both write the curve.
TABLE = "curve.csv"


def command(setting: Setting, own: Collection[str] = ()) -> str:
    """The command of the shell."""
    options = [
        (name, getattr(setting, name))
        for name in ("graph", "design", "electrolyte", "particles", "rate", "temperature", "lower", "upper")
        if getattr(setting, name)
    ]
    options.append(("cycles", setting.cycles or DEFAULT_CYCLES))
    options += [("set", f"{path}={text}") for path, text in setting.set]
    keep = setting.experiment(own).keep
    options += [] if keep == "all" else [("keep", str(keep))]
    # What begins with a minus is the value of an option only after =.
    words = [
        word
        for name, value in [*options, ("csv", TABLE)]
        for word in ([f"--{name}={value}"] if value.startswith("-") else [f"--{name}", value])
    ]
    return shlex.join(["sbpath", "simulate", setting.system, *words])


def script(setting: Setting, own: Collection[str] = ()) -> str:
    """The script in Python."""
    experiment, mechanism = setting.experiment(own), setting.mechanism(own)
    lines = ["import sbpath", "", "mechanism = sbpath.load_mechanism(", f"    {setting.system!r},"]
    lines += [
        f"    {name}={getattr(setting, name)!r},"
        for name in ("design", "electrolyte")
        if getattr(setting, name)
    ]
    if mechanism.changes:
        lines += ["    changes={"]
        lines += [f"        {path!r}: {number!r}," for path, number in mechanism.changes.items()]
        lines += ["    },"]
    lower, upper = setting.cut_offs(mechanism)
    rate, typed = setting.rate or DEFAULT_RATE, setting.cycles or DEFAULT_CYCLES
    cycles = int(typed) if typed.isdecimal() else typed
    lines += [
        ")",
        "solution = sbpath.simulate(",
        "    mechanism,",
        f"    sbpath.cycling({rate!r}, {lower!r}, {upper!r}, {cycles!r}),",
        f"    graph={experiment.graph!r},",
        f"    temperature_C={experiment.temperature_C!r},",
    ]
    if setting.particles:
        lines += [f"    population={int(setting.particles)},"]
    if experiment.keep != "all":
        lines += [f"    keep={experiment.keep!r},"]
    return "\n".join([*lines, ")", f"sbpath.to_csv(solution, {TABLE!r})", ""])
