"""How long the app takes on its side from a changed filter to the page.

    uv run python -m benchmarks.dashboard --home data       # a home with something published

Streamlit runs the page in this process, as for a browser; what the browser then draws is not in it.
"""

import argparse
import os
import statistics
import time
from pathlib import Path

from streamlit.testing.v1 import AppTest
from streamlit.util import calc_hash

from dashboards.app.pages import PAGES
from dashboards.cli import APP

CHANGES = 30
# Which filter is changed in turn; a choice of its own each time.
TURNS = ("by", "csm", "month")


def times(address: str) -> list[float]:
    """Return the milliseconds that a page took after each change of a filter."""
    session = AppTest.from_file(APP, default_timeout=300)
    session._page_hash = calc_hash(address) if address else ""
    session.run()
    took = []
    for number in range(CHANGES):
        box = session.selectbox(key=TURNS[number % len(TURNS)])
        box.select_index((number // len(TURNS) + 1) % len(box.options))
        begun = time.perf_counter()
        session.run()
        took.append(1000 * (time.perf_counter() - begun))
        if session.exception:
            raise SystemExit(session.exception[0].message)
    return took


def main() -> None:
    """Print the median and the 95th percentile of each page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--home", type=Path, required=True, help="a home with something published")
    os.environ["CSW_HOME"] = str(parser.parse_args().home.absolute())
    print(f"milliseconds of {CHANGES} changes of a filter, median and 95th percentile")
    for page in PAGES:
        took = times(page.address)
        highest = statistics.quantiles(took, n=20, method="inclusive")[-1]
        print(f"{page.title:<10} {statistics.median(took):6.0f} {highest:6.0f}")


if __name__ == "__main__":
    main()
