"""Two versions of an item on one day: one counts, and the other is named and not rejected."""

from pathlib import Path

import pytest

from tests.python.loads.delivery import REQUIRED, Delivery

HEADER = (
    "subscription_item_id,subscription_id,valid_from,valid_to,quantity,unit_amount,"
    "billing_interval,updated_at\n"
)


@pytest.mark.parametrize(
    ("rows", "quantity", "severity", "words"),
    [
        # The last one of the file, when nothing says more.
        (
            ["2025-03-10,,12,{}", "2025-03-10,,15,{}"],
            15,
            "warning",
            "the last one of the file, for nothing says which is newer: line 2",
        ),
        # The newest one, wherever it stands.
        (
            ["2025-03-10,,12,{}2025-03-10T12:00:00Z", "2025-03-10,,15,{}2025-03-10T09:00:00Z"],
            12,
            "info",
            "line 3 (subscription_item_id 'i', valid_from '2025-03-10') by line 2",
        ),
        (["2025-03-10,,12,{}2025-03-10T12:00:00Z", "2025-03-10,,15,{}"], 12, "info", "by line 2"),
        # One that holds on no day gives way, even when it is newer.
        (["2025-03-10,,10,{}", "2025-03-10,2025-03-10,20,{}"], 10, "info", "line 3"),
        (
            ["2025-03-10,,10,{}", "2025-03-10,2025-03-10,20,{}2025-03-10T12:00:00Z"],
            10,
            "info",
            "go",
        ),
        (["2025-03-10,2025-03-10,20,{}", "2025-03-10,2025-06-01,10,{}"], 10, "info", "line 2"),
        # A repeated row is one.
        (["2025-03-10,,12,{}", "2025-03-10,,12,{}"], 12, "info", "line 2"),
    ],
)
def test_one_version_of_a_day_counts(
    tmp_path: Path, rows: list[str], quantity: int, severity: str, words: str
) -> None:
    items = HEADER + "".join(f"i,S1,{row.format('100,month,')}\n" for row in rows)
    delivery = Delivery(tmp_path).load({**REQUIRED, "subscription_items.csv": items})
    assert delivery.error is None
    assert delivery.column("select quantity::int from raw_files.subscription_items") == [quantity]
    assert delivery.said(severity, "subscription_items.csv", "1 rows are superseded", words)
    assert delivery.rejects("subscription_items.csv") == {}
    assert delivery.counts("subscription_items") == (2, 1, 1, 0, 0)
    # The same delivery once more changes nothing.
    assert delivery.load().counts("subscription_items") == (2, 0, 2, 0, 0)


def test_versions_of_other_days_are_left_alone(tmp_path: Path) -> None:
    items = HEADER + "i,S1,2025-03-09,,1,100,month,\ni,S1,2025-03-10,,2,100,month,\n"
    delivery = Delivery(tmp_path).load({**REQUIRED, "subscription_items.csv": items})
    assert delivery.counts("subscription_items") == (2, 2, 0, 0, 0)
    assert not delivery.said("info", None, "superseded")
    assert not delivery.said("warning", None, "superseded")


def test_a_version_in_another_file_is_named_with_it(tmp_path: Path) -> None:
    files = dict(REQUIRED)
    del files["subscription_items.csv"]
    for name, quantity in (("a", 1), ("b", 2)):
        row = f"i,S1,2025-03-10,,{quantity},100,month,\n"
        files[f"subscription_items/{name}.csv"] = HEADER + row
    delivery = Delivery(tmp_path).load(files)
    assert delivery.column("select quantity::int from raw_files.subscription_items") == [2]
    place = "by line 2 of subscription_items/b.csv"
    assert delivery.said("warning", "subscription_items/a.csv", place)


def test_a_rejected_row_carries_its_key(tmp_path: Path) -> None:
    items = HEADER + "i,S1,2025-03-10,,1,100,sometimes,\ni,S1,not a day,,1,100,month,\n,S1,x\n"
    delivery = Delivery(tmp_path).load({**REQUIRED, "subscription_items.csv": items})
    assert delivery.query(
        "select source_line, row_key from raw_files.rejects order by source_line"
    ) == [(2, "i 2025-03-10"), (3, "i not a day"), (4, None)]
