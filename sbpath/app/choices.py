"""What can be chosen on the page: systems with their defaults, electrode designs and electrolytes."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict
from functools import cache
from typing import Any, get_args

from sbpath.app.setting import Setting
from sbpath.errors import InputError
from sbpath.mechanism.designs import DESIGNS, ELECTROLYTES, Part
from sbpath.mechanism.documents import shipped_names
from sbpath.mechanism.mechanism import Mechanism
from sbpath.mechanism.notation import host_label, subscripted

# Offered; any other can be typed.
RATES = ("C/100", "C/50", "C/20", "C/10", "C/5", "C/2", "1C", "2C", "5C")
# In this order on the page.
IONS = get_args(Mechanism.model_fields["ion"].annotation)


def choices(own: Collection[str] = ()) -> dict[str, Any]:
    """Systems, designs and electrolytes, with titles; the user's own files first."""
    return {"systems": [*map(_system, own), *_shipped()], **_parts()}


def _system(name: str) -> dict[str, Any]:
    mechanism = Setting(name).mechanism([name])
    defaults = asdict(Setting(name).with_defaults([name]))
    return {
        "name": name,
        "title": subscripted(mechanism.title),
        "description": mechanism.description.strip(),
        "ion": mechanism.ion,
        "host": host_label(mechanism),
        "electrolyte_kind": mechanism.electrolyte.kind,
        "graphs": list(mechanism.graphs),
        "particles": int(mechanism.electrode.spread.particles.value) if mechanism.electrode.spread else 1,
        "defaults": {**defaults, "set": {}},
        "rates": list(RATES),
        "temperature_range": list(mechanism.temperature_range_C or (mechanism.temperature_C,) * 2),
    }


@cache
def _shipped() -> list[dict[str, Any]]:
    return sorted(map(_system, shipped_names()), key=lambda one: (IONS.index(one["ion"]), one["name"]))


@cache
def _parts() -> dict[str, Any]:
    """Designs, and electrolytes with the ions that they have numbers for."""
    designs = [{"name": name, "title": DESIGNS.read(name)["title"]} for name in DESIGNS.names()]
    electrolytes = [
        {
            "name": name,
            "title": ELECTROLYTES.read(name)["title"],
            "ions": [ion for ion in IONS if _fits(ELECTROLYTES, name, ion)],
        }
        for name in ELECTROLYTES.names()
    ]
    return {"designs": designs, "electrolytes": electrolytes}


def _fits(part: Part, name: str, ion: str) -> bool:
    try:
        part.apply({"ion": ion}, name)
    except InputError:
        return False
    return True
