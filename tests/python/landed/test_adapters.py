"""Rules that hold for every adapter, read from its SQL."""

from __future__ import annotations

import re
from collections.abc import Iterator

import duckdb
import pytest
import sqlglot
from sqlglot import exp

from orchestration.loads import Landed, LoadRequest, load, source_spec
from orchestration.loads.adapters import Adapter, Relation, adapter_names, names_in, read_adapter
from orchestration.loads.landed import API
from orchestration.project import project_root
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


def words(sql: str) -> set[str]:
    """All names in a text of SQL."""
    return set(re.findall(r"\w+", sql))


def read_by_staging(source: str) -> dict[str, set[str]]:
    """Names in the staging models that read a raw table, by raw table."""
    found: dict[str, set[str]] = {}
    for path in (project_root() / "models" / "staging" / source).glob("*.sql"):
        sql = path.read_text(encoding="utf-8")
        for table in re.findall(r"source\('raw_\w+', '(\w+)'\)", sql):
            found.setdefault(table, set()).update(words(sql))
    return found


def used_columns(adapter: Adapter, relation: Relation) -> set[str]:
    """Columns of a relation that the adapter's SQL, or a staging model by their name, reads."""
    used = {*relation.key, *relation.newest}
    # Objects of a connector hand on whole rows, so that any of its SQL may read a column.
    is_any = adapter.loader == API
    for sql in adapter.objects.values():
        used |= words(sql) if is_any or relation.name in names_in(sql) else set()
    staging, spec = read_by_staging(adapter.source), source_spec(adapter.source)
    for table in adapter.tables.values():
        if is_any or relation.name in names_in(f"select 1 from {table.source}"):
            used |= words(" ".join([table.source, table.where or "", *table.columns.values()]))
        if table.main == relation.name:
            by_name = set(spec.tables[table.name].columns) - set(table.columns)
            used |= by_name & staging.get(table.name, set())
    return used


@every_adapter
def test_every_column_of_an_adapter_is_read(loader, vendor):
    adapter = read_adapter(loader, vendor)
    unread = {
        f"{relation.name}.{column.name}"
        for relation in adapter.relations.values()
        for column in relation.columns.values()
        if not column.required and column.name not in used_columns(adapter, relation)
    }
    assert unread == set()


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
    for table in read_adapter(loader, vendor).tables.values():
        for column, sql in table.columns.items():
            if not column.endswith("active"):
                continue
            for call in sqlglot.parse_one(sql, read="duckdb").find_all(exp.Coalesce):
                assert not isinstance(call.parent, exp.Not), (table.name, column, sql)


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
