"""Words, JSON, repeated lines, groups and windows of a mapping: every line stays accounted for."""

from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from orchestration.loads.part_plan import Coded
from orchestration.loads.translator import Translator
from tests.python.loads.delivery import load, refusal

CONTRACTS = """\
Vertrag;Kunde;Name;Status;Ab;Preis;Menge
V1;K1;Alpha;Aktiv;2024-01-01;100;1
V1;K1;Alpha;aktiv;2024-06-01;120;2
V2;K1;Alpha AG;Gekündigt;2024-02-01;50;1
V3;K2;Beta;;2024-03-01;70;1
V4;K3;Gamma;Pausiert?;2024-03-01;70;x
"""


def test_words_mean_what_the_mapping_says(tmp_path: Path) -> None:
    mapping = """
files:
  subscriptions:
    from: v.csv
    distinct: Vertrag
    columns:
      subscription_id: Vertrag
      account_id: Kunde
      status: {from: Status, values: {Aktiv: active, gekündigt: canceled}}
      started_at: Ab
      auto_renew: {from: Status, values: {Aktiv: true, Gekündigt: false}, else: null}
      cancel_reason: {from: Status, values: {Aktiv: null}, else: other}
"""
    delivery = load(tmp_path, mapping, {"v.csv": CONTRACTS})
    assert delivery.query(
        "select subscription_id, status, auto_renew, cancel_reason from raw_files.subscriptions"
        " order by 1"
    ) == [("V1", "active", True, None), ("V2", "canceled", False, "other")]
    rejects = delivery.rejects("v.csv")
    assert "status is required and empty" in rejects[5][1]
    assert rejects[6][1].startswith(
        "status 'Pausiert?' is not among the values of the mapping: Aktiv, gekündigt; add it, or"
        " say else"
    )
    # Two lines of one contract are one row; the second is not lost.
    assert delivery.counts("subscriptions") == (4, 2, 0, 2, 0)


def test_an_empty_cell_has_the_meaning_that_is_said_else_none() -> None:
    words = "(values ('A'), (' a '), (''), (null), ('b')) as t(word)"
    with duckdb.connect() as connection:
        said = Coded({"A": "x", "": "open"}, "other", strict=False).sql("word")
        assert connection.execute(f"select {said} from {words}").fetchall() == [
            ("x",), ("x",), ("open",), ("open",), ("other",),
        ]  # fmt: skip
        left = Coded({"A": "x"}, "other", strict=False).sql("word")
        assert connection.execute(f"select {left} from {words}").fetchall()[2:4] == [
            (None,), (None,),
        ]  # fmt: skip


def test_values_in_json_are_taken_by_their_path(tmp_path: Path) -> None:
    lines = (
        '{"id": "T1", "org": {"id": 7}, "at": "2024-01-01", "meta": "{\\"state\\": \\"zu\\"}"}\n'
        '{"id": "T2", "org": null, "at": "2024-01-02", "meta": "not json"}\n'
        '{"id": "T3", "org": {"id": "A"}, "at": "2024-01-02"}\n'
    )
    mapping = """
files:
  tickets:
    from: t.jsonl
    columns:
      ticket_id: id
      account_id: {from: org, path: $.id}
      created_at: at
      status: {from: meta, path: $.state, values: {zu: closed}}
      category: {from: org}
"""
    delivery = load(tmp_path, mapping, {"t.jsonl": lines})
    assert delivery.query(
        "select ticket_id, account_id, status, category from raw_files.tickets"
    ) == [("T1", "7", "closed", '{"id":7}')]
    rejects = delivery.rejects("t.jsonl")
    assert "status: the mapping's expression fails on this row: meta $.state" in rejects[2][1]
    assert rejects[3][1] == "status is required and empty; fill it in"


def test_numbers_of_json_have_no_signs_of_a_country(tmp_path: Path) -> None:
    """Texts in JSON are read as the mapping says; JSON's own numbers, typed or by path, are not."""
    lines = (
        '{"plan_id": 1.5, "unit_amount": 0.125, "m": {"n": 1.125}, "included_seats": "1.000"}\n'
        '{"plan_id": 2, "unit_amount": 1.5, "m": {"n": "2,5"}, "included_seats": 5}\n'
        '{"plan_id": null, "unit_amount": 1e-3}\n'
        '{"plan_id": 3, "m": {"n": 7}, "included_seats": 2e0}\n'
    )
    mapping = """
reading: {decimal: ",", thousands: "."}
files:
  plans:
    from: p.jsonl
    columns: {product_id: {from: m, path: $.n}, plan_name: {value: x},
      billing_interval: {value: month}, currency: null}
  subscription_items:
    from: i.csv
    columns: {subscription_item_id: id, subscription_id: id, valid_from: {value: 2024-01-01},
      quantity: {from: meta, path: $.p},
      unit_amount: {sql: "as_number(json_extract(meta, '$.p')) * 2"},
      billing_interval: {value: month}}
"""
    rows = 'id;meta\n1;"{""p"": 1.125}"\n2;"{""p"": ""1.125""}"\n3;"{""p"": ""2,5""}"\n'
    delivery = load(tmp_path, mapping, {"p.jsonl": lines, "i.csv": rows})
    assert delivery.query(
        "select plan_id, product_id, unit_amount, included_seats from raw_files.plans order by 1"
    ) == [
        ("1.5", "1.125", Decimal("0.125"), 1000), ("2", "2,5", Decimal("1.5"), 5),
        ("3", "7", None, 2),
    ]  # fmt: skip
    assert "plan_id is required and empty" in delivery.rejects("p.jsonl")[3][1]
    assert delivery.query("select quantity from raw_files.subscription_items") == [
        (Decimal("1.125"),)
    ]
    assert set(delivery.rejects("i.csv")) == {3, 4}


def test_a_lookup_is_read_as_it_is_written_itself(tmp_path: Path) -> None:
    mapping = """
files:
  plans:
    from: p.csv
    lookups: {price: {from: r.csv, on: plan_id, decimal: ",", thousands: "."}}
    columns: {product_id: plan_id, plan_name: plan_id, billing_interval: {value: month},
      unit_amount: price.p, interval_count: {sql: "replace(price.q, ' EUR', '')"},
      included_seats: {sql: as_number(price.p) * 1000 + as_number(n)}}
"""
    files: dict[str, str | bytes] = {
        "p.csv": "plan_id,n\nA,1.0\n",
        "r.csv": "plan_id;p;q\nA;1.234,5;2.000 EUR\n",
    }
    delivery = load(tmp_path, mapping, files)
    assert delivery.query(
        "select unit_amount, included_seats, interval_count from raw_files.plans"
    ) == [(Decimal("1234.5"), 1234501, 2000)]


def test_lines_that_give_the_same_row_are_one(tmp_path: Path) -> None:
    mapping = """
files:
  accounts:
    from: v.csv
    distinct: true
    columns: {account_id: Kunde, account_name: Name, country: {value: DE}}
  csms:
    from: v.csv
    distinct: [Kunde, {sql: x}]
    columns: {csm_id: Kunde, csm_name: Name}
"""
    assert "csms.distinct" in refusal(tmp_path, f"version: 1{mapping}")
    mapping = mapping.replace("[Kunde, {sql: x}]", "[lower(Kunde)]")
    delivery = load(tmp_path, mapping, {"v.csv": CONTRACTS})
    # K1 is named in two ways: with distinct: true these are two rows of one key.
    assert delivery.counts("accounts") == (4, 3, 0, 1, 0)
    assert "account_id 'K1' is already on line 2" in delivery.rejects("v.csv")[4][1]
    assert delivery.column("select csm_name from raw_files.csms order by csm_id") == [
        "Alpha", "Beta", "Gamma",
    ]  # fmt: skip
    assert delivery.counts("csms") == (3, 3, 0, 0, 0)


def test_a_group_of_lines_is_one_row(tmp_path: Path) -> None:
    mapping = """
files:
  subscriptions:
    from: v.csv
    delimiter: ";"
    where: Kunde <> 'K2'
    group_by: [Kunde, Vertrag]
    columns:
      subscription_id: Vertrag
      account_id: Kunde
      status: {value: active}
      started_at: {sql: "min(Ab)"}
      cancel_reason:
        sql: >
          cast(count(*) as varchar) || ' lines, '
          || sum(cast(Preis as int) * cast(Menge as int)) filter (where Status <> '')
"""
    delivery = load(tmp_path, mapping, {"v.csv": CONTRACTS})
    assert delivery.query(
        "select subscription_id, started_at::date::text, cancel_reason, _source_line"
        " from raw_files.subscriptions order by 1"
    ) == [("V1", "2024-01-01", "2 lines, 340", 2), ("V2", "2024-02-01", "1 lines, 50", 4)]
    assert delivery.counts("subscriptions") == (4, 2, 0, 1, 1)


def test_a_line_that_fails_spoils_its_group_and_is_named(tmp_path: Path) -> None:
    text = "id,account,day,n\n1,A,2024-01-01,5\n2,A,2024-01-01,?\n3,B,2024-01-01,7\n"
    mapping = """
files:
  usage_daily:
    from: u.csv
    group_by: [account, day]
    columns: {account_id: account, usage_date: day, event_name: {value: e},
      event_count: {sql: "sum(as_number(n))"}}
  subscription_items:
    from: u.csv
    columns:
      subscription_item_id: account
      subscription_id: account
      valid_from:
        sql: cast(day as date) + row_number() over (partition by account order by id)::int
      valid_to:
        sql: lead(cast(day as date) + cast(n as int)) over (partition by account order by id)
      quantity: {value: 1}
      unit_amount: {sql: "cast(n as integer) - coalesce(min(cast(id as integer)) over (), 0)"}
      billing_interval: {value: month}
"""
    delivery = load(tmp_path, mapping, {"u.csv": text})
    assert delivery.query("select account_id, event_count from raw_files.usage_daily") == [("B", 7)]
    reasons = dict(
        delivery.query(
            "select source_table || source_line, reason from raw_files.rejects order by 1"
        )
    )
    assert (
        "event_count: the mapping's expression fails on line 3, which this row is computed"
        in (reasons["usage_daily2"])
    )
    assert "valid_to: the mapping's expression fails on line 3" in reasons["subscription_items2"]
    assert (
        "unit_amount: the mapping's expression fails on this row"
        in (reasons["subscription_items3"])
    )
    assert set(reasons) == {"usage_daily2", "subscription_items2", "subscription_items3"}
    assert delivery.query(
        "select valid_from::text, unit_amount from raw_files.subscription_items"
    ) == [("2024-01-02", Decimal(6))]
    assert delivery.counts("usage_daily") == (2, 1, 0, 1, 0)


USAGE = """
files:
  usage_daily:
    from: u.csv
    group_by: KEYS
    columns: {account_id: account, usage_date: {value: 2024-01-01}, event_name: {value: e},
      event_count: {sql: "sum(as_number(n))"}}
"""


def test_a_line_that_cannot_be_read_spoils_what_may_be_computed_from_it(tmp_path: Path) -> None:
    text = "account,n,note\nA,5,x\nA,6,one,too many\nB,7,y\n"
    mapping = (
        USAGE.replace("KEYS", "account")
        + """
  csms: {from: u.csv, distinct: account, columns: {csm_id: account, csm_name: note}}
  products:
    from: u.csv
    columns: {product_id: account, product_name: {sql: "lead(note) over (order by n)"}}
"""
    )
    delivery = load(tmp_path, mapping, {"u.csv": text})
    assert delivery.counts("usage_daily") == (3, 0, 0, 3, 0)
    assert delivery.counts("products") == (3, 0, 0, 3, 0)
    reasons = delivery.column(
        "select reason from raw_files.rejects where source_table = 'usage_daily' order by 1"
    )
    assert reasons[0] == (
        "event_count: line 3 cannot be read, and it may be part of: sum(as_number(n))"
    )
    # Nothing is computed here: the other lines stand.
    assert delivery.column("select csm_id from raw_files.csms order by 1") == ["A", "B"]


def test_a_line_that_fails_in_two_columns_is_rejected_alone(tmp_path: Path) -> None:
    mapping = """
files:
  subscription_items:
    from: r.csv
    columns: {subscription_item_id: id, subscription_id: id, valid_from: {value: 2024-01-01},
      quantity: {sql: as_number(x)}, unit_amount: {sql: 10 / as_number(x)},
      billing_interval: {value: month}}
"""
    delivery = load(tmp_path, mapping, {"r.csv": "id,x\n1,5\n2,?\n"})
    assert delivery.query("select quantity, unit_amount from raw_files.subscription_items") == [
        (5, 2)
    ]
    assert "quantity: the mapping's expression fails on this row" in delivery.rejects("r.csv")[3][1]


def test_a_line_whose_group_cannot_be_told_is_rejected_and_is_in_none(tmp_path: Path) -> None:
    text = "account,day,n\nA,2024-01-01,5\nA,2024-01-01,6\nA,?,7\nA,soon,8\n"
    delivery = load(tmp_path, USAGE.replace("KEYS", "[account, as_date(day)]"), {"u.csv": text})
    assert delivery.query("select account_id, event_count from raw_files.usage_daily") == [
        ("A", 11)
    ]
    rejects = delivery.rejects("u.csv")
    assert set(rejects) == {4, 5}
    assert "what rows are alike in fails on this row: as_date(day)" in rejects[4][1]
    mapping = (
        "files: {csms: {from: u.csv, distinct: as_date(day), columns: {csm_id: n, csm_name: n}}}"
    )
    delivery = load(tmp_path / "distinct", mapping, {"u.csv": text})
    assert delivery.counts("csms") == (3, 1, 0, 2, 0)


def test_rows_that_give_the_same_are_compared_by_what_they_give(tmp_path: Path) -> None:
    """Not by the word in the file, and also where a window gives it."""
    text = "id,state\n1,Open\n1,offen\n2,?\n"
    mapping = """
files:
  csms:
    from: c.csv
    distinct: true
    columns: {csm_id: id, csm_name: {from: state, values: {Open: a, offen: a, "?": b}},
      email: {sql: "count(*) over (partition by id)"}}
"""
    delivery = load(tmp_path, mapping, {"c.csv": text})
    assert delivery.error is None
    assert delivery.query("select csm_id, csm_name, email from raw_files.csms order by 1") == [
        ("1", "a", "2"), ("2", "b", "1"),
    ]  # fmt: skip
    assert delivery.counts("csms") == (2, 2, 0, 0, 0)


def test_a_window_looks_at_the_rows_that_where_takes(tmp_path: Path) -> None:
    text = "id,type,day\n1,a,2024-01-01\n2,b,2024-02-01\n3,a,2024-03-01\n"
    mapping = """
files:
  subscription_items:
    from: i.csv
    where: type = 'a'
    columns:
      subscription_item_id: type
      subscription_id: type
      valid_from: day
      valid_to: {sql: "lead(day) over (partition by type order by day)"}
      quantity: {sql: "count(*) over ()"}
      unit_amount: {sql: "sum(1) over (order by id rows unbounded preceding)"}
      billing_interval: {value: month}
"""
    delivery = load(tmp_path, mapping, {"i.csv": text})
    assert delivery.query(
        "select valid_from::text, valid_to::text, quantity::int, unit_amount::int"
        " from raw_files.subscription_items order by 1"
    ) == [("2024-01-01", "2024-03-01", 2, 1), ("2024-03-01", None, 2, 2)]


def test_numbers_and_days_in_expressions_are_read_as_the_file_writes_them(tmp_path: Path) -> None:
    text = "id;preis;ab\n1;1.200,50 EUR;31.12.2024\n2;viel EUR;31.12.2024\n3;1 EUR;2024\n"
    mapping = """
reading: {decimal: ",", thousands: ".", date_format: "%d.%m.%Y"}
files:
  invoices:
    from: r.csv
    columns:
      invoice_id: id
      account_id: {value: A}
      status: {value: paid}
      issued_at: ab
      total: {sql: "as_number(replace(preis, ' EUR', '')) * 2"}
      due_at: {sql: "as_date(ab) + 14"}
"""
    delivery = load(tmp_path, mapping, {"r.csv": text})
    assert delivery.query("select total, due_at::date::text from raw_files.invoices") == [
        (Decimal(2401), "2025-01-14")
    ]
    rejects = delivery.rejects("r.csv")
    assert "total: the mapping's expression fails on this row" in rejects[3][1]
    assert "due_at: the mapping's expression fails on this row" in rejects[4][1]


def test_a_file_that_two_entities_share_is_not_half_lost(tmp_path: Path) -> None:
    text = "kind,id,name\nacc,1,Alpha\ncsm,2,Kim\nacc,3,Beta\nold,4,x\n"
    mapping = """
files:
  accounts: {from: all.csv, where: kind = 'acc', columns: {account_id: id, account_name: name}}
  csms: {from: all.csv, where: kind = 'csm', columns: {csm_id: id, csm_name: name}}
"""
    delivery = load(tmp_path, mapping, {"all.csv": text})
    # Only the line that neither takes is left over.
    assert delivery.counts("accounts") == (3, 2, 0, 0, 1)
    assert delivery.counts("csms") == (2, 1, 0, 0, 1)


def test_a_lookup_with_repeated_keys_is_told_once_and_looked_through_once_per_entry(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    joined: list[str] = []
    join = Translator._join

    def counted(self: Translator, alias: str, on: dict[str, str]) -> str:
        joined.append(alias)
        return join(self, alias, on)

    monkeypatch.setattr(Translator, "_join", counted)
    entry = """
    - from: u.csv
      where: id = '{0}'
      lookups: {{o: {{from: o.csv, on: org}}}}
      columns: {{user_id: id, account_id: o.account}}"""
    mapping = "files:\n  users:" + "".join(map(entry.format, (1, 2, 3)))
    files: dict[str, str | bytes] = {
        "u.csv": "id,org\n1,x\n2,x\n3,x\n", "o.csv": "org,account\nx,A\nx,B\n",
    }  # fmt: skip
    delivery = load(tmp_path, mapping, files)
    assert delivery.column("select account_id from raw_files.users") == ["A"] * 3
    told = [message for message in delivery.messages if "on several lines" in message[4]]
    assert (len(told), joined) == (1, ["o"] * 3)


def test_a_lookup_by_several_columns(tmp_path: Path) -> None:
    mapping = """
files:
  users:
    from: u.csv
    lookups: {org: {from: o.csv, on: {region: reg, org: no}}}
    columns: {user_id: id, account_id: org.account}
"""
    files: dict[str, str | bytes] = {
        "u.csv": "id,region,org\nu1,EU,1\nu2,US,1\n",
        "o.csv": "reg,no,account\nEU,1,A\nUS,1,B\n",
    }
    delivery = load(tmp_path, mapping, files)
    assert delivery.query("select user_id, account_id from raw_files.users order by 1") == [
        ("u1", "A"), ("u2", "B"),
    ]  # fmt: skip
    assert not delivery.said("warning", "o.csv", "several lines")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("distinct: true, group_by: a", "distinct and group_by both make one row of several"),
        (
            "columns: {csm_id: {from: x, valuess: {}}}",
            "valuess: there is no such setting; did you mean 'values'?",
        ),
        ("columns: {csm_id: {from: x, values: {A: 1, a: 2}}}", "'a' stands twice among values"),
        ("columns: {csm_id: {from: x, path: plan}}", "path: String should match pattern"),
        ("columns: {csm_id: {from: x, else: 1}}", "else needs values"),
        ("groupby: a", "groupby: there is no such setting; did you mean 'group_by'?"),
    ],
)
def test_shapes_that_make_no_sense_are_named(tmp_path: Path, text: str, words: str) -> None:
    assert words in refusal(tmp_path, f"version: 1\nfiles: {{csms: {{from: a.csv, {text}}}}}")
