"""Explanations add up, accounts are told without people, and each answer says where it stands."""

import json
import re
from decimal import Decimal

import pytest

from orchestration.metrics import read_metrics
from tests.python.ask.agent import RefusedError

WALKED = [
    ("arr", {}),
    ("arr", {"region": "EMEA"}),
    ("arr", {"region": "EMEA", "segment": "SMB"}),
    ("customers", {}),
    ("customers", {"segment": "SMB"}),
    ("new_arr", {}),
    ("churn_arr", {}),
    ("nrr", {}),
    ("nrr", {"segment": "SMB"}),
    ("grr", {}),
    ("grr", {"region": "EMEA", "segment": "SMB"}),
    ("logo_retention", {}),
    ("logo_churn", {}),
    ("gross_revenue_churn", {}),
    ("expansion_of_book", {}),
    ("expansion_of_book_12m", {}),
]


def exact(number):
    return Decimal(str(number))


def test_the_tools_are_these_and_none_takes_sql_or_writes(ask):
    tools = {tool.name: tool for tool in ask.tools()}
    assert tools.keys() == {
        "list_metrics",
        "describe_metric",
        "query_metric",
        "explain_number",
        "why_changed",
        "account",
    }
    for tool in tools.values():
        assert tool.description
        assert tool.annotations.read_only_hint
        assert not re.search("sql|query", " ".join(tool.input_schema["properties"]))


def test_the_guide_names_each_tool_as_it_is_called(ask, project_root):
    guide = (project_root / "docs/ask.md").read_text(encoding="utf-8")
    told = dict(re.findall(r"^\| `(\w+)(?:\((.*)\))?` \|", guide, re.MULTILINE))
    assert told == {tool.name: ", ".join(tool.input_schema["properties"]) for tool in ask.tools()}


def test_list_has_each_metric_and_describe_its_definition(ask, facts):
    listed = ask("list_metrics")["metrics"]
    assert [each["metric"] for each in listed] == list(read_metrics())
    for each in listed:
        told = ask("describe_metric", name=each["metric"])
        (comment,) = facts.execute(
            "select definition from metric_definitions where metric = ?", [each["metric"]]
        ).fetchone()
        assert told["metric"]["definition"] == comment
        assert told["first_month"] <= told["last_month"]
        assert set(told["values"]) == set(each["dimensions"])


def test_each_metric_answers_and_each_dimension_of_it(ask):
    for each in ask("list_metrics")["metrics"]:
        needed = read_metrics()[each["metric"]].each
        for dimension in each["dimensions"] or [None]:
            answer = ask("query_metric", metric=each["metric"], by=dimension, period="latest")
            assert answer["rows"], each
        if not needed:
            assert ask("query_metric", metric=each["metric"])["rows"], each


@pytest.mark.parametrize(("metric", "where"), WALKED)
@pytest.mark.parametrize(("first", "last"), [("2025-01", "2025-06"), ("2024-12", "2025-12")])
def test_the_steps_of_a_change_add_up_to_it(ask, metric, where, first, last):
    answer = ask("why_changed", metric=metric, from_month=first, to_month=last, where=where)
    assert answer["steps"] or not answer["change"]
    steps = sum(exact(step["effect"]) for step in answer["steps"])
    assert steps == exact(answer["change"])
    moved = exact(answer["to"]["value"]) - exact(answer["from"]["value"])
    assert float(answer["change"]) == pytest.approx(float(moved), abs=1e-9)
    assert len(answer["accounts"]) <= 10


def test_the_walk_of_arr_is_the_movements_of_the_contract_lines(ask, facts):
    answer = ask("why_changed", metric="arr", from_month="2025-01", to_month="2025-06")
    found = {step["step"]: exact(step["effect"]) for step in answer["steps"]}
    told = facts.execute(
        "select movement || '_arr', sum(arr_delta) from fct_arr_movement"
        " where month > '2025-01-01' and month <= '2025-06-01' group by 1"
        " having sum(arr_delta) <> 0"
    ).fetchall()
    assert found == {name: amount.normalize() + 0 for name, amount in told}


def test_the_walk_of_nrr_is_that_of_the_analysis(ask, facts):
    """By the same movements as `csw query why_nrr_changed`: each of them by its own cohort."""
    answer = ask("why_changed", metric="nrr", from_month="2025-01", to_month="2025-06")
    found = {step["step"]: step["effect"] for step in answer["steps"]}
    effects = []
    for month in ("2025-01-01", "2025-06-01"):
        effects += facts.execute(
            "select sum(months.churn_arr) / any_value(cohort.opening) from ("
            "select account_id, sum(opening_arr) over () as opening"
            " from fct_account_retention_month where month = $1) as cohort"
            " left join fct_account_month as months on months.account_id = cohort.account_id"
            " and months.month <= $1 and months.month > cast($1 as date) - interval 12 month",
            [month],
        ).fetchone()
    assert found["churn_arr"] == pytest.approx(effects[1] - effects[0], abs=1e-9)


def test_a_change_from_what_is_not_known_is_not_known(ask):
    answer = ask("why_changed", metric="nrr", from_month="2023-06", to_month="2025-06")
    assert answer["change"] is None and answer["steps"] == []
    assert "2023-06: Null when the opening is 0." in answer["reason"]


@pytest.mark.parametrize(
    "metric", ["arr", "customers", "new_arr", "nrr", "grr", "logo_churn", "renewal_rate"]
)
def test_a_number_is_explained_by_its_two_sides_and_its_accounts(ask, facts, metric):
    asked = ask("query_metric", metric=metric, period="2025-06")["rows"][0]
    told = ask("explain_number", metric=metric, period="2025-06")
    assert told["value"] == asked["value"]
    if told["denominator"] and told["value"] is not None:
        ratio = told["numerator"]["value"] / told["denominator"]["value"]
        assert told["value"] == pytest.approx(ratio)
        assert told["denominator"]["is"]
    tables = {
        name for (name,) in facts.execute("select table_name from data_dictionary").fetchall()
    }
    assert {told["read_from"], *told["comes_from"]} <= tables
    assert told["accounts_note"]
    if metric == "arr":
        amounts = facts.execute(
            "select account_id, closing_arr from fct_account_month where month = '2025-06-01'"
            " and closing_arr <> 0 order by closing_arr desc, account_id limit 10"
        ).fetchall()
        assert [(row["account_id"], row["adds"]) for row in told["accounts"]] == [
            (account, float(arr)) for account, arr in amounts
        ]


def test_an_account_is_found_by_id_and_by_name_and_what_is_null_is_named(ask, facts):
    account_id, name = facts.execute(
        "select account_id, account_name from mart_account_360 where arr > 0"
        " order by arr desc limit 1"
    ).fetchone()
    by_id, by_name = (
        ask("account", name_or_id=asked) for asked in (account_id, f" {name.upper()} ")
    )
    assert by_id == by_name
    (arr,) = facts.execute(
        "select closing_arr from fct_account_month where account_id = ?"
        " and month = (select max(month) from fct_account_month)",
        [account_id],
    ).fetchone()
    assert exact(by_id["account"]["arr"]) == arr
    assert by_id["arr_by_month"][-1]["closing_arr"] == by_id["account"]["arr"]
    nulls = {key for key, value in by_id["account"].items() if value is None}
    assert set(by_id["not_known"]) == nulls
    assert by_id["health_reasons"]


def test_part_of_a_name_is_no_account_and_is_answered_with_the_names(ask, facts):
    account_id, name = facts.execute(
        "select account_id, account_name from mart_account_360"
        " order by length(account_name) desc, 1 limit 1"
    ).fetchone()
    with pytest.raises(RefusedError) as refused:
        ask("account", name_or_id=name[:-1])
    assert account_id in str(refused.value)


def test_no_answer_names_a_contact_or_has_an_e_mail(ask, facts, demo_home):
    accounts = [
        account
        for (account,) in facts.execute(
            "select account_id from mart_account_360 order by arr desc nulls last limit 15"
        ).fetchall()
    ]
    said = json.dumps([ask("account", name_or_id=account) for account in accounts])
    said += json.dumps([ask("list_metrics"), ask("explain_number", metric="nrr")])
    assert "@" not in said
    contacts = facts.execute("select distinct contact_id from fct_contact_role").fetchall()
    assert contacts
    assert not [contact for (contact,) in contacts if contact in said]


def test_each_answer_carries_where_it_stands(ask, facts):
    (account,) = facts.execute("select min(account_id) from mart_account_360").fetchone()
    answers = [
        ask("list_metrics"),
        ask("describe_metric", name="nrr"),
        ask("query_metric", metric="nrr", period="2025-11..2026-01"),
        ask("explain_number", metric="nrr"),
        ask("why_changed", metric="nrr", from_month="2025-01", to_month="2025-06"),
        ask("account", name_or_id=account),
    ]
    gaps = facts.execute(
        "select count(*) from mart_data_gaps where severity <> 'info' and is_open"
    ).fetchone()
    for answer in answers:
        standing = answer["standing"]
        assert standing["as_of"] == "2025-12-31"
        assert standing["published_at"]
        assert standing["currency"] == "USD"
        assert "discount_policy=net" in standing["metric_policy"]
        assert standing["definition_version"]
        assert standing["data_reach_until"]
        assert {"held", "old", "no_longer_comes"} <= standing.keys()
        assert bool(standing["data_gaps"]) == (gaps != (0,))
    period = answers[2]["standing"]["period"]
    assert (period["from"], period["to"], period["open_months"]) == (
        "2025-11",
        "2026-01",
        ["2026-01"],
    )
