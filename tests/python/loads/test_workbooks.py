"""Cells of Excel workbooks: typed, mixed with text, formatted, and with more digits than fit."""

import io
import zipfile
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

from tests.python.loads.delivery import INVOICES, Delivery, load, totals, workbook


def test_cells_of_a_workbook_are_typed(tmp_path: Path) -> None:
    rows: list[list[object]] = [
        ["Kundenliste"],
        [],
        ["Kunde Nr", "Name", "Seit", "Geändert", "Gelöscht", "Mitarbeiter", "Land"],
        [4711, "Müller", date(2024, 12, 31), datetime(2024, 7, 1, 12), False, 12.0, "DE"],
        [],
        ["A-1", "Öz", datetime(2024, 1, 2), datetime(2024, 7, 2), True, None, "#N/A"],
        ["A-2", "#REF!", date(2024, 1, 3), None, True, 3, "FR"],
    ]
    book = workbook({"Kunden": rows, "Notizen": [["x"]], "Alt": [["y"]]}, hidden=("Alt",))
    mapping = """
reading: {time_zone: Europe/Berlin}
files:
  accounts:
    from: kunden.xlsx
    sheet: Kunden
    header_row: 3
    null_values: "#N/A"
    columns: {account_id: Kunde Nr, account_name: Name, created_at: Seit, updated_at: Geändert,
      is_deleted: Gelöscht, employee_count: Mitarbeiter, country: Land}
"""
    delivery = load(tmp_path, mapping, {"kunden.xlsx": book})
    assert delivery.query(
        "select account_id, account_name, created_at, updated_at, is_deleted, employee_count,"
        " country, _source_line from raw_files.accounts order by _source_line"
    ) == [
        (
            "4711", "Müller", datetime(2024, 12, 31), datetime(2024, 7, 1, 10), False, 12, "DE", 4
        ),
        ("A-1", "Öz", datetime(2024, 1, 2), datetime(2024, 7, 2), True, None, None, 6),
    ]  # fmt: skip
    reason = delivery.rejects("kunden.xlsx/Kunden")[7][1]
    assert "account_name '#REF!' is an error of the spreadsheet" in reason
    assert delivery.said("warning", "kunden.xlsx/Notizen", "no table takes this file")


def test_numbers_and_days_in_text_cells_are_read_as_the_mapping_says(tmp_path: Path) -> None:
    rows: list[list[object]] = [
        ["Nr", "Kunde", "Datum", "Betrag"],
        [1, "A", date(2024, 12, 31), 1234.5],
        [2, "B", "30.12.2024", "1.234,50"],
        [3, "C", "30.12.2024", "#WERT!"],
    ]
    mapping = "reading: {decimal: ',', thousands: '.', date_format: '%d.%m.%Y'}" + INVOICES.replace(
        "rechnungen.csv", "r.xlsx"
    )
    delivery = load(tmp_path, mapping, {"r.xlsx": workbook({"R": rows})})
    assert totals(delivery) == [
        ("A", datetime(2024, 12, 31), Decimal("1234.50")),
        ("B", datetime(2024, 12, 30), Decimal("1234.50")),
    ]
    assert "total '#WERT!' is not a number" in delivery.rejects("r.xlsx")[4][1]


def test_a_number_of_a_workbook_is_what_its_cell_shows(tmp_path: Path) -> None:
    """20 % is the number 0.2 and 00042 the number 42; in CSV files they would be 20% and 00042."""
    rows: list[list[object]] = [
        ["id", "discount", "price"],
        [42, 0.2, 5.5],
        [43, 0.075, 7],
        [44, 5, 1e-05],
    ]
    formats = {
        "A2": "00000", "A3": "00000", "B2": "0%", "B3": "[Red]0.0 %;-0.0 %", "B4": '0.00" %"',
        "C2": "#,##0.00", "C3": "0.00E+00",
    }  # fmt: skip
    mapping = """
reading: {decimal: ",", thousands: "."}
files:
  subscription_items:
    from: i.xlsx
    columns: {subscription_item_id: id, subscription_id: id, valid_from: {value: 2024-01-01},
      quantity: {value: 1}, unit_amount: price, billing_interval: {value: month},
      discount_percent: COLUMN}
"""
    book: dict[str, str | bytes] = {"i.xlsx": workbook({"I": rows}, formats=formats)}
    delivery = load(tmp_path / "a", mapping.replace("COLUMN", "discount"), book)
    rejects = delivery.rejects("i.xlsx")
    assert "discount_percent '20%' is not a number" in rejects[2][1]
    assert "discount_percent '7,5%' is not a number" in rejects[3][1]
    assert delivery.column("select discount_percent from raw_files.subscription_items") == [5]
    taken_off = "{sql: \"as_number(replace(discount, '%', ''))\"}"
    delivery = load(tmp_path / "b", mapping.replace("COLUMN", taken_off), book)
    assert delivery.query(
        "select subscription_item_id, discount_percent, unit_amount"
        " from raw_files.subscription_items order by 1"
    ) == [
        ("00042", 20, Decimal("5.5")), ("00043", Decimal("7.5"), 7), ("44", 5, Decimal(0)),
    ]  # fmt: skip


def test_ids_of_many_digits_stay_apart_or_are_refused(tmp_path: Path) -> None:
    """Excel keeps 15 digits; other programs write all of them."""
    ids = {1111: "12345678901234567890", 1112: "12345678901234567891", 1113: "9007199254740993"}
    rows: list[list[object]] = [
        ["csm_id", "csm_name", "email"],
        [1111, "A", 1113],
        [1112, "B", 1.5],
    ]
    content = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(workbook({"C": rows}))) as plain,
        zipfile.ZipFile(content, "w") as book,
    ):
        for name in plain.namelist():
            text = plain.read(name).decode()
            for short, long in ids.items():
                text = text.replace(f"<v>{short}</v>", f"<v>{long}</v>")
            book.writestr(name, text)
    lossy = workbook(
        {"P": [["product_id", "product_name"], [1.2345678901234567e19, "x"], [1, "y"]]}
    )
    delivery = Delivery(tmp_path, domains=frozenset())
    delivery.load({"csms.xlsx": content.getvalue(), "products.xlsx": lossy})
    assert delivery.query("select csm_id, email from raw_files.csms order by 1") == [
        ("12345678901234567890", "9007199254740993"), ("12345678901234567891", "1.5"),
    ]  # fmt: skip
    assert delivery.column("select product_id from raw_files.products") == ["1"]
    delivery.load(
        {"users.csv": 'user_id,account_id\n1E5,3E+4x\n1.23457E+19,A\n"1,2E+19",A\n1.2e+19,A\n'}
    )
    assert delivery.column("select account_id from raw_files.users") == ["3E+4x"]
    assert "is a long number as a spreadsheet shortens it" in delivery.rejects("users.csv")[3][1]
    assert "has more digits than a number keeps" in delivery.rejects("products.xlsx")[2][1]


def test_a_day_cell_is_sure_whatever_text_stands_beside_it(tmp_path: Path) -> None:
    rows: list[list[object]] = [
        ["Nr", "Kunde", "Datum", "Betrag"],
        [1, "A", date(2024, 3, 4), 1],
        [2, "B", "31/12/2024", 1],
        [3, "C", datetime(2024, 3, 4, 10, 30), 1],
        [4, "D", datetime(2024, 3, 4, 10, 30, 0, 500_000), 1],
        [5, "E", "03/04/2024", 1],
    ]
    mapping = "reading: {date_format: ['%d/%m/%Y', '%m/%d/%Y']}" + INVOICES.replace(
        "rechnungen.csv", "r.xlsx"
    ).replace("total: Betrag", "total: Betrag\n      due_at: {sql: as_date(Datum)}")
    delivery = load(tmp_path, mapping, {"r.xlsx": workbook({"R": rows})})
    assert delivery.query("select account_id, issued_at, due_at from raw_files.invoices") == [
        ("A", datetime(2024, 3, 4), datetime(2024, 3, 4)),
        ("B", datetime(2024, 12, 31), datetime(2024, 12, 31)),
        ("C", datetime(2024, 3, 4, 10, 30), datetime(2024, 3, 4)),
        ("D", datetime(2024, 3, 4, 10, 30, 0, 500_000), datetime(2024, 3, 4)),
    ]
    assert "issued_at '03/04/2024' cannot be read as" in delivery.rejects("r.xlsx")[6][1]
