"""models/_exposures.yml names the tables that each reader really reads."""

import re

import pytest
import yaml
from streamlit.testing.v1 import AppTest
from streamlit.util import calc_hash

from dashboards.app.pages import ACCOUNT, BEHIND, PAGES
from dashboards.cli import APP
from dashboards.published import Published, opened
from dashboards.report import account_report, book_report, company_report
from orchestration.definition import CLOSED
from orchestration.metrics import read_metrics
from tests.python.conftest import ROOT

pytestmark = pytest.mark.long

REFERENCE = re.compile(r"ref\('(\w+)'\)")


def exposed(name: str) -> set[str]:
    text = (ROOT / "models" / "_exposures.yml").read_text(encoding="utf-8")
    (exposure,) = (each for each in yaml.safe_load(text)["exposures"] if each["name"] == name)
    return {REFERENCE.fullmatch(said)[1] for said in exposure["depends_on"]}


@pytest.fixture
def read(monkeypatch) -> set[str]:
    """The tables that were read of published files since the fixture was made."""
    tables: set[str] = set()
    rows = Published.rows

    def reading(self, query, *parameters):
        tables.update(self.tables.intersection(re.findall(r"\w+", query)))
        return rows(self, query, *parameters)

    monkeypatch.setattr(Published, "rows", reading)
    return tables


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.title)
def test_a_page_is_exposed_with_the_tables_it_reads(
    demo_home, database, publication, page, read, monkeypatch
):
    choices = [{}]
    if not page.address:
        choices += [{"behind": choice} for choice in BEHIND]
    if page is ACCOUNT:
        with opened(database, publication) as published:
            account = published.row("select min(account_id) as id from mart_account_360")["id"]
        choices += [{"account": account}]
    read.clear()
    monkeypatch.setenv("CSW_HOME", str(demo_home.path))
    for choice in choices:
        session = AppTest.from_file(APP, default_timeout=120)
        session._page_hash = calc_hash(page.address) if page.address else ""
        for key, value in choice.items():
            session.session_state[key] = value
        assert not session.run().exception
    assert read == exposed(f"page_{page.title.lower().replace(' ', '_')}")


def test_the_report_is_exposed_with_the_tables_it_reads(database, publication, read):
    with opened(database, publication) as published:
        csm = published.row("select min(csm_id) as id from mart_csm_book")["id"]
        account = published.row("select min(account_id) as id from mart_qbr_pack")["id"]
    read.clear()
    company_report(database, publication, (database, publication))
    book_report(database, publication, csm)
    account_report(database, publication, account)
    assert read == exposed("report")


def test_closed_months_are_exposed_with_the_tables_a_close_copies():
    assert exposed("closed_months") == set(CLOSED)


def test_questions_of_agents_are_exposed_with_the_tables_of_the_metrics():
    assert exposed("questions_of_agents") == {metric.table for metric in read_metrics().values()}
