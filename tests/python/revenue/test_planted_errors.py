"""One error of each kind is planted in the demo company's bills: the tie-out names just these.

Each goes into one invoice of a sound month: of a contract that is billed by the month, in dollars,
without a discount, in a month that ties.
"""

import duckdb
import pytest

from orchestration.home import Home
from tests.python.revenue.doctored import build, copied

pytestmark = pytest.mark.long

SOUND = """
    create temp table sound as
    with merged as (
        select unnest([account_id, owner_account_id]) as account_id
        from intermediate.int_account_ownership
        where account_id <> owner_account_id
    ),

    single as (
        select invoice_id
        from intermediate.int_stripe_invoice_lines
        where line_kind <> 'tax'
        group by invoice_id
        having count(*) = 1
    )
    select
        lines.invoice_id,
        lines.account_id,
        cast(date_trunc('month', lines.earned_from) as date) as month,
        row_number() over (order by lines.account_id, lines.invoice_id) as place
    from facts.fct_invoice_line as lines
    inner join single using (invoice_id)
    inner join intermediate.int_stripe_invoice_lines as billed
        on lines.invoice_line_id = billed.invoice_line_id
    inner join marts.mart_arr_tie_out as ties
        on
            lines.account_id = ties.account_id
            and ties.month = date_trunc('month', lines.earned_from)
    where
        lines.line_kind = 'recurring'
        and not lines.is_proration
        and lines.currency = 'USD'
        and lines.discount_amount = 0
        and lines.quantity >= 2
        and billed.billing_interval = 'month'
        and lines.invoice_status = 'paid'
        and lines.amount > 100
        and ties.reason in ('timing', 'none')
        and ties.timing_term = 0
        and ties.contracts = 1
        and ties.is_complete
        and lines.account_id not in (select account_id from merged)
    qualify row_number() over (partition by lines.account_id order by lines.earned_from desc) = 1
"""
INVOICE, LINE = "raw_stripe.invoice", "raw_stripe.invoice_line_item"
FORGET = "delete from {table} where {key} = '{id}'"
PRICE = "json_merge_patch(price, '{patch}')"
# What is planted: statements for an invoice; and what the tie-out has to say of its account.
KINDS = {
    "missing": (
        [
            FORGET.format(table=LINE, key="invoice", id="{id}"),
            FORGET.format(table=INVOICE, key="id", id="{id}"),
        ],
        ("unexplained", "missing_bill"),
    ),
    "void": (
        [f"update {INVOICE} set status = 'void' where id = '{{id}}'"],
        ("unexplained", "bill_made_void"),
    ),
    "double": (
        [
            f"insert into {table} by name select * replace ('again_' || {key} as {key})"
            f" from {table} where {key} = '{{id}}'"
            for table, key in ((INVOICE, "id"), (LINE, "invoice"))
        ],
        ("unexplained", "double_bill"),
    ),
    "quantity": (
        [f"update {LINE} set amount = amount // quantity, quantity = 1 where invoice = '{{id}}'"],
        ("unexplained", "wrong_quantity"),
    ),
    "price": (
        [f"update {LINE} set amount = amount * 9 // 10 where invoice = '{{id}}'"],
        ("unexplained", "wrong_price"),
    ),
    "discount": (
        [
            f"update {LINE} set discount_amounts = json_array(json_object("
            "'amount', amount // 4, 'discount', 'di_planted')) where invoice = '{id}'"
        ],
        # On one invoice only it is a coupon for one invoice.
        ("credit", None),
    ),
    "currency": (
        [
            f"update {LINE} set currency = 'eur' where invoice = '{{id}}'",
            f"update {INVOICE} set currency = 'eur' where id = '{{id}}'",
        ],
        ("fx", "wrong_currency"),
    ),
    "credit": (
        [
            f"insert into {LINE} by name select * replace (id || '_credit' as id,"
            f" -amount // 2 as amount) from {LINE} where invoice = '{{id}}'"
        ],
        ("credit", None),
    ),
    "one_time": (
        [
            f"update {LINE} set price = "
            + PRICE.format(patch='{{"type":"one_time"}}')
            + " where invoice = '{id}'"
        ],
        ("one_time", None),
    ),
    "usage": (
        [
            f"update {LINE} set price = "
            + PRICE.format(patch='{{"recurring":{{"usage_type":"metered"}}}}')
            + " where invoice = '{id}'"
        ],
        ("usage", None),
    ),
    "stranger": (
        [
            f"update {INVOICE} set customer = 'cus_stranger', subscription = null, parent = null"
            " where id = '{id}'",
            f"update {LINE} set subscription = null, parent = null where invoice = '{{id}}'",
        ],
        ("unexplained", "missing_bill"),
    ),
}
# Totals follow the lines, so that it is the tie-out that has to find it.
TOTALS = f"""
    update {INVOICE} as invoices set total = coalesce(invoices.tax, 0) + sums.amount
    from (
        select
            invoice,
            sum(amount - coalesce(list_sum(
                cast(discount_amounts::json->>'$[*].amount' as bigint [])
            ), 0)) as amount
        from {LINE}
        group by invoice
    ) as sums
    where invoices.id = sums.invoice and invoices.id in ('{{ids}}')
"""
BUILT = "int_stripe_invoices+1 +mart_arr_tie_out"


@pytest.fixture(scope="module")
def planted(demo_home, tmp_path_factory):
    """The demo company with one error of each kind, and where each is."""
    home = copied(demo_home, tmp_path_factory.mktemp("planted") / "home")
    with duckdb.connect(str(home.warehouse)) as warehouse:
        warehouse.execute(SOUND)
        places = dict(
            zip(
                KINDS,
                warehouse.execute(
                    "select invoice_id, account_id, month from sound order by place"
                ).fetchall(),
                strict=False,
            )
        )
        assert len(places) == len(KINDS)
        for kind, (statements, _) in KINDS.items():
            for statement in statements:
                warehouse.execute(statement.format(id=places[kind][0]))
        ids = "', '".join(invoice for invoice, _, _ in places.values())
        warehouse.execute(TOTALS.format(ids=ids))
    build(home, *BUILT.split(), kinds=("model",))
    return home, places


@pytest.mark.parametrize("kind", KINDS)
def test_the_tie_out_names_what_was_planted(planted, kind):
    home, places = planted
    _, account, month = places[kind]
    reason, finding = KINDS[kind][1]
    found = _rows(
        home,
        "select reason, finding, is_exception from marts.mart_arr_tie_out"
        f" where account_id = '{account}' and month = '{month}'",
    )
    assert found == [(reason, finding, finding is not None)]


def test_a_bill_of_a_stranger_is_an_unmatched_customer(planted):
    home, places = planted
    found = _rows(
        home,
        "select reason, finding from marts.mart_arr_tie_out"
        f" where account_id = 'unassigned' and month = '{places['stranger'][2]}'",
    )
    assert found == [("unmatched_customer", "customer_without_account")]


def test_nothing_else_is_an_exception(planted, demo_home):
    home, places = planted
    accounts = {account for _, account, _ in places.values()} | {"unassigned"}
    query = "select account_id, month from marts.mart_arr_tie_out where is_exception"
    assert _rows(demo_home, query) == []
    assert {account for account, _ in _rows(home, query)} <= accounts


def _rows(home: Home, query: str) -> list[tuple]:
    with duckdb.connect(str(home.warehouse), read_only=True) as warehouse:
        return warehouse.execute(query).fetchall()
