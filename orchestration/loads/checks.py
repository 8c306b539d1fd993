"""The rules a row must keep, as SQL conditions with a reason in words."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from orchestration.database import quote, text
from orchestration.loads.casts import (
    EXACT,
    EXACT_OF_FLOAT,
    FLOATS,
    as_text,
    cast,
    is_empty,
    number_text,
)
from orchestration.loads.currencies import ISO_4217, stripe_currencies
from orchestration.loads.scales import outside
from orchestration.loads.settings import AS_WRITTEN, FileSettings
from orchestration.loads.spec import END_COLUMNS, ColumnSpec, TableSpec
from orchestration.loads.vocabulary import is_known, words_of

YEARS_BACK = 25
YEARS_AHEAD = 15
OPEN_END_YEAR = 2199

# What a formula that failed leaves, in the languages of the vocabulary.
SPREADSHEET_ERRORS = (
    "#N/A", "#REF!", "#VALUE!", "#DIV/0!", "#NAME?", "#NULL!", "#NUM!", "#SPILL!", "#CALC!",
    "#ERROR!", "#NV", "#BEZUG!", "#WERT!", "#ZAHL!", "#VALEUR!", "#NOM?", "#NOMBRE!",
)  # fmt: skip
# What is left of an id of many digits where a cell is too narrow for it.
SCIENTIFIC = "[0-9]([.,][0-9]+)?[eE][+][0-9]+"
CURRENCY_TYPE = "iso_4217"
CURRENCY_COLUMNS = frozenset({"currency", "currency_iso_code"})
UNIX_SOURCES = frozenset({"stripe", "delighted"})
UNIX_COLUMNS = frozenset(
    {
        "created", "updated", "start_date", "ended_at", "canceled_at", "cancel_at",
        "trial_start", "trial_end", "current_period_start", "current_period_end", "due_date",
        "period_start", "period_end", "created_at", "updated_at", "sent_at",
    }
)  # fmt: skip

_ADVICE = {
    "bigint": "is not a whole number; write it in digits only",
    "boolean": "is not true or false; write true or false",
    "date": "is not a date; write it as 2024-12-31",
    "timestamp": "is not a time; write it as 2024-12-31T23:59:59Z",
}

NO_TEXT = "is of bytes that are not UTF-8; export the column as text"


def currency_type() -> str:
    """SQL that makes the type a currency code must cast to."""
    codes = ", ".join(text(code) for code in sorted(ISO_4217))
    return f"create type {CURRENCY_TYPE} as enum ({codes})"


@dataclass(frozen=True)
class Check:
    """A condition that is true for a bad row, and the reason as an SQL expression."""

    column: str
    condition: str
    reason: str


@dataclass(frozen=True)
class Window:
    """The dates a value may lie between."""

    first: date
    last: date

    @classmethod
    def around(cls, day: date) -> Window:
        """25 years back to 15 years ahead of a day."""
        return cls(_shift(day, -YEARS_BACK), _shift(day, YEARS_AHEAD))


def _shift(day: date, years: int) -> date:
    try:
        return day.replace(year=day.year + years)
    except ValueError:  # 29 February
        return day.replace(year=day.year + years, day=28)


@dataclass(frozen=True)
class TypedColumn:
    """How a declared column is made from what the file holds.

    The casts are done once, in a view; the value and the checks refer to it.

    Attributes:
        base: SQL of the value in the declared type.
        value: SQL of the value to load, over the view that has ``base``.
        checks: What may be wrong with it.
        open_end: Condition: a far-future date that was read as "no end"; None if none can be.
        rounded: Condition: the number had more decimals than are kept; None if none can be.
    """

    base: str
    value: str
    checks: list[Check]
    open_end: str | None = None
    rounded: str | None = None


def typed(
    column: ColumnSpec,
    physical: str,
    table: TableSpec,
    window: Window,
    reading: FileSettings = AS_WRITTEN,
) -> TypedColumn:
    """The typed value of a column and its checks.

    Args:
        column: The declared column; the file's value is ``r:<name>``, the cast one ``b:<name>``.
        physical: The DuckDB type the file has it in.
        table: The table it belongs to.
        window: The dates it may lie between.
        reading: How the file writes numbers, days and times.
    """
    raw = quote(f"r:{column.name}")
    base = quote(f"b:{column.name}")
    definition = cast(raw, physical, column, reading)
    written = as_text(raw, physical)
    shown = f"left(coalesce({written}, ''), 60)"
    empty = is_empty(raw, physical)
    checks: list[Check] = []
    if column.required:
        reason = f"{column.name} is required and empty; fill it in"
        checks.append(Check(column.name, empty, text(reason)))
    is_text = column.type in ("varchar", "json")
    if definition != raw and (physical == "BLOB" or not is_text):
        condition = f"({base} is null and not {empty})"
        advice = NO_TEXT if is_text else _advice(column, table, reading)
        checks.append(_or_unix(_named(column.name, condition, shown, advice), column, table, shown))
    elif column.type == "varchar":
        checks += _text_checks(column.name, physical, shown, table)
    if column.type == "json" and physical == "VARCHAR":
        condition = f"not json_valid({raw})"
        checks.append(_named(column.name, condition, shown, "is not valid JSON; correct it"))
    value, open_end = base, None
    if column.type in ("date", "timestamp"):
        if column.name in END_COLUMNS:
            open_end = f"({base} >= {column.sql_type.lower()} '{OPEN_END_YEAR}-01-01')"
            value = f"case when {open_end} then null else {base} end"
        checks.append(_far_off(column, base, shown, window, ends=open_end is not None))
    elif column.name in UNIX_COLUMNS and table.source in UNIX_SOURCES:
        checks.append(_unix_far_off(column.name, base, shown, window))
    allowed = table.one_of.get(column.name)
    if allowed:
        words = ", ".join(allowed)
        condition = f"({written} not in ({', '.join(map(text, allowed))}) and not {empty})"
        checks.append(_named(column.name, condition, shown, f"is not one of: {words}"))
    field = table.words.get(column.name)
    if field:
        condition = f"(not {is_known(written, field)} and not {empty})"
        advice = (
            f"is not known; known are: {', '.join(words_of(field))}. Write one of them, or add the "
            f"word and its meaning to seeds/vocabulary.csv (field {field})"
        )
        checks.append(_named(column.name, condition, shown, advice))
    if column.name in table.between:
        checks.append(_out_of_bounds(column.name, base, shown, table.between[column.name]))
    if column.name in CURRENCY_COLUMNS:
        checks.append(_currency(column.name, written, empty, shown, table.source))
    rounded = None
    if column.scale is not None and not physical.startswith("DECIMAL") and definition != raw:
        exact = f"try_cast({number_text(written, reading)} as double)"
        lost = f"abs({exact} - cast({base} as double))"
        # The margin tells a lost decimal from a float that is not exact.
        rounded = f"({lost} > 1e-{column.scale + 3})"
    return TypedColumn(definition, value, checks, open_end, rounded)


def _text_checks(name: str, physical: str, shown: str, table: TableSpec) -> list[Check]:
    """What text may be that no one wrote: the error of a formula, a number that lost digits."""
    raw = quote(f"r:{name}")
    if physical in FLOATS:
        lost = "has more digits than a number keeps, so others may read the same; write it as text"
        exact = EXACT_OF_FLOAT if physical == "FLOAT" else EXACT
        return [_named(name, f"(abs({raw}) >= {exact} and not isnan({raw}))", shown, lost)]
    if table.source != "files":
        return []
    written = as_text(raw, physical)
    errors = ", ".join(map(text, SPREADSHEET_ERRORS))
    failed = (
        "is an error of the spreadsheet; correct the formula, or name it under null_values in"
        " mapping.yml"
    )
    is_short = f"regexp_full_match({written}, {text(SCIENTIFIC)})"
    long = f"(contains(lower({written}), 'e+') and {is_short})"
    shortened = "is a long number as a spreadsheet shortens it; export the column as text"
    ids = [_named(name, long, shown, shortened)] if name.endswith("_id") else []
    return [
        *ids,
        _named(name, f"(starts_with({written}, '#') and {written} in ({errors}))", shown, failed),
    ]


def _advice(column: ColumnSpec, table: TableSpec, reading: FileSettings) -> str:
    """What is wrong with a value that is not of its column's type."""
    if column.type in ("date", "timestamp") and reading.date_format:
        patterns = " or ".join(reading.date_format)
        return f"cannot be read as {patterns} (date_format in mapping.yml) to one day"
    if column.is_number and (reading.decimal or reading.thousands):
        signs = f"decimal '{reading.decimal or '.'}'"
        if reading.thousands:
            signs += f", thousands '{reading.thousands}'"
        return f"is not a number as mapping.yml says that they are written ({signs})"
    advice = _ADVICE.get(column.type, "is not a number; write it as 1234.56")
    if table.source == "files" and column.type != "boolean":
        key = "date_format" if column.type in ("date", "timestamp") else "decimal, thousands"
        advice += f", or say how it is written in mapping.yml ({key})"
    return advice


def _or_unix(unread: Check, column: ColumnSpec, table: TableSpec, shown: str) -> Check:
    """Give another reason where a time looks like seconds or milliseconds since 1970."""
    if table.source != "files" or column.type not in ("date", "timestamp"):
        return unread
    reason = unread.reason
    for digits, unit, factor in ((9, "seconds", " * 1000"), (12, "milliseconds", "")):
        advice = (
            f"seems to be {unit} since 1970; say {{sql: epoch_ms(its_column::bigint{factor})}} in"
            " mapping.yml"
        )
        looks = f"regexp_full_match({shown}, {text(f'1[0-9]{{{digits}}}')})"
        found = _named(unread.column, "", shown, advice).reason
        reason = f"case when {looks} then {found} else {reason} end"
    return Check(unread.column, unread.condition, reason)


def _currency(column: str, written: str, empty: str, shown: str, source: str) -> Check:
    if source == "stripe":
        codes = ", ".join(map(text, sorted(stripe_currencies())))
        condition = f"(upper(trim({written})) not in ({codes}) and not {empty})"
        advice = (
            "is no currency whose decimals in Stripe's API are known; if Stripe has it, add it to "
            "seeds/currency_minor_units.csv and to the macro currency_minor_units"
        )
    else:
        condition = f"(try_cast(upper(trim({written})) as {CURRENCY_TYPE}) is null and not {empty})"
        advice = "is not an ISO 4217 currency code; write a code such as USD or EUR"
    return _named(column, condition, shown, advice)


def _named(column: str, condition: str, shown: str, advice: str) -> Check:
    reason = f"{text(column + ' ')} || '''' || {shown} || ''' ' || {text(advice)}"
    return Check(column, condition, reason)


def _out_of_bounds(
    column: str, value: str, shown: str, bounds: tuple[str | None, str | None]
) -> Check:
    least, greatest = bounds
    below = [f"{value} < {least}"] if least is not None else []
    above = [f"{value} > {greatest}"] if greatest is not None else []
    limits = " and ".join(
        words
        for words in (
            f"at least {least}" if least is not None else "",
            f"at most {greatest}" if greatest is not None else "",
        )
        if words
    )
    condition = f"({' or '.join(below + above)})"
    return _named(column, condition, shown, f"is out of range; it must be {limits}")


def ends_too_early(table: TableSpec) -> Check | None:
    """A span that is over before it begins; None where the table has none.

    To end on the first day, or on the day before it where ends are last days, is to hold on no
    day: that is how a change that was undone the same day is written.
    """
    if table.span is None:
        return None
    first, last = table.span
    begin, end = quote(f"b:{first}"), quote(f"b:{last}")
    reason = (
        f"{text(last + ' ')} || cast({end} as varchar) || {text(' is before ' + first + ' ')}"
        f" || cast({begin} as varchar) || '; correct one of them'"
    )
    return Check(last, f"({end} < {begin} - 1)", reason)


def none_given(names: tuple[str, ...], given: Collection[str]) -> Check:
    """Neither of these columns, of those that a file gives, holds a value."""
    values = [f"nullif(trim({quote(f'b:{name}')}), '')" for name in names if name in given]
    condition = f"coalesce({', '.join([*values, 'null'])}) is null"
    reason = f"{' and '.join(names)} are both empty; fill one of them in"
    return Check(names[0], condition, text(reason))


def out_of_scale(table: TableSpec, given: Collection[str]) -> list[Check]:
    """Scores outside the scale of their survey, for the columns that a file gives."""
    return [
        Check(score, condition, reason)
        for score, survey in table.scored.items()
        if {score, survey} <= set(given)
        for condition, reason in outside(score, survey, table.source)
    ]


def _far_off(column: ColumnSpec, value: str, shown: str, window: Window, *, ends: bool) -> Check:
    literal = f"{column.sql_type.lower()} "
    condition = f"({value} < {literal}'{window.first}' or {value} >= {literal}'{window.last}')"
    if ends:
        condition = f"({condition} and {value} < {literal}'{OPEN_END_YEAR}-01-01')"
    advice = (
        f"is implausibly far off (expected {window.first} to {window.last}); "
        "correct the date or leave it empty"
    )
    return _named(column.name, condition, shown, advice)


def _unix_far_off(column: str, value: str, shown: str, window: Window) -> Check:
    first, last = _seconds(window.first), _seconds(window.last)
    advice = (
        f"is implausibly far off as Unix seconds (expected {window.first} to {window.last}); "
        "milliseconds must be divided by 1000"
    )
    return _named(column, f"({value} < {first} or {value} >= {last})", shown, advice)


def _seconds(day: date) -> int:
    return (day - date(1970, 1, 1)).days * 86_400


def any_of(checks: list[Check]) -> str:
    """One condition that is true when any check fails, and never null."""
    if not checks:
        return "false"
    return "(" + " or ".join(f"coalesce({check.condition}, false)" for check in checks) + ")"


def first_column(checks: list[Check]) -> str:
    """SQL for the name of the first column that fails."""
    cases = " ".join(
        f"when coalesce({check.condition}, false) then {text(check.column)}" for check in checks
    )
    return f"case {cases} end" if checks else "cast(null as varchar)"


def all_reasons(checks: list[Check]) -> str:
    """SQL for every reason a row is bad, joined to one text."""
    reasons = ", ".join(
        f"case when coalesce({check.condition}, false) then {check.reason} end" for check in checks
    )
    return f"concat_ws('; ', {reasons})" if checks else "''"


def key_text(columns: tuple[str, ...], alias: str) -> str:
    """SQL that names a row's key in words."""
    parts = [
        f"{text(name + ' ')} || coalesce('''' || cast({alias}.{quote(name)} as varchar) || '''',"
        " 'empty')"
        for name in columns
    ]
    return " || ', ' || ".join(parts)
