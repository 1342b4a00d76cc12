"""The pages of the documentation: what they say is run and compared, and the reference names everything."""

from __future__ import annotations

import contextlib
import importlib
import io
import json
import re
import shlex
import sys
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

import matplotlib.pyplot as plt
import pytest

import sbpath
from sbpath.cli import main
from sbpath.mechanism.mechanism import Mechanism
from sbpath.mechanism.records import Phase

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
PAGES = [*sorted(DOCS.glob("howto/*.md")), DOCS / "index.md", DOCS / "trust.md"]


class Block(NamedTuple):
    """A fenced block of a page, and the block of text after it, which says what it prints."""

    language: str
    code: str
    told: str | None


def blocks(page: Path) -> list[Block]:
    """The Python and shell blocks of a page, in order."""
    found = re.finditer(
        r"^```(python|bash)\n(.*?)^```\n(?:\n```text\n(.*?)^```\n)?",
        page.read_text(encoding="utf-8"),
        flags=re.DOTALL | re.MULTILINE,
    )
    return [Block(*match.groups()) for match in found]


def printed_by(block: Block, names: dict) -> str:
    """What a block prints; shell commands are those of sbpath, a line each."""
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        if block.language == "python":
            exec(block.code, names)
        else:
            for command in block.code.splitlines():
                name, *words = shlex.split(command)
                assert name == "sbpath", command
                quiet = [] if words[0] in ("list", "show", "check", "propose", "read") else ["--quiet"]
                assert main([*words, *quiet]) == 0, command
    plt.close("all")
    return out.getvalue()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_the_blocks_of_a_page_run_and_print_what_is_below_them(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    names: dict = {}
    for block in blocks(page):
        printed = printed_by(block, names)
        if block.told is not None:
            assert [line.rstrip() for line in printed.splitlines()] == block.told.splitlines(), block.code


def module(name: str) -> ModuleType:
    """A module of the folder of the documentation."""
    sys.path.insert(0, str(DOCS))
    try:
        return importlib.import_module(name)
    finally:
        sys.path.remove(str(DOCS))


@pytest.fixture(scope="module")
def made() -> ModuleType:
    """The module that makes parts of the pages from the code."""
    return module("pages")


@pytest.fixture(scope="module")
def pictures() -> ModuleType:
    """The module that draws the pictures of the pages."""
    return module("pictures")


def reference() -> dict[str, list[str]]:
    """Names on the page of functions and classes, by the module that they are looked up in."""
    page = (DOCS / "api.md").read_text(encoding="utf-8")
    names: dict[str, list[str]] = {}
    for module, listed in re.findall(
        r"\.\. currentmodule:: (\S+)\n\n\.\. autosummary::\n(?:   :.*\n)+\n((?:   \S+\n)+)", page
    ):
        names.setdefault(module, []).extend(listed.split())
    names["automodule"] = re.findall(r"\.\. automodule:: (\S+)", page)
    return names


def test_the_reference_names_everything_once():
    listed = reference()
    own = [name for name in listed["sbpath"] if "." not in name]
    assert sorted([*own, "literature", "plots"]) == sorted(sbpath.__all__)
    assert listed["automodule"] == ["sbpath.literature", "sbpath.plots"]
    assert sorted(listed["sbpath.literature"]) == sorted(sbpath.literature.__all__)
    assert sorted(listed["sbpath.plots"]) == sorted(sbpath.plots.__all__)
    deep = [name for name in listed["sbpath"] if "." in name]
    assert len(set(deep)) == len(deep)
    for name in deep:
        module, _, attribute = f"sbpath.{name}".rpartition(".")
        assert getattr(importlib.import_module(module), attribute).__doc__


def test_every_key_of_a_mechanism_file_has_a_meaning_and_a_unit(made):
    for title, record in made.TABLES.items():
        rows = list(made.keys(record))
        assert rows, title
        for name, kind, unit, _, meaning in rows:
            assert meaning, (title, name)
            assert unit if re.match("number|pair of numbers", kind) else not unit, (title, name)
    units = {name: unit for record in made.TABLES.values() for name, _, unit, _, _ in made.keys(record)}
    # Longer ends go before shorter ones, and a number without a unit says so.
    assert units["entropy_J_per_mol_K"] == "J/(mol K)"
    assert units["diffusivity_m2_per_s"] == "m²/s"
    assert units["particle_radius_m"] == "m"
    assert units["temperature_C"] == units["temperature_range_C"] == "°C"
    assert units["transfer_coefficient"] == units["shape_factor"] == "–"
    text = made.key_tables()
    for record in (Mechanism, Phase):
        missing = [key for key in record.model_fields if f"`{key}`" not in text and key not in made.NOT_KEYS]
        assert not missing


def test_the_table_of_trust_counts_what_list_prints(made, capsys):
    assert main(["list"]) == 0
    printed = {}
    for line in capsys.readouterr().out.splitlines():
        # The counts stand between the title and the share of the structure.
        if counts := re.match(r"(?:Li|Na|K)? +(\S+) .+  (\d+) +(\d+) +(\d+) +(\d+) +\d+ of \d+$", line):
            printed[counts[1]] = list(counts.groups()[1:])
    assert sorted(printed) == sbpath.shipped_names()
    table = made.trust_table().splitlines()
    for name, counts in printed.items():
        (row,) = (line for line in table if line.startswith(f"| `{name}` |"))
        assert [cell.strip() for cell in row.strip("|").split("|")][3:7] == counts
    # What the page says of interfacial energies.
    for name in sbpath.shipped_names():
        for path, number in sbpath.load_mechanism(name).numbers():
            if path.endswith("energy_J_per_m2"):
                assert number.status != "measured", (name, path)


def test_what_files_call_not_right_yet_is_all_told(made):
    told = made.not_right_yet()
    lacking = [n for n in sbpath.shipped_names() if "Not right yet" in sbpath.load_mechanism(n).description]
    assert re.findall(r"^- `(\S+)`:", told, flags=re.MULTILINE) == lacking


def test_the_command_line_page_is_made_of_the_parser(made):
    parser = made.command_line()
    (commands,) = (action for action in parser._actions if hasattr(action, "_name_parser_map"))
    assert {"simulate", "compare", "sweep", "explain", "run"} <= set(commands.choices)
    assert commands.choices["simulate"].epilog.startswith("::\n")


def test_the_numbers_of_the_page_on_the_model_are_those_of_the_code(capsys):
    page = (DOCS / "model.md").read_text(encoding="utf-8")
    told = re.findall(r"(\d\.\d{3}) < (\d\.\d{3})", page)
    assert main(["explain", "li-sb", "--quiet"]) == 0
    printed = capsys.readouterr().out
    assert told == [("0.616", "0.875"), ("2.329", "3.160")]
    for left, right in told:
        assert re.search(rf"^ +{left} = gamma.* < .* = {right}: ", printed, flags=re.MULTILINE)
    mechanism = sbpath.load_mechanism("li-sb")
    window = mechanism.upper_cutoff_V - mechanism.lower_cutoff_V
    double_layer = mechanism.electrode.double_layer_F_per_g.value * window / 3.6
    assert f"({double_layer:.0f} mAh/g on top of {mechanism.theoretical_capacity_mAh_per_g:.0f})" in page
    # Math that both GitHub and the site read: dollars in pairs, no escapes that Markdown would eat.
    assert page.count("$$") % 2 == 0
    formulas = re.findall(r"\$\$(.*?)\$\$", page, flags=re.DOTALL)
    inline = re.findall(r"\$([^$\n]+)\$", re.sub(r"\$\$.*?\$\$", "", page, flags=re.DOTALL))
    assert not any(re.search(r"\\[,;:!{}_%]", formula) for formula in [*formulas, *inline])


def test_youngs_law_and_the_share_of_transport_on_the_page_on_the_model_are_those_of_lithium():
    page = (DOCS / "model.md").read_text(encoding="utf-8")
    lithium = sbpath.load_mechanism("li-sb")
    first, second, direct = (
        lithium.interface(*ends).energy_J_per_m2.value
        for ends in (("Sb", "Li2Sb"), ("Li2Sb", "Li3Sb"), ("Sb", "Li3Sb"))
    )
    # A cap whose angle is that of Young's law, its barrier over that of a sphere: (2 - 3 c + c^3)/4.
    cosine = (direct - first) / second
    assert f"{first}, {second} and {direct} J/m²" in page
    assert f"cos θ = ({direct} − {first})/{second} = {cosine:.3f}" in page
    assert f"{4.0 / (2.0 - 3.0 * cosine + cosine**3):.0f} times lower than a sphere" in page

    large = sbpath.with_changes(lithium, {"electrode.particle_radius_m": 2e-6})
    solution = sbpath.simulate(large, sbpath.cycling("C/10", 0.05, 1.5, 3), population=1, progress=False)
    transport = sbpath.loss_breakdown(solution).losses_mV.sum(axis=0)[2]
    narrower = -sbpath.if_removed_mV(solution)[2]
    assert (
        f"transport has {transport:.0f} mV of the loop of lithium, and without it the loop is {narrower:.0f}"
        in page
    )


def test_the_change_log_counts_the_shipped_files():
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert f"- {len(sbpath.shipped_names())} mechanism files" in text
    assert len(sbpath.design_names()) == 6
    assert "six electrode designs" in text


def test_scripts_and_styles_from_afar_are_found(made):
    page = """<script src="_static/a.js"></script><a href="https://doi.org/1">x</a><link rel="canonical" href="https://a.b/">
        <script async="async" src="https://cdn.x/mathjax.js"></script><link rel="stylesheet" href="//fonts.y/f.css"/>
        <img alt="" src="https://z/badge.svg">"""
    assert made.from_afar(page) == ["https://cdn.x/mathjax.js", "//fonts.y/f.css", "https://z/badge.svg"]


@pytest.mark.parametrize("name", ["hysteresis", "transfer", "lithium", "paths", "particles", "map"])
def test_a_picture_shows_what_is_drawn_now(pictures, name):
    assert pictures.current(DOCS / f"{name}.png", pictures.drawn(name))
    plt.close("all")


def test_every_picture_of_a_page_is_made_by_the_build(pictures):
    assert sorted(path.stem for path in DOCS.glob("*.png")) == sorted(pictures.PICTURES)
    text = "".join(page.read_text(encoding="utf-8") for page in (ROOT / "README.md", *DOCS.rglob("*.md")))
    shown = re.findall(r"!\[[^\]]+\]\([^)]*?(\w+)\.png\)", text)
    assert set(shown) == set(pictures.PICTURES)


def test_a_picture_that_differs_is_seen(pictures, tmp_path):
    def drawn(height, title="title", above=""):
        figure, ax = plt.subplots()
        figure.suptitle(above)
        ax.plot([0.0, 1.0], [0.0, height])
        ax.set_title(title, loc="left")
        return figure

    path = tmp_path / "one.png"
    assert not pictures.current(path, drawn(1.0))
    drawn(1.0).savefig(path, metadata={pictures.CHUNK: json.dumps(pictures.contents(drawn(1.0)))})
    assert pictures.current(path, drawn(1.0))
    assert pictures.current(path, drawn(1.0 + 1e-4))
    assert not pictures.current(path, drawn(1.1))
    assert not pictures.current(path, drawn(1.0, "other"))
    assert not pictures.current(path, drawn(1.0, above="other"))
    plt.close("all")


def test_every_picture_of_the_gallery_has_a_panel_for_its_thumbnail(pictures):
    panels = module("thumbnails").PANELS
    scripts = {path.stem: path.read_text(encoding="utf-8") for path in DOCS.glob("gallery/*.py")}
    assert scripts.keys() == panels.keys()
    for name, text in scripts.items():
        assert f'# sphinx_gallery_thumbnail_path = "generated/thumbnails/{name}.png"\n' in text


@pytest.mark.parametrize("script", sorted(DOCS.glob("gallery/*.py")), ids=lambda script: script.stem)
def test_scripts_of_the_gallery_run(script):
    exec(compile(script.read_text(encoding="utf-8"), script, "exec"), {"__name__": "__main__"})
    assert len(plt.get_fignums()) == 1
    (axes, *_) = plt.gcf().axes
    assert len(plt.gcf().axes) > module("thumbnails").PANELS[script.stem]
    assert axes.has_data() or axes.texts
    plt.close("all")
