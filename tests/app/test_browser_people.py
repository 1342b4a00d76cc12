"""The page for everyone: keyboard alone, screen readers, zoom, phones, dark and light; and what it costs."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cycler_files
import pytest
from browser import Page, browser
from served import served

axe = pytest.importorskip("selenium_axe_python", reason="needs axe-core")

# From a phone, over a window at 200 % zoom, to a wide screen: width and pixels per CSS pixel.
SIZES = {"phone": (360, 1.0), "tablet": (820, 1.0), "200 %": (700, 2.0), "desk": (1400, 1.0)}


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    with served() as server, browser(tmp_path_factory.mktemp("browser"), server.port) as page:
        yield page


@pytest.fixture
def page(opened: Page) -> Page:
    opened.size(1400, 1000)
    opened.open().until("document.querySelectorAll('#numbers .pair').length")
    return opened


def findings(page: Page) -> list[str]:
    """Serious and critical findings of axe-core."""
    test = axe.Axe(page.driver)
    test.inject()
    return [
        f"{found['id']}: {node['html'][:200]} {node['failureSummary'][:300]}"
        for found in test.run()["violations"]
        if found["impact"] in ("serious", "critical")
        for node in found["nodes"]
    ]


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_no_serious_finding(page: Page, dark: bool, tmp_path: Path) -> None:
    """With everything open: numbers, tables, a comparison, something wrong, and a file."""
    path = tmp_path / "cell.mpt"
    path.write_text(cycler_files.ec_lab(cycler_files.log(), cycler_files.Style()), "latin-1")
    page.size(1400, 1000, dark=dark)
    assert findings(page) == []
    page.press("more").press("keep").choose("electrolyte", "fec")
    page.element("file").send_keys(str(path))
    page.until("document.getElementById('understood')?.textContent")
    page.type("mass", "1.2").choose("first", "insertion")
    page.until("document.querySelector('#laid table')")
    page.type("rate", "fast")
    page.js("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    page.until("document.querySelector('#graph-table table')")
    assert page.element("rate").get_attribute("aria-invalid") == "true"
    assert findings(page) == []
    page.size(360, 740, dark=dark)
    assert findings(page) == []


@pytest.mark.parametrize(("width", "scale"), SIZES.values(), ids=SIZES)
@pytest.mark.parametrize("system", ["li-sb", "li-znsnsb2", "na-sb&rate=1C&cycles=2"])
def test_nothing_is_cut_off_at_any_width(page: Page, width: int, scale: float, system: str) -> None:
    page.size(width, 800, scale)
    page.open(f"?system={system}&ghost=system%3Dna-sb").until("sbpath.kept")
    page.js("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    assert page.js("document.documentElement.scrollWidth") <= width
    # Texts of charts keep their size and stay within.
    texts = page.js(
        "[...document.querySelectorAll('.chart svg text')].map((text) => { const box = text.getBoundingClientRect();"
        " return [text.textContent, box.left, box.right, parseFloat(getComputedStyle(text).fontSize)]; })"
    )
    assert len(texts) > 20
    for text, left, right, size in texts:
        assert size >= 12.0
        assert left >= -1.0, text
        assert right <= width + 1.0, text


def focused(page: Page) -> dict[str, Any]:
    return page.js(
        "(() => { const one = document.activeElement; const box = one.getBoundingClientRect();"
        " const style = getComputedStyle(one); return { tag: one.tagName, id: one.id, text: one.textContent.trim().slice(0, 40),"
        " type: one.type ?? '', seen: box.width > 0 && box.height > 0, outline: style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2,"
        " inView: box.bottom > 0 && box.top < innerHeight, covered: (() => { const top = document.elementFromPoint(box.left + box.width / 2, box.top + Math.min(box.height / 2, 10));"
        " return top !== null && !one.contains(top) && !top.contains(one); })() }; })()"
    )


@pytest.mark.parametrize("width", [1400, 360])
def test_everything_is_reached_by_the_keyboard(page: Page, width: int) -> None:
    """Tab goes through all controls in the order of the document; each is seen, in view, and has an outline."""
    from selenium.webdriver import ActionChains, Keys

    page.size(width, 800)
    page.js("document.activeElement.blur()")
    wanted = page.js(
        "[...document.querySelectorAll('a[href], button, input, select, summary, [tabindex=\"0\"]')]"
        ".filter((one) => one.checkVisibility() && !one.disabled).length"
    )
    page.js("window.scrollTo(0, 0)")
    seen = []
    for _ in range(wanted + 5):
        ActionChains(page.driver).send_keys(Keys.TAB).perform()
        now = focused(page)
        if now["tag"] == "BODY":
            break
        assert now["seen"], now
        assert now["outline"], now
        assert now["inView"], now
        assert not now["covered"], now
        seen.append(now)
    assert len(seen) == wanted
    ids = [one["id"] for one in seen]
    order = [
        "system",
        "graph",
        "design",
        "electrolyte",
        "rate",
        "temperature",
        "keep",
        "reset",
        "crystalline",
        "walk",
        "file",
    ]
    assert [name for name in ids if name in order] == order
    assert seen[0]["text"] == "Skip to the curve"


def test_the_keyboard_alone_changes_the_curve(page: Page) -> None:
    from selenium.webdriver.common.keys import Keys

    def press(*keys: str) -> None:
        for key in keys:
            page.driver.switch_to.active_element.send_keys(key)

    before = page.answer()["curves"]
    page.js("document.getElementById('rate').focus()")
    press(Keys.TAB)  # to the slider of the temperature
    assert focused(page)["type"] == "range"
    press(Keys.ARROW_RIGHT, Keys.ARROW_RIGHT, Keys.PAGE_UP)
    page.settled()
    warm = page.answer()["curves"]
    assert warm != before
    spoken = page.js("document.activeElement.getAttribute('aria-valuetext')")
    assert spoken == f"{page.element('temperature').get_attribute('value')} °C"
    press(Keys.TAB)
    assert focused(page)["id"] == "temperature"
    press(Keys.CONTROL + "a")
    press("25", Keys.ENTER)
    page.settled()
    assert page.answer()["curves"] == before
    page.js("document.getElementById('system').focus()")
    press("na-sb", Keys.TAB)
    page.settled()
    assert page.answer()["ion"] == "Na"


def test_what_is_heard_is_calm_and_says_what_came_out(page: Page) -> None:
    page.js(
        "(() => { window.heard = []; new MutationObserver(() => heard.push(document.getElementById('status').textContent))"
        ".observe(document.getElementById('status'), { childList: true, characterData: true, subtree: true }); })()"
    )
    for share in (0.5, 0.55, 0.6, 0.65, 0.7):
        page.pull("temperature", share)
    page.until("heard.length")
    time.sleep(1.0)
    (said,) = page.js("heard")
    assert said.startswith("li-sb, C/10, ")
    assert f"Cycle 1: hysteresis {page.hysteresis_mV():.0f} mV." in said
    assert "Out: Li₃Sb → Sb." in said
    page.type("temperature", "warm")
    page.until("heard.length === 2")
    assert page.js("heard[1]").startswith("Not changed: ")
    assert (
        page.js("document.querySelectorAll('[aria-live], [role=status], [role=alert], output').length") == 2
    )


# Moves a slider so often, waiting for each answer; times (ms) from the change to the curve.
DRAG = """
const [name, count, done] = arguments;
(async () => {
  const slider = document.getElementById(name).closest('.pair').querySelector('[type=range]');
  for (let i = 0; i < count; i++) {
    slider.value = 120 + (7 * i) % 160;
    slider.dispatchEvent(new Event('input', { bubbles: true }));
    while (document.documentElement.dataset.busy !== 'false') await new Promise((go) => setTimeout(go, 5));
  }
  return sbpath.durations.slice(-count);
})().then(done, (error) => done(String(error)));
"""


@pytest.mark.slow
@pytest.mark.parametrize("system", ["li-sb", "na-sb", "k-sb"])
def test_the_curve_answers_within_a_quarter_of_a_second(page: Page, system: str) -> None:
    """By the processor's time, of the server and of the page together, since other work on the machine is not the page's."""
    page.open(f"?system={system}").until("document.querySelectorAll('#numbers .pair').length")
    page.command("Performance.enable", timeDomain="threadTicks")

    def spent() -> float:
        metrics = page.command("Performance.getMetrics")["metrics"]
        return time.process_time() + next(one["value"] for one in metrics if one["name"] == "TaskDuration")

    each = []
    for _ in range(7):
        before = spent()
        times = page.driver.execute_async_script(DRAG, "temperature", 5)
        assert len(times) == 5, times
        each.append((spent() - before) / 5)
    page.command("Performance.disable")
    assert statistics.median(each) < 0.25


@pytest.mark.slow
def test_two_hundred_changes_leave_nothing_behind(page: Page) -> None:
    """Objects, elements and listeners of the page are after 200 more changes what they were after 50."""

    def held() -> dict[str, float]:
        for _ in range(3):
            page.command("HeapProfiler.collectGarbage")
        metrics = page.command("Performance.getMetrics")["metrics"]
        return {one["name"]: one["value"] for one in metrics}

    page.command("Performance.enable")
    page.driver.execute_async_script(DRAG, "temperature", 50)
    page.until("performance.now() > 0")
    before = held()
    for _ in range(4):
        assert len(page.driver.execute_async_script(DRAG, "temperature", 50)) == 50
    after = held()
    page.command("Performance.disable")
    assert after["JSHeapUsedSize"] < before["JSHeapUsedSize"] + 1e6
    assert after["Nodes"] < 1.1 * before["Nodes"] + 100
    assert after["JSEventListeners"] < 1.1 * before["JSEventListeners"] + 20
