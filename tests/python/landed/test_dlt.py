"""What dlt's verified sources landed gives the figures of exports of the same objects."""

from __future__ import annotations

from functools import partial

from tests.python.landed.companies import SAME, landed
from tests.python.landed.comparing import differences
from tests.python.landed.dlt_landing import land_salesforce, land_stripe, land_zendesk

# The source does not ask Salesforce for deleted records.
THERE = {"(from facts.dim_account where not is_deleted)": "*"} | {
    relation: columns for relation, columns in SAME.items() if relation != "facts.dim_account"
}
LANDINGS = {"salesforce": land_salesforce, "stripe": land_stripe, "zendesk": land_zendesk}


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
