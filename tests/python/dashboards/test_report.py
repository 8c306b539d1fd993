"""The report says what the published tables say, needs nothing else, and hides nothing."""

import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import duckdb
import pandas as pd
import pytest

from dashboards import numbers
from dashboards.report import ReportError, book_report, company_report
from orchestration.publish import REPORT_LINK, publish, read_publication

pytestmark = pytest.mark.long

# Elements that end where they begin.
VOID = {"meta", "link", "br", "hr", "img", "input"}


class Page(HTMLParser):
    """What is in a page: texts by section, tags, attributes."""

    def __init__(self, html):
        super().__init__()
        self.open, self.tags, self.attributes, self.texts = [], set(), [], []
        self.sections, self.section = {}, None
        self.feed(html)
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        if tag == "section":
            self.section = dict(attrs)["id"]
            self.sections[self.section] = ""
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag
        if tag == "section":
            self.section = None

    def handle_data(self, data):
        text = " ".join(data.split())
        if text and "style" not in self.open:
            self.texts.append(text)
            if self.section:
                self.sections[self.section] += f"{text} "

    def values(self, name):
        return [value for _, key, value in self.attributes if key == name]


def spaced(text):
    return text.replace("\N{NO-BREAK SPACE}", " ")


@pytest.fixture
def page(database, publication):
    return Page(company_report(database, publication))


def test_the_report_needs_no_script_and_no_network(database, publication, page):
    html = company_report(database, publication)
    assert "script" not in page.tags
    assert not page.tags & {"iframe", "img", "link", "object", "embed", "form"}
    assert all(value.startswith("#") for name in ("href", "src") for value in page.values(name))
    assert not [name for _, name, _ in page.attributes if name.startswith("on")]
    addresses = set(re.findall(r"https?://[^\"' )]+", html))
    assert addresses <= {"http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"}
    assert "@import" not in html
    assert "url(" not in re.sub(r"url\(#[^)]*\)", "", html)
    assert len(html.encode()) < 3_000_000


def test_every_link_of_the_report_leads_somewhere(page):
    ids = page.values("id")
    assert len(ids) == len(set(ids))
    assert {value[1:] for value in page.values("href")} <= set(ids)


def test_every_drawing_is_told_in_words_and_takes_the_colour_of_the_text(page, database):
    assert "svg" in page.tags
    drawn = [dict(attributes) for attributes in _figures(page)]
    assert drawn
    assert all(figure["aria-label"] for figure in drawn)
    assert "currentColor" in page.values("fill")


def _figures(page):
    figures, current = [], None
    for tag, name, value in page.attributes:
        if tag == "figure":
            current = {} if current is None or name in current else current
            current[name] = value
            if current not in figures:
                figures.append(current)
        else:
            current = None
    return figures


def test_the_headline_is_what_the_facts_add_up_to(demo_home, publication, page):
    """By another road than the views: from the Parquet files of the facts, with pandas."""
    folder = demo_home.published / publication.parquet
    months = pd.read_parquet(folder / "fct_account_month.parquet")
    newest = months[months["month"] == months["month"].max()]
    kept = pd.read_parquet(folder / "fct_account_retention_month.parquet")
    kept = kept[kept["month"] == kept["month"].max()]
    said = spaced(page.sections["headline"])
    arr = float(newest["closing_arr"].sum())
    assert f"ARR {spaced(numbers.money(arr, 'USD'))} " in said
    customers = newest[(newest["closing_arr"] > 0) & (newest["account_id"] != "unassigned")]
    assert f"Customers {len(customers)} " in said
    opening = float(kept["opening_arr"].sum())
    for title, column in (("NRR", "retained_arr"), ("GRR", "retained_arr_capped")):
        share = float(kept[column].sum()) / opening
        assert f"{title}, 12 months {share * 100:.1f} % " in said
    logos = kept[kept["is_logo"]]
    churn = 1 - logos["is_retained"].sum() / len(logos)
    assert f"Logo churn, 12 months {churn * 100:.1f} % " in said


def test_the_bridge_of_the_newest_month_names_who_moved_it(database, publication, page):
    said = spaced(page.sections["last-month"])
    with duckdb.connect(database, read_only=True) as connection:
        moved = connection.execute(
            "select account_name, expansion_arr from marts.fct_account_month"
            " join marts.dim_account using (account_id)"
            " where month = (select max(month) from marts.fct_account_month)"
            " and expansion_arr > 0 order by expansion_arr desc limit 1"
        ).fetchall()
    for name, amount in moved:
        assert f"{name} {spaced(numbers.money(amount, is_change=True))}" in said


def test_nothing_in_the_report_is_a_word_of_the_program(page):
    words = {word for text in page.texts for word in re.findall(r"[A-Za-z]+", text)}
    assert not words & {"None", "nan", "NaT", "null", "inf"}


def test_names_are_shown_as_they_are_written(changed, publication):
    name = "<script>alert(1)</script> & \"Söhne\" 'x'"
    quoted = name.replace("'", "''")
    copy = changed(
        f"update dim_account set account_name = '{quoted}'",
        f"update mart_cs_worklist set account_name = '{quoted}'",
    )
    page = Page(company_report(copy, publication))
    assert "script" not in page.tags
    assert name in page.sections["worklist"]


def test_what_is_not_known_is_no_zero(changed, publication):
    copy = changed("update mart_retention_monthly set nrr = null, grr = null")
    said = spaced(Page(company_report(copy, publication)).sections["headline"])
    assert "NRR, 12 months not known" in said
    assert "GRR, 12 months not known" in said


def test_a_month_that_is_not_over_is_said_to_be_open(changed, publication):
    copy = changed(
        *(
            f"update {table} set is_complete = false where month = (select max(month) from {table})"
            for table in ("mart_arr_bridge_monthly", "mart_retention_monthly", "fct_account_month")
        )
    )
    page = Page(company_report(copy, publication))
    assert page.sections["headline"].count("is not over") == 4
    for view in ("arr-bridge", "last-month", "retention"):
        assert "is not over" in page.sections[view], view


def test_what_is_missing_is_said_on_top(changed, publication):
    copy = changed(
        "delete from mart_data_gaps",
        "insert into mart_data_gaps by name select 'stripe' as source_system, 'price' as"
        " object_type, 'p' as object_id, 'price_unknown' as gap, 'error' as severity,"
        " 'Price p has no amount' as what_is_missing, 1 as row_count, 1200 as arr_affected,"
        " 'Load the price' as remedy, true as is_open",
    )
    page = Page(company_report(copy, publication))
    assert "1 thing is not known, 1.20 K USD of ARR in doubt." in spaced(" ".join(page.texts))
    assert "Price p has no amount" in page.sections["gaps"]
    quiet = Page(company_report(changed("delete from mart_data_gaps"), publication))
    assert "not known," not in " ".join(quiet.texts[:4])
    assert "Nothing is known to be missing." in quiet.sections["gaps"]


def test_a_company_with_nothing_yet_has_a_page(changed, publication):
    page = Page(company_report(changed(is_emptied=True), publication))
    for view, said in {
        "headline": "There is no ARR yet.",
        "arr-bridge": "No ARR has moved yet.",
        "retention": "needs 12 months",
        "renewals": "is due",
        "worklist": "No risk signal is open.",
        "churn": "Nobody left",
        "tie-out": "There is no complete month",
        "close": "No month has been closed",
        "gaps": "Nothing is known to be missing.",
        "deliveries": "No load is on record.",
        "backtest": "Too few customers have left",
    }.items():
        assert said in page.sections[view], view
    assert "svg" not in page.tags


def test_what_changed_since_the_last_publication_is_told(changed, database, publication):
    month = "(select max(month) from fct_account_month)"
    before = changed(
        "update fct_account_month set closing_arr = closing_arr - 1000 where account_id ="
        " (select account_id from mart_health_score order by arr desc limit 1)"
        f" and month = {month}",
        "update mart_arr_bridge_monthly set closing_arr = closing_arr + 500"
        " where month = date '2025-06-01'",
        "update mart_health_score set displayed_band = 'green' where displayed_band = 'red'",
        "delete from mart_data_gaps",
    )
    earlier = replace(publication, as_of_date="2025-12-30")
    with duckdb.connect(database, read_only=True) as connection:
        (largest,) = connection.execute(
            "select account_name from marts.mart_health_score order by arr desc limit 1"
        ).fetchone()
        red = connection.execute(
            "select count(*) from marts.mart_health_score where displayed_band = 'red'"
        ).fetchone()[0]
    said = spaced(
        Page(company_report(database, publication, (before, earlier))).sections["since-last"]
    )
    assert f"+1.00 K: {largest} +1.00 K." in said
    assert "ARR of months that were over has moved: Jun 2025 \N{MINUS SIGN}500." in said
    assert "Turned red: " in said
    assert f"and {red - 5} more." in said
    assert "Newly not known" in said
    assert "as of 2025-12-30" in said
    same = Page(company_report(database, publication, (database, publication)))
    assert "Nothing that is shown here has changed." in same.sections["since-last"]


def test_a_book_has_the_accounts_of_its_csm_alone(database, publication):
    with duckdb.connect(database, read_only=True) as connection:
        accounts = connection.execute(
            "select csm_id, csm_name, account_name from marts.mart_health_score"
            " where csm_id is not null"
        ).fetchall()
    csm_id, name, _ = accounts[0]
    page = Page(book_report(database, publication, name.upper()))
    assert page.sections.keys() == {"book", "worklist", "renewals"}
    own = {account for owner, _, account in accounts if owner == csm_id}
    others = {account for owner, _, account in accounts if owner != csm_id} - own
    said = set(page.texts)
    assert own <= said
    assert not others & said
    assert book_report(database, publication, csm_id) == book_report(database, publication, name)


def test_a_csm_that_nobody_knows_is_an_error_with_those_there_are(changed, database, publication):
    with pytest.raises(ReportError, match=r"No account has a CSM 'Nobody'. There are: .+\(.+\)"):
        book_report(database, publication, "Nobody")
    twins = changed("update dim_account set csm_name = 'Same Name' where csm_id is not null")
    with pytest.raises(ReportError, match=r"Several are called 'same name'. Name one by the id"):
        book_report(twins, publication, "same name")


def test_the_report_is_that_of_the_manifest(demo_home, publication, run_csw, tmp_path):
    link = demo_home.published / REPORT_LINK
    assert link.resolve().name == publication.report == f"report_{publication.run_id}.html"
    assert publication.run_id in link.read_text(encoding="utf-8")
    done = run_csw("report", "--output", tmp_path / "r.html", CSW_HOME=demo_home.path)
    assert done.returncode == 0, done.stderr
    assert publication.run_id in (tmp_path / "r.html").read_text(encoding="utf-8")


def test_a_report_that_fails_does_not_stop_the_figures(tmp_path):
    warehouse = tmp_path / "warehouse.duckdb"
    duckdb.connect(warehouse).close()
    target = tmp_path / "published"

    def made(_database: Path, publication, _before):
        return publication.run_id

    def failing(*_):
        raise ZeroDivisionError("no such thing")

    def run(run_id, write_report):
        return publish(
            warehouse,
            target,
            [],
            run_id=run_id,
            as_of="2025-12-31",
            company="x",
            versions={},
            policy={},
            write_report=write_report,
        )

    run("1", made)
    assert (target / REPORT_LINK).read_text() == "1"
    run("2", failing)
    assert read_publication(target).run_id == "2"
    assert read_publication(target).report == ""
    assert not (target / REPORT_LINK).is_symlink()
    for number in range(3, 8):
        run(str(number), made)
    assert (target / REPORT_LINK).read_text() == "7"
    assert sorted(file.name for file in target.glob("report_*")) == [
        f"report_{number}.html" for number in (5, 6, 7)
    ]
