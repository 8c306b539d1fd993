"""How long a filter takes in a real browser: from the choice until the page shows all of it.

    uv run python -m benchmarks.dashboard --home data       # a home with something published

The app is started as `csw dashboard` starts it, and Chromium (by selenium) chooses among the
filters. What is timed runs in the browser: from the click on a choice until the last change of the
page is painted and nothing keeps the browser busy. The server's part is timed again by itself, with
no browser beside it. A page of the same filters and one line stands beside the pages: it is what
Streamlit and the browser take whatever is on a page.
"""

from __future__ import annotations

import argparse
import os
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from streamlit.testing.v1 import AppTest
from streamlit.util import calc_hash

from dashboards.app.filters import ALL
from dashboards.app.pages import PAGES
from dashboards.cli import APP
from dashboards.cut import DIMENSIONS
from dashboards.published import opened
from orchestration.home import Home
from orchestration.publish import read_publication
from tests.python.dashboards.browser import answers, show, start, until

if TYPE_CHECKING:
    from selenium.webdriver import Chrome

CHANGES = 30
# Which filter is changed in turn; a choice of its own each time, all of them together.
TURNS = {"by": "Cut by", "csm": "CSM", "month": "Month"}
CHOICES = 7
EMPTY = f"""
import streamlit as st

st.title("Empty")
for label in {list(TURNS.values())}:
    st.write(st.sidebar.selectbox(label, range({CHOICES} + 2)))
"""
# Notes when the newest message of Streamlit came.
LISTEN = """
const open = window.WebSocket;
window.WebSocket = class extends open {
    constructor(...told) {
        super(...told);
        this.addEventListener("message", () => { window.lastMessage = performance.now(); });
    }
};
"""
# Chooses, and tells when the last change was painted. The page is settled when Streamlit has run
# and nothing has changed for a while, which is not counted.
CHOOSE = """
const [at, quiet, done] = arguments;
const app = document.querySelector("[data-testid=stApp]");
let last = 0;
const noted = () => { last = Math.max(last, performance.now()); };
const changed = new MutationObserver(() => requestAnimationFrame(() => setTimeout(noted)));
const busy = new PerformanceObserver(list => list.getEntries().forEach(entry => {
    last = Math.max(last, entry.startTime + entry.duration);
}));
const begun = performance.now();
for (const name of ["stMain", "stSidebar"]) {
    const told = {subtree: true, childList: true, attributes: true, characterData: true};
    changed.observe(document.querySelector(`[data-testid=${name}]`), told);
}
busy.observe({entryTypes: ["longtask"]});
document.querySelectorAll("[role=option]")[at].click();
const looking = setInterval(() => {
    const isRunning = app.getAttribute("data-test-script-state") !== "notRunning";
    const settled = Math.max(last, window.lastMessage);
    if (isRunning || window.lastMessage < begun || performance.now() - settled < quiet) return;
    clearInterval(looking);
    changed.disconnect();
    busy.disconnect();
    done(settled - begun);
}, 20);
"""
# Milliseconds without a change after which a page is settled.
QUIET = 400
# Seconds for one change.
LONGEST = 120


def choice(number: int) -> int:
    """Return which choice of its filter a change takes; every other CSM is 0, which is all."""
    turn = number // len(TURNS)
    is_everybody = list(TURNS)[number % len(TURNS)] == "csm" and turn % 2 == 1
    return 0 if is_everybody else turn % CHOICES + 1


@contextmanager
def served(*command: str, **environment: str) -> Iterator[str]:
    """Run something that serves pages at a port, and return its address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    app = subprocess.Popen(
        [part.format(port=port) for part in command],
        env={**os.environ, **environment},
        stdout=subprocess.DEVNULL,
    )
    url = f"http://localhost:{port}"
    try:
        until(lambda: answers(url) or app.poll() is not None)
        if app.poll() is not None:
            raise SystemExit(f"It does not come up: {' '.join(command)}")
        yield url
    finally:
        app.send_signal(signal.SIGTERM)
        app.wait()


def in_browser(browser: Chrome, url: str, title: str, changes: int) -> list[float]:
    """Return the milliseconds until a page was settled, after each change of a filter."""
    show(browser, url, title)
    took = []
    # The first round is not timed: it is the first time that this process runs the page.
    for number in range(-len(TURNS), changes):
        label = list(TURNS.values())[number % len(TURNS)]
        box = f"[data-testid=stSelectbox] input[aria-label='{label}']"
        browser.find_element("css selector", box).click()
        until(lambda: browser.find_elements("css selector", "[role=option]"))
        at = choice(number) if number >= 0 else CHOICES + 1
        settled = browser.execute_async_script(CHOOSE, at, QUIET)
        if number >= 0:
            took.append(settled)
    return took


def on_server(home: Home, address: str, changes: int) -> tuple[list[float], list[float]]:
    """Return the milliseconds, and those of the processor, that the app took for its part."""
    publication = read_publication(home.published)
    if publication is None:
        raise SystemExit(f"Nothing is published in {home.path}.")
    with opened(home.published / publication.database, publication) as published:
        csms = published.rows(
            "select csm_id as value from dim_account where csm_id is not null group by csm_id"
            " order by max(csm_name), csm_id"
        )
        months = published.rows(
            "select distinct month as value from fct_account_month order by month desc offset 1"
        )
    values = [list(DIMENSIONS), *([row["value"] for row in rows] for rows in (csms, months))]
    os.environ["CSW_HOME"] = str(home.path.absolute())
    session = AppTest.from_file(APP, default_timeout=LONGEST)
    session._page_hash = calc_hash(address) if address else ""
    session.run()
    took, busy = [], []
    for number in range(changes):
        of_filter = values[number % len(TURNS)]
        box = session.selectbox(key=list(TURNS)[number % len(TURNS)])
        value = of_filter[(at - 1) % len(of_filter)] if (at := choice(number)) else ALL
        begun, worked = time.perf_counter(), time.process_time()
        box.set_value(value).run()
        took.append(1000 * (time.perf_counter() - begun))
        busy.append(1000 * (time.process_time() - worked))
        if session.exception:
            raise SystemExit(session.exception[0].message)
    return took, busy


def highest(values: Sequence[float]) -> float:
    """Return within what 95 of 100 are."""
    return statistics.quantiles(values, n=20, method="inclusive")[-1]


def main() -> None:
    """Print the median and the 95th percentile of each page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--home", type=Path, required=True, help="a home with something published")
    parser.add_argument("--changes", type=int, default=CHANGES, help="of a filter, on each page")
    arguments = parser.parse_args()
    home = Home(arguments.home)
    browser = start()
    browser.set_script_timeout(LONGEST)
    browser.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": LISTEN})
    print(f"milliseconds after {arguments.changes} changes of a filter: median, 95th percentile")
    print(f"{'':10}{'in the browser':>16}{'x empty':>9}{'on the server':>16}{'processor':>12}")
    with tempfile.TemporaryDirectory() as folder:
        empty = Path(folder) / "empty.py"
        empty.write_text(EMPTY)
        command = f"-m streamlit run {empty} --server.port={{port}} --server.headless=true"
        command += " --browser.gatherUsageStats=false --client.toolbarMode=minimal"
        with served(sys.executable, *command.split()) as url:
            took = in_browser(browser, url, "Empty", arguments.changes)
    floor = statistics.median(took)
    print(f"{'Empty':<10}{floor:8.0f}{highest(took):8.0f}{1:9.1f}", flush=True)
    command = "-m orchestration.cli dashboard --port {port}"
    path = str(home.path.absolute())
    with served(sys.executable, *command.split(), CSW_HOME=path) as url:
        for page in PAGES:
            took = in_browser(browser, f"{url}/{page.address}", page.title, arguments.changes)
            alone, busy = on_server(home, page.address, arguments.changes)
            print(
                f"{page.title:<10}{statistics.median(took):8.0f}{highest(took):8.0f}"
                f"{statistics.median(took) / floor:9.1f}"
                f"{statistics.median(alone):8.0f}{highest(alone):8.0f}{highest(busy):12.0f}",
                flush=True,
            )
    browser.quit()


if __name__ == "__main__":
    main()
