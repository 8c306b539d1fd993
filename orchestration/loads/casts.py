"""SQL expressions that turn what a file holds into the declared types."""

from __future__ import annotations

from orchestration.loads.spec import ColumnSpec

_INTEGERS = {
    "TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT",
    "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT", "UHUGEINT",
}  # fmt: skip
_FLOATS = {"FLOAT", "DOUBLE"}
_NAIVE = {"TIMESTAMP", "TIMESTAMP_NS", "TIMESTAMP_MS", "TIMESTAMP_S"}
_ZONED = "TIMESTAMP WITH TIME ZONE"

TRUE_WORDS = "('true', 't', 'yes', 'y', '1')"
FALSE_WORDS = "('false', 'f', 'no', 'n', '0')"


def is_nested(physical: str) -> bool:
    """Whether a DuckDB type is a list, struct or map."""
    return physical.endswith("]") or physical.startswith(("STRUCT", "MAP", "UNION"))


def is_empty(value: str, physical: str) -> str:
    """SQL condition: there is no value."""
    if physical == "VARCHAR":
        return f"({value} is null or trim({value}) = '')"
    if physical in _FLOATS:
        return f"({value} is null or isnan({value}))"
    return f"{value} is null"


def as_text(value: str, physical: str) -> str:
    """The value as text: nested values as JSON, whole floats without their ``.0``."""
    if physical == "VARCHAR":
        return value
    if is_nested(physical):
        return f"cast(to_json({value}) as varchar)"
    if physical in _FLOATS:
        # pandas turns an integer column with gaps into floats; '17.0' would match no other id.
        return (
            f"case when isnan({value}) then null"
            f" when {value} = trunc({value}) and abs({value}) < 1e15"
            f" then cast(cast({value} as bigint) as varchar) else cast({value} as varchar) end"
        )
    if physical == _ZONED:
        return f"cast(timezone('UTC', {value}) as varchar)"
    if physical == "BLOB":
        return f"decode({value})"
    return f"cast({value} as varchar)"


def cast(value: str, physical: str, column: ColumnSpec) -> str:
    """The value in the declared type; null where it does not fit."""
    kind = column.type
    if kind in ("varchar", "json"):
        return as_text(value, physical)
    direct = _direct(value, physical, column)
    if direct:
        return direct
    content = f"nullif(trim({as_text(value, physical)}), '')"
    return _from_text(content, column)


def _direct(value: str, physical: str, column: ColumnSpec) -> str | None:
    """A cast without the way over text, where the file already has a fitting type."""
    kind = column.type
    base = physical.split("(", maxsplit=1)[0]
    whole = base in _INTEGERS
    number = whole or base in _FLOATS or base == "DECIMAL"
    fits = {
        "bigint": whole,
        "boolean": physical == "BOOLEAN",
        "date": physical == "DATE" or base in _NAIVE,
        "timestamp": physical == "DATE" or base in _NAIVE,
    }
    if fits.get(kind) or (column.scale is not None and number):
        if physical == column.sql_type:
            return value
        return f"try_cast({value} as {column.sql_type})"
    if kind == "bigint" and number:
        return f"case when {value} = trunc({value}) then try_cast({value} as bigint) end"
    if kind in ("date", "timestamp") and physical == _ZONED:
        return f"cast(timezone('UTC', {value}) as {column.sql_type})"
    return None


def _from_text(content: str, column: ColumnSpec) -> str:
    kind = column.type
    if kind == "timestamp":
        # Only the zoned type reads an offset; the session's zone is UTC, for times without one.
        return f"timezone('UTC', try_cast({content} as timestamptz))"
    if kind == "boolean":
        return (
            f"case when lower({content}) in {TRUE_WORDS} then true"
            f" when lower({content}) in {FALSE_WORDS} then false end"
        )
    if kind == "bigint":
        # A plain cast would round 1.5 to 2 without a word.
        return (
            f"case when regexp_full_match({content}, '[+-]?[0-9]+(\\.0*)?')"
            f" then try_cast({content} as bigint) end"
        )
    return f"try_cast({content} as {column.sql_type})"
