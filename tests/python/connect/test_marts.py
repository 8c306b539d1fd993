"""What two fetches bring is, in the marts, what one export of the same company says."""

from __future__ import annotations

from copy import deepcopy
from datetime import date
from pathlib import Path

import pytest

from tests.python.cases.company import build
from tests.python.cases.stripe_exports import SOURCES, StripeExport
from tests.python.connect.company import Fetched, at, road, with_models
from tests.python.connect.fake_stripe import KEY, FakeStripe

pytestmark = pytest.mark.long

TARGETS = ("fct_account_month", "fct_arr_line", "fct_data_gap")
MONTHS = (
    "select account_id, month, closing_arr, movement from facts.fct_account_month"
    " order by account_id, month"
)


def test_a_change_between_two_fetches_moves_arr_as_in_an_export(tmp_path: Path) -> None:
    export = StripeExport(tmp_path / "export")
    was = export.subscription("grows", seats=2, start="2025-06-02")
    export.event("created", was, on="2025-06-02")
    export.object(was)
    export.life(export.subscription("stays", seats=3, start="2025-06-03"), [])
    first = deepcopy(export.tables)
    now = was | {"items": export.items("grows", 5)}
    export.event("updated", now, on="2025-06-15", before={"items": was["items"]})
    export.tables["subscriptions"][0] = now
    exports = export.write()
    exported = build(tmp_path / "exported", exports, sources=SOURCES, targets=TARGETS)
    made = build(tmp_path / "fetched", {"files": exports["files"]}, sources=SOURCES, targets=())
    made.connection.close()
    with FakeStripe(at("2025-06-10")) as fake:
        fetched = Fetched(road("stripe", f"{fake.url}/v1/", KEY), made.home.path)
        for moment, tables in (("2025-06-10", first), ("2025-06-20", export.tables)):
            fake.now = at(moment)
            fake.lists.update({name: rows for name, rows in tables.items() if name in fake.lists})
            fetched.fetch(fake.now)
            raw = fetched.load(as_of=date(2025, 6, 30))
            assert raw.said() == []
    assert len(raw.rows("subscription", ["id"])) == 3
    found = with_models(made, TARGETS)
    assert found.arr("grows") == 6000
    assert found.arr("stays") == 3600
    assert found.rows(MONTHS) == exported.rows(MONTHS)
