"""SQL expressions that turn what a file holds into the declared types."""

from __future__ import annotations

from orchestration.database import text
from orchestration.loads.settings import AS_WRITTEN, FileSettings
from orchestration.loads.spec import ColumnSpec

_INTEGERS = {
    "TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT",
    "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT", "UHUGEINT",
}  # fmt: skip
FLOATS = {"FLOAT", "DOUBLE"}
# Whole numbers below these are exact as a double and as a float of 32 bits; the number itself may
# be one that was rounded to it.
EXACT = 2**53
EXACT_OF_FLOAT = 2**24
_NAIVE = {"TIMESTAMP", "TIMESTAMP_NS", "TIMESTAMP_MS", "TIMESTAMP_S"}
_ZONED = "TIMESTAMP WITH TIME ZONE"

# A day, or a day and a time, with nothing behind it that says an offset from UTC.
_LOCAL = r"[0-9]+[-/\\ ][0-9]+[-/\\ ][0-9]+([T ] *[0-9]+:[0-9:.]+)?"

TRUE_WORDS = "('true', 't', 'yes', 'y', '1', 'ja', 'wahr', 'oui', 'vrai')"
FALSE_WORDS = "('false', 'f', 'no', 'n', '0', 'nein', 'falsch', 'non', 'faux')"


def is_nested(physical: str) -> bool:
    """Whether a DuckDB type is a list, struct or map."""
    return physical.endswith("]") or physical.startswith(("STRUCT", "MAP", "UNION"))


def is_empty(value: str, physical: str) -> str:
    """SQL condition: there is no value."""
    if physical == "VARCHAR":
        return f"({value} is null or trim({value}) = '')"
    if physical in FLOATS:
        return f"({value} is null or isnan({value}))"
    return f"{value} is null"


def as_text(value: str, physical: str) -> str:
    """The value as text: nested values as JSON, whole numbers without their ``.0``.

    Bytes that are no text give null.
    """
    if physical == "VARCHAR":
        return value
    if is_nested(physical):
        return f"cast(to_json({value}) as varchar)"
    if physical.startswith("DECIMAL") or physical in FLOATS:
        return _number_as_text(value, physical)
    if physical == _ZONED:
        return f"cast(timezone('UTC', {value}) as varchar)"
    if physical == "BLOB":
        return f"try(decode({value}))"
    return f"cast({value} as varchar)"


def _number_as_text(value: str, physical: str) -> str:
    """Loaders take ids for numbers; pandas turns those with gaps into floats ('17.0')."""
    if physical in FLOATS:
        return (
            f"case when isnan({value}) then null"
            f" when {value} = trunc({value}) and abs({value}) < {EXACT}"
            f" then cast(cast({value} as bigint) as varchar) else cast({value} as varchar) end"
        )
    return (
        f"case when {value} = trunc({value}) then cast(cast({value} as hugeint) as varchar)"
        f" else cast({value} as varchar) end"
    )


def cast(value: str, physical: str, column: ColumnSpec, reading: FileSettings = AS_WRITTEN) -> str:
    """The value in the declared type; null where it does not fit.

    Args:
        value: SQL of what the file holds.
        physical: The DuckDB type of that.
        column: The declared column.
        reading: How the file writes numbers, days and times.
    """
    kind = column.type
    if kind in ("varchar", "json"):
        return as_text(value, physical)
    direct = _direct(value, physical, column, reading)
    if direct:
        return direct
    content = f"nullif(trim({as_text(value, physical)}), '')"
    if kind in ("date", "timestamp"):
        return _day(content, reading) if kind == "date" else time_in_utc(content, reading)
    if column.is_number:
        content = number_text(content, reading)
    return _from_text(content, column)


def number_text(content: str, reading: FileSettings) -> str:
    """SQL of a number in text as SQL writes it; null where the file does not write it so."""
    if not (reading.decimal or reading.thousands):
        return content
    decimal = reading.decimal or "."
    group = {" ": " \u00a0\u202f\u2009", "'": "'\u2019"}.get(
        reading.thousands or "", reading.thousands or ""
    )
    whole = "[0-9]+"
    if group:
        whole = f"([0-9]+|[1-9][0-9]{{0,2}}([{group}][0-9]{{3}})+)"
    content = f"trim({content}, ' \u00a0\u202f')"
    plain = f"replace({content}, '\u2212', '-')"
    pattern = text(f"[+-]?{whole}([{decimal}][0-9]+)?")
    bare = f"regexp_replace({plain}, {text(f'[{group}]')}, '', 'g')" if group else plain
    bare = f"replace({bare}, {text(decimal)}, '.')"
    return f"case when regexp_full_match({plain}, {pattern}) then {bare} end"


def is_number(json_type: str) -> str:
    """SQL condition: JSON's own number, by the type DuckDB names; a text of digits is none."""
    return f"({json_type} in ('BIGINT', 'UBIGINT', 'DOUBLE'))"


def signed(content: str, json_type: str, reading: FileSettings) -> str:
    """SQL of a value in JSON as text; its numbers have the signs that numbers in text have."""
    if (reading.decimal or ".") == ".":
        return content
    written = f"replace({content}, '.', {text(reading.decimal)})"
    return f"case when {is_number(json_type)} then {written} else {content} end"


def moment(content: str, reading: FileSettings, *, in_utc: bool = False) -> str:
    """SQL of a time in text; null where no pattern reads it, or several do, to several times.

    Args:
        content: SQL of the text.
        reading: Its patterns and its zone.
        in_utc: Whether the time is wanted in UTC, not as the clock of the file's zone shows it.
    """
    read = []
    for pattern in reading.date_format:
        parsed = f"try_strptime({content}, {text(pattern)})"
        if "%z" in pattern or "%Z" in pattern:
            zone = "UTC" if in_utc else reading.time_zone or "UTC"
            parsed = f"timezone({text(zone)}, {parsed})"
        elif in_utc:
            parsed = _moved(parsed, reading)
        # %Y takes two digits for a year of the first century.
        read.append(f"case when year({parsed}) >= 1000 then {parsed} end")
    if len(read) == 1:
        return read[0]
    found = f"list_distinct([{', '.join(read)}])"
    return f"case when len({found}) = 1 then {found}[1] end"


def time_in_utc(content: str, reading: FileSettings) -> str:
    """SQL of a time in text, in UTC; null where the file does not write times so.

    Only the zoned type reads an offset; the session's zone is UTC.
    """
    if reading.date_format:
        return moment(content, reading, in_utc=True)
    zoned = f"timezone('UTC', try_cast({content} as timestamptz))"
    if not reading.time_zone:
        return zoned
    local = _moved(f"try_cast({content} as timestamp)", reading)
    return f"case when {is_local(content)} then {local} else {zoned} end"


def is_local(content: str) -> str:
    """SQL condition: an ISO text that says no offset."""
    return f"regexp_full_match({content}, {text(_LOCAL)})"


def clock(instant: str, reading: FileSettings) -> str:
    """SQL of an instant as the clock of the file's zone shows it; a day stays that day."""
    utc = f"timezone('UTC', {instant})"
    if not reading.time_zone:
        return utc
    local = f"timezone({text(reading.time_zone)}, {instant})"
    return f"case when {utc} = date_trunc('day', {utc}) then {utc} else {local} end"


def _direct(value: str, physical: str, column: ColumnSpec, reading: FileSettings) -> str | None:
    """A cast without the way over text, where the file already has a fitting type."""
    kind = column.type
    base = physical.split("(", maxsplit=1)[0]
    whole = base in _INTEGERS
    number = whole or base in FLOATS or base == "DECIMAL"
    if kind == "timestamp" and base in _NAIVE and reading.time_zone:
        return _moved(f"cast({value} as timestamp)", reading)
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
        utc = f"timezone('UTC', {value})"
        return f"cast({clock(value, reading) if kind == 'date' else utc} as {column.sql_type})"
    return None


def _day(content: str, reading: FileSettings) -> str:
    read = moment(content, reading) if reading.date_format else content
    return f"try_cast({read} as date)"


def _moved(local: str, reading: FileSettings) -> str:
    """SQL of the time on a clock of the file's zone in UTC.

    Midnight is how spreadsheets write a day without a time: it stays on that day, or a contract
    would begin on the day before.
    """
    if not reading.time_zone:
        return local
    moved = f"timezone('UTC', timezone({text(reading.time_zone)}, {local}))"
    return f"case when {local} = date_trunc('day', {local}) then {local} else {moved} end"


def _from_text(content: str, column: ColumnSpec) -> str:
    kind = column.type
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
