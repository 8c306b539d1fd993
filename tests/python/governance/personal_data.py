"""Personal data: which columns have to be marked, and what text gives it away."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from pathlib import Path

import duckdb
import yaml

from orchestration.database import quote

from .project import Node, Project

# The mark: `config: {meta: {pii: true}}` beside a column.
MARK = "pii"
# Columns of these names tell of a person, or are words that somebody wrote freely.
NAMES = (
    "*email*", "*phone*", "first_name", "last_name", "full_name", "contact_name", "csm_name",
    "manager_name", "owner_name", "title", "*author", "accepted_by", "subject",
    "override_reason", "reason_text", "reason_detail",
)  # fmt: skip
# Table.column: why such a value may stand there without the mark.
EXCEPTIONS: Mapping[str, str] = yaml.safe_load(
    Path(__file__).with_name("personal_data.yml").read_text(encoding="utf-8")
)
# Written for DuckDB and Python alike.
EMAIL = r"[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*\.[A-Za-z]{2,}"
# International with at least eight digits, or of North America.
PHONE = (
    r"(^|[^0-9A-Za-z_])((\+|00)[1-9]([ ()./-]{0,2}[0-9]){7,14}|"
    r"\(?[2-9][0-9]{2}\)?[ .-][2-9][0-9]{2}[.-][0-9]{4})($|[^0-9A-Za-z_-])"
)
_NO_TEXT = re.compile(r"^(DECIMAL|DOUBLE|U?(BIG|HUGE)?INT|INTEGER|BOOLEAN|DATE$|TIMESTAMP)")


def unmarked_person(model: Node) -> Iterator[str]:
    """A published column whose name tells of a person, or of free words, has the mark."""
    for name, column in model.columns.items():
        if any(fnmatchcase(name, pattern) for pattern in NAMES) and not column.is_personal:
            yield f"{model.name}.{name} has no `config: {{meta: {{{MARK}: true}}}}`"


def published_tables(project: Project) -> list[Node]:
    """Return what is published: every fact and mart whose meta does not say no."""
    return [
        model
        for model in project.models
        if model.layer in ("facts", "marts") and model.meta.get("published", True)
    ]


def personal_columns(models: list[Node]) -> set[str]:
    """Return the columns that have the mark, as table.column."""
    return {
        f"{model.name}.{name}"
        for model in models
        for name, column in model.columns.items()
        if column.is_personal
    }


def personal_values(
    connection: duckdb.DuckDBPyConnection, schema: str
) -> Iterator[tuple[str, str]]:
    """Yield each column of a schema with an e-mail address or a phone number, and which of them.

    Numbers, days and times are left out; lists and structures are read as text.
    """
    columns = connection.execute(
        "select table_name, column_name, data_type from duckdb_columns() where schema_name = ?"
        " order by all",
        [schema],
    ).fetchall()
    for table, column, data_type in columns:
        if _NO_TEXT.match(data_type):
            continue
        found = connection.execute(
            "select bool_or(regexp_matches(value, $1)), bool_or(regexp_matches(value, $2))"
            f" from (select {quote(column)}::varchar as value"
            f" from {quote(schema)}.{quote(table)})",
            [EMAIL, PHONE],
        ).fetchone()
        for kind, is_there in zip(("e-mail address", "phone number"), found, strict=True):
            if is_there:
                yield f"{table}.{column}", kind
