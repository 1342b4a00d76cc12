"""Thousands of mutated steps: each is read with its known meaning, or refused in one clear line."""

from __future__ import annotations

import random
import re
import time

import pytest

from sbpath import InputError
from sbpath.protocol.protocol import parse_step

COUNT = 6000
CURRENTS = {
    "C/10": "C/10", "0.1 C": "C/10", "50 mA/g": "50 mA/g", "50 mA g-1": "50 mA/g", "50 mA·g⁻¹": "50 mA/g",
    "0.05 A g^-1": "50 mA/g", "0.2 mA/cm2": "200 uA/cm2", "200 µA cm⁻²": "200 uA/cm2", "5 mA": "5 mA",
}  # fmt: skip
LIMITS = {
    "until 0.05 V": "until 0.05 V", "until 50 mV": "until 0.05 V", "until 0.05 V vs. Li+/Li": "until 0.05 V",
    "for 1 h 30 min": "for 1.5 h", "for 01:30:00": "for 1.5 h", "for 1 day": "for 24 h", "for 90 min": "for 1.5 h",
    "until x = 1.5": "until x = 1.5", "until 50%": "until 50% of theoretical capacity",
    "for 300 mAh/g": "for 300 mAh/g", "for 0.3 Ah g-1": "for 300 mAh/g", "until 600 mA h g⁻¹": "until 600 mAh/g",
}  # fmt: skip
SPACES = (" ", "  ", "\u2009", "\u202f", "\u00a0", "\t", "\u200b ")
# Changes that make no other step: what is typed, and the meaning that stays.
BREAKS = (
    lambda text, chosen: text.replace("0.05", "0,05").replace("1.5", "1,5"),
    lambda text, chosen: text + chosen.choice((", Charge at C/10 until 1.5 V", "; Rest for 1 h", " and then", " 7", " V", "²")),
    lambda text, chosen: re.sub(r"mA|mV|min|V\b|C/", lambda unit: chosen.choice(("W", "kg", "q", "")) , text, count=1),
    lambda text, chosen: re.sub(r"\d+", lambda n: chosen.choice(("nan", "inf", "1e999", "-" + n[0], "0", n[0] * 400)), text, count=1),
    lambda text, chosen: " ".join(chosen.sample(text.split(), len(text.split()))),
    lambda text, chosen: "".join(chosen.choice((c, c, c, c, chr(chosen.randrange(32, 0x3000)))) for c in text),
    lambda text, chosen: text * chosen.choice((2, 50, 3000)),
    lambda text, chosen: text[: chosen.randrange(len(text))],
    lambda text, chosen: text.replace("Li+/Li", "Na+/Na").replace("until", "untill"),
)  # fmt: skip


@pytest.mark.slow
def test_a_campaign_of_mutated_steps():
    chosen = random.Random(20261128)
    read = refused = 0
    for _ in range(COUNT):
        verb = chosen.choice(("Discharge", "discharge", "INSERT", "Lithiate"))
        (current, rate), (limit, end) = (chosen.choice([*forms.items()]) for forms in (CURRENTS, LIMITS))
        text = f"{verb} at {current} {limit}".replace(" ", chosen.choice(SPACES))
        meaning = f"Insert at {rate} {end}"
        broken = chosen.random() < 0.6
        if broken:
            text = chosen.choice(BREAKS)(text, chosen)
        began = time.perf_counter()
        step, problem = outcome(text)
        if step is None:
            assert "\n" not in problem
            assert "write for example '" in problem or "at most" in problem
            assert broken, (text, problem)
            refused += 1
        else:
            assert parse_step(str(step)) == step
            if not broken:
                assert str(step) == meaning, text
            assert_no_number_changed(text, step)
            read += 1
        assert time.perf_counter() - began < 1.0, text[:80]
    print(f"{COUNT} steps: {read} read, {refused} refused")
    assert read > COUNT // 4
    assert refused > COUNT // 4


def outcome(text):
    """The step, or why there is none."""
    try:
        return parse_step(text, "Li"), ""
    except InputError as error:
        return None, str(error)


def assert_no_number_changed(text, step):
    """A voltage of a step is the number typed, in V or in mV."""
    typed = [float(n) for n in re.findall(r"[0-9]*\.?[0-9]+(?:e[+-]?[0-9]+)?", text, re.I)]
    for limit in step.limits:
        if (voltage := getattr(limit, "voltage_V", None)) is not None:
            assert any(abs(voltage) in (n, n / 1e3, n / 1e6) for n in typed), (text, voltage)
