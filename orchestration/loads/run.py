"""One load while it runs: the work database, what was delivered, counts, rejects and messages."""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
import numpy as np
import pyarrow as pa

from orchestration.database import text
from orchestration.loads.checks import Window, currency_type
from orchestration.loads.files import InputFile
from orchestration.loads.landed_database import refuse_foreign_tables
from orchestration.loads.model import FileCount, LoadRequest, Message
from orchestration.loads.part import Part
from orchestration.loads.reader import stage
from orchestration.loads.settings import AS_WRITTEN, FileSettings
from orchestration.loads.spec import (
    APPENDED,
    FETCHED,
    GONE_COLUMN,
    INCREMENT,
    LOADER_COLUMNS,
    ORIGIN_COLUMN,
    SourceSpec,
    TableSpec,
    source_spec,
)
from orchestration.loads.staged import StagedFile
from orchestration.loads.warehouse import ensure_tables, opened, table_columns
from orchestration.memory import bound_memory

if TYPE_CHECKING:
    from orchestration.loads.plan import Plan
    from orchestration.loads.whole import Delivery

REJECT_BATCH = 10_000
BATCH_ROWS = 256 * 1024


class LoadRun:
    """State of one load, from the first resource that is read to the report."""

    def __init__(self, request: LoadRequest) -> None:
        """Remember the request; nothing is read or opened yet."""
        self.request = request
        self.spec: SourceSpec = source_spec(request.source)
        self.window = Window.around(request.as_of or datetime.now(UTC).date())
        self.counts: dict[tuple[str | None, str], FileCount] = {}
        self.messages: list[Message] = []
        self.columns: dict[str, set[str]] = {}
        # The first file that has a column, by table and column.
        self.column_files: dict[tuple[str, str], str] = {}
        self.fingerprints: dict[tuple[str, str], str] = {}
        self.attempted: set[str] = set()
        self.skipped: list[tuple[str, str]] = []
        self.loaded: dict[str, int] = {}
        self.deliveries: dict[str, Delivery] = {}
        self.load_id = ""
        self.prepared = False
        self.plan: Plan | None = None
        # What the warehouse knew before this load.
        self.known_files: dict[tuple[str, str], tuple[str, FileCount]] = {}
        self.known_columns: dict[str, set[str]] = {}
        self.raw_columns: dict[str, list[str]] = {}
        self._staged: dict[tuple[str, frozenset[str], FileSettings], StagedFile] = {}
        self._contents: dict[Path, hashlib._Hash] = {}
        self._number = 0

    # ---- life -------------------------------------------------------------------------------

    def prepare(self, load_id: str) -> None:
        """Make the raw tables, open the work database and read what earlier loads left."""
        self.load_id = load_id
        if self.prepared:
            return
        self.prepared = True
        state = self.request.state_dir
        state.mkdir(parents=True, exist_ok=True)
        prefix = f"work_{self.request.source}_"
        for left_over in state.glob(f"{prefix}*"):
            shutil.rmtree(left_over, ignore_errors=True)
        self.folder = Path(tempfile.mkdtemp(prefix=prefix, dir=state))
        self.connection = duckdb.connect()
        bound_memory(self.connection, spill=self.folder / "spill")
        self.connection.execute("set TimeZone = 'UTC'; set enable_progress_bar = false")
        # Of two try() with a part in common DuckDB computes that part outside of both, where it
        # fails the whole query.
        self.connection.execute("set disabled_optimizers = 'common_subexpressions'")
        self.connection.execute(currency_type())
        self.connection.execute(
            "create table rejects (source_table varchar, source_file varchar, source_line bigint,"
            " column_name varchar, reason varchar, raw_text varchar, row_key varchar)"
        )
        with opened(self.request.warehouse) as warehouse:
            refuse_foreign_tables(warehouse, self.spec)
            ensure_tables(warehouse, self.spec)
            self._read_memory(warehouse)

    def _read_memory(self, warehouse: duckdb.DuckDBPyConnection) -> None:
        source = self.spec.name
        for table, file, digest, read, rejected, unmapped in warehouse.execute(
            "select source_table, source_file, fingerprint, rows_read, rows_rejected,"
            " rows_unmapped from raw_loads.delivered_files where source = ?",
            [source],
        ).fetchall():
            kept = read - rejected - unmapped
            count = FileCount(read=read, unchanged=kept, rejected=rejected, unmapped=unmapped)
            self.known_files[table, file] = (digest, count)
        for table, column in warehouse.execute(
            "select source_table, column_name from raw_loads.delivered_columns where source = ?",
            [source],
        ).fetchall():
            self.known_columns.setdefault(table, set()).add(column)
        own = LOADER_COLUMNS | GONE_COLUMN | ORIGIN_COLUMN
        for table in self.spec.tables:
            found = table_columns(warehouse, self.spec.dataset, table)
            self.raw_columns[table] = [name for name in found if name not in own]

    def close(self) -> None:
        """Close the work database and remove the work folder."""
        if self.prepared:
            self.connection.close()
            shutil.rmtree(self.folder, ignore_errors=True)
            self.prepared = False

    @property
    def required_tables(self) -> list[str]:
        """Tables that the source must bring, of the domains that it speaks for."""
        domains = self.request.domains
        return [name for name in self.spec.required_tables if self.spec.tables[name].is_of(domains)]

    def origins_of(self, table: TableSpec) -> set[str | None]:
        """Who is to bring a table: systems that were landed, None for the files of the folder."""
        request = self.request
        origins: set[str | None] = {
            landing.system for landing in request.landings if table.is_of(landing.domains)
        }
        if request.reads_folder and table.is_of(request.folder_domains):
            origins.add(None)
        return origins

    def delivery_of(self, table: TableSpec) -> str:
        """How a table is delivered: as the mapping says, else as it is declared."""
        mapped = self.plan.delivery if self.plan else {}
        return mapped.get(table.name) or table.delivery or INCREMENT

    def kind_of(self, table: TableSpec) -> str:
        """How deliveries of a table follow one another: as `delivery_of`, or only ever more."""
        if self.request.is_dated:
            return FETCHED
        return APPENDED if table.append_only else self.delivery_of(table)

    # ---- reading ----------------------------------------------------------------------------

    def next_number(self) -> int:
        """A number that no other part or file of this load has."""
        self._number += 1
        return self._number

    def staged(
        self, file: InputFile, json_columns: frozenset[str], reading: FileSettings = AS_WRITTEN
    ) -> StagedFile:
        """The file in the work database; read once, however many tables use it."""
        wanted = json_columns if file.format == "jsonl" else frozenset()
        key = (file.relative, wanted, reading)
        known = self._staged.get(key)
        if known is None:
            relation = f"file_{self.next_number()}"
            known = stage(self.connection, file, self.folder, relation, wanted, reading)
            self._staged[key] = known
        return known

    def keep(self, staged: StagedFile, table: str) -> None:
        """Hold what a table reads beside files until it is forgotten."""
        self._staged[staged.file.relative, frozenset({table})] = staged

    def staged_files(self) -> list[StagedFile]:
        """Files that are in the work database."""
        return list(self._staged.values())

    def forget(self, files: set[str]) -> None:
        """Remove files from the work database that no further table needs."""
        for key, staged in list(self._staged.items()):
            if key[0] in files:
                staged.drop(self.connection)
                del self._staged[key]

    def fingerprint(self, path: Path, *salts: str) -> str:
        """A digest of a file's content and of what else decides how it is read.

        The content is read once for all parts of a file and all that look it up.
        """
        if path not in self._contents:
            with path.open("rb") as stream:
                self._contents[path] = hashlib.file_digest(stream, "sha256")
        digest = self._contents[path].copy()
        for salt in salts:
            digest.update(salt.encode())
        return digest.hexdigest()

    def rows(self, sql: str) -> int:
        """The single number a query gives."""
        found = self.connection.execute(sql).fetchone()
        return int(found[0]) if found else 0

    # ---- notes ------------------------------------------------------------------------------

    def note(
        self,
        severity: str,
        message: str,
        *,
        table: str | None = None,
        file: str | None = None,
        column: str | None = None,
    ) -> None:
        """Add a message to the report, once."""
        found = Message(severity, table, file, column, message)
        if found not in self.messages:
            self.messages.append(found)

    def count(self, table: str | None, file: str) -> FileCount:
        """The counts of one file for one table."""
        return self.counts.setdefault((table, file), FileCount())

    def reject(self, part: Part, bad_rows: str) -> int:
        """Put rows into the rejects, with their raw text.

        Args:
            part: The part they come from.
            bad_rows: SQL that gives line, column, reason and key.
        """
        staged = part.staged
        sql = (
            "select _line, column_name, reason, null as raw, row_key"
            f" from ({bad_rows}) order by _line"
        )
        if staged.plain is None:
            record = (
                "to_json(struct_pack("
                + ", ".join(f'"{name}" := s."{name}"' for name in staged.columns)
                + "))"
            )
            sql = (
                f"select b._line, b.column_name, b.reason, cast({record} as varchar) as raw,"
                " b.row_key"
                f" from ({bad_rows}) as b left join {staged.relation} as s on b._line = s._line"
                " order by b._line"
            )
        found = self.connection.execute(sql).fetchall()
        lines = staged.raw_text([row[0] for row in found])
        number, content = next(lines, (0, None))
        batch: list[tuple[object, ...]] = []
        for line, column, reason, raw, key in found:
            while content is not None and number < line:
                number, content = next(lines, (0, None))
            shown = content if number == line else raw
            row = (part.table.name, part.file, line, column or None, reason, shown, key)
            batch.append(row)
            if len(batch) >= REJECT_BATCH:
                self._write_rejects(batch)
                batch = []
        self._write_rejects(batch)
        return len(found)

    def _write_rejects(self, batch: list[tuple[object, ...]]) -> None:
        if not batch:
            return
        names = (
            "source_table", "source_file", "source_line", "column_name", "reason", "raw_text",
            "row_key",
        )  # fmt: skip
        types = [pa.int64() if name == "source_line" else pa.string() for name in names]
        arrays = [pa.array([row[i] for row in batch], type=kind) for i, kind in enumerate(types)]
        cursor = self.connection.cursor()
        cursor.register("reject_batch", pa.table(dict(zip(names, arrays, strict=True))))
        cursor.execute("insert into rejects select * from reject_batch")
        cursor.close()

    def broken(self, part: Part) -> int:
        """Put the records of a file that could not be read into the rejects."""
        broken = part.staged.broken
        if not broken:
            return 0
        name = f"broken_{self.next_number()}"
        arrays = {
            "_line": pa.array([item.line for item in broken], type=pa.int64()),
            "reason": pa.array([item.reason for item in broken], type=pa.string()),
        }
        self.connection.register(name, pa.table(arrays))
        rejected = self.reject(
            part,
            "select _line, cast(null as varchar) as column_name, reason,"
            f" cast(null as varchar) as row_key from {name}",
        )
        self.connection.unregister(name)
        return rejected

    # ---- streaming --------------------------------------------------------------------------

    def stream(self, sql: str, file: str) -> Iterator[pa.Table]:
        """The result of a query in Arrow batches, with the loader's columns."""
        cursor = self.connection.cursor()
        cursor.execute("set TimeZone = 'UTC'")
        try:
            for batch in cursor.execute(sql).to_arrow_reader(BATCH_ROWS):
                if batch.num_rows:
                    table = pa.Table.from_batches([batch])
                    for name, value in (("_dlt_load_id", self.load_id), ("_source_file", file)):
                        table = table.append_column(name, _constant(value, batch.num_rows))
                    yield table
        finally:
            cursor.close()

    def attach(self) -> None:
        """Make the warehouse readable from the work database as ``wh``."""
        self.connection.execute(f"attach {text(self.request.warehouse)} as wh (read_only)")

    def detach(self) -> None:
        """Let go of the warehouse."""
        self.connection.execute("detach wh")

    def now(self) -> datetime:
        """The time, as the warehouse writes it: UTC without a zone."""
        return datetime.now(UTC).replace(tzinfo=None)


def _constant(value: str, rows: int) -> pa.DictionaryArray:
    """The same text in every row, stored once."""
    indices = pa.array(np.zeros(rows, dtype=np.int32))
    return pa.DictionaryArray.from_arrays(indices, pa.array([value]))
