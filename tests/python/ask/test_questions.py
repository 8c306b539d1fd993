"""What the server answers is what the facts say by another road: SQL that reads no mart."""

import pytest

from tests.python.ask.agent import RefusedError

# What a question stands for: SQL of the facts, with the month {m}, and {w} for the cut.
ARR = "select sum(closing_arr) from fct_account_month where month = '{m}-01' and {w}"
CUSTOMERS = (
    "select count(distinct account_id) from fct_account_month where month = '{m}-01'"
    " and closing_arr > 0 and account_id <> 'unassigned' and {w}"
)
# ARR from nothing but what moved it, each contract line since the beginning.
ARR_MOVED = "select sum(arr_delta) from fct_arr_movement where month <= date '{m}-01' and {w}"
MOVED = (
    "select coalesce(sum(arr_delta), 0) from fct_arr_movement where month = '{m}-01'"
    " and movement = '{movement}' and {w}"
)
# The cohort from the months themselves: who had ARR twelve months before, and what of it is left.
COHORT = """
    with merged as (
        select account_id, merged_into_account_id as survivor from dim_account
        where merged_on <= last_day(date '{m}-01')
    ),
    months as (
        select coalesce(merged.survivor, months.account_id) as account_id, months.month,
            sum(months.closing_arr) as arr
        from fct_account_month as months left join merged using (account_id) group by all
    ),
    cohort as (
        select was.account_id, was.arr as was, coalesce(now.arr, 0) as is
        from months as was
        left join months as now
            on now.account_id = was.account_id and now.month = '{m}-01'
        where was.month = date '{m}-01' - interval 12 month and was.arr > 0
    )
    select {rate} from cohort
"""
NRR, GRR = 'sum("is") / sum(was)', 'sum(least("is", was)) / sum(was)'
LOGOS = (
    "count(*) filter (\"is\" > 0 and account_id <> 'unassigned')"
    " / count(*) filter (account_id <> 'unassigned')"
)
CHURNED = (
    "select count(*) from fct_churn_event where month = '{m}-01' and account_id <> 'unassigned'"
)
LOGO_CHURN = (
    "select (" + CHURNED + ") / count(*) from fct_account_month where account_id <> 'unassigned'"
    " and month = date '{m}-01' - interval 1 month and closing_arr > 0"
)
OPENING = (
    "(select sum(closing_arr) from fct_account_month"
    " where month = date '{m}-01' - interval 1 month)"
)
LOST = (
    "select -sum(arr_delta) / "
    + OPENING
    + (" from fct_arr_movement where month = '{m}-01' and movement in ('churn', 'contraction')")
)
EXPANDED = (
    "select sum(arr_delta) / "
    + OPENING
    + (" from fct_arr_movement where month = '{m}-01' and movement = 'expansion'")
)
KEPT_NRR = "sum(retained_arr) / sum(opening_arr)"
KEPT_GRR = "sum(least(retained_arr, opening_arr)) / sum(opening_arr)"
KEPT = "select {rate} from fct_account_retention_month where month = '{m}-01' and {w}"
RENEWED = (
    "select case when count_if(outcome = 'pending') = 0 then sum(coalesce(renewed_atr, 0)) /"
    " nullif(sum(atr), 0) end from fct_renewal where due_month = '{m}-01' and {w}"
)
DUE = "select sum(atr) from fct_renewal where due_month = '{m}-01' and {w}"
CARR = (
    "select (select sum(closing_arr) from fct_account_month where month = '{m}-01') + (select"
    " coalesce(sum(contracted_arr), 0) from fct_contracted_arr_month where month = '{m}-01')"
)
PRODUCT = (
    "select sum(closing_arr) from fct_account_product_month where month = '{m}-01'"
    " and product = 'Workspace'"
)
ADOPTED = (
    "select count_if(is_activated and is_entitled) / nullif(count_if(is_entitled), 0)"
    " from fct_account_feature_month where month = '{m}-01' and feature = 'reports'"
    " and account_id <> 'unassigned'"
)
SENTIMENT = (
    "select avg({score}) from fct_account_sentiment where month = '{m}-01'"
    " and survey_type = '{survey}' and respondents > 0 and account_id <> 'unassigned'"
)
DUE_90 = (
    "select sum(atr) from fct_renewal where due_on > date '2025-12-31'"
    " and due_on <= date '2025-12-31' + interval 90 day"
)
CONTACT = "select sum(touchpoints_due) from fct_account_care_month where month = '{m}-01' and {w}"

EMEA, SMB = {"region": "EMEA"}, {"segment": "SMB"}
BOTH = {**EMEA, **SMB}
THREE = {**BOTH, "plan": "Growth"}
HALF_YEAR = {"from_month": "2025-01", "to_month": "2025-06"}
BACKWARDS = {"from_month": "2025-06", "to_month": "2025-01"}
QUESTIONS = [
    ("arr", "2025-06", {}, ARR),
    ("arr", "2025-06", {}, ARR_MOVED),
    ("arr", "2024-03", {}, ARR_MOVED),
    ("arr", "2025-11", EMEA, ARR),
    ("arr", "2023-05", {"plan": "Growth"}, ARR),
    ("arr", "2025-06", BOTH, ARR),
    ("arr", "2025-06", THREE, ARR),
    ("ARR", "2025-06", {"Size": "50-249"}, ARR),
    ("arr", "2025-06", {"start_year": 2023}, ARR),
    ("customers", "2025-06", {}, CUSTOMERS),
    ("customers", "2024-06", EMEA, CUSTOMERS),
    ("customers", "2025-06", BOTH, CUSTOMERS),
    *(
        (f"{movement}_arr", month, {}, MOVED.replace("{movement}", movement))
        for movement in ("new", "expansion", "contraction", "churn", "reactivation")
        for month in ("2025-06", "2024-09")
    ),
    ("carr", "2025-12", {}, CARR),
    ("carr", "2025-06", {}, CARR),
    ("nrr", "2025-06", {}, COHORT.replace("{rate}", NRR)),
    ("nrr", "2024-12", {}, COHORT.replace("{rate}", NRR)),
    ("nrr", "2025-12", {}, COHORT.replace("{rate}", NRR)),
    ("nrr", "2023-06", {}, COHORT.replace("{rate}", NRR)),
    ("nrr", "2025-06", EMEA, KEPT.replace("{rate}", KEPT_NRR)),
    ("nrr", "2025-06", BOTH, KEPT.replace("{rate}", KEPT_NRR)),
    ("nrr", "2025-06", THREE, KEPT.replace("{rate}", KEPT_NRR)),
    ("grr", "2025-06", {}, COHORT.replace("{rate}", GRR)),
    ("grr", "2025-09", {}, COHORT.replace("{rate}", GRR)),
    ("grr", "2025-06", BOTH, KEPT.replace("{rate}", KEPT_GRR)),
    ("logo_retention", "2025-06", {}, COHORT.replace("{rate}", LOGOS)),
    ("logo_retention", "2025-03", {}, COHORT.replace("{rate}", LOGOS)),
    ("churned_customers", "2025-06", {}, CHURNED),
    ("logo_churn", "2025-06", {}, LOGO_CHURN),
    ("Logo churn", "2025-02", {}, LOGO_CHURN),
    ("gross_revenue_churn", "2025-06", {}, LOST),
    ("gross_revenue_churn", "2025-02", {}, LOST),
    ("expansion_of_book", "2025-06", {}, EXPANDED),
    ("expansion_of_book", "2025-10", {}, EXPANDED),
    ("available_to_renew", "2025-06", {}, DUE),
    ("available_to_renew", "2025-01", SMB, DUE),
    ("renewal_rate", "2025-01", {}, RENEWED),
    ("renewal_rate", "2025-01", SMB, RENEWED),
    ("renewal_rate", "2025-01", BOTH, RENEWED),
    ("renewal_rate", "2026-01", {}, RENEWED),
    ("renewals_due_90d", "latest", {}, DUE_90),
    ("product_arr", "2025-06", {"product": "workspace"}, PRODUCT),
    ("feature_adoption", "2025-06", {"feature": "reports"}, ADOPTED),
    ("nps", "2025-06", {}, SENTIMENT.replace("{score}", "nps").replace("{survey}", "nps")),
    ("csat", "2025-06", {}, SENTIMENT.replace("{score}", "csat").replace("{survey}", "csat")),
    ("ces", "2025-06", {}, SENTIMENT.replace("{score}", "mean_score").replace("{survey}", "ces")),
]  # fmt: skip


def condition(where):
    names = {"Size": "size_band"}
    tests = [f"{names.get(key, key)} = '{value}'" for key, value in where.items()]
    return " and ".join(tests) or "true"


@pytest.mark.parametrize(
    ("metric", "period", "where", "sql"),
    QUESTIONS,
    ids=[f"{number}-{asked[0]}-{asked[1]}" for number, asked in enumerate(QUESTIONS)],
)
def test_an_answer_is_what_the_facts_say(ask, facts, metric, period, where, sql):
    answer = ask("query_metric", metric=metric, where=where, period=period)
    (row,) = answer["rows"]
    asked = sql.replace("{m}", period).replace("{w}", condition(where))
    (expected,) = facts.execute(asked).fetchone()
    if expected is None:
        assert row["value"] is None
        assert row["reason"]
    else:
        assert row["value"] == pytest.approx(float(expected), abs=1e-9)
        assert "reason" not in row
    standing = answer["standing"]
    assert standing["as_of"] == "2025-12-31"
    assert standing["published_at"] and standing["definition_version"] and standing["metric_policy"]


@pytest.mark.parametrize("dimension", ["region", "segment", "plan", "csm", "start_year"])
def test_parts_of_a_dimension_add_up_to_the_company(ask, dimension):
    (whole,) = ask("query_metric", metric="arr", period="2025-06")["rows"]
    parts = ask("query_metric", metric="arr", by=dimension, period="2025-06")["rows"]
    assert len(parts) > 1
    assert round(sum(row["value"] for row in parts), 2) == whole["value"]
    assert len({row[dimension] for row in parts}) == len(parts)


def test_a_cut_of_a_part_adds_up_to_the_part(ask):
    (part,) = ask("query_metric", metric="arr", where=EMEA, period="2025-06")["rows"]
    cut = ask("query_metric", metric="arr", by="segment", where=EMEA, period="2025-06")["rows"]
    assert round(sum(row["value"] for row in cut), 2) == part["value"]


def test_a_rate_of_a_part_has_its_own_two_sides(ask):
    rows = ask("query_metric", metric="grr", by="segment", where=EMEA, period="2025-06")["rows"]
    assert rows
    for row in rows:
        assert row["value"] == pytest.approx(row["numerator"] / row["denominator"])


def test_a_year_is_its_months_in_order(ask):
    rows = ask("query_metric", metric="nrr", period="2025")["rows"]
    assert [row["month"] for row in rows] == [f"2025-{month:02}" for month in range(1, 13)]
    quarter = ask("query_metric", metric="nrr", period="2025-Q2")["rows"]
    assert quarter == rows[3:6]
    assert ask("query_metric", metric="nrr", period="2025-04..2025-06")["rows"] == quarter
    assert ask("query_metric", metric="nrr")["rows"] == rows[-1:]


def test_a_csm_is_found_by_name_and_an_id_has_its_name(ask, facts):
    csm_id, name = facts.execute(
        "select csm_id, csm_name from dim_account where csm_id is not null order by 1 limit 1"
    ).fetchone()
    by_name = ask("query_metric", metric="arr", where={"csm": name}, period="2025-06")
    by_id = ask("query_metric", metric="arr", where={"csm": csm_id}, period="2025-06")
    assert by_name["rows"] == by_id["rows"]
    rows = ask("query_metric", metric="touchpoints_due", by="csm", period="2025-06")["rows"]
    for row in rows:
        (due,) = facts.execute(
            "select sum(touchpoints_due) from fct_account_care_month"
            " where month = '2025-06-01' and csm_id = ?",
            [row["csm"]],
        ).fetchone()
        assert row["value"] == due or (row["value"] == 0 and due is None)


def test_a_month_before_the_data_begin_is_not_known_and_not_0(ask):
    for metric in ("arr", "nrr", "logo_churn", "renewal_rate", "nps", "customers"):
        (row,) = ask("query_metric", metric=metric, period="2019-01")["rows"]
        assert row["value"] is None
        assert "begins with" in row["reason"]
    (row,) = ask("query_metric", metric="arr", period="2031-01")["rows"]
    assert row["value"] is None and "ends with" in row["reason"]


def test_a_rate_without_a_denominator_says_why(ask):
    (row,) = ask("query_metric", metric="nrr", period="2023-06")["rows"]
    assert (row["value"], row["reason"]) == (None, "Null when the opening is 0.")
    (row,) = ask("query_metric", metric="renewal_rate", period="2026-01")["rows"]
    assert row["value"] is None and "pending" in row["reason"] and row["is_open"]


@pytest.mark.parametrize(
    ("tool", "arguments", "says"),
    [
        ("query_metric", {"metric": "nps_score"}, "There are: arr,"),
        ("query_metric", {"metric": "arr", "by": "moon"}, "It can be cut by: segment, region"),
        ("query_metric", {"metric": "arr", "where": {"region": "Moon"}}, "There are: APAC, EMEA"),
        ("query_metric", {"metric": "arr", "where": {"csm": "Nobody"}}, "There are: "),
        ("query_metric", {"metric": "arr", "period": "last week"}, "A period is a month (2025-06)"),
        ("query_metric", {"metric": "arr", "period": "2025-13"}, "is no period"),
        ("query_metric", {"metric": "arr", "period": "2025-06..2025-01"}, "ends before it begins"),
        ("query_metric", {"metric": "arr", "period": "1900..2025"}, "60 at most"),
        ("query_metric", {"metric": "nps", "where": BOTH}, "one dimension at a time"),
        ("query_metric", {"metric": "qbrs_held", "by": "region"}, "the company alone"),
        ("query_metric", {"metric": "feature_adoption"}, "known of each feature alone"),
        ("query_metric", {"metric": "arr", "by": "region", "where": EMEA}, "asked for twice"),
        ("query_metric", {"metric": "x'; drop table dim_account; --"}, "There is no metric"),
        ("query_metric", {"metric": "arr", "where": {"region": "' or 'a' = 'a"}}, "There are: "),
        ("query_metric", {"metric": "arr", "by": "region; select 1"}, "It can be cut by"),
        ("describe_metric", {"name": "churn"}, "There are: arr,"),
        ("explain_number", {"metric": "arr", "period": "2025"}, "is of one month"),
        ("why_changed", {"metric": "arr", **BACKWARDS}, "name the earlier month first"),
        ("why_changed", {"metric": "nps", **HALF_YEAR}, "list_metrics says"),
        ("account", {"name_or_id": "No Such Company"}, "There is no account"),
    ],
)  # fmt: skip
def test_what_there_is_not_is_refused_with_what_there_is(ask, tool, arguments, says):
    with pytest.raises(RefusedError) as refused:
        ask(tool, **arguments)
    assert says in str(refused.value)
