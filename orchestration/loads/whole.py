"""Deliveries that are whole: what was there and is not delivered any more is marked as gone.

Nothing is deleted. A row that is gone keeps its place in the raw table with the load that no
longer had it (``_gone_load_id``); a row that comes back is loaded again, without the mark.

Where several bring a table (files, systems that were landed), only the rows of those that did bring
it are compared: a landing that is missing today says nothing of its rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from orchestration.database import quote, text
from orchestration.loads.checks import key_text
from orchestration.loads.spec import FULL, TableSpec

if TYPE_CHECKING:
    from orchestration.loads.part import Part
    from orchestration.loads.run import LoadRun

NAMED = 20
# So much less than before is more likely an export that broke than customers who left.
SHRUNK_SHARE = 0.2
SHRUNK_ROWS = 10


@dataclass(frozen=True)
class Delivery:
    """What a load found of one table.

    Attributes:
        kind: ``full`` or ``increment``.
        keys: The work table of all keys that were delivered, of rows that were rejected too;
            None when nothing can be said to be gone.
        silent: Who is to bring the table and brought no row of it.
        why_not: Why the delivery cannot be taken as whole although it should be.
    """

    kind: str
    keys: str | None = None
    silent: frozenset[str | None] = frozenset()
    why_not: str | None = None


def note_delivery(
    run: LoadRun, table: TableSpec, parts: Sequence[Part], empty_files: Sequence[str] = ()
) -> None:
    """Remember which keys a table was delivered with; `empty_files` of it held nothing at all."""
    kind = run.delivery_of(table)
    if kind != FULL or not table.key:
        run.deliveries[table.name] = Delivery(kind)
        return
    union = " union ".join(
        f"select *, {_origin_sql(part.staged.file.origin)} as _origin from ({part.keys()})"
        for part in parts
    )
    keys = f"keys_{run.next_number()}"
    run.connection.execute(f"create table {keys} as {union}")
    spoke = run.connection.execute(f"select distinct _origin from {keys}").fetchall()
    broken = sum(len(part.staged.broken) for part in parts)
    nameless = run.rows(
        f"select count(*) from {keys}"
        f" where {' or '.join(f'{quote(name)} is null' for name in table.key)}"
    )
    why_not = None
    if broken or nameless:
        why_not = "some of its lines cannot be read"
    elif empty_files:
        why_not = f"one of its files is empty: {', '.join(empty_files)}"
    elif not run.rows(f"select count(*) from {keys}"):
        why_not = "it has no rows at all"
    silent: frozenset[str | None] = frozenset()
    if spoke:
        silent = frozenset(run.origins_of(table) - {origin or None for (origin,) in spoke})
    run.deliveries[table.name] = Delivery(kind, keys, silent, why_not)


def _origin_sql(origin: str | None) -> str:
    return text(origin or "")


def settle_deliveries(run: LoadRun) -> None:
    """Mark what is gone, say so, and keep a record of each delivery.

    The warehouse is attached as ``wh`` and used; the work database is ``memory``.
    """
    for name, delivery in run.deliveries.items():
        table = run.spec.tables[name]
        there = gone = back = None
        if delivery.kind != FULL:
            _take_back_marks(run, table)
        elif delivery.keys and table.key:
            names = ", ".join(quote(key) for key in table.key)
            keys = f"select distinct {names} from memory.{delivery.keys}"
            there = run.rows(f"select count(*) from ({keys})")
            gone, back = _settle(run, table, delivery, there)
        run.connection.execute(
            f"insert into {quote(run.spec.dataset)}.deliveries by name select ? as run_id,"
            " ? as load_id, ? as delivered_at, cast(? as date) as as_of_date, ? as source_table,"
            " ? as delivery, ? as rows_there, ? as rows_gone, ? as rows_back",
            [
                run.request.run_id,
                run.load_id,
                run.now(),
                run.request.as_of,
                name,
                delivery.kind,
                there,
                gone,
                back,
            ],
        )


def _settle(run: LoadRun, table: TableSpec, delivery: Delivery, there: int) -> tuple[int, int]:
    raw = f"{quote(run.spec.dataset)}.{quote(table.name)}"
    names = ", ".join(quote(name) for name in table.key)
    same = " and ".join(f"r.{quote(k)} is not distinct from t.{quote(k)}" for k in table.key)
    missing = f"temp.missing_{run.next_number()}"
    # Whose a row is says its newest version.
    run.connection.execute(
        f"create temp table {missing} as select * from (select {names},"
        " arg_max(coalesce(_origin, ''), (_dlt_load_id, _source_line)) as _origin"
        f" from {raw} where _gone_load_id is null group by {names}) as r"
        f" where not exists (select 1 from memory.{delivery.keys} as t where {same})"
    )
    _leave_silent(run, table, delivery, missing)
    gone = run.rows(f"select count(*) from {missing}")
    back = run.rows(
        f"select count(*) from (select {names} from {raw} group by {names}"
        f" having bool_or(_gone_load_id is not null and _dlt_load_id <> {text(run.load_id)})"
        f" and bool_or(_gone_load_id is null and _dlt_load_id = {text(run.load_id)})"
        f" and not bool_or(_gone_load_id is null and _dlt_load_id <> {text(run.load_id)}))"
    )
    if back:
        run.note("info", f"{back} rows that were gone are delivered again", table=table.name)
    if not gone:
        return 0, back
    examples = [
        row[0]
        for row in run.connection.execute(
            f"select distinct {key_text(table.key, 'r')} from {missing} as r"
            f" order by 1 limit {NAMED}"
        ).fetchall()
    ]
    listed = "; ".join(examples) + (f"; and {gone - NAMED} more" if gone > NAMED else "")
    remedy = _remedy(run, table, missing)
    if delivery.why_not:
        run.note(
            "warning",
            f"{gone} rows are not in this delivery, but {delivery.why_not}, so none of them"
            f" counts as gone ({listed}). Correct the file and deliver it again. {remedy}",
            table=table.name,
        )
        return 0, back
    newest = _newest_day(run, table)
    if newest and run.request.as_of and run.request.as_of < newest:
        run.note(
            "warning",
            f"{gone} rows are not in this delivery ({listed}). It is loaded as of"
            f" {run.request.as_of}, and one before it as of {newest} had them: they count as there"
            f" until a refresh as of {newest} or later finds them gone",
            table=table.name,
        )
        return 0, back
    before = there + gone
    if gone >= SHRUNK_ROWS and gone > SHRUNK_SHARE * before:
        run.note(
            "warning",
            f"this delivery has lost {gone} of {before} rows ({100 * gone // before} %): was it"
            " cut off? Nothing was deleted, but what is gone stopped that day. Check the export"
            " before you use the figures",
            table=table.name,
        )
    run.note(
        "warning",
        f"{gone} rows that were there are gone from this delivery ({listed}); they are kept in"
        f" raw_{run.spec.name}.{table.name} with _gone_load_id '{run.load_id}'. {remedy}",
        table=table.name,
    )
    run.connection.execute(
        f"update {raw} as r set _gone_load_id = {text(run.load_id)}"
        f" where r._gone_load_id is null and exists (select 1 from {missing} as t where {same})"
    )
    return gone, back


def _leave_silent(run: LoadRun, table: TableSpec, delivery: Delivery, missing: str) -> None:
    """Take the rows of those out of the missing ones who did not bring the table."""
    for origin in sorted(delivery.silent, key=str):
        its = f"from {missing} where _origin = {_origin_sql(origin)}"
        if rows := run.rows(f"select count(*) {its}"):
            who = f"{origin} brings" if origin else "files bring"
            run.note(
                "warning",
                f"{who} no row of it this time, so the {rows} that came from there stay as they"
                " were",
                table=table.name,
            )
            run.connection.execute(f"delete {its}")


def _remedy(run: LoadRun, table: TableSpec, missing: str) -> str:
    """What to do where rows are missing that should not be, by who brought them."""
    found = run.connection.execute(f"select distinct _origin from {missing} order by 1").fetchall()
    remedies = []
    for (origin,) in found:
        if origin:
            remedies.append(f"If {origin} still has them, see why its loader lands them no more")
            continue
        where = "mapping.yml"
        if run.request.mapping_file is None:
            where = "a mapping.yml (version: 1) beside the files"
        remedies.append(
            "If the file does not always hold every row, write delivery:"
            f" {{{table.name}: increment}} in {where}"
        )
    return ". ".join(remedies)


def _newest_day(run: LoadRun, table: TableSpec) -> date | None:
    """The latest day as of which the table was delivered before."""
    found = run.connection.execute(
        "select max(coalesce(as_of_date, cast(delivered_at as date)))"
        f" from {quote(run.spec.dataset)}.deliveries where source_table = ?",
        [table.name],
    ).fetchone()
    return found[0] if found else None


def _take_back_marks(run: LoadRun, table: TableSpec) -> None:
    """Nothing vanishes from a table that is delivered in increments."""
    if not table.delivery:
        return
    raw = f"{quote(run.spec.dataset)}.{quote(table.name)}"
    rows = run.rows(f"select count(*) from {raw} where _gone_load_id is not null")
    if rows:
        run.connection.execute(f"update {raw} set _gone_load_id = null")
        run.note(
            "info",
            f"{rows} rows that had vanished from whole deliveries count again: the table is now"
            " delivered in increments",
            table=table.name,
        )
