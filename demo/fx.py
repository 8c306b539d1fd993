"""Plan rates, from the same seed file the warehouse uses."""

import csv
from datetime import date
from decimal import Decimal
from functools import lru_cache
from pathlib import Path

SEED = Path(__file__).resolve().parent.parent / "seeds" / "fx_rates.csv"


@lru_cache(maxsize=16)
def plan_rates(as_of_year: int) -> dict[str, Decimal]:
    """Per currency the rate in force on 1 January of a year, else the earliest one."""
    day = date(as_of_year, 1, 1).isoformat()
    rows: dict[str, list[tuple[str, str]]] = {}
    with SEED.open(newline="") as file:
        for row in csv.DictReader(file):
            pair = (row["valid_from"], row["rate_to_reporting"])
            rows.setdefault(row["currency"].lower(), []).append(pair)
    rates = {}
    for currency, pairs in rows.items():
        pairs.sort()
        valid = [rate for since, rate in pairs if since <= day]
        rates[currency] = Decimal(valid[-1] if valid else pairs[0][1])
    return rates
