"""The declared shape of each source: the YAML files of ``orchestration/raw_tables``."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import yaml

SPEC_FOLDER = Path(__file__).resolve().parent.parent / "raw_tables"

DUCKDB_TYPES = {
    "varchar": "VARCHAR",
    "json": "VARCHAR",
    "bigint": "BIGINT",
    "boolean": "BOOLEAN",
    "date": "DATE",
    "timestamp": "TIMESTAMP",
}

LOADER_COLUMNS = {
    "_dlt_load_id": "VARCHAR",
    "_source_file": "VARCHAR",
    "_source_line": "BIGINT",
}
# The load whose whole delivery no longer had the row; empty while it is there.
GONE_COLUMN = {"_gone_load_id": "VARCHAR"}
# The system whose landing brought the row; empty where a file did.
ORIGIN_COLUMN = {"_origin": "VARCHAR"}

FULL, INCREMENT = "full", "increment"
# How deliveries of other tables follow one another: files of events, and what an API gave as new.
APPENDED, FETCHED = "append", "fetched"
# The domain of a table that serves all of them.
ANY_DOMAIN = "any"

# Ends of something: a far-future date there means "no end", so it is read as empty.
END_COLUMNS = frozenset(
    {
        "valid_to",
        "ended_at",
        "current_term_end",
        "expires_at",
        "discount_until",
        "paused_until",
        "expires__c",
    }
)


@dataclass(frozen=True)
class ColumnSpec:
    """One declared column: its name, its declared type and whether it must hold a value."""

    name: str
    type: str
    required: bool

    @property
    def sql_type(self) -> str:
        """The DuckDB type the column has in the raw table."""
        return DUCKDB_TYPES.get(self.type, self.type.upper())

    @property
    def scale(self) -> int | None:
        """Decimals kept, for a decimal column."""
        if not self.type.startswith("decimal"):
            return None
        return int(self.type.rstrip(")").split(",")[1])

    @property
    def is_number(self) -> bool:
        """Whether it holds whole numbers or decimals."""
        return self.type == "bigint" or self.scale is not None


@dataclass(frozen=True)
class TableSpec:
    """One raw table: its columns, key and rules.

    Attributes:
        source: The source it belongs to.
        name: Its name.
        domain: What it is about (crm, billing …); ``any`` where it serves all of them.
        columns: The declared columns by name.
        key: Columns that name a row.
        version: Column that says which of two rows of a key is newer.
        append_only: Whether the table only ever grows.
        delivery: ``full``: a delivery holds every row that there is, what is not in it is gone;
            ``increment``: it holds what is new. None: it never says what is gone.
        one_of: Values a column may have, by column.
        words: Field of the vocabulary whose words a column may have, by column.
        between: Least and greatest value of a column; None where there is no bound.
        span: Columns of first and last day of what a row holds for.
        scored: Column of the survey a score belongs to, by column of the score.
        either: Columns of which one must hold a value.
        last_counts: Whether of two rows of a key the last one counts, where no version tells; in
            other tables the second one is rejected.
        happened_at: Column of business time of a table whose rows are what happened.
        known_at: The same of a table of objects, or of campaigns: in it nothing has to happen.
        arrived_at: Column that says when what happened arrived.
    """

    source: str
    name: str
    domain: str
    columns: dict[str, ColumnSpec]
    key: tuple[str, ...]
    version: str | None = None
    append_only: bool = False
    delivery: str | None = None
    one_of: dict[str, tuple[str, ...]] = field(default_factory=dict)
    words: dict[str, str] = field(default_factory=dict)
    between: dict[str, tuple[str | None, str | None]] = field(default_factory=dict)
    span: tuple[str, str] | None = None
    scored: dict[str, str] = field(default_factory=dict)
    either: tuple[str, ...] = ()
    last_counts: bool = False
    happened_at: str | None = None
    known_at: str | None = None
    arrived_at: str | None = None

    @property
    def business_time(self) -> str | None:
        """SQL of the moment that a row is about; none where rows are not dated."""
        return self._moment(self.happened_at or self.known_at)

    @property
    def activity_time(self) -> str | None:
        """SQL of the moment by which activity of a row is known: when it arrived goes before."""
        moments = [each for each in (self._moment(self.arrived_at), self.business_time) if each]
        return f"coalesce({', '.join(moments)})" if moments else None

    def _moment(self, column: str | None) -> str | None:
        if column is None:
            return None
        # Whole numbers are unix seconds.
        is_unix = self.columns[column].type == "bigint"
        return f'make_timestamp("{column}" * 1000000)' if is_unix else f'"{column}"'

    @property
    def required(self) -> list[str]:
        """Names of the columns that must hold a value in every row."""
        return [column.name for column in self.columns.values() if column.required]

    def is_of(self, domains: frozenset[str] | None) -> bool:
        """Whether who speaks for these domains (None: for all) brings the table."""
        return domains is None or self.domain in (*domains, ANY_DOMAIN)

    @property
    def rejects_duplicates(self) -> bool:
        """Whether a second row with the same key in one delivery is an error.

        A product-analytics vendor delivers at least once, so its repeats are kept as they came.
        """
        return bool(self.key) and (not self.append_only or self.source == "files")


@dataclass(frozen=True)
class SourceSpec:
    """One source system: its tables by name.

    Attributes:
        name: Its name.
        tables: Its tables by name.
        required_tables: Without a file of these nothing is loaded.
        vital_tables: Without rows of these the figures are wrong: a delivery that has none of
            them, where those before it had, is not published. What is required is vital too.
    """

    name: str
    tables: dict[str, TableSpec]
    required_tables: tuple[str, ...] = ()
    vital_tables: tuple[str, ...] = ()

    @property
    def dataset(self) -> str:
        """The schema of the warehouse that holds this source's raw tables."""
        return f"raw_{self.name}"


def source_names() -> list[str]:
    """Names of all sources that have a YAML file."""
    return sorted(path.stem for path in SPEC_FOLDER.glob("*.yml"))


@cache
def source_spec(source: str) -> SourceSpec:
    """Read the declared shape of one source."""
    path = SPEC_FOLDER / f"{source}.yml"
    if not path.exists():
        names = ", ".join(source_names())
        raise ValueError(f"There is no source named '{source}'. Use one of: {names}.")
    raw = yaml.safe_load(path.read_text(encoding="utf-8"))
    tables = {
        name: TableSpec(
            source=source,
            name=name,
            domain=body.get("domain", raw.get("domain", "")),
            columns=_columns(body["columns"]),
            key=tuple(body.get("key", ())),
            version=body.get("version"),
            append_only=bool(body.get("append_only", False)),
            delivery=body.get("delivery"),
            one_of={column: tuple(values) for column, values in body.get("one_of", {}).items()},
            words=body.get("words", {}),
            between={column: _bounds(values) for column, values in body.get("between", {}).items()},
            span=tuple(body["span"]) if "span" in body else None,
            scored=body.get("scored", {}),
            either=tuple(body.get("either", ())),
            last_counts=bool(body.get("last_counts", False)),
            happened_at=body.get("happened_at"),
            known_at=body.get("known_at"),
            arrived_at=body.get("arrived_at"),
        )
        for name, body in raw["tables"].items()
    }
    required = tuple(raw.get("required_tables", ()))
    return SourceSpec(source, tables, required, (*required, *raw.get("vital_tables", ())))


def _columns(raw: dict[str, str]) -> dict[str, ColumnSpec]:
    return {
        name: ColumnSpec(name, declared.rstrip("!"), declared.endswith("!"))
        for name, declared in raw.items()
    }


def _bounds(raw: list[object]) -> tuple[str | None, str | None]:
    least, greatest = (None if bound is None else str(bound) for bound in raw)
    return least, greatest
