"""The rules of reading what another loader landed, on what Fivetran lands of Stripe."""

from __future__ import annotations

import hashlib
import shutil
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest

from orchestration.loads import (
    Landed,
    LoadError,
    LoadReport,
    LoadRequest,
    last_complete_day,
    load,
    source_spec,
)
from orchestration.loads.adapters import adapter_names, names_in, read_adapter
from orchestration.loads.landed_database import _extension, attached
from tests.python.landed.fivetran_stripe import land_stripe
from tests.python.landed.landing import change
from tests.python.landed.stripe_company import stripe

OBJECT = {"_airbyte_extracted_at"}
CELLS = [(loader, vendor) for loader, vendors in adapter_names().items() for vendor in vendors]


@dataclass
class Loaded:
    """A landed company and what loads made of it."""

    root: Path
    landed: Landed
    report: LoadReport | None = None
    error: str = ""
    runs: int = 0
    more: dict[str, Any] = field(default_factory=dict)

    @property
    def database(self) -> Path:
        return Path(self.landed.database)

    @property
    def warehouse(self) -> Path:
        return self.root / "warehouse.duckdb"

    def load(self, *statements: str) -> Loaded:
        """Load again, after the loader did something."""
        if statements:
            change(self.database, *statements)
        self.runs += 1
        self.report, self.error = None, ""
        request = LoadRequest(
            "stripe",
            self.root,
            self.warehouse,
            f"run{self.runs}",
            as_of=date(2025, 6, 30),
            landed=self.landed,
        )
        try:
            self.report = load(request)
        except LoadError as problem:
            self.error = str(problem)
        return self

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        with duckdb.connect(str(self.warehouse), read_only=True) as connection:
            return connection.execute(sql).fetchall()

    def said(self) -> list[str]:
        return [
            " ".join(str(part) for part in row if part)
            for row in self.query(
                "select severity, source_table, column_name, message from raw_loads.messages"
                f" where run_id = 'run{self.runs}'"
            )
        ]


@pytest.fixture(scope="module")
def landing(tmp_path_factory) -> Path:
    database = tmp_path_factory.mktemp("landing") / "landed.duckdb"
    land_stripe(database, stripe().tables)
    return database


@pytest.fixture
def loaded(tmp_path, landing) -> Loaded:
    database = tmp_path / "landed.duckdb"
    shutil.copyfile(landing, database)
    return Loaded(tmp_path, Landed.of("fivetran", database, "stripe"))


def test_sound_data_stay_quiet_and_a_second_load_finds_nothing_new(loaded):
    assert loaded.load().error == ""
    assert loaded.said() == []
    assert loaded.report.total("rows_read") == loaded.report.total("rows_loaded") > 100
    loaded.load()
    assert loaded.report.total("rows_loaded") == 0
    assert loaded.report.total("rows_unchanged") == loaded.report.total("rows_read")


def test_the_last_complete_day_is_told_by_invoices_where_no_events_are_landed(loaded):
    loaded.load()
    assert last_complete_day(loaded.warehouse, ["stripe"]) == date(2025, 6, 1)


def test_a_late_edit_is_a_new_version_and_the_old_one_stays(loaded):
    loaded.load().load(
        "update stripe.subscription_item set quantity = 9 where id = 'si_grown'",
        "update stripe.invoice set amount_paid = 0 where id = 'in_over_2025-02-01'",
    )
    assert loaded.report.total("rows_loaded") == 2
    seats = loaded.query(
        "select items -> '$.data[0].quantity' from raw_stripe.subscription"
        " where id = 'sub_grown' order by _dlt_load_id"
    )
    assert [row[0] for row in seats] == ["8", "9"]


def test_nothing_is_written_into_the_landed_database(loaded):
    def state() -> tuple[str, float, list[str]]:
        content = hashlib.sha256(loaded.database.read_bytes()).hexdigest()
        beside = sorted(path.name for path in loaded.database.parent.glob("landed.duckdb*"))
        return content, loaded.database.stat().st_mtime, beside

    before = state()
    loaded.load().load()
    assert state() == before


def test_a_landed_database_is_attached_read_only(loaded):
    with (
        duckdb.connect() as connection,
        attached(connection, loaded.landed) as schema,
        pytest.raises(duckdb.InvalidInputException, match="read-only"),
    ):
        connection.execute(f"create table {schema.place}.mine (a int)")


def test_an_absent_optional_table_is_not_delivered_and_no_zero(loaded):
    loaded.load("drop table stripe.charge", "drop table stripe.tier")
    assert loaded.error == ""
    assert loaded.query("select count(*) from raw_stripe.charge") == [(0,)]
    deliveries = "select run_id from raw_stripe.deliveries where source_table = 'charge'"
    assert loaded.query(deliveries) == []
    tiers = "select tiers from raw_stripe.price where id = 'price_tiered'"
    assert loaded.query(tiers) == [(None,)]


def test_an_absent_optional_column_is_empty_and_is_not_among_the_delivered(loaded):
    loaded.load("alter table stripe.invoice drop tax")
    assert loaded.error == ""
    assert loaded.query("select count(*), count(tax) from raw_stripe.invoice") == [(44, 0)]
    delivered = loaded.query(
        "select column_name from raw_loads.delivered_columns where source_table = 'invoice'"
    )
    assert ("tax",) not in delivered
    assert ("total",) in delivered


def test_a_row_that_the_loader_marked_is_deleted_though_the_vendor_does_not_say_so(loaded):
    marks = [
        sql
        for table in ("customer", "product", "invoice")
        for sql in (
            f"alter table stripe.{table} add if not exists _fivetran_deleted boolean",
            f"update stripe.{table} set is_deleted = false, _fivetran_deleted = true",
        )
    ]
    loaded.load(*marks)
    assert loaded.query("select distinct deleted from raw_stripe.customer") == [(True,)]
    assert loaded.query("select distinct active from raw_stripe.product") == [(False,)]
    assert loaded.query("select distinct status from raw_stripe.invoice") == [("deleted",)]


def test_an_optional_column_that_vanishes_is_named(loaded):
    loaded.load().load("alter table stripe.invoice rename tax to tax_total")
    assert any("table invoice had tax in the last delivery" in line for line in loaded.said())


def test_a_table_without_which_something_is_not_known_is_named(loaded):
    loaded.load("drop table stripe.discount")
    assert loaded.error == ""
    assert [line for line in loaded.said() if "discounts of subscriptions are not known" in line]
    assert loaded.query("select count(discounts) from raw_stripe.subscription") == [(0,)]


def test_an_absent_required_column_names_table_column_reader_and_remedy(loaded):
    loaded.load("alter table stripe.invoice rename total to total_amount")
    for words in (
        "stripe.invoice has no column 'total'",
        "stripe.invoice cannot do without it",
        "did you mean 'total_amount'?",
        "Select the column in fivetran",
        "orchestration/adapters/fivetran/stripe.yml",
    ):
        assert words in loaded.error
    # Everything else is in, and the table is as it was.
    assert loaded.query("select count(*) from raw_stripe.subscription") == [(5,)]
    assert loaded.query("select count(*) from raw_stripe.invoice") == [(0,)]


def test_a_renamed_required_table_is_named_and_can_be_said(loaded):
    loaded.load("alter table stripe.subscription_item rename to subscription_items")
    for words in (
        "stripe.subscription_item is not there",
        "stripe.subscription cannot do without it (what everybody pays, so ARR)",
        "did you mean 'subscription_items'?",
        "tables: {subscription_item: …}",
    ):
        assert words in loaded.error
    loaded.landed = Landed.of(
        "fivetran", loaded.database, "stripe", {"subscription_item": "subscription_items"}
    )
    assert loaded.load().error == ""


def test_a_landing_without_customers_is_refused(loaded):
    loaded.load("drop table stripe.customer")
    assert "stripe.customer is not there" in loaded.error
    assert "whose revenue it is" in loaded.error


def test_a_custom_field_is_a_column_or_sql_of_the_landed_table(loaded):
    change(
        loaded.database,
        "alter table stripe.customer add account_ref varchar",
        "update stripe.customer set account_ref = id || '_crm', metadata = null",
    )
    loaded.landed = Landed.of(
        "fivetran",
        loaded.database,
        "stripe",
        columns={
            "customer": {
                "metadata": "json_object('crm_account_id', customer.account_ref)",
                "email": "account_ref",
            }
        },
    )
    assert loaded.load().error == ""
    assert loaded.query(
        "select metadata ->> 'crm_account_id', email from raw_stripe.customer where id = 'cus_over'"
    ) == [("cus_over_crm", "cus_over_crm")]


@pytest.mark.parametrize(
    ("tables", "columns", "said"),
    [
        ({}, {"customer": {"email": "emial"}}, "did you mean 'email'?"),
        ({}, {"customer": {"e_mail": "email"}}, "there is no raw column 'e_mail'"),
        ({}, {"customers": {"email": "email"}}, "did you mean 'customer'?"),
        ({"invoices": "my_invoice"}, {}, "did you mean 'invoice'?"),
        ({"invoice": "my_invoice"}, {}, "stripe.my_invoice is not there"),
        ({}, {"customer": {"email": "lower(no_such)"}}, "no_such"),
    ],
)
def test_a_name_that_is_nowhere_is_refused_with_the_nearest(loaded, tables, columns, said):
    loaded.landed = Landed.of("fivetran", loaded.database, "stripe", tables, columns)
    assert said in loaded.load().error


def test_a_value_is_judged_as_one_of_a_file_is(loaded):
    loaded.load("update stripe.invoice set currency = 'dollars' where id = 'in_over_2025-02-01'")
    assert loaded.query("select source_file, column_name, row_key from raw_stripe.rejects") == [
        ("stripe.invoice", "currency", "in_over_2025-02-01")
    ]
    assert loaded.query("select count(*) from raw_stripe.invoice") == [(43,)]


def test_a_value_that_has_no_whole_number_is_an_error_and_never_rounded(loaded):
    loaded.load(
        "alter table stripe.invoice alter total type double",
        "update stripe.invoice set total = 1.5 where id = 'in_over_2025-02-01'",
    )
    assert "total holds a number that is not whole" in loaded.error


@pytest.mark.parametrize(
    ("landed", "said"),
    [
        (Landed.of("fivetran", "nowhere.duckdb", "stripe"), "nowhere.duckdb, which fivetran fills"),
        (Landed.of("fivtran", "nowhere.duckdb", "stripe"), "did you mean 'fivetran'?"),
    ],
)
def test_a_place_that_is_not_there_is_named(loaded, landed, said):
    loaded.landed = landed
    assert said in loaded.load().error


def test_a_schema_that_is_not_there_is_named_with_those_there_are(loaded):
    loaded.landed = Landed.of("fivetran", loaded.database, "stripe_prod")
    assert "no tables in a schema 'stripe_prod'; there is: stripe" in loaded.load().error


def test_a_connection_string_is_never_shown():
    landed = Landed.of("airbyte", "postgres:host=db password=secret", "stripe")
    assert "secret" not in landed.shown


def test_an_extension_that_cannot_be_installed_is_named_with_what_to_do():
    with duckdb.connect() as connection, pytest.raises(LoadError) as problem:
        _extension(connection, "no_such_extension_at_all")
    assert "extension 'no_such_extension_at_all' is needed" in str(problem.value)
    assert "copy the landed schema to a DuckDB file" in str(problem.value)


def test_a_schema_of_the_own_warehouse_can_be_read(loaded):
    land_stripe(loaded.warehouse, stripe().tables)
    loaded.landed = Landed.of("fivetran", loaded.warehouse, "stripe")
    assert loaded.load().error == ""
    assert loaded.query("select count(*) from raw_stripe.subscription") == [(5,)]
    assert loaded.query("select count(*) from stripe.subscription_history") == [(10,)]


def test_tables_of_another_loader_under_an_own_schema_are_refused_untouched(loaded):
    land_stripe(loaded.warehouse, stripe().tables, "raw_stripe")
    columns = "select table_name, column_name from duckdb_columns() order by all"
    before = loaded.query(columns)
    for landed in (loaded.landed, Landed.of("fivetran", loaded.warehouse, "raw_stripe")):
        loaded.landed = landed
        loaded.load()
        assert "raw_stripe" in loaded.error
        assert "another schema, such as 'stripe'" in loaded.error
        assert loaded.query(columns) == before


@pytest.mark.parametrize(("loader", "vendor"), CELLS)
def test_an_adapter_makes_raw_tables_with_all_that_they_require(loader, vendor):
    adapter = read_adapter(loader, vendor)
    spec = source_spec(adapter.source)
    assert set(adapter.tables) <= set(spec.tables)
    for table in adapter.tables.values():
        raw = spec.tables[table.name]
        assert set(table.columns) <= set(raw.columns), table.name
        main = adapter.relations.get(table.main)
        given = set(table.columns) | (set(main.columns) if main else set())
        # What was an object has its other columns by name.
        by_name = table.nested or (main and (main.nested or set(main.columns) & OBJECT))
        assert by_name or set(raw.required) <= given, table.name
        known = adapter.relations.keys() | adapter.objects.keys()
        sql = f"select 1 from {table.source}"
        assert set(names_in(sql)) <= known, table.name
    for sql in adapter.objects.values():
        assert set(names_in(sql)) <= adapter.relations.keys() | adapter.objects.keys()
