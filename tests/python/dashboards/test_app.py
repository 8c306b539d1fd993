"""Each page of the app as Streamlit makes it: the demo company, one with hardly anything."""

import csv
import io
import json
import re
import shutil
import time
from dataclasses import asdict, replace
from datetime import UTC, date, datetime, timedelta

import duckdb
import pytest
from streamlit.testing.v1 import AppTest
from streamlit.util import calc_hash

from dashboards.app.filters import account_names
from dashboards.app.pages import BEHIND, PAGES
from dashboards.app.show import csv_of, draw
from dashboards.cli import APP, CSM_VARIABLE
from dashboards.cut import Cut
from dashboards.published import opened
from dashboards.views import (
    account,
    accounts,
    finance,
    headline,
    health,
    product,
    renewals,
    retention,
    scorecard,
    standing,
    trust,
    voice,
)
from orchestration.publish import MANIFEST, SCHEMA, Quality

pytestmark = pytest.mark.long

ADDRESSES = [page.address for page in PAGES]
NEVER_SHOWN = re.compile(r"\b(None|nan|NaN|NaT|null|inf)\b")


@pytest.fixture
def look(monkeypatch):
    """Return what shows a page of a home: its session, run once."""

    def looking(home_path, address="", **settings):
        monkeypatch.setenv("CSW_HOME", str(home_path))
        session = AppTest.from_file(APP, default_timeout=120)
        session._page_hash = calc_hash(address) if address else ""
        for key, value in settings.items():
            session.session_state[key] = value
        return session.run()

    return looking


@pytest.fixture
def home_of(tmp_path, publication):
    """Return what makes a home whose published file is a given one."""

    def making(database, *, quality=None, **changes):
        path = tmp_path / f"home_{database.stem}"
        folder = path / "published"
        (folder / publication.database).parent.mkdir(parents=True)
        shutil.copyfile(database, folder / publication.database)
        told = {"quality": quality and asdict(quality), **changes}
        content = asdict(publication) | told
        (folder / MANIFEST).write_text(json.dumps(content))
        return path

    return making


def words(session):
    """All that a page says, without its tags and without the tables' own descriptions."""
    parts = [element.value for element in (*session.info, *session.error, *session.warning)]
    bodies = [element.proto.body for element in session.get("html")]
    # Descriptions may say when a column is null; figures may not.
    parts += [re.sub(r"<dl>.*?</dl>", " ", body, flags=re.DOTALL) for body in bodies]
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", " ".join(parts))).replace("\xa0", " ")


@pytest.mark.parametrize("address", ADDRESSES)
def test_each_page_shows_the_demo_company(demo_home, publication, look, address):
    session = look(demo_home.path, address)
    assert not session.exception
    said = words(session)
    assert f"{publication.company}, as of {publication.as_of_date}" in said
    assert not NEVER_SHOWN.search(said)
    if address == "account":
        assert "Choose an account" in said
        return
    assert len(session.get("vega_lite_chart")) == {"": 7, "book": 1, "product": 2}.get(address, 1)
    assert len(session.get("download_button")) >= 2


@pytest.mark.parametrize("address", ADDRESSES)
def test_each_page_of_a_company_with_nothing_says_so(changed, home_of, look, address):
    session = look(home_of(changed(is_emptied=True)), address)
    assert not session.exception
    assert not NEVER_SHOWN.search(words(session))
    assert not session.get("vega_lite_chart")


@pytest.mark.parametrize("address", ADDRESSES)
def test_each_page_of_a_file_with_three_tables_says_what_is_missing(
    changed, database, home_of, look, address
):
    kept = ("dim_account", "fct_account_month", "mart_arr_bridge_monthly")
    with duckdb.connect(database, read_only=True) as connection:
        tables = connection.execute(
            "select table_name from duckdb_tables() where schema_name = ?", [SCHEMA]
        ).fetchall()
    dropped = [f'drop table "{name}"' for (name,) in tables if name not in kept]
    session = look(home_of(changed(*dropped)), address)
    assert not session.exception
    said = words(session)
    assert "Not in this publication: Table with name " in said
    if address == "":
        assert "What moved ARR" in said


def test_nothing_published_is_said_and_no_error(tmp_path, look):
    session = look(tmp_path)
    assert not session.exception
    assert "Nothing is published yet: run `csw refresh`." in session.info[0].value


def test_a_file_that_cannot_be_opened_is_said_with_what_to_do(changed, home_of, look, publication):
    path = home_of(changed())
    (path / "published" / publication.database).write_bytes(b"no database")
    session = look(path)
    assert not session.exception
    assert "cannot be opened" in session.error[0].value


def test_a_file_that_is_gone_meanwhile_is_not_the_end(
    changed, home_of, look, publication, monkeypatch
):
    path = home_of(changed())
    stale = replace(publication, database="duckdb/gone/customer_success.duckdb")
    told = iter([stale])
    monkeypatch.setattr("orchestration.publish.read_publication", lambda _: next(told, publication))
    session = look(path)
    assert not session.exception
    assert not session.error
    assert "Where we stand" in words(session)


def test_the_filters_reach_every_figure(demo_home, database, publication, look):
    with opened(database, publication) as published:
        csm = published.row("select csm_id from mart_health_score where csm_id is not null")
        cut = Cut("region", "EMEA", csm["csm_id"], date(2025, 6, 1))
        expected = [figure.value for figure in headline.headline(published, cut).figures]
        whole = [figure.value for figure in headline.headline(published).figures]
    session = look(
        demo_home.path, by="region", region="EMEA", csm=csm["csm_id"], month=date(2025, 6, 1)
    )
    said = words(session)
    assert expected != whole
    for value in expected:
        assert value.replace("\xa0", " ") in said
    assert "Not filtered by region and CSM and month." in said, "the cohorts are of all"
    assert "Behind" not in said


def test_a_number_leads_to_its_rows_and_they_make_it_up(demo_home, database, publication, look):
    for choice in BEHIND:
        session = look(demo_home.path, behind=choice)
        assert not session.exception
        assert ("Behind " if choice != "Health" else "How are these accounts?") in words(session)
    with opened(database, publication) as published:
        cut = Cut("segment", "SMB")
        rows = retention.retention_rows(published, cut).table.exact
        nrr = sum(row["retained_arr"] for row in rows) / sum(row["opening_arr"] for row in rows)
        newest = retention.retention(published, cut).table.exact[-1]
    assert newest["month"] == rows[0]["month"]
    assert float(nrr) == pytest.approx(newest["nrr"])


def test_a_book_and_one_account_of_it(demo_home, database, publication, look):
    with opened(database, publication) as published:
        row = published.row(
            "select csm_id, account_id, account_name, arr from mart_account_360"
            " where csm_id is not null and arr > 0 order by arr desc"
        )
        others = published.rows(
            "select distinct account_name from mart_health_score where csm_id <> ?"
            " and account_id not in (select account_id from mart_risk_signals where owner = ?)"
            " and account_name not in (select account_name from dim_account where csm_id = ?)",
            *[row["csm_id"]] * 3,
        )
    session = look(demo_home.path, "account", account=row["account_id"])
    said = words(session)
    assert not session.exception
    for part in (
        row["account_name"], "QBR pack", "Who decides there", "Why its health is",
        "What it could buy", "Tickets", "Active users",
    ):  # fmt: skip
        assert part in said
    session = look(demo_home.path, "book", csm=row["csm_id"])
    said = words(session)
    assert not session.exception
    for part in (row["account_name"], "What to do next", "Open signals"):
        assert part in said
    assert not [other["account_name"] for other in others if f" {other['account_name']} " in said]


def test_one_book_alone_has_one_page_and_no_other_choice(
    demo_home, database, publication, look, monkeypatch
):
    with opened(database, publication) as published:
        csm = published.row("select csm_id, csm_name from mart_health_score where csm_id <> ''")
        others = published.rows(
            "select csm_name from mart_health_score where csm_id <> ?", csm["csm_id"]
        )
    monkeypatch.setenv(CSM_VARIABLE, csm["csm_id"])
    for address in ("", "finance", "trust"):
        session = look(demo_home.path, address, csm=others[0]["csm_name"])
        said = words(session)
        assert "My book" in said
        assert not session.selectbox
        assert not {row["csm_name"] for row in others} & set(re.findall(r"\w+ \w+", said))


def test_one_book_alone_has_the_pages_of_its_own_accounts(
    demo_home, database, publication, look, monkeypatch
):
    with opened(database, publication) as published:
        csm = published.row("select csm_id from mart_account_360 where csm_id is not null")[
            "csm_id"
        ]
        rows = published.rows("select account_id, csm_id from mart_account_360")
    monkeypatch.setenv(CSM_VARIABLE, csm)
    (box,) = look(demo_home.path, "account").selectbox
    assert len(box.options) == sum(row["csm_id"] == csm for row in rows) < len(rows)


def test_of_two_accounts_of_one_name_each_leads_to_its_own_page(
    demo_home, changed, home_of, publication, look
):
    database = changed("update mart_account_360 set account_name = 'Twin & Co'")
    with opened(database, publication) as published:
        names = account_names(published)
        view = accounts.book(published)
        html = draw(view, published, names)
    assert len(set(names.values())) == len(names) > 1
    first = view.table.exact[0]["account_id"]
    assert f'"account?account=Twin+%26+Co+%28{first}%29"' in html
    said = words(look(home_of(database), "account", account=first))
    assert "Why its health is" in said


def test_a_new_publication_shows_at_the_next_look(demo_home, changed, home_of, look, publication):
    path = home_of(changed())
    session = look(path)
    assert "as of 2031-01-31" not in words(session)
    newer = changed("update mart_arr_bridge_monthly set closing_arr = 7654321")
    file = path / "published" / MANIFEST
    content = json.loads(file.read_text())
    shutil.copyfile(newer, path / "published" / "newer.duckdb")
    file.write_text(json.dumps(content | {"database": "newer.duckdb"} | as_of("2031-01-31")))
    (path / "published" / publication.database).unlink()
    session.run()
    assert not session.exception
    said = words(session)
    assert "as of 2031-01-31" in said
    assert "7.65 M USD" in said


def as_of(day):
    return {"as_of_date": day, "run_id": f"{day.replace('-', '')}T000000Z_x"}


def test_what_is_held_stale_or_old_stands_on_top_of_each_page(
    demo_home, changed, home_of, look, publication
):
    found = replace(publication.quality, run_id="20990101T000000Z_held", as_of_date="2099-01-01")
    assert isinstance(found, Quality)
    gap = (
        "insert into mart_data_gaps by name select 'stripe' as source_system, 'table' as"
        " object_type, 'charge' as object_id, '{gap}' as gap, '{severity}' as severity,"
        " '{says}' as what_is_missing, 1 as row_count, true as is_open"
    )
    copy = changed(gap.format(gap="data_stale", severity="warning", says="No charge for 40 days."))
    ago = (datetime.now(UTC) - timedelta(days=9, hours=1)).isoformat(timespec="seconds")
    path = home_of(copy, quality=found, published_at=ago)
    quality = path / "published" / found.database
    shutil.copyfile(demo_home.published / found.database, quality)
    quality.chmod(0o644)
    with duckdb.connect(quality) as connection:
        connection.execute(f"use {SCHEMA}")
        says = "Half of the accounts are gone."
        connection.execute(gap.format(gap="delivery_shrunk", severity="error", says=says))
    for address in ADDRESSES:
        said = words(look(path, address))
        assert "Nothing has been published for 9 days." in said
        assert "No charge for 40 days." in said
        assert (
            "A newer run, for 2099-01-01, is not published: these are the figures of "
            f"{publication.as_of_date}. Held: {says}" in said
        )


def test_checks_that_fail_hold_the_newer_run_too(demo_home, database, publication, tmp_path):
    found = replace(publication.quality, run_id="20990101T000000Z_held")
    copy = tmp_path / "quality.duckdb"
    shutil.copyfile(demo_home.published / publication.quality.database, copy)
    copy.chmod(0o644)
    with duckdb.connect(copy) as connection:
        connection.execute(
            "update marts.mart_data_quality set status = 'fail' where test in "
            "(select test from marts.mart_data_quality limit 2)"
        )
    newer = replace(publication, quality=found)
    with opened(database, newer) as published, opened(copy, newer) as quality:
        assert standing.held(published, quality).endswith(" 2 checks failed.")
        assert "fail" in {row[0] for row in trust.checks(quality).table.rows}
    with opened(database, publication) as published, opened(copy, publication) as quality:
        assert standing.held(published, quality) == ""


def test_months_that_are_not_over_are_said_to_be_open(changed, home_of, look):
    months = "(select max(month) from fct_account_month)"
    copy = changed(
        *(
            f"update {table} set is_complete = false where month = {months}"
            for table in (
                "mart_arr_bridge_monthly",
                "mart_retention_monthly",
                "fct_account_month",
                "mart_feature_adoption",
            )
        )
    )
    path = home_of(copy)
    session = look(path)
    assert session.selectbox(key="month").options[0].endswith(" (open)")
    assert words(session).count("is not over") >= 4
    assert "is not over" in words(look(path, "product"))


def test_what_is_not_known_is_no_zero(changed, publication):
    copy = changed(
        "update mart_account_360 set active_users_28d = null, csat = null, seat_utilisation = null",
        "update mart_health_components set points_lost = 0, is_missing = true",
        "update mart_feature_adoption set adoption_rate_change = null",
    )
    with opened(copy, publication) as published:
        row = published.row("select account_id from mart_health_score")
        figures = {
            each.title: each.value
            for each in account.overview(published, row["account_id"]).figures
        }
        assert figures["Active users, 28 days"] == "not known"
        assert figures["Satisfied with tickets"] == figures["Seats in use"] == "not known"
        lost = account.reasons(published, row["account_id"]).table
        assert {cells[2] for cells in lost.rows} == {"not known"}
        adoption = product.adoption(published).table
        assert {cells[4] for cells in adoption.rows} == {"not known"}


def test_health_of_an_earlier_month_is_that_of_its_close(database, publication):
    month = date(2025, 3, 1)
    with opened(database, publication) as published:
        found = {row["band"]: row["accounts"] for row in health.bands(published, Cut(month=month))}
        said = published.rows(
            "select displayed_band, count(*) as n from mart_health_history where month = ?"
            " group by 1",
            month,
        )
        now = {row["band"]: row["accounts"] for row in health.bands(published, Cut())}
        today = published.rows(
            "select displayed_band, count(*) as n from mart_health_score group by 1"
        )
    assert found == {row["displayed_band"]: row["n"] for row in said}
    assert now == {row["displayed_band"]: row["n"] for row in today}


def test_reported_figures_stand_beside_those_known_now(changed, publication):
    copy = changed(
        "insert into mart_retention_as_reported by name select month as close_month, segment_type,"
        " segment_value, 0.5 as nrr, grr from mart_retention_monthly where month = '2025-10-01'",
        "insert into mart_arr_bridge_as_reported by name select month, segment_type, segment_value,"
        " closing_arr - 1500 as closing_arr, true as is_closed from mart_arr_bridge_monthly"
        " where month = '2025-10-01'",
    )
    with opened(copy, publication) as published:
        for cut in (Cut(), Cut("segment", "SMB"), Cut(csm_id=_any_csm(published))):
            (row,) = finance.as_reported(published, cut).table.exact
            assert row["arr_change"] == 1500
            assert row["nrr_as_reported"] == 0.5
            assert row["grr_as_reported"] == row["grr_now"]
        both = finance.as_reported(published, Cut("segment", "SMB", "x"))
        assert both.is_empty
        assert "never reported" in both.nothing


def _any_csm(published):
    return published.row("select csm_id from mart_health_score where csm_id is not null")["csm_id"]


def test_exceptions_are_those_of_the_tie_out(changed, publication):
    copy = changed(
        "update mart_arr_tie_out set is_exception = true, variance = 12345.67,"
        " finding = 'not_billed'"
        " where account_id = (select account_id from mart_health_score order by arr desc limit 1)"
        " and month = (select max(month) from mart_arr_tie_out where is_complete)"
    )
    with opened(copy, publication) as published:
        first = finance.exceptions(published).table
        assert str(first.exact[0]["variance"]) == "12345.67"
        assert "not billed" in first.rows[0]


def test_cohorts_are_of_the_whole_quarter(database, publication):
    with opened(database, publication) as published:
        rows = {
            (row["quarter"], row["age_months"]): row
            for row in retention.cohorts(published).table.exact
        }
        first = min(quarter for quarter, _ in rows)
        by_hand = published.row(
            "select sum(arr) / sum(cohort_arr) as nrr, count(*) as months"
            " from mart_retention_cohorts where is_complete and age_months = 12"
            " and date_trunc('quarter', cohort_month) = ?",
            first,
        )
        begun = published.row(
            "select count(*) as months from mart_retention_cohorts where age_months = 0"
            " and is_complete and date_trunc('quarter', cohort_month) = ?",
            first,
        )
    assert by_hand["months"] == begun["months"]
    assert rows[first, 12]["nrr"] == pytest.approx(float(by_hand["nrr"]))


def test_targets_are_those_of_the_newest_month_that_is_over(changed, publication):
    copy = changed(
        "update mart_scorecard set is_complete = false where month = '2025-12-01'",
        "update mart_scorecard set actual = null, is_met = null, measured_on = null"
        " where benchmark = 'nps'",
        "update mart_scorecard set actual = 0.25, is_met = true"
        " where benchmark = 'expansion_of_book' and month = '2025-11-01'",
    )
    with opened(copy, publication) as published:
        view = scorecard.scorecard(published)
        earlier = scorecard.scorecard(published, Cut(month=date(2025, 6, 1)))
        said = published.rows("from mart_scorecard where month = '2025-11-01'")
    assert view.title == "Targets, Nov 2025"
    assert earlier.title == "Targets, Jun 2025"
    cells = {row[0]: [each.replace("\xa0", " ") for each in row[1:]] for row in view.table.rows}
    assert len(cells) == len(said)
    assert cells["Net Promoter Score"][1:3] == ["not known", "not known"]
    assert cells["Net Promoter Score"][4] == "nothing"
    assert cells["Expansion of the book"][:3] == ["20.0 % to 30.0 %", "25.0 %", "met"]
    met = [row["is_met"] for row in said]
    counts = f"{met.count(True)} met, {met.count(False)} missed, {met.count(None)} not known."
    assert view.sentences == (counts,)


def test_renewals_by_window_are_the_terms_one_by_one(changed, database, publication):
    with opened(database, publication) as published:
        for cut in (Cut(), Cut("segment", "SMB"), Cut(csm_id=_any_csm(published))):
            pipeline = renewals.pipeline(published, cut).table.exact
            windows = [row for row in pipeline if row["due_window"] in ("0-90", "91-180")]
            listed = renewals.renewals(published, cut).table.exact
            terms = [row for row in listed if row["days_to_go"] > 0]
            assert sum(row["open_atr"] for row in windows) == sum(row["atr"] for row in terms)
            at_risk = [row["is_at_risk"] for row in terms]
            assert at_risk == sorted(at_risk, key=[True, None, False].index)
            assert all(row["days_to_go"] <= renewals.DAYS for row in terms)
            said = sum(row["risk_unknown_arr"] for row in windows)
            assert said == sum(row["atr"] for row in terms if row["is_at_risk"] is None)
        both = renewals.pipeline(published, Cut("segment", "SMB", "x"))
        assert both.is_empty
        assert "one filter at a time" in both.nothing
    own = "update mart_renewal_pipeline set open_terms = {}, unrated_atr = {}, observed_terms = {},"
    own += " expected = {}, expected_of_rated = {} where due_window = '{}'"
    prepared = "update mart_renewal_calendar set is_prepared = {}, prepare_from = '{}'"
    copy = changed(
        own.format(3, 1500, 18, "null", 500, "0-90"),
        own.format(3, 1500, 18, "null", "null", "91-180"),
        own.format(0, 0, "null", 1000, 1000, "181-365"),
        prepared.format("null", "2099-01-01"),
    )
    with opened(copy, publication) as published:
        rows = renewals.pipeline(published).table.rows
        assert [row[7].replace("\xa0", " ") for row in rows] == [
            "500, and of 1.50 K not known",
            "not known",
            "1.00 K",
        ]
        assert [row[8].replace("\xa0", " ") for row in rows] == [
            "too few past terms for 1.50 K, 18 past terms or more for the rest",
            "too few past terms for 1.50 K, 18 past terms or more for the rest",
            "all are decided",
        ]
        assert {row[6] for row in renewals.renewals(published).table.rows} == {
            "not before 2099-01-01"
        }
    with opened(changed(own.format(3, 0, 20, 1000, 1000, "0-90")), publication) as published:
        rests_on = renewals.pipeline(published).table.rows[0][8]
        assert rests_on.replace("\xa0", " ") == (
            "20 past terms or more of the same segment and band, and wider rates"
        )
    for known, shown in (("null", "not known"), ("false", "no")):
        with opened(changed(prepared.format(known, "2020-01-01")), publication) as published:
            assert {row[6] for row in renewals.renewals(published).table.rows} == {shown}


def test_scores_contact_and_products_are_what_their_marts_say(changed, publication):
    copy = changed(
        "update mart_voice_of_customer set value = -12.34, ci_low = null"
        " where survey_type = 'nps' and segment_type = 'total' and month = '2025-06-01'",
        "update mart_csm_book set touchpoints_held = null, qbrs_due = null",
        "update mart_csm_book set is_complete = false where month = '2025-12-01'",
    )
    june = Cut(month=date(2025, 6, 1))
    with opened(copy, publication) as published:
        nps = voice.nps(published, june)
        assert nps.figures[0].title == "NPS, Jun 2025"
        assert nps.figures[0].value == nps.table.rows[0][1] == "\N{MINUS SIGN}12.3"
        assert nps.table.rows[0][3].startswith("not known to ")
        drawn = nps.chart.drawing["data"]["values"]
        assert [row["part"] for row in drawn if row["month"] == "Jun 2025"] == [
            part for part, (column, _) in voice.PARTS.items() if column != "ci_low"
        ]
        csm_id = _any_csm(published)
        (own,) = accounts.care(published, Cut(csm_id=csm_id)).table.exact
        assert own["csm_id"] == csm_id
        everybody = accounts.care(published)
        assert everybody.notes[0] == "Dec 2025 is not over."
        assert all(row[5].startswith("not known of ") for row in everybody.table.rows)
        assert {row[6] for row in everybody.table.rows} == {"no accounts"}
        products = product.arr_by_product(published, june)
        assert products.title == "ARR by product, Jun 2025"
        shares = [row["arr_share"] for row in products.table.exact]
        assert shares == sorted(shares, reverse=True)
        assert sum(shares) == pytest.approx(1)


def test_what_an_older_publication_lacks_or_a_filter_does_not_reach_is_said(
    changed, home_of, demo_home, look
):
    lacking = {
        "": ("mart_scorecard", "mart_renewal_pipeline", "mart_voice_of_customer"),
        "book": ("mart_renewal_calendar", "mart_csm_book"),
        "product": ("mart_arr_by_product_monthly",),
    }
    path = home_of(changed(*(f"drop table {name}" for each in lacking.values() for name in each)))
    not_reached = {"": 6, "book": 2, "product": 2}
    for address, names in lacking.items():
        said = words(look(path, address))
        assert not [name for name in names if f"Table with name {name} does not exist" not in said]
        filtered = words(look(demo_home.path, address, by="region", region="EMEA"))
        assert filtered.count("Not filtered by region.") == not_reached[address]


def test_csv_has_every_digit_and_runs_nothing():
    rows = [
        {"name": "=cmd|' /C calc'!A0", "arr": 1234.5, "share": 0.1234567890123, "day": None},
        {"name": "-12.5", "arr": None, "share": True, "day": date(2025, 1, 31)},
    ]
    read = list(csv.DictReader(io.StringIO(csv_of(rows))))
    assert read[0] == {
        "name": "'=cmd|' /C calc'!A0",
        "arr": "1234.5",
        "share": "0.1234567890123",
        "day": "",
    }
    assert read[1] == {"name": "-12.5", "arr": "", "share": "true", "day": "2025-01-31"}


def test_names_are_shown_as_they_are_written(changed, home_of, look):
    name = "<img src=x onerror=alert(1)> *b* [l](http://x) & 'Söhne'"
    quoted = name.replace("'", "''")
    copy = changed(f"update mart_cs_worklist set account_name = '{quoted}'")
    session = look(home_of(copy), "book")
    raw = " ".join(element.proto.body for element in session.get("html"))
    assert "&lt;img src=x onerror=alert(1)&gt; *b* [l](http://x) &amp; &#39;Söhne&#39;" in raw
    assert "<img" not in raw


def test_a_filter_changes_within_a_moment(demo_home, look):
    """A coarse guard against what would make each look slow; docs/dashboard.md has the figures."""
    session = look(demo_home.path)
    values = ["segment", "region", "all"] * 3
    took = []
    for value in values:
        begun = time.perf_counter()
        session.selectbox(key="by").set_value(value).run()
        took.append(time.perf_counter() - begun)
        assert not session.exception
    assert sorted(took)[len(took) // 2] < 3


def test_the_app_needs_a_publication(run_csw, tmp_path):
    done = run_csw("dashboard", CSW_HOME=tmp_path)
    assert done.returncode == 1
    assert "Nothing is published in" in done.stderr + done.stdout
    assert "csw refresh" in done.stderr + done.stdout
    help_text = run_csw("dashboard", "--help").stdout
    assert "localhost" in help_text
    assert "--port" in help_text
