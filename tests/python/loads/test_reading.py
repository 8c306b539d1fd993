"""Files as people have them: encodings, signs, days, zones, workbooks and archives."""

from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from orchestration.loads import unpack
from orchestration.loads.casts import cast
from orchestration.loads.settings import FileSettings
from orchestration.loads.spec import ColumnSpec
from tests.python.loads.delivery import INVOICES, Delivery, load, refusal, totals, workbook


def invoices(tmp_path: Path, reading: str, content: str | bytes) -> Delivery:
    delivery = load(tmp_path, f"reading: {reading}{INVOICES}", {"rechnungen.csv": content})
    assert delivery.error is None
    return delivery


EXCEL = "Nr;Kunde;Datum;Betrag\n1;Müller;31.12.2024;1.234,50\n2;Öz;01.02.2024;-7\n"


def test_a_german_excel_file_needs_four_words(tmp_path: Path) -> None:
    """Windows-1252, semicolons, comma and point, day first."""
    settings = "{encoding: cp1252, decimal: ',', thousands: '.', date_format: '%d.%m.%Y'}"
    delivery = invoices(tmp_path, settings, EXCEL.encode("cp1252"))
    assert totals(delivery) == [
        ("Müller", datetime(2024, 12, 31), Decimal("1234.50")),
        ("Öz", datetime(2024, 2, 1), Decimal("-7.00")),
    ]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-8"])
def test_a_byte_order_mark_says_the_encoding(tmp_path: Path, encoding: str) -> None:
    settings = "{decimal: ',', thousands: '.', date_format: '%d.%m.%Y'}"
    delivery = invoices(tmp_path, settings, EXCEL.encode(encoding))
    assert [row[0] for row in totals(delivery)] == ["Müller", "Öz"]


def test_the_line_that_tells_excel_the_delimiter_is_no_header(tmp_path: Path) -> None:
    text = "sep=|\nNr|Kunde|Datum|Betrag\n1|a;b;c;d|2024-12-31|5\n"
    assert totals(invoices(tmp_path, "{}", text)) == [
        ("a;b;c;d", datetime(2024, 12, 31), Decimal(5))
    ]


def test_the_delimiter_can_be_said(tmp_path: Path) -> None:
    text = "Nr,a;Kunde;Datum,,,,;Betrag\n1;A;x;5\n"
    mapping = """
files:
  invoices:
    from: r.csv
    delimiter: ";"
    columns: {invoice_id: "Nr,a", account_id: Kunde, status: {value: paid}, total: Betrag,
      issued_at: {value: 2024-01-01}}
"""
    delivery = load(tmp_path, mapping, {"r.csv": text})
    assert delivery.column("select total from raw_files.invoices") == [Decimal(5)]


def test_a_file_that_is_not_utf8_is_named_with_line_and_likely_encoding(tmp_path: Path) -> None:
    files = {
        "contacts.csv": "contact_id,account_id,full_name\n1,A,Jürgen\n2,A,Ann\n".encode("cp1252"),
        "products.csv": "product_id,product_name,größe\n1,a,b\n".encode("cp1252"),
        "csms.csv": "csm_id,csm_name\n1,Иван Петров\n2,Мария Иванова\n".encode("cp1251"),
    }
    delivery = Delivery(tmp_path).load(files)
    assert "it seems to be cp1252: say encoding: cp1252" in delivery.rejects("contacts.csv")[2][1]
    assert delivery.column("select full_name from raw_files.contacts") == ["Ann"]
    assert "line 1, the header, is not valid UTF-8; it seems to be cp1252" in str(delivery.error)
    assert "it seems to be cp1251" in delivery.rejects("csms.csv")[2][1]


def test_a_file_that_is_not_in_the_encoding_said_is_refused(tmp_path: Path) -> None:
    mapping = "reading: {encoding: ascii}\nfiles: {csms: {from: c.csv, encoding: cp1252}}"
    files = {
        "c.csv": "csm_id,csm_name\n1,Jürgen\n",
        "products.csv": "product_id,product_name\n1,a\n2,grün\n",
    }
    error = str(load(tmp_path, mapping, files).error)
    assert "c.csv: the file is UTF-8, and the mapping says that it is cp1252" in error
    assert "products.csv: line 3 is not valid ascii, which the mapping says the file is" in error
    assert "it seems to be utf-8: say encoding: utf-8" in error


NARROW, NBSP = "\u202f", "\u00a0"


def read(written: str, kind: str, **settings: Any) -> Any:
    """A text as a column of a kind is read, with the settings of a file."""
    column = ColumnSpec("c", kind, required=False)
    sql = cast("x", "VARCHAR", column, FileSettings(**settings))
    with duckdb.connect() as connection:
        connection.execute("set TimeZone = 'UTC'")
        found = connection.execute(f"select {sql} from (select ? as x)", [written]).fetchone()
    return found[0]


@pytest.mark.parametrize(
    ("settings", "written", "amount"),
    [
        ({"decimal": ","}, "1234,5", "1234.5"),
        ({"decimal": ",", "thousands": "."}, "1.234.567,89", "1234567.89"),
        ({"decimal": ",", "thousands": "."}, "1234567,89", "1234567.89"),
        ({"decimal": ",", "thousands": " "}, f"1{NARROW}234,5", "1234.5"),
        ({"decimal": ",", "thousands": " "}, f"1{NBSP}234,5{NBSP}", "1234.5"),
        ({"decimal": ",", "thousands": " "}, "1 234,5 ", "1234.5"),
        ({"thousands": "'"}, "1'234.5", "1234.5"),
        ({"thousands": "'"}, "1\u2019234.5", "1234.5"),
        ({"thousands": ","}, "1,234.5", "1234.5"),
        ({"decimal": ","}, "\u22125,25", "-5.25"),
        ({"decimal": ","}, "+5", "5"),
        ({"decimal": ",", "thousands": "."}, "", None),
        # Written otherwise than the mapping says: rejected, never read as another number.
        ({}, "1.234,5", None),
        ({"decimal": ","}, "1.234,5", None),
        ({"decimal": ","}, "12.5", None),
        ({"decimal": ",", "thousands": "."}, "12.50", None),
        ({"decimal": ",", "thousands": "."}, "1.2345,00", None),
        ({"thousands": ","}, "1,5", None),
        ({"thousands": ","}, "0,125", None),
        ({"decimal": ",", "thousands": "."}, "-01.125", None),
        ({"decimal": ","}, "(5,00)", None),
        ({"decimal": ","}, "5,00-", None),
        ({"decimal": ","}, "5,00 €", None),
    ],
)
def test_numbers_as_files_write_them(
    settings: dict[str, str], written: str, amount: str | None
) -> None:
    assert read(written, "decimal(18,2)", **settings) == (amount and Decimal(amount))


@pytest.mark.parametrize(
    ("patterns", "written", "day"),
    [
        ("%d.%m.%Y", "1.2.2024", datetime(2024, 2, 1)),
        (["%d.%m.%Y", "%d.%m.%y"], "01.02.24", datetime(2024, 2, 1)),
        (["%d.%m.%Y", "%d.%m.%y"], "01.02.2024", datetime(2024, 2, 1)),
        (["%d.%m.%Y %H:%M", "%d.%m.%Y"], "01.02.2024 10:30", datetime(2024, 2, 1, 10, 30)),
        (["%d/%m/%Y", "%m/%d/%Y"], "31/12/2024", datetime(2024, 12, 31)),
        (["%d/%m/%Y", "%m/%d/%Y"], "02/02/2024", datetime(2024, 2, 2)),
        ("%m/%d/%y %I:%M %p", "12/31/24 3:05 PM", datetime(2024, 12, 31, 15, 5)),
        ("%d/%b/%y %I:%M %p", "29/Mar/24 9:07 AM", datetime(2024, 3, 29, 9, 7)),
        ("%Y-%m-%d %H:%M %z", "2024-02-01 10:30 +0200", datetime(2024, 2, 1, 8, 30)),
        # Two days fit, or none: rejected, never guessed.
        (["%d/%m/%Y", "%m/%d/%Y"], "03/04/2024", None),
        ("%d.%m.%Y", "31.12.24", None),
        ("%d.%m.%Y", "2024-12-31", None),
        ("%d.%m.%Y", "31.12.2024 10:00", None),
        ("%d.%m.%Y", "31.02.2024", None),
    ],
)
def test_days_and_times_as_files_write_them(
    patterns: str | list[str], written: str, day: datetime | None
) -> None:
    assert read(written, "timestamp", date_format=patterns) == day
    assert read(written, "date", date_format=patterns) == (day and day.date())


@pytest.mark.parametrize(
    ("written", "utc"),
    [
        ("2024-07-01 12:00:00", datetime(2024, 7, 1, 10)),  # summer
        ("2024-01-01T12:00", datetime(2024, 1, 1, 11)),  # winter
        ("2024-10-27 02:30:00", datetime(2024, 10, 27, 1, 30)),  # comes twice: the later one
        ("2024-03-31 02:30:00", datetime(2024, 3, 31, 1, 30)),  # is left out: an hour later
        ("2024-07-01T12:00:00Z", datetime(2024, 7, 1, 12)),  # says its offset
        ("2024-07-01 12:00:00+05:30", datetime(2024, 7, 1, 6, 30)),
        ("2024-07-01", datetime(2024, 7, 1)),  # a day stays that day
        ("2024-07-01 00:00:00", datetime(2024, 7, 1)),
        ("2024/7/1  12:00:00.5", datetime(2024, 7, 1, 10, 0, 0, 500_000)),
        ("2024-07-01 12:00:00 utc", datetime(2024, 7, 1, 12)),
        ("2024-07-01 12:00:00+05:30:00", datetime(2024, 7, 1, 6, 30)),
        ("2024-07-01 12:00:00 America/New_York", datetime(2024, 7, 1, 16)),
        ("yesterday", None),
    ],
)
def test_times_without_an_offset_are_of_the_zone(written: str, utc: datetime | None) -> None:
    assert read(written, "timestamp", time_zone="Europe/Berlin") == utc


@pytest.mark.parametrize(
    ("written", "utc"),
    [
        ("2024-10-27 02:30 +0200", datetime(2024, 10, 27, 0, 30)),  # the first of the two
        ("2024-10-27 02:30 +0100", datetime(2024, 10, 27, 1, 30)),
        ("2024-07-01 00:00 +0200", datetime(2024, 6, 30, 22)),
        ("2024-06-30 22:00 +0000", datetime(2024, 6, 30, 22)),
        ("2024-07-01 12:00", datetime(2024, 7, 1, 10)),
        ("2024-07-01 00:00", datetime(2024, 7, 1)),
    ],
)
def test_an_offset_is_stronger_than_the_zone_of_the_file(written: str, utc: datetime) -> None:
    patterns = ["%Y-%m-%d %H:%M %z", "%Y-%m-%d %H:%M"]
    settings: dict[str, Any] = {"time_zone": "Europe/Berlin", "date_format": patterns}
    assert read(written, "timestamp", **settings) == utc


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York"])
def test_a_time_in_an_expression_is_read_as_the_same_text_in_a_column(
    tmp_path: Path, zone: str
) -> None:
    times = [
        "2024-07-01T12:00:00Z", "2024-07-01 12:00:00", "2024-07-01 12:00:00+05:30",
        "2024-10-27 00:30:00Z", "2024-07-01", "2024-06-30T22:00:00Z", "2024-07-01 04:00:00 utc",
    ]  # fmt: skip
    mapping = f"""
reading: {{time_zone: {zone}}}
files:
  tickets:
    from: t.csv
    columns: {{ticket_id: id, account_id: id, status: {{value: open}}, created_at: at,
      solved_at: {{sql: as_time(at)}}}}
  churn_reasons:
    from: t.csv
    where: at = '2024-07-01'
    columns: {{account_id: id, churned_on: {{sql: as_time(at)}},
      reason: {{sql: as_date(as_time(at))}}}}
"""
    rows = "".join(f"{i},{each}\n" for i, each in enumerate(times))
    delivery = load(tmp_path, mapping, {"t.csv": f"id,at\n{rows}"})
    found = delivery.query("select created_at, solved_at from raw_files.tickets order by ticket_id")
    assert len(found) == len(times)
    for written, (column, expression) in zip(times, found, strict=True):
        assert column == expression, written
    assert delivery.query("select churned_on, reason from raw_files.churn_reasons") == [
        (date(2024, 7, 1), "2024-07-01")
    ]


def test_a_value_that_is_written_otherwise_is_rejected_with_what_was_expected(
    tmp_path: Path,
) -> None:
    settings = "{decimal: ',', date_format: ['%d/%m/%Y', '%m/%d/%Y']}"
    text = "Nr;Kunde;Datum;Betrag\n1;A;03/04/2024;1\n2;A;31/12/2024;1.5\n3;A;31/12/2024;2,5\n"
    delivery = invoices(tmp_path, settings, text)
    assert totals(delivery) == [("A", datetime(2024, 12, 31), Decimal("2.50"))]
    rejects = delivery.rejects("rechnungen.csv")
    assert rejects[2][1] == (
        "issued_at '03/04/2024' cannot be read as %d/%m/%Y or %m/%d/%Y (date_format in"
        " mapping.yml) to one day"
    )
    assert rejects[3][1] == (
        "total '1.5' is not a number as mapping.yml says that they are written (decimal ',')"
    )


def test_the_zone_holds_for_patterns_too(tmp_path: Path) -> None:
    settings = "{time_zone: America/New_York, date_format: ['%m/%d/%Y %H:%M', '%m/%d/%Y']}"
    text = "Nr;Kunde;Datum;Betrag\n1;A;07/04/2024 09:00;1\n2;B;07/04/2024;1\n"
    assert [row[1] for row in totals(invoices(tmp_path, settings, text))] == [
        datetime(2024, 7, 4, 13),
        datetime(2024, 7, 4),
    ]


def test_null_values_title_lines_and_totals(tmp_path: Path) -> None:
    text = (
        'Rechnungen 2024;;;\n"Stand: 1.1.;";;;\n\nNr;Kunde;Datum;Betrag\n'
        "1;A;2024-01-01;n/a\n2;B;2024-01-01;-\n;;;\n3;Null;2024-01-02;5\n\nSumme:;;;5\nSeite 1\n"
    )
    settings = "{header_row: 4, null_values: ['-', N/A], footer: Summe}"
    delivery = invoices(tmp_path, settings, text)
    assert totals(delivery) == [
        ("A", datetime(2024, 1, 1), None),
        ("B", datetime(2024, 1, 1), None),
        ("Null", datetime(2024, 1, 2), Decimal(5)),
    ]
    assert delivery.counts("invoices") == (3, 3, 0, 0, 0)
    assert delivery.said("info", "rechnungen.csv", "2 rows of the footer", "line 10 on")
    assert not delivery.said("warning", None, "")


def test_only_the_first_filled_cell_is_a_footer_and_only_as_a_whole(tmp_path: Path) -> None:
    rows: list[list[object]] = [["csm_id", "csm_name"], [1, "A"], [2, "Total"], [None, "total:"]]
    files: dict[str, str | bytes] = {
        "csms.xlsx": workbook({"C": rows}),
        "products.csv": (
            'product_id,product_name\nTotal Energies,TotalEnergies, SA\n"Total, SA",x,y\n1,a\n'
            "Gesamtgröße:,1,2\n"
        ),
        "features.csv": "event_name,feature\nE,F\nGESAMTGRÖSSE,\n",
    }
    delivery = load(tmp_path, "reading: {footer: [Total, Gesamtgröße, Gesamtgrösse]}", files)
    assert delivery.column("select csm_name from raw_files.csms order by csm_id") == ["A", "Total"]
    assert delivery.column("select product_id from raw_files.products") == ["1"]
    assert set(delivery.rejects("products.csv")) == {2, 3}
    assert delivery.column("select event_name from raw_files.features") == ["E"]
    for name in files:
        assert delivery.said("info", name, "1 rows of the footer")


def test_a_footer_amid_the_rows_is_none(tmp_path: Path) -> None:
    rows = "".join(f"{i};A;2024-01-01;1\n" for i in range(30))
    text = f"Nr;Kunde;Datum;Betrag\nSumme;A;2024-01-01;1\n{rows}"
    mapping = f"reading: {{footer: [Total, Summe]}}{INVOICES}"
    error = str(load(tmp_path, mapping, {"rechnungen.csv": text}).error)
    assert "line 2 looks like the footer, and 30 rows follow it" in error


def test_rows_behind_a_footer_that_would_load_are_warned_of(tmp_path: Path) -> None:
    text = (
        "Nr;Kunde;Datum;Betrag\n1;A;2024-01-01;1\nSumme;A;2024-01-01;1\n2;B;2024-01-02;2\n"
        "3;B;2024-01-03;x\nSumme;B;2024-01-03;3\nStand;;;\n"
    )
    delivery = invoices(tmp_path, "{footer: Summe}", text)
    assert delivery.counts("invoices") == (1, 1, 0, 0, 0)
    assert delivery.said("info", "rechnungen.csv", "5 rows of the footer")
    assert delivery.said("warning", "rechnungen.csv", "1 row behind", "line 3", "would load")


def test_columns_of_one_name_are_numbered(tmp_path: Path) -> None:
    text = "Key,Labels,Labels,Größe,Grüße\nT1,a,b,1,2\n"
    mapping = """
files:
  csms: {from: t.csv, columns: {csm_id: Key, csm_name: Labels (2), email: Grüße}}
  products: {from: t.csv, columns: {product_id: Key, product_name: Labels}}
"""
    delivery = load(tmp_path, mapping, {"t.csv": text})
    assert delivery.query("select csm_id, csm_name, email from raw_files.csms") == [
        ("T1", "b", "2")
    ]
    assert "several columns are named so; write 'Labels (1)'" in str(delivery.error)


def test_a_column_that_is_there_twice_is_not_left_empty(tmp_path: Path) -> None:
    text = "account_id,account_name,country,Country\nA,Alpha,DE,FR\n"
    delivery = load(tmp_path, "files: {accounts: {from: a.csv}}", {"a.csv": text})
    assert "two columns are named 'country' ('country' and 'Country')" in str(delivery.error)
    assert "say in mapping.yml which is meant: country: country (1)" in str(delivery.error)
    mapping = "files: {accounts: {from: a.csv, columns: {country: Country (2)}}}"
    delivery = load(tmp_path, mapping, {})
    assert delivery.column("select country from raw_files.accounts") == ["FR"]


def test_a_sign_may_be_said_where_it_makes_sense_only_with_the_defaults(tmp_path: Path) -> None:
    mapping = f"reading: {{decimal: ','}}{INVOICES}    thousands: '.'"
    text = "Nr;Kunde;Datum;Betrag\n1;A;2024-12-31;1.234,5\n"
    delivery = load(tmp_path, mapping, {"rechnungen.csv": text})
    assert delivery.column("select total from raw_files.invoices") == [Decimal("1234.5")]


def test_an_entry_goes_before_the_defaults(tmp_path: Path) -> None:
    mapping = """
reading: {decimal: ",", thousands: ".", delimiter: ";"}
files:
  plans:
    from: p.csv
    decimal: "."
    thousands: null
    delimiter: null
    columns: {product_id: {value: P}, plan_name: plan_id, billing_interval: {value: month},
      currency: c.currency}
    lookups: {c: {from: c.csv, on: plan_id, header_row: 2}}
"""
    files: dict[str, str | bytes] = {
        "p.csv": "plan_id,unit_amount\nA,1.5\n",
        "c.csv": "Title;\nplan_id;currency\nA;EUR\n",
    }
    delivery = load(tmp_path, mapping, files)
    assert delivery.query("select plan_id, unit_amount, currency from raw_files.plans") == [
        ("A", Decimal("1.5"), "EUR")
    ]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            "reading: {thousand: '.'}",
            "thousand: there is no such setting; did you mean 'thousands'?",
        ),
        (
            "files: {csms: {from: a.csv, encodin: x}}",
            "encodin: there is no such setting; did you mean 'encoding'?",
        ),
        ("reading: {encoding: cp9999}", "reading.encoding: this encoding is not known"),
        ("reading: {delimiter: ;;}", "write the one ASCII character between fields"),
        ("reading: {delimiter: ¦}", "write the one ASCII character between fields"),
        ("reading: {thousands: '.'}", "thousands and decimal are both '.'"),
        (
            "reading: {decimal: ',', thousands: '.'}\nfiles: {csms: {from: a.csv, decimal: '.'}}",
            "mapping.yml:3: files.csms: thousands and decimal are both '.'; say the other one too",
        ),
        (
            "reading: {decimal: ','}\nfiles:\n  csms:\n  - from: a.csv\n  - from: b.csv\n"
            "    lookups: {x: {from: c.csv, on: id, thousands: ','}}",
            "mapping.yml:7: files.csms.1.lookups.x: thousands and decimal are both ','",
        ),
        ("reading: {decimal: x}", "reading.decimal: String should match pattern"),
        ("reading: {date_format: DD.MM.YYYY}", "has no year; write it as %d.%m.%Y; did you mean"),
        ("reading: {date_format: '%Q'}", "Unrecognized format for strftime/strptime: %Q"),
        (
            "reading: {time_zone: Berlin}",
            "reading.time_zone: 'Berlin' is no IANA time zone; did you mean Europe/Berlin?",
        ),
        ("reading: {header_row: 0}", "reading.header_row: Input should be greater than"),
    ],
)
def test_settings_that_make_no_sense_are_named(tmp_path: Path, text: str, words: str) -> None:
    assert words in refusal(tmp_path, f"version: 1\n{text}")


ESCAPED = r"""Nr,Kunde,Datum,Betrag
1,"says \"hi\", twice",2024-12-31,5
2,"ends with \\",2024-12-31,6
3,"{\"a\": \"b\"}",2024-12-31,7
"""


def test_a_backslash_before_a_quote_can_be_said(tmp_path: Path) -> None:
    assert totals(invoices(tmp_path, r"{escape: '\'}", ESCAPED)) == [
        ("ends with \\", datetime(2024, 12, 31), Decimal(6)),
        ('says "hi", twice', datetime(2024, 12, 31), Decimal(5)),
        ('{"a": "b"}', datetime(2024, 12, 31), Decimal(7)),
    ]


def test_a_backslash_that_is_not_said_is_refused_with_the_setting(tmp_path: Path) -> None:
    reasons = [
        each[1] for each in invoices(tmp_path, "{}", ESCAPED).rejects("rechnungen.csv").values()
    ]
    assert reasons
    assert all("escape" in reason for reason in reasons)


def test_a_backslash_at_the_end_of_a_block_belongs_to_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for size in range(1, 6):
        monkeypatch.setattr(unpack, "CHUNK", size)
        source, target = tmp_path / "a", tmp_path / "b"
        source.write_bytes(rb'"\\\"\"\\","x\n"' + b"\\")
        unpack._double_quotes(source, target)
        assert target.read_bytes() == rb'"\""""\","x\n"' + b"\\"


def test_another_escape_sign_is_refused(tmp_path: Path) -> None:
    said = refusal(tmp_path, "version: 1\nreading: {escape: '/'}\n")
    assert "escape" in said
    assert "backslash" in said


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ("1741168800", "seconds since 1970; say {sql: epoch_ms(its_column::bigint * 1000)}"),
        ("1741168800123", "milliseconds since 1970; say {sql: epoch_ms(its_column::bigint)}"),
        ("17411688", "is not a time"),
    ],
)
def test_a_number_since_1970_is_refused_with_what_to_say(
    tmp_path: Path, written: str, words: str
) -> None:
    text = f"Nr,Kunde,Datum,Betrag\n1,A,{written},5\n"
    ((_, reason, _),) = invoices(tmp_path, "{}", text).rejects("rechnungen.csv").values()
    assert words in reason
