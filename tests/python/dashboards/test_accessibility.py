"""Who sees little, or nothing, or uses no mouse, can use the pages: axe-core finds nothing."""

from importlib.metadata import distribution
from pathlib import Path
from urllib.parse import quote

import duckdb
import pytest

from dashboards.app.pages import PAGES
from orchestration.publish import REPORT_LINK, SCHEMA
from tests.python.dashboards.browser import at_rest, show, text

pytestmark = pytest.mark.long

# Rules of axe-core that Streamlit's own markup breaks, and why that is left: none at present.
KNOWN: dict[str, str] = {}
RUN = """
const done = arguments[0];
axe.run(document, {resultTypes: ["violations"]}).then(
    found => done(found.violations.map(each => ({
        rule: each.id, impact: each.impact, where: each.nodes.map(node => node.html.slice(0, 200))
    }))),
    error => done([{rule: "axe itself", impact: "critical", where: [String(error)]}])
);
"""
UNFOLD = "document.querySelectorAll('details').forEach(each => each.open = true)"


@pytest.fixture(scope="module")
def axe() -> str:
    (file,) = (
        file for file in distribution("axe-playwright-python").files if file.name == "axe.min.js"
    )
    return Path(file.locate()).read_text(encoding="utf-8")


@pytest.fixture
def found(browser, axe):
    """Return what axe-core finds on the page that is shown, with all that folds open."""

    def finding():
        browser.execute_script(UNFOLD)
        browser.execute_script(axe)
        return [each for each in browser.execute_async_script(RUN) if each["rule"] not in KNOWN]

    return finding


@pytest.fixture(params=["light", "dark"])
def scheme(browser, request):
    preference = {"features": [{"name": "prefers-color-scheme", "value": request.param}]}
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", preference)
    yield request.param
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.title)
def test_each_page_can_be_read_by_everybody_in_the_light_and_in_the_dark(
    browser, address, scheme, found, page
):
    show(browser, f"{address}/{page.address}", page.title)
    assert found() == []


def test_rows_behind_a_number_and_an_account_can_be_read_by_everybody(
    browser, address, database, found
):
    with duckdb.connect(database, read_only=True) as connection:
        (account,) = connection.execute(
            f"select account_name from {SCHEMA}.mart_health_score order by arr desc limit 1"
        ).fetchone()
    show(browser, f"{address}/?behind=ARR&by=Region&region=EMEA", "Leader")
    assert found() == []
    show(browser, f"{address}/account?account={quote(account)}", "Account")
    assert "Why its health is" in text(browser)
    assert found() == []


def test_a_narrow_window_can_be_read_by_everybody(browser, address, found):
    narrow = {"width": 500, "height": 900, "deviceScaleFactor": 1, "mobile": False}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", narrow)
    try:
        for page in PAGES:
            show(browser, f"{address}/{page.address}", page.title)
            assert found() == []
            wide = "return document.documentElement.scrollWidth > innerWidth"
            assert not browser.execute_script(wide), page.title
    finally:
        browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def test_the_report_can_be_read_by_everybody(browser, demo_home, scheme, found):
    browser.get((demo_home.published / REPORT_LINK).as_uri())
    assert found() == []


def test_axe_objects_to_what_has_no_name(browser, address, found):
    show(browser, address, PAGES[0].title)
    at_rest(browser)
    browser.execute_script("document.body.append(document.createElement('button'))")
    assert "button-name" in {each["rule"] for each in found()}
