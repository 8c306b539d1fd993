"""What fetches of Chargebee bring is, in the marts, what files of the same company say."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.python.cases.company import build
from tests.python.connect.company import Fetched, road, with_models
from tests.python.connect.fake_chargebee import KEY, FakeChargebee
from tests.python.connect.test_chargebee import (
    AS_OF,
    CORE,
    FILES,
    FIRST,
    OPTIONS,
    SECOND,
    item,
    seed,
    unix,
)

pytestmark = pytest.mark.long

TARGETS = ("fct_account_month", "fct_arr_line")
MONTHS = (
    "select account_id, month, closing_arr, movement from facts.fct_account_month"
    " order by account_id, month"
)
MORE_SEATS = """\
s1-seats-usd-month,s1,2025-01-10,2025-07-05,8,10.5,month,1,seats-usd-month,seats,licensed
s1-seats-usd-month,s1,2025-07-05,,12,10.5,month,1,seats-usd-month,seats,licensed
"""


def test_arr_and_its_movements_are_those_of_the_files(tmp_path: Path) -> None:
    folder, none = tmp_path / "deliveries", tmp_path / "none"
    folder.mkdir()
    none.mkdir()
    rates = "currency,valid_from,rate_to_reporting\nJPY,2025-01-01,0.0065\n"
    for place in (folder, none):
        (place / "fx_rates.csv").write_text(rates, encoding="utf-8")
    for table, text in FILES.items():
        lines = text.splitlines(keepends=True)
        if table == "subscription_items":
            lines = [each for each in lines if "s1-seats" not in each] + [MORE_SEATS]
        (folder / f"{table}.csv").write_text("".join(lines), encoding="utf-8")
    until = AS_OF.isoformat()
    written = build(tmp_path / "written", {"files": folder}, as_of=until, targets=TARGETS)
    made = build(tmp_path / "fetched", {"files": none}, as_of=until, targets=())
    made.connection.close()
    with FakeChargebee() as fake:
        seed(fake)
        way = road("chargebee", f"{fake.url}/api/v2/", KEY, options=OPTIONS)
        fetched = Fetched(way, made.home.path)
        fetched.fetch(FIRST)
        fetched.load(AS_OF)
        seats = item("seats-usd-month", 1_050, 12, item_type="addon")
        changed = unix("2025-07-05T09:00:00")
        fake.put("subscriptions", "s1", changed, subscription_items=[CORE, seats])
        fetched.fetch(SECOND)
        assert fetched.load(AS_OF).rejects() == []
    found = with_models(made, TARGETS)
    months = written.rows(MONTHS)
    assert found.rows(MONTHS) == months
    assert {row[3] for row in months} >= {"new", "expansion"}
    assert found.arr("c1", "2025-07-01") == 1200 + 12 * 10.5 * 12
