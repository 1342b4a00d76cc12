"""Files of cyclers that were dropped on the page: kept for as long as the server runs, read, and laid over a simulation."""

from __future__ import annotations

import re
import secrets
import shutil
import tempfile
import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

from sbpath.app.setting import FieldError, Setting, field
from sbpath.errors import InputError
from sbpath.fitting.overlay import overlay
from sbpath.fitting.residual import thinned
from sbpath.fitting.result import FitResult
from sbpath.measured.amounts import check_curve
from sbpath.measured.experiment_file import Measurement, load_measurement
from sbpath.measured.halves import half_pieces, measured_halves, pieces
from sbpath.measured.reader import read_cycler_file
from sbpath.measured.records import Curve, Direction
from sbpath.mechanism.mechanism import Mechanism
from sbpath.mechanism.notation import host_label
from sbpath.mechanism.toml_text import toml_text
from sbpath.text.curve_report import curve_report
from sbpath.text.fit_report import overlay_report
from sbpath.typed import number, to_celsius

# Largest file (bytes), and how many are kept.
MOST_BYTES, MOST_FILES = 20_000_000, 8
# Of a name; no kept name begins with a dot as that of what is written next to the files does.
MOST_NAME_BYTES, EXPERIMENT = 100, ".experiment.toml"
# Half cycles, and points of each, on the page.
MOST_HALVES, POINTS = 40, 400
# What the user can state of a file, by name: asked for if it is needed.
NEEDS = {
    "mass": ("mass of the host alone", "mg"),
    "first": ("first half cycle: insertion or extraction", ""),
}
STATED = ("mass", "first", "temperature", "current", "flip_current", "column", "unit", "cycles")


@dataclass(frozen=True)
class Stated:
    """What the user states of a file, as in an experiment file; empty where nothing is."""

    mass_g: float | None = None
    first: Direction | None = None
    temperature_C: float | None = None
    current: str | None = None
    flip_current: bool = False
    column: Mapping[str, str] | None = None
    unit: Mapping[str, str] | None = None
    cycles: tuple[int, ...] = ()

    @classmethod
    def of(cls, given: Any) -> Stated:
        """From a JSON object with the names of `STATED`; a mass without a unit is in mg."""
        if not isinstance(given, Mapping) or not given.keys() <= set(STATED):
            raise FieldError(f"must be an object of {', '.join(STATED)}", "stated")
        texts = {
            name: str(given.get(name) or "").strip() for name in ("mass", "first", "temperature", "current")
        }
        with field("mass"):
            plain = re.fullmatch(r"[\d.]+(e[+-]?\d+)?", texts["mass"], re.I)
            mass = (
                number("--mass", "mass_g", f"{texts['mass']}mg" if plain else texts["mass"])
                if texts["mass"]
                else None
            )
            if mass is not None and mass <= 0.0:
                raise InputError(f"must be above 0, not {texts['mass']}")
        first = next((way for way in get_args(Direction) if way == texts["first"]), None)
        if texts["first"] and first is None:
            raise FieldError(f"must be insertion or extraction, not {texts['first']!r}", "first")
        with field("temperature"):
            celsius = to_celsius(texts["temperature"] or None)
        pairs = {}
        for name in ("column", "unit"):
            value = given.get(name) or {}
            if not isinstance(value, Mapping) or not all(isinstance(text, str) for text in value.values()):
                raise FieldError("must be an object of texts", name)
            pairs[name] = {key: text.strip() for key, text in value.items() if text.strip()}
        cycles = given.get("cycles") or []
        if not isinstance(cycles, list) or not all(type(cycle) is int and cycle > 0 for cycle in cycles):
            raise FieldError("must be a list of numbers of cycles, from 1", "cycles")
        return cls(
            mass, first, celsius, texts["current"] or None, bool(given.get("flip_current")),
            pairs["column"], pairs["unit"], tuple(cycles),
        )  # fmt: skip


class Uploads:
    """The files, each in a folder of its own with an id that cannot be guessed; the oldest are deleted."""

    def __init__(self) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="sbpath-app-"))
        self._files: OrderedDict[str, Path] = OrderedDict()
        self._lock = threading.Lock()
        # A file of 20 MB takes 0.4 GB while it is read, so they are read one after another.
        self._reading = threading.Lock()

    def close(self) -> None:
        """Delete all of them."""
        shutil.rmtree(self._folder, ignore_errors=True)

    def add(self, name: str, content: bytes) -> str:
        """Keep a file under the last part of its name; its id."""
        plain = re.sub(r"[^\w.()+ -]", "_", re.split(r"[/\\]", name)[-1])
        plain = plain.encode()[-MOST_NAME_BYTES:].decode(errors="ignore").strip(" .") or "file"
        identity = secrets.token_urlsafe(16)
        folder = self._folder / identity
        folder.mkdir()
        path = folder / plain
        path.write_bytes(content)
        with self._lock:
            self._files[identity] = path
            old = [self._files.popitem(last=False)[1] for _ in range(len(self._files) - MOST_FILES)]
        for gone in old:
            shutil.rmtree(gone.parent, ignore_errors=True)
        return identity

    def path(self, identity: Any) -> Path:
        """Where a file is."""
        with self._lock:
            if not isinstance(identity, str) or identity not in self._files:
                raise FieldError("is not there any more; drop it once more", "file")
            return self._files[identity]

    def read(self, identity: Any, stated: Stated, mechanism: Mechanism) -> dict[str, Any]:
        """What is understood of a file, in the words of ``sbpath read``, its half cycles, and what has to be stated.

        Amounts are of the host of `mechanism`.
        """
        with self._reading:
            return self._read(self.path(identity), identity, stated, mechanism)

    def _read(self, path: Path, identity: Any, stated: Stated, mechanism: Mechanism) -> dict[str, Any]:
        host, capacity = host_label(mechanism), (mechanism.theoretical_capacity_mAh_per_g, mechanism.name)
        with _named(path):
            curve = read_cycler_file(
                path, column=stated.column, unit=stated.unit, first=stated.first, flip_current=stated.flip_current,
                current=stated.current, mass_g=stated.mass_g, capacity_mAh_per_g=capacity[0],
            )  # fmt: skip
            problem = check_curve(curve, stated.mass_g, capacity[0])
            said = [f"mass {1e3 * stated.mass_g:.4g} mg of {host}"] if stated.mass_g else []
            text = curve_report(curve, None, stated.mass_g, said, capacity).replace(str(path), path.name)
        needs = [name for name in NEEDS if not {"mass": stated.mass_g, "first": stated.first}[name]]
        return {
            "file": identity,
            "name": path.name,
            "text": text,
            "understood": text.partition("\nTaken from you")[0].split("\n"),
            "stated": list(curve.stated),
            "assumed": list(curve.assumed),
            "warning": (problem or "").replace(str(path), path.name),
            "halves": _halves(curve, stated.mass_g, capacity[0]),
            "per": "mAh/g" if stated.mass_g else "mAh",
            "needs": [{"field": name, "label": NEEDS[name][0], "unit": NEEDS[name][1]} for name in needs],
        }

    def measurement(self, identity: Any, stated: Stated, mechanism: Mechanism) -> Measurement:
        """A file as the only curve of an experiment file, which is written next to it."""
        path = self.path(identity)
        for name, value in (("mass", stated.mass_g), ("first", stated.first)):
            if not value:
                raise FieldError(f"state the {NEEDS[name][0]}", name)
        assert stated.mass_g is not None
        curve: dict[str, Any] = {
            "file": path.name, "mass_host_mg": 1e3 * stated.mass_g, "first": stated.first,
            "flip_current": stated.flip_current, "column": stated.column or {}, "unit": stated.unit or {},
        }  # fmt: skip
        curve |= {} if stated.temperature_C is None else {"temperature_C": stated.temperature_C}
        curve |= {} if stated.current is None else {"current": stated.current}
        curve |= {"cycles": list(stated.cycles)} if stated.cycles else {}
        experiment = path.parent / EXPERIMENT
        with self._reading:
            experiment.write_text(toml_text({"ion": mechanism.ion, "curve": [curve]}), "utf-8")
            with _named(path):
                return load_measurement(experiment)


def _named(path: Path) -> Any:
    """Mistakes of a file begin with its name, and not with where it is kept."""
    return field("file", str(path.parent / EXPERIMENT), "curve 1", str(path))


def _halves(curve: Curve, mass_g: float | None, full_mAh_per_g: float) -> list[dict[str, Any]]:
    """The first half cycles, with the charge from 0 in each: per gram, or in mAh if the mass is not known."""
    if not half_pieces(pieces(curve)):
        return []
    found = []
    for half in measured_halves(curve, mass_g or 1.0, full_mAh_per_g)[:MOST_HALVES]:
        rows = thinned(half.q, POINTS)
        per_q = half.capacity_mAh_per_g / half.q_end if half.q_end else 0.0
        found.append(
            {
                "number": half.number, "cycle": half.cycle, "direction": half.direction,
                "rate_per_h": half.rate_per_h if mass_g else None,
                "charge": (half.q[rows] * per_q).tolist(), "voltage": half.voltage_V[rows].tolist(),
            }
        )  # fmt: skip
    return found


def laid_over(
    measurement: Measurement, setting: Setting, mechanism: Mechanism, fit: FitResult | None = None
) -> dict[str, Any]:
    """Measured and simulated half cycles, charge from 0 in each (mAh/g), that of measured points scaled as in a fit if one is given,
    with their distance.
    """
    graph, particles = setting.graph_of(mechanism), setting.number_of_particles()
    found = overlay(measurement, mechanism, graph=graph, population=particles, fit=fit, progress=False)
    full = found.mechanism.theoretical_capacity_mAh_per_g
    halves = []
    for half in found.halves:
        measured, simulated = half.measured, half.simulated
        rows = thinned(simulated.q, POINTS)
        shown = [(half.q, half.voltage_V), (simulated.q[rows], simulated.voltage_V[rows])]
        curves = [{"charge": (full * q).tolist(), "voltage": voltage.tolist()} for q, voltage in shown]
        halves.append(
            {
                "number": measured.number, "cycle": measured.cycle, "direction": measured.direction,
                "rate_per_h": measured.rate_per_h, "rms_mV": half.rms_mV, "capacity": list(half.capacity_mAh_per_g),
                "measured": curves[0], "simulated": curves[1],
            }
        )  # fmt: skip
    return {"halves": halves, "scaled": found.scaled, "text": overlay_report(found)}
