"""A small delivery of files and what a load made of it."""

import io
import zipfile
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import openpyxl
import pytest

from orchestration.loads import LoadError, LoadReport, LoadRequest, read_mapping
from orchestration.loads import load as load_source

AS_OF = date(2025, 6, 30)

ACCOUNTS = """\
account_id,account_name,country,created_at,is_deleted,updated_at
A1,Alpha,DE,2023-01-05,false,2025-01-01T00:00:00Z
A2,Beta,US,2023-02-05T10:00:00+02:00,0,2025-01-01T00:00:00Z
A3,Gamma,FR,2023-03-05 09:30:00,no,2025-01-01T00:00:00Z
"""
SUBSCRIPTIONS = """\
subscription_id,account_id,status,started_at,ended_at,currency
S1,A1,active,2023-02-01,,USD
S2,A2,active,2023-03-01,,EUR
S3,A3,canceled,2023-04-01,2024-04-01,usd
"""
ITEMS = """\
subscription_item_id,subscription_id,valid_from,valid_to,quantity,unit_amount,billing_interval
I1,S1,2023-02-01,,10,99.50,month
I2,S2,2023-03-01,9999-12-31,5,1200,year
I3,S3,2023-04-01,2024-04-01,1,300,quarter
"""
REQUIRED = {
    "accounts.csv": ACCOUNTS,
    "subscriptions.csv": SUBSCRIPTIONS,
    "subscription_items.csv": ITEMS,
}


def refusal(folder: Path, mapping: str) -> str:
    """Why a mapping with this text is refused, without any data."""
    path = folder / "mapping.yml"
    path.write_text(mapping, encoding="utf-8")
    with pytest.raises(LoadError) as caught:
        read_mapping(path)
    return str(caught.value)


@dataclass
class Delivery:
    """A folder of files, the warehouse it is loaded into and the last result."""

    root: Path
    source: str = "files"
    report: LoadReport | None = None
    error: LoadError | None = None
    runs: int = 0
    mapping: Path | None = None
    as_of: date = AS_OF
    domains: frozenset[str] | None = None
    messages: list[tuple[Any, ...]] = field(default_factory=list)

    @property
    def folder(self) -> Path:
        return self.root / "input"

    @property
    def warehouse(self) -> Path:
        return self.root / "warehouse.duckdb"

    def write(self, files: dict[str, str | bytes]) -> None:
        for name, content in files.items():
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content.encode() if isinstance(content, str) else content)

    def request(self) -> LoadRequest:
        return LoadRequest(
            source=self.source,
            folder=self.folder,
            warehouse=self.warehouse,
            run_id=f"run{self.runs}",
            as_of=self.as_of,
            mapping=self.mapping,
            domains=self.domains,
        )

    def load(self, files: dict[str, str | bytes] | None = None) -> "Delivery":
        self.write(files or {})
        self.folder.mkdir(parents=True, exist_ok=True)
        self.runs += 1
        self.report = self.error = None
        try:
            self.report = load_source(self.request())
        except LoadError as error:
            self.error = error
        self.messages = self.query(
            "select severity, source_table, source_file, column_name, message"
            " from raw_loads.messages where run_id = ?",
            [f"run{self.runs}"],
        )
        return self

    def query(self, sql: str, parameters: list[Any] | None = None) -> list[tuple[Any, ...]]:
        with duckdb.connect(str(self.warehouse), read_only=True) as connection:
            return connection.execute(sql, parameters or []).fetchall()

    def column(self, sql: str) -> list[Any]:
        return [row[0] for row in self.query(sql)]

    def counts(self, table: str, run: int | None = None) -> tuple[int, ...]:
        """Read, loaded, unchanged, rejected, unmapped of a table in one run."""
        return self.query(
            "select sum(rows_read)::int, sum(rows_loaded)::int, sum(rows_unchanged)::int,"
            " sum(rows_rejected)::int, sum(rows_unmapped)::int from raw_loads.file_counts"
            " where source_table = ? and run_id = ?",
            [table, f"run{run or self.runs}"],
        )[0]

    def rejects(self, file: str) -> dict[int, tuple[str | None, str, str]]:
        """Column, reason and raw text of the rejected rows of a file by line."""
        rows = self.query(
            f"select source_line, column_name, reason, raw_text from raw_{self.source}.rejects"
            " where source_file = ? order by 1",
            [file],
        )
        return {row[0]: row[1:] for row in rows}

    def said(self, severity: str, file: str | None, *words: str) -> bool:
        """Whether a message of the last load about a file holds all these words."""
        return any(
            message[0] == severity
            and (file is None or message[2] == file)
            and all(word in f"{message[3]} {message[4]}" for word in words)
            for message in self.messages
        )


def load(tmp_path: Path, mapping: str, files: dict[str, str | bytes]) -> Delivery:
    """Load files that need no contracts: they speak for no domain, so no table is missed."""
    delivery = Delivery(tmp_path, domains=frozenset())
    return delivery.load({**files, "mapping.yml": f"version: 1\n{mapping}"})


INVOICES = """
files:
  invoices:
    from: rechnungen.csv
    columns:
      invoice_id: Nr
      account_id: Kunde
      status: {value: paid}
      issued_at: Datum
      total: Betrag
"""


def totals(delivery: Delivery) -> list[tuple[object, ...]]:
    return delivery.query("select account_id, issued_at, total from raw_files.invoices order by 1")


def workbook(
    sheets: dict[str, list[list[object]]],
    hidden: tuple[str, ...] = (),
    formats: dict[str, str] | None = None,
) -> bytes:
    """An Excel file: rows by sheet, names of hidden sheets, number formats by cell."""
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
        if name in hidden:
            sheet.sheet_state = "hidden"
        for place, shown in (formats or {}).items():
            sheet[place].number_format = shown
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def zipped(members: dict[str, str | bytes]) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name, text in members.items():
            archive.writestr(name, text)
    return content.getvalue()
