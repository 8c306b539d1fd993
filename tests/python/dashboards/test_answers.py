"""What a reader asks first has its answer in words: who moved NRR, what is at risk and why."""

import re
import statistics
from datetime import date

import pandas as pd
import pytest

from dashboards import numbers
from dashboards.cut import Cut
from dashboards.published import opened
from dashboards.report import company_report
from dashboards.views import accounts, expansion, forecast, nrr, renewals, retention, stopped, trust

pytestmark = pytest.mark.long

MINUS = "\N{MINUS SIGN}"


def said(view):
    return " ".join(view.sentences).replace("\xa0", " ")


def test_the_parts_of_the_customers_add_up_to_nrr_and_to_its_change(database, publication):
    with opened(database, publication) as published:
        for cut in (Cut(), Cut("segment", "SMB"), Cut(month=date(2025, 4, 1))):
            view = nrr.nrr_moved(published, cut)
            months = [row["nrr"] for row in retention.retention(published, cut).table.exact]
            ago, before, newest = months[-13], months[-2], months[-1]
            assert sum(row["part"] for row in view.table.exact) == pytest.approx(newest - 1)
            moved = sum(row["since_month"] for row in view.table.exact)
            assert moved == pytest.approx(newest - before)
            year = sum(row["since_year"] for row in view.table.exact)
            assert year == pytest.approx(newest - ago)
            assert f"is {numbers.percent(newest)} of".replace("\xa0", " ") in said(view)
            verb = "fallen" if newest < before else "risen"
            assert f"it has {verb} by " in said(view)


def test_who_made_nrr_fall_is_named_first(changed, publication):
    rows = "fct_account_retention_month where month = '2025-12-01' and opening_arr > 0"
    largest = f"(select account_id from {rows} order by opening_arr desc limit 1)"
    copy = changed(
        f"update dim_account set account_name = 'Who left' where account_id = {largest}",
        "update fct_account_retention_month set retained_arr = 0, retained_arr_capped = 0"
        f" where month = '2025-12-01' and account_id = {largest}",
    )
    with opened(copy, publication) as published:
        words = said(nrr.nrr_moved(published))
    assert f"Most: Who left {MINUS}" in words
    assert re.search(r"customers who left: .*?\. Most: Who left", words)


USE = (
    "insert into fct_account_feature_month by name select '{}' as account_id, month,"
    " 'export' as feature, true as is_key_feature, {} as active_users"
    " from (values (date '{}')) as months(month)"
)


def uses(account, *months, users=1):
    return [USE.format(account, users, f"{month}-01") for month in months]


def test_a_feature_is_stopped_when_the_three_months_before_leaving_are_without(
    changed, publication
):
    left = (
        "insert into mart_churn_events by name select '{}' as account_id, date '2025-10-01' as"
        " month, true as is_logo"
    )
    stays = (
        "insert into fct_account_month by name select '{}' as account_id, date '2025-12-01' as"
        " month, 100 as closing_arr"
    )
    copy = changed(
        *(left.format(name) for name in ("stopped", "went_on", "never", "long_ago", "no_one")),
        *(stays.format(name) for name in ("stayed", "stayed_without")),
        # Left in October: April to June is before, July to September is what counts.
        *uses("stopped", "2025-04", "2025-06"),
        *uses("stopped", "2025-07", users=0),
        # What is used in the month of leaving itself says nothing.
        *uses("stopped", "2025-10"),
        *uses("went_on", "2025-06", "2025-07"),
        *uses("never", "2025-08"),
        *uses("long_ago", "2025-03"),
        *uses("no_one", "2025-05", users=0),
        *uses("stayed", "2025-06", "2025-11"),
        *uses("stayed_without", "2025-06", "2025-12"),
        is_emptied=True,
    )
    with opened(copy, publication) as published:
        view = stopped.stopped(published)
        (row,) = view.table.exact
        counts = [
            row[f"{who}_{what}"] for who in ("left", "stayed") for what in ("used", "stopped")
        ]
        assert counts == [2, 1, 2, 1]
        earlier = stopped.stopped(published, Cut(month=date(2025, 9, 1)))
    assert said(view) == "No feature was stopped more often by who left than by who stayed."
    assert earlier.is_empty


def test_each_renewal_at_risk_says_why_and_no_other_does(database, publication):
    with opened(database, publication) as published:
        terms = renewals.renewals(published).table
    why = terms.columns.index("Why at risk")
    assert {bool(row[why]) for row in terms.rows if row[4] == "yes"} == {True}
    assert {row[why] for row in terms.rows if row[4] != "yes"} == {""}


def test_what_is_at_risk_of_the_next_quarter_is_told_with_its_reasons(
    changed, demo_home, publication
):
    folder = demo_home.published / publication.parquet
    terms = pd.read_parquet(folder / "mart_renewal_calendar.parquet")
    ends = pd.to_datetime(terms["term_end"])
    due = terms[(terms["outcome"] == "pending") & (ends >= "2026-01-01") & (ends < "2026-04-01")]
    at_risk = due[due["is_at_risk"].eq(True)]
    largest = at_risk.sort_values("atr", ascending=False).iloc[0]
    quiet = f"account_id = '{largest['account_id']}'"
    copy = changed(
        f"update mart_risk_signals set is_open = false where {quiet}",
        f"update mart_renewal_calendar set notice_on = '2025-12-01' where {quiet}",
    )
    with opened(copy, publication) as published:
        words = said(renewals.renewals(published))
    amounts = [
        numbers.money(each["atr"].sum(), "USD").replace("\xa0", " ") for each in (due, at_risk)
    ]
    assert (
        f"In the next quarter (Jan to Mar 2026) {amounts[0]} ({len(due)} terms) is due; "
        f"{amounts[1]} ({len(at_risk)} terms) of it is at risk. The largest: "
        f"{largest['account_name']}, " in words
    )
    assert "asked to cancel on 2025-12-01" in words


def test_an_account_whose_signals_are_those_of_its_holder_says_how_many(changed, publication):
    copy = changed(
        "delete from mart_risk_signals",
        "update mart_renewal_calendar set is_at_risk = true, notice_on = null,"
        " health_band = 'green', signals_open = 2",
    )
    with opened(copy, publication) as published:
        terms = renewals.renewals(published).table
    assert {row[terms.columns.index("Why at risk")] for row in terms.rows} == {"2 open signals"}


def test_who_carries_most_stands_first_and_is_set_against_the_median(database, publication):
    with opened(database, publication) as published:
        view = accounts.books(published)
        rows = [row for row in view.table.exact if row["csm_id"] != "unassigned"]
        held = published.rows(
            "select csm_id, count(*) as n from mart_account_360"
            " where arr > 0 and csm_id is not null group by csm_id"
        )
        most = published.row(
            "select count(*) as n from mart_cs_worklist join mart_account_360 as held"
            " using (account_id) where held.arr > 0 and held.csm_id is not null"
            " group by held.csm_id order by n desc"
        )["n"]
    assert {row["csm_id"]: row["accounts"] for row in rows} == {
        row["csm_id"]: row["n"] for row in held
    }
    assert [row["arr_at_risk"] for row in rows] == sorted(
        (row["arr_at_risk"] for row in rows), reverse=True
    )
    times = rows[0]["arr_at_risk"] / statistics.median(row["arr_at_risk"] for row in rows)
    assert said(view).startswith(f"{rows[0]['name']} carries most: ")
    assert f"at risk ({times:,.1f} times the median)" in said(view)
    assert f"has most to do: {numbers.things(most, 'account')} of the worklist, " in said(view)


def test_accounts_under_contract_without_arr_are_counted_apart(changed, publication):
    copy = changed(
        "create temp table three as select account_id from mart_health_score"
        " order by account_id limit 3",
        "update mart_health_score set arr = if(account_id in (from three), 0, 1)",
    )
    with opened(copy, publication) as published:
        view = accounts.book(published)
    assert said(view).endswith("; 3 of them without ARR today.")


@pytest.mark.parametrize(
    ("low", "high", "verdict"),
    [
        ("0.55", "0.81", "Yes: "),
        ("0.45", "0.81", "Not proven: "),
        ("0.30", "0.49", "No: "),
        ("null", "null", "Whether the score tells who leaves is not sure"),
    ],
)
def test_whether_the_score_can_be_trusted_is_the_first_sentence(
    changed, publication, low, high, verdict
):
    copy = changed(f"update mart_health_backtest set ci_low = {low}, ci_high = {high}")
    with opened(copy, publication) as published:
        assert trust.backtest(published).sentences[0].startswith(verdict)


def test_whether_todays_data_are_complete_is_answered_yes_or_no(changed, database, publication):
    newest = "(select max(run_id) from mart_deliveries)"
    short = changed(
        "update mart_deliveries set finding = 'delivery_shrunk'"
        f" where source_system = 'stripe' and run_id = {newest}"
    )
    stale = changed(
        "insert into mart_data_gaps by name select 'stripe' as source_system, 'table' as"
        " object_type, 'charge' as object_id, 'data_stale' as gap, 'warning' as severity,"
        " 'No charge for 40 days.' as what_is_missing, 1 as row_count, true as is_open"
    )
    for file, answer in (
        (database, "Yes: nothing was wrong with what 5 sources brought in the last load."),
        (short, "No: of 5 sources something was wrong with what stripe brought."),
        (stale, "No: No charge for 40 days."),
    ):
        with opened(file, publication) as published:
            assert said(trust.deliveries(published)) == answer


def test_the_report_leads_to_the_answer_of_each_question(database, publication):
    html = company_report(database, publication)
    nav = html.partition("<nav")[2].partition("</nav>")[0]
    assert re.findall(r'href="#([^"]+)">', nav) == re.findall(r'<section id="([^"]+)"', html)


def test_who_could_buy_more_is_told_in_the_order_to_ask_with_why_not(changed, publication):
    opportunity = (
        "insert into mart_expansion_opportunities by name select '{}' as account_id,"
        " '{}' as account_name, 'full' as signal, 'Seats nearly full' as label,"
        " '90 % of the seats were in use' as evidence, date '2025-12-01' as opened_on,"
        " {} as estimated_arr, 0.25 as expansion_rate, {} as suppressed_reason, {} as rank,"
        " 'Offer seats' as next_action"
    )
    copy = changed(
        opportunity.format("a", "Second", "null", "null", 2),
        opportunity.format("b", "Held", 900, "'invoice past due'", "null"),
        opportunity.format("c", "First", 500, "null", 1),
        is_emptied=True,
    )
    with opened(copy, publication) as published:
        view = expansion.opportunities(published)
        none = expansion.opportunities(published, Cut(csm_id="nobody"))
    assert "2 signals to act on; 1 not now, for the reason beside it." in said(view)
    columns = view.table.columns
    told = [(row[0], row[columns.index("Not now, because")]) for row in view.table.rows]
    assert told == [("First", ""), ("Second", ""), ("Held", "invoice past due")]
    assert [row[columns.index(">May be worth")] for row in view.table.rows] == [
        numbers.money(500), numbers.UNKNOWN, numbers.money(900)
    ]  # fmt: skip
    assert none.is_empty
    assert none.nothing == "No expansion signal is open."


def test_nothing_known_is_not_called_no_reason_to_buy_more(changed, publication):
    copy = changed(
        "delete from mart_expansion_opportunities",
        "update mart_health_score set displayed_band = 'unknown'",
    )
    with opened(copy, publication) as published:
        view = expansion.opportunities(published)
    assert "Too little is known of the accounts to tell." in view.nothing


def test_what_is_due_soon_is_told_from_committed_to_best_case(changed, database, publication):
    due = "update mart_renewal_forecast set {} where forecast_on = as_of_date"
    ranged = changed(
        due.format(
            "atr = 1000, committed = 100, expected = 800, expected_low = 700,"
            " expected_high = 900, best_case = 950"
        )
    )
    with opened(ranged, publication) as published:
        view = forecast.forecast(published)
    assert view.table.rows == [
        ["ARR due", "1.00\xa0K", ""],
        ["Committed", "100", "renewed early, or renews by itself and is not at risk"],
        ["Expected", "800", "700 to 900"],
        ["Best case", "950", "all but what is under notice"],
    ]
    unrated = changed(due.format("expected = null, expected_low = null, unrated_atr = 500"))
    with opened(unrated, publication) as published:
        view = forecast.forecast(published)
    assert said(view).startswith("What to expect is not known: too few terms of the past")
    assert view.table.rows[2][1:] == ["not known", ""]
    nothing = changed("delete from mart_renewal_forecast where forecast_on = as_of_date")
    with opened(nothing, publication) as published:
        assert not forecast.forecast(published).table.rows


def test_whether_the_forecast_can_be_trusted_is_judged_by_simpler_ones(changed, publication):
    rate = "update mart_forecast_accuracy set absolute_error_rate = {}, interval_coverage = {}"
    ours = " where method = 'by health and segment'"
    worse = changed(rate.format(0.2, "null"), rate.format(0.3, 0.8) + ours)
    better = changed(rate.format(0.2, "null"), rate.format(0.1, 0.5) + ours)
    young = changed(rate.format(0.2, "null"))
    silent = changed("delete from mart_forecast_accuracy")
    found = []
    for file in (worse, better, young, silent):
        with opened(file, publication) as published:
            found.append(said(forecast.accuracy(published)))
    assert found == [
        "No: “by the rate of all” would have been closer. Its intervals were wide enough: what was"
        " renewed lay in 80.0 % of them, and they are made for 80.0 %.",
        "It was closer than both simpler ones. Its intervals were too narrow: what was renewed lay"
        " in 50.0 % of them, and they are made for 80.0 %.",
        "It was closer than both simpler ones.",
        "",
    ]
