"""Rules that hold for every adapter, read from its SQL."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
import pytest
import sqlglot
from sqlglot import exp

from orchestration.loads import Landed, LoadRequest, load
from orchestration.loads.adapters import Adapter, adapter_names, read_adapter
from tests.python.landed.crm_company import salesforce
from tests.python.landed.fivetran_crm import land_salesforce
from tests.python.landed.landing import change

CELLS = [(loader, vendor) for loader, vendors in adapter_names().items() for vendor in vendors]
every_adapter = pytest.mark.parametrize(("loader", "vendor"), CELLS)


def queries(adapter: Adapter) -> Iterator[tuple[str, exp.Expression]]:
    """Name and syntax tree of every query of an adapter: its objects and its tables."""
    for name, sql in adapter.objects.items():
        yield name, sqlglot.parse_one(sql, read="duckdb")
    for table in adapter.tables.values():
        columns = ", ".join([*table.columns.values(), "1"])
        where = f" where {table.where}" if table.where else ""
        sql = f"select {columns} from {table.source}{where}"
        yield table.name, sqlglot.parse_one(sql, read="duckdb")


@every_adapter
def test_a_row_is_deleted_when_any_of_its_marks_says_so(loader, vendor):
    """`coalesce(a, b)` would take a false of the first for the answer."""
    for name, query in queries(read_adapter(loader, vendor)):
        for call in query.find_all(exp.Coalesce):
            marks = {column.name for column in call.find_all(exp.Column)}
            assert len([mark for mark in marks if "deleted" in mark]) < 2, (name, call.sql())


@every_adapter
def test_what_is_not_told_is_not_taken_for_true(loader, vendor):
    for name, query in queries(read_adapter(loader, vendor)):
        for call in query.find_all(exp.Coalesce):
            last = call.expressions[-1]
            is_true = isinstance(last, exp.Boolean) and last.this
            assert not is_true, (name, call.sql())


def test_whether_a_user_is_active_is_not_known_where_it_was_not_landed(tmp_path):
    database, warehouse = tmp_path / "landed.duckdb", tmp_path / "warehouse.duckdb"
    land_salesforce(database, salesforce())
    change(
        database,
        "alter table salesforce.user drop is_active",
        "alter table salesforce.user add _fivetran_deleted boolean",
        "update salesforce.user set _fivetran_deleted = true where id = '005csm2'",
        "update salesforce.account set is_deleted = false",
        "alter table salesforce.account add _fivetran_deleted boolean",
        "update salesforce.account set _fivetran_deleted = true where id = 'grown'",
    )
    where = Landed.of("fivetran", database, "salesforce")
    load(LoadRequest("salesforce", tmp_path, warehouse, "run", landed=where))
    with duckdb.connect(str(warehouse)) as connection:
        users = "select id, is_active from raw_salesforce.user where id like '005csm%'"
        found = dict(connection.execute(users).fetchall())
        gone = connection.execute("select id from raw_salesforce.account where is_deleted")
        assert gone.fetchall() == [("grown",)]
    assert found.pop("005csm2") is False
    assert set(found.values()) == {None}
