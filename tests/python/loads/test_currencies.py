"""Currencies of Stripe: one list of how many decimals its API gives an amount."""

import csv
import json
import re
from pathlib import Path

import pytest

from orchestration.loads.currencies import stripe_currencies
from orchestration.project import project_root
from tests.python.loads.delivery import Delivery

SEED = project_root() / "seeds" / "currency_minor_units.csv"
MACRO = project_root() / "macros" / "currency_minor_units.sql"


def _seed() -> dict[str, int]:
    with SEED.open(encoding="utf-8", newline="") as file:
        return {row["currency"]: int(row["minor_units"]) for row in csv.DictReader(file)}


def test_macro_has_the_decimals_of_the_seed() -> None:
    macro = MACRO.read_text(encoding="utf-8")
    assert {code: int(units) for code, units in re.findall(r"'([A-Z]{3})': (\d)", macro)} == _seed()


def test_special_cases_of_stripe_are_not_those_of_iso() -> None:
    units = _seed()
    assert [units[code] for code in ("UGX", "ISK", "HUF", "TWD")] == [2, 2, 2, 2]
    assert [units[code] for code in ("JPY", "MGA", "RWF", "XPF")] == [0, 0, 0, 0]
    assert [units[code] for code in ("BHD", "JOD", "KWD", "OMR", "TND")] == [3, 3, 3, 3, 3]
    assert set(units.values()) == {0, 2, 3}


def _invoice(number: int, currency: str) -> str:
    invoice = {"id": f"in_{number}", "customer": "cus_1", "created": 1700000000, "total": 5000}
    return json.dumps(invoice | {"currency": currency}) + "\n"


@pytest.mark.parametrize("currency", ["iqd", "xxx", "us", "bitcoin"])
def test_amount_of_unknown_decimals_is_refused_by_name(tmp_path: Path, currency: str) -> None:
    delivery = Delivery(tmp_path, source="stripe").load(
        {
            "invoices.jsonl": _invoice(1, "ugx") + _invoice(2, currency) + _invoice(3, "Eur"),
            "customers.jsonl": '{"id": "cus_1", "created": 1700000000}\n',
        }
    )
    assert delivery.column("select id from raw_stripe.invoice order by 1") == ["in_1", "in_3"]
    [(line, (column, reason, _))] = delivery.rejects("invoices.jsonl").items()
    assert (line, column) == (2, "currency")
    assert f"currency '{currency}' is no currency whose decimals" in reason
    assert "seeds/currency_minor_units.csv" in reason


def test_loader_and_models_know_the_same_currencies() -> None:
    assert stripe_currencies() == set(_seed())
