"""The app in a real browser: each page loads, without an error, from this machine alone."""

import socket
from urllib.parse import parse_qs, quote, urlsplit

import pytest

from dashboards.app.pages import ACCOUNT, PAGES
from tests.python.dashboards.browser import errors, hosts, show, shown, text, until

pytestmark = pytest.mark.long
BOX = "[data-testid=stSelectbox]"
CHOOSE = "document.querySelectorAll('[role=option]')[arguments[0]].click()"
# What is written at the axes of each chart.
LABELS = """
return [...document.querySelectorAll("[data-testid=stVegaLiteChart] svg")].map(
    svg => [...svg.querySelectorAll(".role-axis-label text")].map(text => text.textContent)
)
"""


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.title)
def test_each_page_loads_without_an_error_and_asks_nobody_else(browser, address, page):
    show(browser, f"{address}/{page.address}", page.title)
    if page is not ACCOUNT:
        assert until(lambda: browser.find_elements("css selector", "[data-testid=stVegaLiteChart]"))
    assert not browser.find_elements("css selector", "[data-testid=stException]")
    assert errors(browser) == []
    assert hosts(browser) == {"localhost"}
    # What cannot be seen is said: each table and drawing has a name.
    for region in browser.find_elements("css selector", "[role=region]"):
        assert region.get_attribute("aria-label")


def test_filters_are_in_the_address_and_go_along_to_the_next_page(browser, address):
    show(browser, f"{address}/?by=Region&region=EMEA", "Leader")
    assert "Not filtered by region." in text(browser)
    browser.find_element("link text", "Finance").click()
    shown(browser, "Finance")
    asked_for = parse_qs(urlsplit(browser.current_url).query)
    assert asked_for == {"by": ["Region"], "region": ["EMEA"]}
    assert errors(browser) == []


def test_the_page_follows_what_the_reader_prefers_light_or_dark(browser, address):
    seen = {}
    for scheme in ("light", "dark"):
        preference = {"features": [{"name": "prefers-color-scheme", "value": scheme}]}
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", preference)
        show(browser, address, "Leader")
        seen[scheme] = browser.execute_script(
            "return getComputedStyle(document.querySelector('[data-testid=stApp]')).backgroundColor"
        )
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})
    assert seen["light"] != seen["dark"]


def test_only_this_machine_is_answered(run_csw, demo_home, address):
    port = urlsplit(address).port
    own = {info[4][0] for info in socket.getaddrinfo(socket.gethostname(), port, socket.AF_INET)}
    for outside in own - {"127.0.0.1", "127.0.1.1"}:
        with socket.socket() as other:
            other.settimeout(5)
            assert other.connect_ex((outside, port)) != 0
    done = run_csw("dashboard", "--port", port, CSW_HOME=demo_home.path)
    assert done.returncode == 1
    assert f"Port {port} cannot be used" in done.stdout + done.stderr


def test_each_question_on_top_of_a_page_leads_to_its_answer(browser, address):
    show(browser, address, "Leader")
    links = browser.find_elements("css selector", "nav.contents a")
    assert len(links) == len(browser.find_elements("css selector", ".view h2"))
    last = links[-1]
    answer = browser.find_element("id", last.get_attribute("href").partition("#")[2])
    in_sight = "const at = arguments[0].getBoundingClientRect(); return at.top < innerHeight"
    assert not browser.execute_script(in_sight, answer)
    last.click()
    until(lambda: browser.execute_script(in_sight, answer))
    assert last.text in answer.text
    assert browser.execute_script("return performance.getEntriesByType('navigation').length") == 1


def test_the_name_of_an_account_leads_to_its_page(browser, address):
    for page in ("My book", "Leader"):
        path = next(each.address for each in PAGES if each.title == page)
        show(browser, f"{address}/{path}", page)
        name = browser.find_element("css selector", ".rows td a")
        said = name.text
        browser.execute_script("arguments[0].click()", name)
        shown(browser, "Account")
        until(lambda: "Why its health is" in text(browser))
        assert said in text(browser)
        assert "is not there" not in text(browser)
        assert errors(browser) == []


def test_what_the_address_asks_for_in_vain_is_said(browser, address):
    show(browser, f"{address}/?by=Region&region=Atlantis&month=Jan 1999&csm=Nobody", "Leader")
    said = text(browser)
    for asked in ("Region 'Atlantis'", "Month 'Jan 1999'", "CSM 'Nobody'"):
        assert f"{asked}, which the address asks for, is not there." in said
    for image in ("![x](http://example.com/x.png)", "<img src=http://example.com/x.png>"):
        show(browser, f"{address}/?csm={quote(image)}", "Leader")
        assert f"CSM '{image}', which" in text(browser)
    assert hosts(browser) == {"localhost"}
    show(browser, f"{address}/?by=Region&region=EMEA", "Leader")
    assert "which the address asks for" not in text(browser)
    assert "Only region EMEA." in text(browser)


def test_a_chart_after_other_filters_is_drawn_as_on_a_page_made_anew(browser, address):
    """The browser keeps the chart, and months that come back are not put behind the others."""
    show(browser, address, "Leader")
    for month in (8, 3):
        browser.find_element("css selector", f"{BOX} input[aria-label='Month']").click()
        until(lambda: browser.find_elements("css selector", "[role=option]"))
        browser.execute_script(CHOOSE, month)
        until(lambda: "month=" in browser.current_url)
        shown(browser, "Leader")
    kept = browser.execute_script(LABELS)
    browser.refresh()
    shown(browser, "Leader")
    assert kept == browser.execute_script(LABELS)
    assert len(kept) > 3
