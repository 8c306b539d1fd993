"""Money holds 10^14 in any currency, through every product and every sum, to the cent."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from itertools import pairwise
from pathlib import Path

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jinja2 import Environment

from orchestration.project import project_root
from tests.python.cases.companies import FilesCompany, cents, months
from tests.python.cases.company import build

# They read the warehouse while they are compiled; nor can models of Python be built here.
NOT_HERE = ("int_health_usage_day", "fct_account_usage_day")
LARGE = Decimal(10) ** 14
FOREIGN = {"JPY": "0.0067", "KRW": "0.00072", "IDR": "0.000061", "VND": "0.000039"}
AS_OF = "2025-06-30"


class Adapter:
    """Takes the place of dbt's dispatch: the macro for DuckDB."""

    def __init__(self, macros) -> None:
        self.macros = macros

    def dispatch(self, name: str, package: str):
        return getattr(self.macros, f"duckdb__{name}")


def macro(name: str):
    """A macro of macros/at_rate.sql or macros/money.sql, without dbt."""
    text = "\n".join(
        Path(project_root(), "macros", f"{file}.sql").read_text(encoding="utf-8")
        for file in ("money", "at_rate")
    )
    template = Environment().from_string(text)
    context: dict[str, object] = {}
    module = template.make_module(context)
    adapter = Adapter(module)
    module = template.make_module({"adapter": adapter})
    adapter.macros = module
    return getattr(module, name)


amounts = st.decimals(-LARGE, LARGE, places=2, allow_nan=False, allow_infinity=False)
rates = st.decimals(Decimal("0.00000001"), Decimal(5), places=8)


@settings(max_examples=200, deadline=None)
@given(amount=amounts, days=st.tuples(st.integers(0, 3660), st.integers(1, 3660)))
def test_a_part_of_an_amount_is_exact(amount, days):
    part, whole = min(days[0], days[1]), days[1]
    sql = macro("part_of")(f"cast('{amount}' as decimal(18, 2))", part, whole, 2)
    found = duckdb.sql(f"select {sql}").fetchone()[0]
    expected = abs(amount) * part / whole
    if abs(expected * 200 % 2 - 1) < Decimal("0.0001") and abs(amount) < 10**9:
        return  # Half a cent of an ordinary amount is a double's to decide.
    rounded = expected.quantize(Decimal("0.01"), ROUND_HALF_UP)
    assert abs(found) == rounded
    assert part < whole or found == amount


@settings(max_examples=200, deadline=None)
@given(amount=amounts, rate=rates)
def test_an_amount_at_a_rate_is_exact(amount, rate):
    sql = macro("at_rate")(
        f"cast('{amount}' as decimal(18, 2))", f"cast('{rate}' as decimal(18, 8))"
    )
    found = duckdb.sql(f"select {sql}").fetchone()[0]
    assert abs(found) == (abs(amount) * rate).quantize(Decimal("0.01"), ROUND_HALF_UP)


def large_company(currency: str) -> FilesCompany:
    """Yearly, monthly and quarterly contracts with bills of about 10^14, paid, open and failed."""
    made = FilesCompany()
    made.contract(
        "yearly", 25 * 10**12, "2024-01-01", quantity=4, billing_interval="year", currency=currency
    )
    for year, status in ((2024, "paid"), (2025, "open")):
        number = made.bill(
            "yearly", LARGE, f"{year}-01-01", f"{year + 1}-01-01", currency=currency, status=status
        )
        made.payments.append(
            {
                "payment_id": f"p_{number}",
                "invoice_id": number,
                "status": "failed",
                "amount": LARGE,
                "attempted_at": f"{year}-01-02",
            }
        )
    third = Decimal("33333333333333.33")
    made.contract(
        "monthly", third, "2024-01-01", quantity=3, valid_to="2024-07-01", currency=currency
    )
    made.item("monthly", third, valid_from="2024-07-01", quantity=2)
    made.bill_monthly("monthly", third * 3, "2024-01-01", "2024-07-01", currency=currency)
    made.bill_monthly("monthly", third * 2, "2024-07-01", currency=currency)
    seventh = Decimal("14285714285714.29")
    made.contract(
        "quarterly",
        seventh,
        "2024-01-01",
        quantity=7,
        billing_interval="quarter",
        discount_percent=10,
        currency=currency,
    )
    quarters = [first for first, _ in months("2024-01-01", "2025-08-01")][::3]
    for first, last in pairwise(quarters):
        made.bill("quarterly", Decimal("90000000000000.03"), first, last, currency=currency)
    made.bill(
        "quarterly",
        -LARGE,
        "2024-04-01",
        "2024-07-01",
        issued="2024-09-10",
        currency=currency,
        is_recurring="false",
    )
    return made


@pytest.fixture(scope="module")
def compiled_names():
    """Every model but those that cannot be built here and what stands on them."""

    def names(built):
        left_out: set[str] = set()
        for model in built.compiled.models:
            if (
                model.name in NOT_HERE
                or model.path.endswith(".py")
                or any(parent in left_out for parent in model.parents)
            ):
                left_out.add(model.unique_id)
        return tuple(
            model.name for model in built.compiled.models if model.unique_id not in left_out
        )

    return names


@pytest.fixture(scope="module", params=["USD", *FOREIGN])
def company(request, tmp_path_factory, compiled_names):
    """A company of 10^14 in a currency, every model of it, and its rate."""
    currency = request.param
    folder = tmp_path_factory.mktemp(currency)
    made = large_company(currency)
    rate = Decimal(FOREIGN.get(currency, "1"))
    if currency != "USD":
        made.fx_rates.append(
            {"currency": currency, "valid_from": "2023-01-01", "rate_to_reporting": rate}
        )
    exports = {"files": made.write(folder / "in")}
    first = build(folder / "none", exports, as_of=AS_OF, targets=())
    names = compiled_names(first)
    first.connection.close()
    built = build(folder / "home", exports, as_of=AS_OF, targets=names)
    assert {
        "mart_arr_tie_out",
        "fct_invoice",
        "fct_payment_issue",
        "mart_revenue_mix",
        "mart_billings",
        "fct_restatement_line",
    } <= built.built
    return built, rate


@pytest.mark.long
def test_every_figure_of_a_company_of_10_to_the_14_is_exact(company):
    built, rate = company
    arr = dict(
        built.rows(
            "select account_id, closing_arr from facts.fct_account_month where month = '2025-06-01'"
        )
    )
    assert arr == {
        "yearly": cents(LARGE * rate),
        "monthly": ((Decimal("33333333333333.33") * 24) * rate).quantize(
            Decimal("0.01"), ROUND_HALF_UP
        ),
        "quarterly": (Decimal("360000000000000.108") * rate).quantize(
            Decimal("0.01"), ROUND_HALF_UP
        ),
    }
    lines = built.rows("select sum(amount), sum(amount_reporting) from facts.fct_invoice_line")
    billed = built.value("select sum(billings) from marts.mart_billings where revenue_kind = 'all'")
    assert lines[0][1] == billed
    assert built.value("select max(total_reporting) from facts.fct_invoice") == cents(LARGE * rate)
    assert built.value("select max(amount) from facts.fct_payment_issue") == cents(LARGE * rate)


@pytest.mark.long
def test_nothing_stops_or_is_unexplained_at_10_to_the_14(company):
    built, _ = company
    assert built.failing_tests() == []
    assert (
        built.rows(
            "select account_id, month, reason, finding from marts.mart_arr_tie_out"
            " where is_exception or variance_unexplained <> 0"
        )
        == []
    )
