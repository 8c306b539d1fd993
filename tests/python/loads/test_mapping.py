"""mapping.yml: files of any shape become entities, and every row stays accounted for."""

import textwrap
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from orchestration.loads import read_mapping
from orchestration.loads.translator import UNSTEADY
from tests.python.loads.delivery import Delivery, refusal

MAPPING = """
version: 1
company: Example Ltd
as_of: 2024-12-31
reporting_currency: EUR
files:
  accounts:
    from: customers.csv
    columns:
      account_id: Customer No
      account_name: {sql: "upper(Name)"}
      country: {value: DE}
      is_deleted: {value: false}
      created_at: Since
      industry: null
  subscriptions:
    from: contracts.csv
    columns:
      subscription_id: id
      account_id: customer
      status: {sql: case when ends is null then 'active' else 'canceled' end}
      started_at: starts
      ended_at: ends
      currency: {value: EUR}
  subscription_items:
    from: contracts.csv
    columns:
      subscription_item_id: id
      subscription_id: id
      valid_from: starts
      valid_to: ends
      quantity: seats
      unit_amount: {sql: "cast(price as decimal(18, 4)) / cast(seats as integer)"}
      billing_interval: {value: month}
  usage_daily:
    from: usage/*.csv
    where: clicks <> '0'
    lookups:
      contract: {from: contracts.csv, on: {contract_id: id}}
    columns:
      account_id: contract.customer
      usage_date: day
      event_name: {value: click}
      event_count: clicks
  ticket_events:
    - from: calls.csv
      columns: {ticket_id: no, occurred_at: opened, field: {value: status}, value: {value: open}}
    - from: calls.csv
      where: closed is not null
      columns: {ticket_id: no, occurred_at: closed, field: {value: status}, value: {value: solved}}
"""
FILES: dict[str, str | bytes] = {
    "customers.csv": (
        "Customer No,Name,Since,industry,Sales Rep\n"
        "1,Alpha,2023-01-01,Tools,Kim\n"
        "2,Beta,2023-02-01,Toys,Lee\n"
    ),
    "contracts.csv": (
        "id,customer,starts,ends,seats,price\n"
        "C1,1,2023-01-01,,10,990\n"
        "C2,2,2023-02-01,2024-02-01,4,100.50\n"
        "C3,2,2023-02-01,,none,100\n"
        "C4,2,2023-02-01\n"
        "C1,1,2023-05-01,,10,990\n"
    ),
    "usage/1.csv": "contract_id,day,clicks\nC1,2024-01-01,5\nC2,2024-01-01,0\nC9,2024-01-01,7\n",
    "usage/2.csv": "contract_id,day,clicks\nC2,2024-01-02,6\nC2,2024-01-03,0\n",
    "calls.csv": "no,opened,closed\nK1,2024-01-01,2024-01-03\nK2,2024-01-02,\n",
    "users.csv": "user_id,account_id\nU1,1\n",
    "budget.csv": "a\n1\n2\n",
    "mapping.yml": MAPPING,
}


@pytest.fixture(scope="module")
def mapped(tmp_path_factory: pytest.TempPathFactory) -> Delivery:
    """A mapped delivery, loaded twice; the mapping lies in the folder."""
    return Delivery(tmp_path_factory.mktemp("mapped")).load(FILES).load()


def test_columns_constants_and_expressions(mapped: Delivery) -> None:
    assert mapped.error is None
    rows = mapped.query(
        "select account_id, account_name, country, is_deleted, created_at::date::text, industry,"
        " _source_line from raw_files.accounts order by 1"
    )
    assert rows == [
        ("1", "ALPHA", "DE", False, "2023-01-01", None, 2),
        ("2", "BETA", "DE", False, "2023-02-01", None, 3),
    ]


def test_one_file_for_two_entities(mapped: Delivery) -> None:
    assert mapped.query(
        "select subscription_item_id, quantity, unit_amount, billing_interval"
        " from raw_files.subscription_items order by 1, valid_from"
    ) == [
        ("C1", Decimal(10), Decimal(99), "month"),
        ("C1", Decimal(10), Decimal(99), "month"),
        ("C2", Decimal(4), Decimal("25.125"), "month"),
    ]
    assert mapped.counts("subscriptions", run=1) == (5, 3, 0, 2, 0)
    assert mapped.counts("subscription_items", run=1) == (5, 3, 0, 2, 0)


def test_expression_that_fails_rejects_the_row(mapped: Delivery) -> None:
    rows = mapped.query(
        "select source_table, source_line, reason, raw_text from raw_files.rejects"
        " where source_file = 'contracts.csv' order by 1, 2"
    )
    assert [row[:2] for row in rows] == [
        ("subscription_items", 4),
        ("subscription_items", 5),
        ("subscriptions", 5),
        ("subscriptions", 6),
    ]
    assert "unit_amount: the mapping's expression fails on this row" in rows[0][2]
    assert "quantity 'none' is not a number" in rows[0][2]
    assert rows[0][3] == "C3,2,2023-02-01,,none,100"
    assert rows[3][2].startswith("subscription_id 'C1' is already on line 2")


def test_lookup_where_and_patterns(mapped: Delivery) -> None:
    rows = mapped.query(
        "select account_id, usage_date::text, event_count, _source_file from raw_files.usage_daily"
        " order by 2"
    )
    assert rows == [("1", "2024-01-01", 5, "usage/1.csv"), ("2", "2024-01-02", 6, "usage/2.csv")]
    assert mapped.counts("usage_daily", run=1) == (5, 2, 0, 1, 2)
    assert "account_id is required and empty" in mapped.rejects("usage/1.csv")[4][1]
    assert mapped.said("warning", "contracts.csv", "1 values of id are on several lines")


def test_one_file_twice_for_one_entity(mapped: Delivery) -> None:
    assert mapped.query(
        "select ticket_id, value, occurred_at::date::text from raw_files.ticket_events order by all"
    ) == [
        ("K1", "open", "2024-01-01"),
        ("K1", "solved", "2024-01-03"),
        ("K2", "open", "2024-01-02"),
    ]
    # What one entry leaves and the other takes is not left over.
    assert mapped.counts("ticket_events", run=1) == (3, 3, 0, 0, 0)


def test_what_is_not_mapped_is_listed(mapped: Delivery) -> None:
    assert mapped.said("info", "customers.csv", "Sales Rep", "(2 rows)")
    assert mapped.said("info", "customers.csv", "industry", "(2 rows)")
    assert not mapped.said("info", "contracts.csv", "does not use")
    assert mapped.said("warning", "budget.csv", "its 2 rows are not loaded")
    # A file with an entity's own name needs no mapping.
    assert mapped.column("select user_id from raw_files.users") == ["U1"]


def test_loading_again_changes_nothing(mapped: Delivery) -> None:
    loaded = mapped.query(
        "select sum(rows_loaded)::int from raw_loads.file_counts where run_id = 'run2'"
    )
    assert loaded == [(0,)]
    assert mapped.counts("usage_daily") == (5, 0, 2, 1, 2)


def test_settings_of_the_mapping(mapped: Delivery) -> None:
    mapping = read_mapping(mapped.folder / "mapping.yml")
    assert (mapping.company, str(mapping.as_of)) == ("Example Ltd", "2024-12-31")
    assert mapping.reporting_currency == "EUR"
    assert (mapping.end_dates, mapping.delivery) == ("exclusive", {})


def test_a_mapping_needs_no_files(tmp_path: Path) -> None:
    path = tmp_path / "mapping.yml"
    path.write_text("version: 1\nreporting_currency: gbp\ndelivery: {accounts: increment}\n")
    mapping = read_mapping(path)
    assert (mapping.reporting_currency, mapping.files) == ("GBP", {})
    assert mapping.delivery == {"accounts": "increment"}


def error_of(folder: Path, expression: str) -> str:
    """What is said of a mapping that has an expression for one column."""
    delivery = Delivery(folder)
    delivery.mapping = folder / "elsewhere.yml"
    delivery.mapping.write_text(
        "version: 1\nfiles:\n  subscription_items:\n    from: contracts.csv\n"
        f'    columns: {{valid_to: {{sql: "{expression}"}}}}\n'
    )
    return str(delivery.load(FILES).error)


@pytest.mark.parametrize(
    ("expression", "part"),
    [
        ("max(price)", "MAX(price)"),
        ("'a' || count(*)", "COUNT(*)"),
    ],
)
def test_an_aggregate_without_a_group_is_refused(
    tmp_path: Path, expression: str, part: str
) -> None:
    error = error_of(tmp_path, expression)
    assert f"subscription_items.columns.valid_to: '{expression}' looks at several rows" in error
    assert part in error
    assert "say group_by for one row per group, or a window" in error


@pytest.mark.parametrize(
    ("expression", "part"),
    [
        ("now()", "NOW()"),
        ("case when starts < current_date then starts end", "CURRENT_DATE"),
        ("uuid()", "UUID()"),
        ("'x' || random()", "RANDOM()"),
        ("age(cast(starts as timestamp))", "AGE("),
        ("getenv('HOME')", "GETENV('HOME')"),
    ],
)
def test_what_says_something_else_each_time_is_refused(
    tmp_path: Path, expression: str, part: str
) -> None:
    error = error_of(tmp_path, expression)
    assert "says something else each time" in error
    assert part in error


def test_every_function_that_duckdb_calls_unsteady_is_refused() -> None:
    told = "select distinct function_name from duckdb_functions() where stability <> 'CONSISTENT'"
    found = {name for (name,) in duckdb.sql(told).fetchall()}
    # An expression may say that a row is wrong.
    assert found - UNSTEADY == {"error"}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "mapping.yml is empty"),
        ("version: [", "not valid YAML"),
        ("version: 2\nfiles: {}", "mapping.yml:1: version: Input should be 1; it says '2'"),
        (
            "version: 1\nfile: {}\nfiles: {}",
            "file: there is no such setting; did you mean 'files'?",
        ),
        ("version: 1\nfiles: {account: {from: a.csv}}", "entity; did you mean 'accounts'?"),
        (
            "version: 1\nfiles: {accounts: {from: a.csv, columns: {acount_id: id}}}",
            "columns.acount_id: unknown column 'acount_id'; did you mean 'account_id'?",
        ),
        (
            "version: 1\nfiles: {accounts: {form: a.csv}}",
            "files.accounts.form: there is no such setting; did you mean 'from'?",
        ),
        (
            "version: 1\nfiles: {accounts: {from: a.csv, columns: {account_id: {sq: x}}}}",
            "files.accounts.columns.account_id: write a column name, {from: column, values: {…}},",
        ),
        (
            "version: 1\nfiles: {accounts: {from: a.csv, lookups: {x: {from: b.csv, of: id}}}}",
            "of: there is no such setting; there is: from, on, encoding",
        ),
        (
            "version: 1\nreporting_currency: EURO",
            "reporting_currency: 'EURO' is not an ISO 4217 currency code; write a code"
            " such as USD or EUR",
        ),
        (
            "version: 1\nend_dates: sometimes",
            "end_dates: Input should be 'exclusive' or 'inclusive'",
        ),
        ("version: 1\ndelivery: {account: full}", "unknown entity; did you mean 'accounts'?"),
        ("version: 1\ndelivery: {accounts: whole}", "Input should be 'full' or 'increment'"),
        ("version: 1\ndelivery: {events: full}", "delivery.events: what happened does not vanish"),
        ("version: 1\ndelivry: {}", "delivry: there is no such setting; did you mean 'delivery'?"),
    ],
)
def test_errors_of_the_file_itself(text: str, words: str, tmp_path: Path) -> None:
    assert words in refusal(tmp_path, text)


def test_errors_that_need_the_data(tmp_path: Path) -> None:
    delivery = Delivery(tmp_path)
    delivery.mapping = tmp_path / "elsewhere.yml"
    delivery.mapping.write_text(
        textwrap.dedent("""
            version: 1
            files:
              accounts: {from: customer.csv}
              subscriptions:
                from: contracts.csv
                columns: {account_id: custommer}
              subscription_items:
                from: contracts.csv
                columns: {unit_amount: {sql: "prise * 2"}}
              tickets:
                from: contracts.csv
                columns: {status: {sql: "select 1"}}
              users:
                from: contracts.csv
                columns: {user_id: id, account_id: {sql: "case when"}}
              invoices:
                from: contracts.csv
                columns:
                  invoice_id: id
                  account_id: customer
                  status: {value: paid}
                  issued_at: starts
                  total: {sql: "no_such_function(price)"}
              csms:
                from: customers.csv
                columns: {csm_id: Sales Rep, csm_name: Sales Rep}
            """)
    )
    error = str(delivery.load(FILES).error)
    for words in [
        "the mapping reads 'customer.csv', which is not in the folder; did you mean"
        " 'customers.csv'?",
        "files.subscriptions.columns.account_id: contracts.csv has no column 'custommer'; did you"
        " mean 'customer'?",
        "files.subscription_items.columns.unit_amount: contracts.csv has no column 'prise'; did"
        " you mean 'price'?",
        "files.tickets.columns.status: 'select 1' must be an expression, not a query",
        "files.users.columns.account_id: 'case when' is not a valid expression",
        "the mapping of invoices cannot be run",
    ]:
        assert words in error, error
    # What is right is loaded all the same.
    assert delivery.column("select csm_id from raw_files.csms order by 1") == ["Kim", "Lee"]


def test_the_ravenstack_example_reads() -> None:
    root = Path(__file__).resolve().parents[3]
    mapping = read_mapping(root / "examples" / "ravenstack" / "mapping.yml")
    assert mapping.company == "RavenStack"
    assert {entry.source for entries in mapping.files.values() for entry in entries} == {
        "ravenstack_accounts.csv",
        "ravenstack_subscriptions.csv",
        "ravenstack_feature_usage.csv",
        "ravenstack_support_tickets.csv",
        "ravenstack_churn_events.csv",
    }
