"""The pages without a mouse, on paper, and the report as a file without a network."""

import base64
import shutil
from urllib.parse import quote

import duckdb
import pytest

from dashboards.app.pages import ACCOUNT, PAGES
from orchestration.publish import REPORT_LINK, SCHEMA
from tests.python.dashboards.browser import at_rest, errors, hosts, show, shown, text, until

pytestmark = pytest.mark.long

# A4 less 12 mm on each side, in CSS pixels.
PAPER = 703
MOST_TABS = 150
FOCUSED = "const at = document.activeElement; return "
NAME = FOCUSED + "at.getAttribute('aria-label') || at.textContent.trim()"


def press(browser, *keys):
    from selenium.webdriver import ActionChains  # noqa: PLC0415

    ActionChains(browser).send_keys(*keys).perform()


def tab_to(browser, name):
    """Go on with Tab until what begins with a name has the focus."""
    from selenium.webdriver import Keys  # noqa: PLC0415

    for _ in range(MOST_TABS):
        press(browser, Keys.TAB)
        if browser.execute_script(NAME).startswith(name):
            return
    pytest.fail(f"Tab does not lead to '{name}'")


def test_pages_filters_rows_and_an_account_are_reached_by_keys_alone(browser, address, largest):
    from selenium.webdriver import Keys  # noqa: PLC0415

    show(browser, address, "Leader")
    tab_to(browser, "Cut by")
    press(browser, "Segment")
    until(lambda: browser.find_elements("css selector", "[role=option]"))
    press(browser, Keys.ENTER)
    until(lambda: "by=Segment" in browser.current_url)
    at_rest(browser)
    tab_to(browser, "Why did NRR fall")
    press(browser, Keys.ENTER)
    until(lambda: browser.current_url.endswith("#nrr-moved"))
    show(browser, f"{address}/", "Leader")
    tab_to(browser, "ARR")
    press(browser, Keys.ARROW_RIGHT, Keys.ARROW_RIGHT)
    assert browser.execute_script(NAME) == "Renewal rate"
    press(browser, Keys.ENTER)
    until(lambda: "Behind the renewal rate" in text(browser))
    # A table that scrolls is a stop of its own, and scrolls by the arrows.
    tab_to(browser, "Why NRR is what it is")
    press(browser, *[Keys.ARROW_DOWN] * 5)
    until(lambda: browser.execute_script(FOCUSED + "at.scrollTop") > 0)
    show(browser, f"{address}/", "Leader")
    tab_to(browser, "Account")
    press(browser, Keys.ENTER)
    shown(browser, "Account")
    tab_to(browser, "One account")
    press(browser, largest)
    until(lambda: browser.find_elements("css selector", "[role=option]"))
    press(browser, Keys.ENTER)
    until(lambda: "Why its health is" in text(browser))
    assert errors(browser) == []


CUT_OFF = """
const seen = [...document.querySelectorAll('.view, .view *, [data-testid=stVegaLiteChart] svg')]
    .filter(each => !each.closest('details:not([open])') || each.closest('summary'))
    .map(each => [each, each.getBoundingClientRect()]);
const over = seen.filter(([each, at]) => at.width && at.right > innerWidth + 1);
const hidden = [...document.querySelectorAll('.rows')]
    .filter(each => each.scrollHeight > each.clientHeight + 1);
return [...over.map(([each]) => each), ...hidden].map(each => each.outerHTML.slice(0, 120));
"""
VISIBLE = """
return [...document.querySelectorAll(
    '[data-testid=stSidebar], [data-testid=stHeader], .contents, [data-testid=stDownloadButton]'
)].filter(each => each.getBoundingClientRect().height).map(each => each.outerHTML.slice(0, 80))
"""


@pytest.fixture
def largest(database):
    """The name of the account with the most ARR."""
    with duckdb.connect(database, read_only=True) as connection:
        (name,) = connection.execute(
            f"select account_name from {SCHEMA}.mart_health_score order by arr desc limit 1"
        ).fetchone()
    return name


@pytest.fixture
def paper(browser):
    """The browser shows what it would print, for who reads in the dark."""
    size = {"width": PAPER, "height": 1000, "deviceScaleFactor": 1, "mobile": False}
    dark = [{"name": "prefers-color-scheme", "value": "dark"}]
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "", "features": dark})
    yield lambda: browser.execute_cdp_cmd(
        "Emulation.setEmulatedMedia", {"media": "print", "features": dark}
    )
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "", "features": []})
    browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.title)
def test_a_page_on_paper_is_whole_dark_on_white_and_without_what_is_to_be_clicked(
    browser, address, paper, page, largest
):
    chosen = f"?account={quote(largest)}" if page is ACCOUNT else ""
    show(browser, f"{address}/{page.address}{chosen}", page.title)
    paper()
    until(lambda: browser.execute_script(CUT_OFF) == [])
    assert browser.execute_script(VISIBLE) == []
    colours = "const of = getComputedStyle(document.querySelector(arguments[0])); return "
    assert browser.execute_script(colours + "of.backgroundColor", "body") == "rgb(255, 255, 255)"
    for part in (".view h1", ".view p", ".rows td"):
        assert browser.execute_script(colours + "of.color", part) == "rgb(0, 0, 0)"
    printed = browser.execute_cdp_cmd("Page.printToPDF", {"preferCSSPageSize": True})
    assert base64.b64decode(printed["data"]).count(b"/MediaBox [0 0 594.") > 1


def test_the_report_opens_from_a_file_with_the_network_off(browser, demo_home, tmp_path):
    file = shutil.copyfile(demo_home.published / REPORT_LINK, tmp_path / "mailed report.html")
    off = {"offline": True, "latency": 0, "downloadThroughput": 0, "uploadThroughput": 0}
    browser.execute_cdp_cmd("Network.enable", {})
    browser.execute_cdp_cmd("Network.emulateNetworkConditions", off)
    try:
        errors(browser), hosts(browser)
        browser.get(file.as_uri())
        assert {name for name in hosts(browser) if name} == set()
        assert errors(browser) == []
        for part in ("h1", "#headline .figures", "#renewals svg", "#nrr-moved table", "#gaps"):
            assert browser.find_element("css selector", part).is_displayed()
        drawn = browser.find_elements("css selector", "figure svg")
        assert drawn
        assert all(each.size["height"] > 100 for each in drawn)
        browser.find_element("css selector", "nav a[href='#backtest']").click()
        answer = browser.find_element("id", "backtest")
        top = "return arguments[0].getBoundingClientRect().top"
        assert browser.execute_script(top, answer) < 1000
    finally:
        browser.execute_cdp_cmd(
            "Network.emulateNetworkConditions",
            off | {"offline": False, "downloadThroughput": -1, "uploadThroughput": -1},
        )
