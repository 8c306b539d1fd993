"""A real browser and the app in it."""

from __future__ import annotations

import json
import shutil
import time
import urllib.request
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import SplitResult, urlsplit

import pytest

CHROMIUM = shutil.which("chromium")
DRIVER = shutil.which("chromedriver")
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--window-size=1300,1000",
)
WAIT = 120
# Seconds in which a page that is there in full does not change.
SETTLED = 1
# Streamlit asks for these beside a page before it asks at the root; a browser logs that as errors.
PROBES = ("/_stcore/health", "/_stcore/host-config")


def start() -> Any:
    """Start Chromium, or skip the test where there is none."""
    if not (CHROMIUM and DRIVER):
        pytest.skip("no chromium and chromedriver here (Debian: apt install chromium-driver)")
    from selenium import webdriver  # noqa: PLC0415
    from selenium.webdriver.chrome.service import Service  # noqa: PLC0415

    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    for flag in FLAGS:
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    return webdriver.Chrome(options=options, service=Service(DRIVER))


def answers(url: str) -> bool:
    """Whether the app is up."""
    try:
        with urllib.request.urlopen(f"{url}/_stcore/health", timeout=2) as answer:
            return answer.status == 200
    except OSError:
        return False


def until(condition: Callable[[], Any]) -> Any:
    """Wait for something, and return it."""
    end = time.monotonic() + WAIT
    while not (found := condition()):
        assert time.monotonic() < end, "waited too long"
        time.sleep(0.1)
    return found


def show(browser: Any, url: str, title: str) -> None:
    """Go to a page and wait until it is there."""
    browser.get(url)
    shown(browser, title)


def shown(browser: Any, title: str) -> None:
    """Wait until a page is there in full: Streamlit has nothing more to run, charts are drawn.

    Streamlit says that it has run before the browser has put all of it on the page, and what
    draws charts and tables comes later still: the page is there once it no longer changes.
    """
    until(
        lambda: browser.execute_script("return document.querySelector('h1')?.textContent") == title
    )
    seen = [drawn(browser)]

    def settled() -> bool:
        time.sleep(SETTLED)
        seen.append(drawn(browser))
        return seen[-1] == seen[-2]

    until(settled)


def drawn(browser: Any) -> int:
    """Wait until nothing is being drawn, and return of how many elements the page is."""
    at_rest(browser)
    return until(
        lambda: browser.execute_script(
            "return !document.querySelector('[data-testid=stSkeleton]')"
            " && [...document.querySelectorAll('[data-testid=stVegaLiteChart]')]"
            ".every(chart => chart.querySelector('svg, canvas'))"
            " && document.querySelectorAll('*').length"
        )
    )


def at_rest(browser: Any) -> None:
    """Wait until Streamlit has nothing more to run."""
    until(
        lambda: (
            browser.execute_script(
                "return document.querySelector('[data-testid=stApp]')"
                ".getAttribute('data-test-script-state')"
            )
            == "notRunning"
        )
    )


def errors(browser: Any) -> list[str]:
    """What the console has of errors since it was asked last."""
    return [
        entry["message"]
        for entry in browser.get_log("browser")
        if entry["level"] == "SEVERE"
        and not any(probe in entry["message"].split(" ")[0] for probe in PROBES)
    ]


def asked(browser: Any) -> Iterator[SplitResult]:
    """The addresses that were asked for anything since then."""
    for entry in browser.get_log("performance"):
        message = json.loads(entry["message"])["message"]
        if message["method"] in ("Network.requestWillBeSent", "Network.webSocketCreated"):
            told = message["params"]
            yield urlsplit(told["request"]["url"] if "request" in told else told["url"])


def hosts(browser: Any) -> set[str | None]:
    """The hosts that were asked for anything since then."""
    return {url.hostname for url in asked(browser) if url.scheme not in ("data", "blob")}


def text(browser: Any) -> str:
    """All that a page shows."""
    return browser.find_element("tag name", "body").text.replace("\xa0", " ")
