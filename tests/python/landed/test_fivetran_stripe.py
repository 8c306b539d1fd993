"""What Fivetran landed of Stripe gives the figures of an export of the same objects."""

from __future__ import annotations

import pytest

from orchestration.loads import Landed
from tests.python.cases.company import TARGETS, Built, build
from tests.python.landed.comparing import differences
from tests.python.landed.fivetran_stripe import land_stripe
from tests.python.landed.landing import change
from tests.python.landed.stripe_company import company

MODELS = (*TARGETS, "fct_invoice", "fct_payment", "dim_account", "dim_plan")
SAME = {
    "facts.fct_account_month": "*",
    "facts.fct_arr_movement": "*",
    "facts.fct_arr_line": "*",
    "facts.fct_subscription": "*",
    "facts.fct_churn_event": "*",
    "facts.fct_invoice": "*",
}


@pytest.fixture(scope="module")
def exported(tmp_path_factory) -> Built:
    root = tmp_path_factory.mktemp("exported")
    return build(root / "home", company().write(root / "exports"), targets=MODELS)


def landing(root, name: str = "stripe", *statements: str) -> Built:
    export = company()
    files = export.write(root / "exports")["files"]
    database = root / "landed.duckdb"
    land_stripe(database, export.tables, name)
    change(database, *statements)
    where = Landed.of("fivetran", database, name)
    return build(root / "home", {"files": files}, landed={"stripe": where}, targets=MODELS)


def test_every_figure_is_that_of_the_export(exported, tmp_path):
    landed = landing(tmp_path)
    assert "stripe" not in landed.load_errors
    assert differences(exported, landed, SAME) == []
    assert landed.arr("grown", "2025-01-01") == 3000
    assert landed.arr("grown") == 4800
    assert landed.arr("yearly") == 10500
    assert landed.arr("tiered") == 12 * 540


def test_a_connector_of_before_2022_gives_the_same_figures(exported, tmp_path):
    landed = landing(
        tmp_path,
        "stripe_old",
        "create table stripe_old.subscription as from stripe_old.subscription_history"
        " where _fivetran_active",
        "drop table stripe_old.subscription_history",
        "alter table stripe_old.subscription drop _fivetran_active",
        "alter table stripe_old.subscription drop _fivetran_start",
        "alter table stripe_old.subscription drop _fivetran_end",
        "create table stripe_old.subscription_discount as select id, coupon_id, customer_id,"
        ' subscription_id, start, "end" from stripe_old.discount',
        "drop table stripe_old.discount",
        # Prices were plans, and metadata columns.
        "create table stripe_old.plan as select id, product_id, currency, unit_amount as amount,"
        ' recurring_interval as "interval", recurring_interval_count as interval_count,'
        " recurring_usage_type as usage_type, billing_scheme, tiers_mode, nickname, active, created"
        " from stripe_old.price",
        "drop table stripe_old.price",
        "alter table stripe_old.tier rename price_id to plan_id",
        "alter table stripe_old.tier rename unit_amount to amount",
        "alter table stripe_old.invoice_line_item drop plan_id",
        "alter table stripe_old.invoice_line_item rename price_id to plan_id",
        "alter table stripe_old.customer add metadata_crm_account_id varchar",
        "update stripe_old.customer set metadata_crm_account_id = metadata ->> 'crm_account_id'",
        "alter table stripe_old.customer drop metadata",
    )
    assert "stripe" not in landed.load_errors
    assert differences(exported, landed, SAME) == []


def test_a_deleted_customer_keeps_its_account_and_a_deleted_product_its_name(tmp_path):
    landed = landing(
        tmp_path,
        "stripe",
        "update stripe.customer set is_deleted = true where id = 'cus_over'",
        "update stripe.product set is_deleted = true",
        "update stripe.invoice set is_deleted = true where id = 'in_grown_2024-07-01'",
    )
    assert landed.arr("over", "2025-02-01") == 1800
    assert "customer_unknown" not in landed.said()
    assert landed.rows("select product_name, is_active from staging.stg_stripe__products") == [
        ("Core", False)
    ]
    status = "select status from staging.stg_stripe__invoices where invoice_id = ?"
    assert landed.value(status, "in_grown_2024-07-01") == "deleted"


def test_a_line_that_fivetran_lands_anew_counts_once(tmp_path):
    landed = landing(
        tmp_path,
        "stripe",
        "insert into stripe.invoice_line_item by name select * replace ('sub_' || id as id)"
        " from stripe.invoice_line_item where subscription_id = 'sub_grown'",
        "update stripe.invoice_line_item set id = 'sub_' || id where subscription_id = 'sub_over'",
    )
    lines = landed.rows(
        "select subscription_id, count(*) from staging.stg_stripe__invoice_line_items"
        " where subscription_id in ('sub_grown', 'sub_over') group by 1 order by 1"
    )
    assert lines == [("sub_grown", 12), ("sub_over", 8)]
