"""A headless Chromium that looks at the page of a server."""

from __future__ import annotations

import contextlib
import json
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

# Seconds until a page must have answered, on a busy machine.
PATIENCE_S = 60.0
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-default-apps",
    "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
)  # fmt: skip


@contextlib.contextmanager
def browser(folder: Path, port: int) -> Iterator[Page]:
    """The page of a server in a browser with an empty profile, kept in `folder`; skips where there is no browser."""
    webdriver = pytest.importorskip("selenium.webdriver", reason="needs selenium")
    binary, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if not (binary and driver):
        pytest.skip("needs chromium and chromedriver")
    options = webdriver.ChromeOptions()
    options.binary_location = binary
    for flag in (*FLAGS, f"--user-data-dir={folder / 'profile'}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"performance": "ALL", "browser": "ALL"})
    made = webdriver.Chrome(options=options, service=webdriver.ChromeService(driver))
    made.set_script_timeout(PATIENCE_S)
    try:
        yield Page(made, f"http://127.0.0.1:{port}")
    finally:
        made.quit()


class Page:
    """What the tests do on the page; `js` evaluates an expression of its own language."""

    def __init__(self, driver: Any, address: str) -> None:
        self.driver = driver
        self.address = address
        self.size(1400, 1000)

    def js(self, expression: str, *arguments: Any) -> Any:
        return self.driver.execute_script(f"return {expression}", *arguments)

    def until(self, expression: str, *arguments: Any) -> Any:
        """What an expression is as soon as it is true."""
        end = time.monotonic() + PATIENCE_S
        while time.monotonic() < end:
            if found := self.js(expression, *arguments):
                return found
            time.sleep(0.03)
        raise AssertionError(f"never true: {expression}; {self.js('document.body.innerText')[:2000]}")

    def open(self, query: str = "") -> Page:
        self.driver.get(f"{self.address}/{query}")
        return self.settled()

    def settled(self) -> Page:
        """When the answer is there."""
        self.until("document.documentElement.dataset.busy === 'false'")
        return self

    def size(self, width: int, height: int, scale: float = 1.0, dark: bool = False) -> None:
        """Size of the window (CSS pixels), pixels per CSS pixel, and colours."""
        self.command(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=scale, mobile=False
        )  # fmt: skip
        wanted = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.command("Emulation.setEmulatedMedia", features=[wanted])

    def command(self, name: str, **given: Any) -> Any:
        return self.driver.execute_cdp_cmd(name, given)

    def element(self, name: str) -> Any:
        return self.driver.find_element("id", name)

    def text(self, name: str) -> str:
        return self.js("document.getElementById(arguments[0]).textContent", name)

    def answer(self) -> dict[str, Any]:
        return self.js("sbpath.answer")

    def choose(self, name: str, value: str) -> Page:
        """Choose in a list."""
        self.js(
            "(() => { const list = document.getElementById(arguments[0]); list.value = arguments[1];"
            " list.dispatchEvent(new Event('change', { bubbles: true })); })()", name, value,
        )  # fmt: skip
        return self.settled()

    def type(self, name: str, text: str) -> Page:
        """Type in a field, and leave it."""
        field = self.element(name)
        self.js("arguments[0].select()", field)
        field.send_keys(text)
        self.js("arguments[0].blur()", field)
        return self.settled()

    def pull(self, name: str, share: float) -> Page:
        """Pull the slider beside a field to a share of its length."""
        self.js(
            "(() => { const slider = document.getElementById(arguments[0]).closest('.pair').querySelector('[type=range]');"
            " slider.value = Math.round(arguments[1] * slider.max); slider.dispatchEvent(new Event('input', { bubbles: true })); })()",
            name, share,
        )  # fmt: skip
        return self.settled()

    def press(self, name: str) -> Page:
        self.js("document.getElementById(arguments[0]).click()", name)
        return self.settled()

    def hysteresis_mV(self) -> float:
        return self.answer()["hysteresis"]["total_mV"]

    def drawn(self) -> list[str]:
        """The lines of the voltage chart, as drawn."""
        return self.js(
            "[...document.querySelectorAll('#voltage-chart path.line')].map((line) => line.getAttribute('d'))"
        )

    def asked_hosts(self) -> set[str]:
        """Where requests of the browser went since this was asked last, without pages of its own."""
        events = [json.loads(entry["message"])["message"] for entry in self.driver.get_log("performance")]
        sent = [
            event["params"]["request"]["url"]
            for event in events
            if event["method"] == "Network.requestWillBeSent"
        ]
        return {"/".join(url.split("/")[:3]) for url in sent if url.startswith(("http", "ws", "ftp"))}

    def complaints(self) -> list[str]:
        """Errors and warnings in the browser's log, without refusals of the server, which are shown."""
        return [
            entry["message"] for entry in self.driver.get_log("browser") if " 422 " not in entry["message"]
        ]
