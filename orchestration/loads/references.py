"""Rows that point to accounts, subscriptions or invoices nobody delivered."""

from __future__ import annotations

from orchestration.database import quote, text
from orchestration.loads.model import Message
from orchestration.loads.run import LoadRun

REFERENCES = {
    "account_id": "accounts",
    "subscription_id": "subscriptions",
    "invoice_id": "invoices",
}
# The account of what is nobody's, as the models have it.
UNASSIGNED = "unassigned"
EXAMPLES = 3


def unknown_references(run: LoadRun) -> list[Message]:
    """One warning per file and column whose values are unknown; the rows stay loaded."""
    if run.spec.name != "files":
        return []
    messages: list[Message] = []
    for table in run.spec.tables.values():
        files = [file for name, file in run.counts if name == table.name]
        for column, parent in REFERENCES.items():
            if files and column in table.columns and table.name != parent:
                messages += _unknown(run, table.name, column, parent, files)
    return messages


def _unknown(run: LoadRun, table: str, column: str, parent: str, files: list[str]) -> list[Message]:
    schema = quote(run.spec.dataset)
    if not run.rows(f"select count(*) from {schema}.{quote(parent)}"):
        return []
    names = ", ".join(text(file) for file in files)
    found = run.connection.execute(
        f"select r._source_file, count(*), min(r._source_line),"
        f" min(distinct r.{quote(column)}, {EXAMPLES})"
        f" from {schema}.{quote(table)} as r"
        f" anti join {schema}.{quote(parent)} as p on r.{quote(column)} = p.{quote(column)}"
        f" where r.{quote(column)} <> {text(UNASSIGNED)} and r._source_file in ({names})"
        " group by 1 order by 1"
    ).fetchall()
    return [
        Message(
            "warning",
            table,
            file,
            column,
            f"the {column} of {rows} rows is not in {parent} (first on line {line}, for example "
            f"{', '.join(examples)}); the rows are loaded and belong to no {parent[:-1]} until it "
            f"is: add it to {parent} or correct it here",
        )
        for file, rows, line, examples in found
    ]
