"""A billing customer without an account is named, with what it pays and how to connect it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.python.cases.company import Built, build
from tests.python.cases.stripe_exports import SOURCES, StripeExport

TARGETS = ("fct_account_month", "mart_retention_monthly", "mart_data_gaps")


def customer(export: StripeExport, name: str, start: str = "2024-01-01", **more: Any) -> None:
    """A customer with a subscription that runs, as its object says; no account of the CRM."""
    known = export.customer(name, **more)
    del export.accounts[name]
    export.life(export.subscription(name, start=start, customer=known), [])


def gaps(built: Built) -> dict[str, tuple[str, float]]:
    """Gaps about accounts: which one and how much ARR it touches, by object."""
    found = built.rows(
        "select object_id, gap, cast(arr_affected as double) from marts.mart_data_gaps"
        " where gap like 'account%' and severity = 'warning'"
    )
    return {name: (gap, arr) for name, gap, arr in found}


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Built]:
    folder = tmp_path_factory.mktemp("accounts")
    export = StripeExport(folder)
    export.life(export.subscription("sound"), [])
    customer(export, "dangling", metadata={"crm_account_id": "A-99"})
    customer(export, "private", metadata={}, email="ann@gmail.com")
    built = build(folder / "home", export.write(), sources=SOURCES, targets=TARGETS)
    yield built
    built.connection.close()


def test_a_paying_customer_without_an_account_is_named(company: Built) -> None:
    assert gaps(company) == {
        "cus_dangling": ("account_unknown", 1200),
        "cus_private": ("account_unknown", 1200),
    }
    said = company.said()
    assert "Customer cus_dangling names account A-99, which the CRM does not have" in said
    assert "its e-mail is of the mail provider gmail.com" in said


def test_the_remedy_names_all_ways_to_an_account(company: Built) -> None:
    remedy = company.value("select distinct remedy from marts.mart_data_gaps where gap like 'acc%'")
    for way in ("metadata.crm_account_id", "account_mapping", "e-mail"):
        assert way in remedy


def test_a_company_without_a_crm_hears_once_why_it_has_no_customers(tmp_path: Path) -> None:
    export = StripeExport(tmp_path)
    customer(export, "one", metadata={"crm_account_id": "A-1"})
    customer(export, "two", start="2025-03-01")
    export.accounts["nobody"] = None
    folders = {"stripe": export.write()["stripe"]}
    sources = {domain: ["stripe"] if domain == "billing" else [] for domain in SOURCES}
    built = build(tmp_path / "home", folders, sources=sources, targets=TARGETS)
    assert gaps(built) == {"stripe": ("accounts_missing", 2400)}
    # What the gap warns of: who is new since, is in it.
    assert built.rows(
        "select nrr, logo_retention from marts.mart_retention_monthly"
        " where month = date '2025-06-01' and segment_type = 'total'"
    ) == [(2.0, None)]
