"""The page in a headless browser: what is chosen and typed, and what answers."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cycler_files
import pytest
from browser import PATIENCE_S, Page, browser
from served import served

import sbpath

LIFE = "?system=li-sb&cycles=400"


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    with served() as server, browser(tmp_path_factory.mktemp("browser"), server.port) as page:
        yield page


@pytest.fixture
def page(opened: Page) -> Iterator[Page]:
    """The page as a first visit finds it; after the test it must not have complained or asked elsewhere."""
    opened.size(1400, 1000)
    opened.open()
    yield opened
    assert opened.complaints() == []
    assert opened.asked_hosts() <= {opened.address}


def command(*arguments: str) -> str:
    """What the command line says of wrong input, without the name of the option."""
    done = subprocess.run([sys.executable, "-m", "sbpath", *arguments], capture_output=True, text=True)
    assert done.returncode == 2, done
    return re.sub(r"^(sbpath: )?(error: )?(--[\w-]+: )?", "", done.stderr.strip().splitlines()[-1])


def rows(page: Page, place: str) -> list[list[str]]:
    return page.js(
        "[...document.querySelectorAll(arguments[0] + ' tbody tr')].map((row) => [...row.cells].map((cell) => cell.textContent))",
        f"#{place}",
    )


# -- what is shown ---------------------------------------------------------------------------


def test_a_first_visit_shows_a_curve(page: Page) -> None:
    answer = page.answer()
    simulated = sbpath.simulate(
        "li-sb", sbpath.cycling("C/10", 0.05, 1.5, cycles=1), population=10, progress=False
    )
    (summary,) = sbpath.cycle_summaries(simulated)
    assert page.hysteresis_mV() == pytest.approx(summary.hysteresis_mV)
    assert [curve["direction"] for curve in answer["curves"]] == ["insertion", "extraction"]
    assert len(page.drawn()) == 2
    assert f"hysteresis {summary.hysteresis_mV:.0f} mV" in page.text("headline")
    assert "Out: Li₃Sb → Sb." in page.text("ways")
    assert page.driver.title == "li-sb · sbpath"


CHANGES = {
    "system": lambda page: page.choose("system", "na-sb"),
    "graph": lambda page: page.choose("graph", "reported"),
    "design": lambda page: page.choose("design", "nano"),
    "electrolyte": lambda page: page.choose("electrolyte", "fec"),
    "rate, pulled": lambda page: page.pull("rate", 1.0),
    "rate, typed": lambda page: page.type("rate", "50 mA/g"),
    "temperature, pulled": lambda page: page.pull("temperature", 0.9),
    "temperature, typed": lambda page: page.type("temperature", "313K"),
    "lower": lambda page: page.type("lower", "0.7"),
    "upper": lambda page: page.pull("upper", 0.35),
    "cycles": lambda page: page.type("cycles", "2"),
    "particles": lambda page: page.type("particles", "1"),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_each_control_changes_the_curve_and_the_address(page: Page, change: Any) -> None:
    before, drawn = page.answer()["curves"], page.drawn()
    change(page)
    assert page.answer()["curves"] != before
    assert page.drawn() != drawn
    # The address holds it: another visit shows the same.
    page.until("location.search.length > 1")
    curves, query = page.answer()["curves"], page.js("location.search")
    page.open(query)
    assert page.answer()["curves"] == curves


def test_numbers_are_pulled_typed_and_put_back(page: Page) -> None:
    page.until("document.querySelectorAll('#numbers .pair').length > 8")
    before = page.answer()["curves"]
    moved = page.js(
        "[...document.querySelectorAll('#numbers .about > span:nth-child(2)')].map((one) => parseFloat(one.textContent.match(/[\\d.]+/)))"
    )
    told = [value for value in moved if value is not None]
    assert told == sorted(told, reverse=True)
    name = page.js("document.querySelector('#numbers input[type=text]').id")
    page.pull(name, 0.8)
    assert page.answer()["curves"] != before
    page.press("more")
    assert page.js("[...document.querySelectorAll('#numbers .pair')].every((one) => !one.hidden)")
    radius = "set-electrode.particle_radius_m"
    page.type(radius, "50nm")
    assert page.js("sbpath.state.set[arguments[0]]", "electrode.particle_radius_m") == "50nm"
    page.until("location.search.includes('particle_radius_m%3D50nm')")
    for path in list(page.js("Object.keys(sbpath.state.set)")):
        page.js(
            "document.getElementById('set-' + arguments[0]).closest('.pair').querySelector('.about button').click()",
            path,
        )
        page.settled()
    assert page.answer()["curves"] == before


def test_only_what_diffraction_sees(page: Page) -> None:
    page.choose("system", "na-sb")
    assert page.js("document.querySelectorAll('#stack-chart pattern').length") == 1
    page.press("crystalline")
    assert page.js("document.querySelectorAll('#stack-chart pattern').length") == 0
    assert "amorphous" not in page.text("stack-chart-legend")
    page.until("location.search.includes('view=crystalline')")


def test_a_walk_through_the_cycle(page: Page) -> None:
    page.js(
        "(() => { const walk = document.getElementById('walk'); walk.value = 100; walk.dispatchEvent(new Event('input')); })()"
    )
    stack = page.answer()["stack"]
    assert f"{stack['voltage'][100]:.3f} V" in page.text("walk-text")
    x, y = page.js(
        "(() => { const dot = document.querySelector('#voltage-chart circle'); return [dot.cx, dot.cy].map((end) => end.baseVal.value); })()"
    )
    place = page.js(
        "(() => { const place = document.getElementById('voltage-chart'); return [place.clientWidth, place.clientHeight]; })()"
    )
    assert 0 < x < place[0]
    assert 0 < y < place[1]


def test_tables_hold_the_numbers_of_the_charts(page: Page) -> None:
    page.js("document.querySelectorAll('details.table').forEach((one) => { one.open = true; })")
    page.until("document.querySelector('#graph-table table')")
    curve = page.answer()["curves"][0]
    first, *_, last = rows(page, "voltage-table table:first-of-type")
    assert float(first[1]) == pytest.approx(curve["voltage"][0], abs=6e-4)
    assert len(rows(page, "stack-table")) == 25
    assert ["Li₃Sb", "Sb"] in [row[:2] for row in rows(page, "graph-table")]
    assert last


# -- the three questions -----------------------------------------------------------------------


def test_why_lithium_skips_li2sb_and_what_would_make_it_not(page: Page) -> None:
    page.driver.find_element("css selector", "#start li:nth-child(1) a").click()
    page.settled()
    text = page.text("why")
    assert "On the way out" in text
    assert "Li₃Sb could become Sb or Li₂Sb" in text
    assert (
        "What would make it Li₂Sb instead: an energy γ of the interface Li₃Sb|Li₂Sb below 0.0667 J/m²" in text
    )
    page.js("[...document.querySelectorAll('#why button')].at(-1).click()")
    page.settled()
    assert page.answer()["path"]["extraction"] == "Li₃Sb → Li₂Sb → Sb"
    assert page.js("sbpath.state.set") == {"interfaces.Li2Sb|Li3Sb.energy_J_per_m2": "0.06"}


def test_how_much_wider_the_loop_of_sodium_is_at_1C(page: Page) -> None:
    page.driver.find_element("css selector", "#start li:nth-child(2) a").click()
    page.settled().until("sbpath.kept")
    slow, fast = (
        sbpath.cycle_summaries(
            sbpath.simulate("na-sb", sbpath.cycling(rate, 0.02, 1.5, cycles=2), population=20, progress=False)
        )[-1].hysteresis_mV
        for rate in ("C/10", "1C")
    )
    (row,) = (row for row in rows(page, "summary") if row[0] == "hysteresis")
    assert row[1:] == [f"{fast:.1f}", f"{slow:.1f}", f"+{fast - slow:.1f}", "mV"]
    assert f"{fast - slow:.0f} mV more than" in page.text("headline")


def test_what_a_first_cycle_loses_with_fec_and_nano(page: Page) -> None:
    page.driver.find_element("css selector", "#start li:nth-child(3) a").click()
    page.settled()
    cell = sbpath.load_mechanism("li-sb", design="nano", electrolyte="fec")
    solution = sbpath.simulate(
        cell, sbpath.cycling("C/10", 0.05, 1.5, cycles=1), population=10, progress=False
    )
    (entry,) = sbpath.ledger(solution)
    sentence = page.text("ledger-sentence")
    assert (
        f"of {entry.inserted:.0f} mAh/g put in, {entry.extracted:.0f} came out again ({entry.efficiency:.1%})".replace(
            "%", " %"
        )
        in sentence
    )
    assert f"film on carbon {entry.idle:.1f}" in sentence
    table = {row[0]: row[2] for row in rows(page, "places")}
    assert float(table["film on carbon"]) == pytest.approx(entry.idle, abs=0.06)
    assert sum(float(value) for name, value in table.items() if name != "put in") == pytest.approx(
        entry.inserted, abs=0.3
    )


# -- nonsense ----------------------------------------------------------------------------------

WRONG = {
    "rate": ("rate", "fast", ["--rate", "fast"]),
    "no current": ("rate", "C/0", ["--rate", "C/0"]),
    "temperature": ("temperature", "warm", ["--temperature", "warm"]),
    "upper": ("upper", "0.01", ["--upper", "0.01"]),
    "cycles": ("cycles", "-3", ["--cycles=-3"]),
    "number": ("set-electrode.particle_radius_m", "-5nm", ["--set", "electrode.particle_radius_m=-5nm"]),
}


@pytest.mark.parametrize(("field", "typed", "arguments"), WRONG.values(), ids=WRONG)
def test_nonsense_is_refused_where_it_is_typed_in_the_same_words(
    page: Page, field: str, typed: str, arguments: list[str]
) -> None:
    if field.startswith("set-"):
        page.until("document.getElementById(arguments[0])", field)
        page.press("more")
    curves = page.answer()["curves"]
    page.type(field, typed)
    assert page.element(field).get_attribute("aria-invalid") == "true"
    (error,) = (
        page.text(name)
        for name in page.element(field).get_attribute("aria-describedby").split()
        if name.endswith("-error")
    )
    words = command("simulate", "li-sb", *arguments)
    assert error in words, (error, words)
    assert words.removesuffix(error).strip(" :") in (
        "",
        "electrode.particle_radius_m",
        "li-sb: electrode.particle_radius_m",
    )
    assert page.answer()["curves"] == curves
    page.press("reset")
    assert page.element(field).get_attribute("aria-invalid") is None


def test_an_unknown_system_in_the_address_is_refused(page: Page) -> None:
    page.driver.get(f"{page.address}/?system=unobtainium")
    page.until("document.getElementById('refused').textContent.includes('unobtainium')")
    page.choose("system", "li-sb")
    assert page.text("refused") == ""


# -- runs that take longer ------------------------------------------------------------------------


def test_a_run_shows_progress_and_is_stopped(page: Page) -> None:
    page.js("document.getElementById('cycles').select()")
    page.element("cycles").send_keys("400\t")
    page.until("/^\\d+ of 800/.test(document.getElementById('progress-text').textContent)")
    assert page.js("!document.getElementById('progress').hidden")
    start = time.monotonic()
    page.press("stop")
    assert time.monotonic() - start < PATIENCE_S / 4
    answer = page.answer()
    assert answer["stopped"]
    assert 0 < answer["cycle"] < 400
    assert "Stopped" in page.text("notices")
    assert page.js("document.getElementById('progress').hidden")
    page.type("cycles", "1")
    assert not page.answer().get("stopped")


def test_a_reload_in_the_middle_of_a_run(page: Page) -> None:
    page.driver.get(f"{page.address}/{LIFE}")
    page.until("!document.getElementById('progress').hidden")
    page.driver.refresh()
    page.until("!document.getElementById('progress').hidden")
    assert page.js("location.search") == LIFE
    # The run of the page that was left does not go on: the newest is not kept waiting by it.
    page.type("cycles", "1")
    assert page.answer()["of"] == 1


def test_newest_wins(page: Page) -> None:
    """Of fifty quick changes the last is shown, with far fewer questions than changes."""
    page.js("performance.clearResourceTimings()")
    page.js(
        "(() => { const field = document.getElementById('temperature'); const slider = field.closest('.pair').querySelector('[type=range]');"
        " for (let i = 0; i < 50; i++) { slider.value = 100 + 4 * i; slider.dispatchEvent(new Event('input', { bubbles: true })); } })()"
    )
    page.settled()
    shown = page.element("temperature").get_attribute("value")
    assert page.js("sbpath.state.temperature") == shown
    asked = page.js(
        "performance.getEntriesByType('resource').filter((one) => one.name.endsWith('/api/run')).length"
    )
    assert asked <= 5
    temperature = float(shown)
    simulated = sbpath.simulate(
        "li-sb",
        sbpath.cycling("C/10", 0.05, 1.5, cycles=1),
        temperature_C=temperature,
        population=10,
        progress=False,
    )
    assert page.hysteresis_mV() == pytest.approx(sbpath.cycle_summaries(simulated)[0].hysteresis_mV)


# -- comparison, address, tabs ---------------------------------------------------------------------


def test_what_is_kept_for_comparison(page: Page) -> None:
    first = page.hysteresis_mV()
    page.press("keep").until("sbpath.kept")
    page.type("rate", "1C")
    page.until("document.querySelectorAll('#voltage-chart path.ghost').length === 2")
    (row,) = (row for row in rows(page, "summary") if row[0] == "hysteresis")
    assert row[1:4] == [f"{page.hysteresis_mV():.1f}", f"{first:.1f}", f"+{page.hysteresis_mV() - first:.1f}"]
    # A link holds both.
    page.until("location.search.includes('ghost') && location.search.includes('1C')")
    page.open(page.js("location.search")).until("sbpath.kept")
    assert page.js("sbpath.kept.answer.hysteresis.total_mV") == first
    page.press("drop")
    assert page.js("document.querySelectorAll('#voltage-chart path.ghost').length") == 0


def test_the_back_button(page: Page) -> None:
    lithium = page.answer()["curves"]
    page.choose("system", "na-sb").type("rate", "C/5")
    page.choose("system", "k-sb")
    page.driver.back()
    page.until("sbpath.state.system === 'na-sb'")
    page.settled()
    assert page.js("sbpath.state.rate") == "C/5"
    assert page.element("system").get_attribute("value") == "na-sb"
    assert page.answer()["ion"] == "Na"
    page.driver.back()
    page.until("sbpath.state.system === 'li-sb'")
    page.settled()
    assert page.answer()["curves"] == lithium


def test_two_tabs(page: Page) -> None:
    one = page.driver.current_window_handle
    page.driver.switch_to.new_window("tab")
    try:
        page.size(1400, 1000)
        page.open("?system=k-sb")
        page.driver.switch_to.window(one)
        page.choose("system", "na-sb")
        assert page.answer()["ion"] == "Na"
        page.driver.switch_to.window(page.driver.window_handles[-1])
        page.type("rate", "C/5")
        assert page.answer()["ion"] == "K"
        page.driver.close()
    finally:
        page.driver.switch_to.window(one)


# -- what leaves the page ---------------------------------------------------------------------------


def test_what_is_downloaded_runs_and_gives_the_same(page: Page, tmp_path: Path) -> None:
    page.command("Browser.setDownloadBehavior", behavior="allow", downloadPath=str(tmp_path))
    page.type("rate", "1C").until("document.getElementById('set-interfaces.Sb|Li2Sb.energy_J_per_m2')")
    page.type("set-interfaces.Sb|Li2Sb.energy_J_per_m2", "0.12")
    links = page.driver.find_elements("css selector", "#downloads a")
    assert len(links) == 6
    page.js("document.querySelectorAll('#downloads a').forEach((link) => link.click())")
    names = ["picture.svg", "picture.png", "curve.csv", "mechanism.toml", "run.sh", "run.py"]
    end = time.monotonic() + PATIENCE_S
    while not all((tmp_path / name).is_file() and (tmp_path / name).stat().st_size for name in names):
        assert time.monotonic() < end, list(tmp_path.iterdir())
        time.sleep(0.1)
    assert (tmp_path / names[0]).read_bytes().startswith(b"<?xml")
    assert (tmp_path / names[1]).read_bytes().startswith(b"\x89PNG")
    energy = sbpath.value(sbpath.load_mechanism(tmp_path / names[3]), "interfaces.Sb|Li2Sb.energy_J_per_m2")
    assert energy == 0.12
    curve = (tmp_path / names[2]).read_text("utf-8")
    (tmp_path / names[2]).unlink()
    subprocess.run([sys.executable, names[5]], cwd=tmp_path, check=True, capture_output=True)
    assert (tmp_path / "curve.csv").read_text("utf-8") == curve


def test_copied_with_one_press(page: Page) -> None:
    page.command(
        "Browser.grantPermissions",
        origin=page.address,
        permissions=["clipboardReadWrite", "clipboardSanitizedWrite"],
    )
    page.until("document.getElementById('recipe-command')")
    page.js("document.querySelector('#recipe button').click()")
    page.until("document.getElementById('status').textContent.includes('copied')")
    copied = page.driver.execute_async_script(
        "navigator.clipboard.readText().then(arguments[0], String).then(arguments[0])"
    )
    assert copied == page.text("recipe-command")
    assert copied.startswith("sbpath simulate li-sb")


# -- a file of the user's ---------------------------------------------------------------------------


@pytest.fixture(scope="module")
def cell_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("files") / "cell.mpt"
    path.write_text(cycler_files.ec_lab(cycler_files.log(), cycler_files.Style()), "latin-1")
    return path


def lay_over(page: Page, path: Path) -> None:
    """Choose a file, state what is asked for, and wait until it lies over the simulation."""
    page.element("file").send_keys(str(path))
    page.until("document.getElementById('understood')?.textContent")
    assert "mass of" in page.text("laid")
    page.type("mass", "1.2")
    page.choose("first", "insertion")
    page.until("document.querySelector('#laid table')")


def test_a_good_file_is_understood_and_laid_over(page: Page, cell_file: Path) -> None:
    lay_over(page, cell_file)
    text = page.text("understood")
    assert "BioLogic text" in text
    assert "mass 1.2 mg of Sb" in text
    halves = page.js("sbpath.measured")
    measured = [1e3 * charge / 1.2 for charge in cycler_files.HALVES_MAH]
    assert [half["charge"][-1] for half in halves] == pytest.approx(measured, rel=0.01)
    assert page.js("document.querySelectorAll('#voltage-chart path.own').length") == 4
    assert len(rows(page, "laid")) == 4
    # It is laid over anew when a number moves.
    before = rows(page, "laid")
    page.type("temperature", "40")
    page.until(
        "document.querySelector('#laid table')?.textContent !== undefined && JSON.stringify([...document.querySelectorAll('#laid tbody tr')].map((row) => [...row.cells].map((cell) => cell.textContent))) !== arguments[0]",
        str(before).replace("'", '"').replace(", ", ","),
    )


def test_a_dropped_file(page: Page, cell_file: Path) -> None:
    page.js(
        "(() => { const carried = new DataTransfer(); carried.items.add(new File([arguments[0]], 'dropped.mpt'));"
        " document.getElementById('dropzone').dispatchEvent(new DragEvent('drop', { dataTransfer: carried, bubbles: true, cancelable: true })); })()",
        cell_file.read_text("latin-1"),
    )
    page.until("document.getElementById('understood')?.textContent.includes('dropped.mpt')")


BAD = {
    "binary": (b"\x00\x01\x02BIOLOGIC" * 500, "cell.mpr"),
    "empty": (b"", "empty.csv"),
    "prose": (b"Dear colleague,\nthe cell died.\n", "letter.txt"),
    "markup": (b"<script>document.title = 'taken'</script>\n1,2,3\n", "<img src=x onerror=alert(1)>.csv"),
}


@pytest.mark.parametrize(("content", "name"), BAD.values(), ids=BAD)
def test_a_bad_file_is_refused_in_words(page: Page, content: bytes, name: str) -> None:
    page.js(
        "(() => { const carried = new DataTransfer(); carried.items.add(new File([new Uint8Array(arguments[0])], arguments[1]));"
        " document.getElementById('dropzone').dispatchEvent(new DragEvent('drop', { dataTransfer: carried, bubbles: true, cancelable: true })); })()",
        list(content), name,
    )  # fmt: skip
    page.until("document.getElementById('file-error').textContent")
    assert page.element("file").get_attribute("aria-invalid") == "true"
    assert page.driver.title == "li-sb · sbpath"
    # The curve still answers.
    page.type("rate", "C/5")
    assert page.js("sbpath.state.rate") == "C/5"
    assert page.text("refused") == ""


def test_a_wrong_mass_is_refused_where_it_is_typed(page: Page, cell_file: Path) -> None:
    page.element("file").send_keys(str(cell_file))
    page.until("document.getElementById('understood')?.textContent")
    page.type("mass", "-1")
    page.until("document.getElementById('mass').getAttribute('aria-invalid') === 'true'")
    assert "must be above 0" in page.text("mass-error")


@pytest.mark.slow
def test_a_fit_shows_progress_and_its_numbers_are_used(page: Page, tmp_path: Path) -> None:
    """A curve simulated with a changed interfacial energy gives that energy back."""
    path, energy = tmp_path / "cell.bdf.csv", 0.125
    name = "interfaces.Sb|Li2Sb.energy_J_per_m2"
    made = sbpath.with_changes(sbpath.load_mechanism("li-sb"), {name: energy})
    sbpath.to_bdf(
        sbpath.simulate(
            made, [("Discharge at C/10 until 0.05 V", "Charge at C/10 until 1.5 V")], electrode_mass_g=1.2e-3,
            population=10, progress=False,
        ), path,
    )  # fmt: skip
    lay_over(page, path)
    page.until("document.querySelector('#free input')")
    page.js("document.querySelector(`#free input[value='${arguments[0]}']`).click()", name)
    page.press("fit")
    page.until("/^\\d+ simulations/.test(document.getElementById('fit-text').textContent)")
    page.until("document.getElementById('use')")
    page.press("use")
    assert float(page.js("sbpath.state.set[arguments[0]]", name)) == pytest.approx(energy, rel=0.01)
