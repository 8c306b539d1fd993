"""What dlt's verified sources landed gives the figures of exports of the same objects."""

from __future__ import annotations

from functools import partial

import duckdb
import pytest

from orchestration.loads import Landed, LoadRequest, load
from tests.python.landed.companies import SAME, landed, objects
from tests.python.landed.comparing import differences
from tests.python.landed.dlt_landing import land_salesforce, land_stripe, land_zendesk
from tests.python.landed.landing import change

# The source does not ask Salesforce for deleted records.
THERE = {"(from facts.dim_account where not is_deleted)": "*"} | {
    relation: columns for relation, columns in SAME.items() if relation != "facts.dim_account"
}
LANDINGS = {"salesforce": land_salesforce, "stripe": land_stripe, "zendesk": land_zendesk}


@pytest.mark.road("Salesforce", "dlt")
@pytest.mark.road("Stripe", "dlt")
@pytest.mark.road("Zendesk", "dlt")
def test_every_figure_is_that_of_the_exports(exported, tmp_path):
    built = landed(tmp_path, "dlt", LANDINGS)
    assert built.load_errors == {}
    assert differences(exported, built, THERE) == []
    assert built.arr("grown", "2025-01-01") == 3000
    assert built.arr("tiered") == 12 * 540


def test_objects_that_were_kept_as_json_give_the_same(exported, tmp_path):
    landings = LANDINGS | {"stripe": partial(land_stripe, nesting=0)}
    built = landed(tmp_path, "dlt", landings)
    assert built.load_errors == {}
    assert differences(exported, built, THERE) == []


def test_events_give_the_figures_of_exported_events(told, tmp_path):
    built = landed(tmp_path, "dlt", LANDINGS, told=True)
    assert built.load_errors == {}
    assert built.rows("select count(*) from raw_stripe.event") == [(4,)]
    assert differences(told, built, THERE) == []


@pytest.mark.parametrize("nesting", [None, 0])
def test_an_invoice_with_more_lines_than_were_landed_is_told_however_it_lies(tmp_path, nesting):
    database = tmp_path / "landed.duckdb"
    land_stripe(database, objects()["stripe"], nesting=nesting)
    more = "lines__has_more = true" if nesting is None else "lines = lines.replace('false', 'true')"
    change(database, f"update stripe.invoice set {more} where id like 'in_over%'")
    where = Landed.of("dlt", database, "stripe")
    report = load(LoadRequest("stripe", tmp_path, tmp_path / "wh.duckdb", "run", landed=where))
    told = [message.text for message in report.messages if message.severity == "warning"]
    assert [text for text in told if "8 rows of stripe.invoice have more lines" in text]


def test_what_is_cut_or_under_way_is_told_or_left(tmp_path):
    database = tmp_path / "landed.duckdb"
    land_stripe(database, objects()["stripe"])
    change(
        database,
        "update stripe.invoice set lines__has_more = true where id = 'in_over_2025-02-01'",
        # A load that has not come to its end.
        "insert into stripe.subscription by name select * replace ('sub_half' as id,"
        " 'x' as _dlt_id, '1' as _dlt_load_id) from stripe.subscription where id = 'sub_over'",
    )
    where = Landed.of("dlt", database, "stripe")
    warehouse = tmp_path / "warehouse.duckdb"
    report = load(LoadRequest("stripe", tmp_path, warehouse, "run", landed=where))
    told = [message.text for message in report.messages if message.severity == "warning"]
    assert [text for text in told if text.startswith("1 rows of stripe.invoice have more lines")]
    with duckdb.connect(str(warehouse)) as connection:
        found = connection.execute("select count(*) from raw_stripe.subscription").fetchone()
    assert found == (5,)
