"""A real browser without a network, for the tests that look at pages."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from selenium import webdriver
from selenium.webdriver.chrome.service import Service

FLAGS = (
    *("--headless", "--no-sandbox", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",  # a service of the tests
)
WITH_WEBGL = ("--use-angle=swiftshader", "--enable-unsafe-swiftshader")  # drawn by the processor
WITHOUT_WEBGL = ("--disable-gpu", "--disable-3d-apis")


def chromium_or_skip() -> str:
    """Where the browser is; the test is skipped where there is none."""
    found = shutil.which("chromium") or shutil.which("chromium-browser")
    if found is None:
        pytest.skip(
            "no chromium on the PATH: install it to look at pages (apt-get install chromium)"
        )
    return found


@contextmanager
def browsing(
    history: Path, *, width: int = 1300, dark: bool = False, webgl: bool = True
) -> Iterator[webdriver.Chrome]:
    """Yield a browser that is driven like by a hand: keys and clicks go through its window."""
    driver = shutil.which("chromedriver")
    if driver is None:
        pytest.skip("no chromedriver on the PATH: install it (apt-get install chromium-driver)")
    options = webdriver.ChromeOptions()
    options.binary_location = chromium_or_skip()
    for flag in (
        *FLAGS,
        *(WITH_WEBGL if webgl else WITHOUT_WEBGL),
        f"--user-data-dir={history}",
        f"--window-size={width},900",
        f"--blink-settings=preferredColorScheme={0 if dark else 1}",
        "--force-prefers-reduced-motion",
    ):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    browser = webdriver.Chrome(options=options, service=Service(driver))
    try:
        # A window is never narrower than 500 pixels; what is emulated may be.
        size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False}
        browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
        browser.get("about:blank")
        browser.get_log("performance")  # the pages that a browser begins with are not ours
        yield browser
    finally:
        browser.quit()


def complaints(browser: webdriver.Chrome) -> list[str]:
    """What the console of a page says, since the last call."""
    return [entry["message"] for entry in browser.get_log("browser")]


def fetched(browser: webdriver.Chrome) -> list[str]:
    """What a page requested of a network, since the last call."""
    events = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]
    urls = [
        event["params"]["request"]["url"]
        for event in events
        if event["method"] == "Network.requestWillBeSent"
    ]
    return [url for url in urls if not url.startswith(("file:", "data:", "about:"))]
