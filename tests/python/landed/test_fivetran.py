"""What Fivetran landed gives the figures of exports of the same objects."""

from __future__ import annotations

import duckdb
import pytest

from orchestration.loads import Landed, LoadRequest, load
from tests.python.landed.companies import SAME, landed, objects
from tests.python.landed.comparing import differences
from tests.python.landed.fivetran_crm import land_salesforce, land_zendesk
from tests.python.landed.fivetran_stripe import land_stripe
from tests.python.landed.landing import change

LANDINGS = {"salesforce": land_salesforce, "stripe": land_stripe, "zendesk": land_zendesk}


@pytest.mark.road("Salesforce", "fivetran")
@pytest.mark.road("Stripe", "fivetran")
@pytest.mark.road("Zendesk", "fivetran")
def test_every_figure_is_that_of_the_exports(exported, tmp_path):
    built = landed(tmp_path, "fivetran", LANDINGS)
    assert built.load_errors == {}
    assert differences(exported, built, SAME) == []
    assert built.arr("grown", "2025-01-01") == 3000
    assert built.arr("grown") == 4800
    assert built.arr("yearly") == 10500
    assert built.arr("tiered") == 12 * 540


def test_a_connector_of_before_2022_gives_the_same_figures(exported, tmp_path):
    built = landed(
        tmp_path,
        "fivetran",
        LANDINGS,
        # One row per subscription, discounts by object, prices as plans, metadata as columns.
        "create table stripe.subscription as from stripe.subscription_history"
        " where _fivetran_active",
        "drop table stripe.subscription_history",
        "alter table stripe.subscription drop _fivetran_active",
        "alter table stripe.subscription drop _fivetran_start",
        "alter table stripe.subscription drop _fivetran_end",
        "create table stripe.subscription_discount as select id, coupon_id, customer_id,"
        ' subscription_id, start, "end" from stripe.discount',
        "drop table stripe.discount",
        "create table stripe.plan as select id, product_id, currency, unit_amount as amount,"
        ' recurring_interval as "interval", recurring_interval_count as interval_count,'
        " recurring_usage_type as usage_type, billing_scheme, tiers_mode, nickname, active, created"
        " from stripe.price",
        "drop table stripe.price",
        "alter table stripe.tier rename price_id to plan_id",
        "alter table stripe.tier rename unit_amount to amount",
        "alter table stripe.invoice_line_item drop plan_id",
        "alter table stripe.invoice_line_item rename price_id to plan_id",
        "alter table stripe.customer add metadata_crm_account_id varchar",
        "update stripe.customer set metadata_crm_account_id = metadata ->> 'crm_account_id'",
        "alter table stripe.customer drop metadata",
    )
    assert built.load_errors == {}
    assert differences(exported, built, SAME) == []


def test_what_is_deleted_is_told_as_the_vendor_tells_it(tmp_path):
    built = landed(
        tmp_path,
        "fivetran",
        LANDINGS,
        "update stripe.customer set is_deleted = true where id = 'cus_over'",
        "update stripe.product set is_deleted = true",
        "update stripe.invoice set is_deleted = true where id = 'in_grown_2024-07-01'",
        "alter table salesforce.account add _fivetran_deleted boolean",
        "update salesforce.account set _fivetran_deleted = true, is_deleted = null"
        " where id = 'paused'",
        # A row of a list that is marked instead of removed.
        "alter table stripe.subscription_item add _fivetran_deleted boolean",
        "insert into stripe.subscription_item by name select * replace ('si_gone' as id,"
        " true as _fivetran_deleted) from stripe.subscription_item where id = 'si_grown'",
    )
    # The customer keeps its account, the product its name, the invoice is none.
    assert built.arr("over", "2025-02-01") == 1800
    assert "customer_unknown" not in built.said()
    assert built.arr("grown") == 4800
    products = "select product_name, is_active from staging.stg_stripe__products"
    assert built.rows(products) == [("Core", False)]
    status = "select status from staging.stg_stripe__invoices where invoice_id = ?"
    assert built.value(status, "in_grown_2024-07-01") == "deleted"
    deleted = "select account_id from staging.stg_salesforce__accounts where is_deleted order by 1"
    assert built.rows(deleted) == [("gone",), ("paused",)]
    assert built.rows("select ticket_id from facts.fct_ticket order by 1") == [("11",), ("12",)]


def test_a_line_that_fivetran_lands_anew_counts_once(tmp_path):
    built = landed(
        tmp_path,
        "fivetran",
        LANDINGS,
        "insert into stripe.invoice_line_item by name select * replace ('sub_' || id as id)"
        " from stripe.invoice_line_item where subscription_id = 'sub_grown'",
        "update stripe.invoice_line_item set id = 'sub_' || id where subscription_id = 'sub_over'",
    )
    lines = built.rows(
        "select subscription_id, count(*) from staging.stg_stripe__invoice_line_items"
        " where subscription_id in ('sub_grown', 'sub_over') group by 1 order by 1"
    )
    assert lines == [("sub_grown", 12), ("sub_over", 8)]


def test_history_mode_tells_what_an_account_was(exported, tmp_path):
    built = landed(
        tmp_path,
        "fivetran",
        LANDINGS,
        "drop table salesforce.account_history",
        "alter table salesforce.account add _fivetran_active boolean",
        "alter table salesforce.account add _fivetran_start timestamptz",
        "update salesforce.account set _fivetran_active = true,"
        " _fivetran_start = '2025-04-02 09:00:00+00'",
        # What was before: the versions of two accounts.
        "insert into salesforce.account by name select * replace ('Enterprise' as segment_c,"
        " '005csm2' as csm_c, false as _fivetran_active, '2024-07-01 00:00:00+00'::timestamptz as"
        " _fivetran_start) from salesforce.account where id = 'grown'",
        "insert into salesforce.account by name select * replace ('005csm2' as csm_c, false as"
        " _fivetran_active, '2025-01-15 09:00:00+00'::timestamptz as _fivetran_start)"
        " from salesforce.account where id = 'grown' and _fivetran_active",
        "update salesforce.account set _fivetran_start = '2025-03-10 09:00:00+00'"
        " where id = 'grown' and _fivetran_active",
        "insert into salesforce.account by name select * replace (25 as number_of_employees,"
        " false as _fivetran_active, '2024-07-01 00:00:00+00'::timestamptz as _fivetran_start)"
        " from salesforce.account where id = 'tiered'",
    )
    assert built.load_errors == {}
    assert differences(exported, built, SAME) == []


def test_a_custom_field_of_a_ticket_is_named_by_the_company(tmp_path):
    root = tmp_path / "custom"
    root.mkdir()
    database = root / "landed.duckdb"
    land_zendesk(database, objects()["zendesk"])
    change(database, "update zendesk.ticket set custom_area = 'billing' where id = 12")
    columns = {"ticket": {"category": "custom_area"}}
    where = Landed.of("fivetran", database, "zendesk", columns=columns)
    warehouse = root / "warehouse.duckdb"
    load(LoadRequest("zendesk", root, warehouse, "run", landed=where))
    with duckdb.connect(str(warehouse)) as connection:
        found = connection.execute("select id, category from raw_zendesk.ticket").fetchall()
    assert sorted(found) == [(11, None), (12, "billing"), (13, None)]
