"""What a whole delivery no longer has is gone, unless the delivery cannot say so."""

from datetime import date
from pathlib import Path

from tests.python.loads.delivery import REQUIRED, Delivery

CONTACTS = "contact_id,account_id,email\n"
EU = CONTACTS + "C1,A1,a@a.example\n"
US = CONTACTS + "C2,A2,b@b.example\nC3,A2,c@b.example\n"
GONE = (
    "select contact_id from raw_files.contacts where _gone_load_id is not null order by contact_id"
)


def test_an_empty_file_among_several_says_nothing_about_its_rows(tmp_path: Path) -> None:
    delivery = Delivery(tmp_path)
    delivery.load({**REQUIRED, "contacts/eu.csv": EU, "contacts/us.csv": US})
    delivery.load({"contacts/us.csv": ""})
    assert delivery.error is None
    assert delivery.column(GONE) == []
    assert delivery.said(
        "warning", None, "2 rows are not in this delivery", "one of its files is empty",
        "contacts/us.csv", "contact_id 'C2'",
    )  # fmt: skip
    # With the file as it should be, what is missing in it is gone.
    delivery.load({"contacts/us.csv": CONTACTS + "C2,A2,b@b.example\n"})
    assert delivery.column(GONE) == ["C3"]


def test_a_load_as_of_a_day_in_the_past_ends_nothing_in_the_past(tmp_path: Path) -> None:
    delivery = Delivery(tmp_path, as_of=date(2025, 12, 31))
    delivery.load({**REQUIRED, "contacts/eu.csv": EU, "contacts/us.csv": US})
    delivery.as_of = date(2025, 6, 30)
    delivery.load({"contacts/us.csv": CONTACTS})
    assert delivery.column(GONE) == []
    assert delivery.said(
        "warning", None, "2 rows are not in this delivery", "loaded as of 2025-06-30",
        "one before it as of 2025-12-31 had them", "contact_id 'C2'",
    )  # fmt: skip
    assert delivery.query(
        "select cast(as_of_date as varchar), rows_gone from raw_files.deliveries"
        " where source_table = 'contacts' order by load_id"
    ) == [("2025-12-31", 0), ("2025-06-30", 0)]
    # The next one as of that day or later finds them gone.
    delivery.as_of = date(2025, 12, 31)
    delivery.load()
    assert delivery.column(GONE) == ["C2", "C3"]
