"""A landing whose rows are all there twice gives what the landing gives."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from orchestration.loads import Landed, source_spec
from orchestration.loads.adapters import Adapter, adapter_names, read_adapter
from orchestration.loads.landed import API
from orchestration.loads.landed_database import attached
from orchestration.loads.landed_query import LandedQuery
from orchestration.loads.landed_relation import MACROS, sql_type
from tests.python.landed import (
    airbyte_hubspot,
    airbyte_intercom,
    airbyte_landing,
    dlt_hubspot,
    dlt_landing,
    fivetran_crm,
    fivetran_stripe,
)
from tests.python.landed.companies import objects
from tests.python.landed.fivetran_hubspot import land_hubspot
from tests.python.landed.fivetran_intercom import land_intercom
from tests.python.landed.landing import change

LANDINGS: dict[tuple[str, str], Callable[..., None]] = {
    ("fivetran", "salesforce"): fivetran_crm.land_salesforce,
    ("fivetran", "zendesk"): fivetran_crm.land_zendesk,
    ("fivetran", "stripe"): fivetran_stripe.land_stripe,
    ("fivetran", "hubspot"): land_hubspot,
    ("fivetran", "intercom"): land_intercom,
    ("airbyte", "hubspot"): airbyte_hubspot.land_hubspot,
    ("airbyte", "intercom"): airbyte_intercom.land_intercom,
    ("dlt", "hubspot"): dlt_hubspot.land_hubspot,
} | {
    (module.__name__.rpartition(".")[2].removesuffix("_landing"), vendor): getattr(
        module, f"land_{vendor}"
    )
    for module in (airbyte_landing, dlt_landing)
    for vendor in ("salesforce", "stripe", "zendesk")
}
# What a connector fetched is no landed table; tests/python/connect fetch their objects twice.
CELLS = [
    (loader, vendor)
    for loader, vendors in adapter_names().items()
    for vendor in vendors
    if loader != API
]
# A value of each type for relations that the small companies do not have.
VALUES = {
    "text": "'1'",
    "json": "'[]'",
    "bigint": "1",
    "decimal": "1",
    "boolean": "false",
    "date": "'2025-01-01'",
    "timestamp": "'2025-01-01'",
}


def land(database: Path, loader: str, adapter: Adapter) -> None:
    """Land the small company, and one row of every relation that it does not have."""
    vendor, landing = adapter.vendor, LANDINGS[loader, adapter.vendor]
    told = objects(told=True)
    landing(database, told[vendor], vendor) if vendor in told else landing(database, vendor)
    there = {name for name, _ in tables(database, vendor)}
    for relation in adapter.relations.values():
        if not there & {name.lower() for name in relation.names}:
            columns = {
                column.name: f"cast({VALUES[column.type]} as {sql_type(column)})"
                for column in relation.columns.values()
            }
            for table in adapter.tables.values():
                if table.main == relation.name:
                    required = source_spec(adapter.source).tables[table.name].required
                    columns = dict.fromkeys(required, "'1'") | columns
            selected = ", ".join(f'{value} as "{name}"' for name, value in columns.items())
            change(database, f'create table {vendor}."{relation.name}" as select {selected}')


def tables(database: Path, schema: str) -> list[tuple[str, list[str]]]:
    """Tables of a schema, in lower case, with their columns."""
    with duckdb.connect(str(database), read_only=True) as connection:
        return connection.execute(
            "select lower(table_name), list(column_name) from duckdb_columns()"
            " where schema_name = ? and not starts_with(table_name, '_dlt') group by all",
            [schema],
        ).fetchall()


def double(database: Path, schema: str) -> None:
    """Land each row once more; one that dlt flattened has a name of its own, as its lists have."""
    for table, columns in tables(database, schema):
        own = [name for name in columns if name in ("_dlt_id", "_dlt_parent_id", "_dlt_root_id")]
        anew = ", ".join(f"{name} || 'x' as {name}" for name in own)
        values = f"* replace ({anew})" if own else "*"
        place = f'{schema}."{table}"'
        change(database, f"insert into {place} by name select {values} from {place}")


def rows(database: Path, adapter: Adapter) -> dict[str, Counter[str]]:
    """What each raw table is made of."""
    landed = Landed.of(adapter.loader, database, adapter.vendor)
    found = {}
    with duckdb.connect() as connection:
        connection.execute("set TimeZone = 'UTC'")
        for macro in MACROS:
            connection.execute(macro)
        with attached(connection, landed) as schema:
            query = LandedQuery(connection, adapter, landed, schema)
            for table in adapter.tables.values():
                assert not query.missing(table), table.name
                sql = query.sql(table, source_spec(adapter.source).tables[table.name])
                given = connection.execute(f"select * exclude (_line) from ({sql})").fetchall()
                found[table.name] = Counter(map(str, given))
    return found


@pytest.mark.parametrize(("loader", "vendor"), CELLS)
def test_no_join_multiplies_rows(tmp_path, loader, vendor):
    adapter = read_adapter(loader, vendor)
    database = tmp_path / "landed.duckdb"
    land(database, loader, adapter)
    once = rows(database, adapter)
    double(database, vendor)
    twice = rows(database, adapter)
    for name, table in adapter.tables.items():
        main = adapter.relations.get(table.main)
        # What has no key of its own is there as often as it was landed; the loader tells it apart.
        times = 2 if main is not None and not main.key else 1
        assert twice[name] == Counter({row: times * n for row, n in once[name].items()}), name
