"""Postgres holds what is published, whole or not at all, and nothing of others is touched."""

import itertools
import json
import math
import os
import signal
import subprocess
import sys
import threading
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orchestration.database import quote
from orchestration.publish import read_publication
from orchestration.targets import postgres_tables

from . import publishing
from .publishing import SECRET, Made, make_publication

S = "customer_success"
ACCOUNTS = Made(
    "select 'a' || i as account_id, 'Name ' || i as name, cast(i * 1.5 as decimal(18, 2)) as arr"
    " from range(20) as r (i)",
    ("account_id",),
)
MONTHS = Made(
    "select 'a' || i % 20 as account_id, date '2025-01-01' + to_months(cast(i // 20 as integer))"
    " as month, cast(i as decimal(18, 2)) as arr from range(200) as r (i)",
    ("account_id", "month"),
    {"account_id": "dim_account.account_id"},
)
COMPANY = {"dim_account": ACCOUNTS, "fct_account_month": MONTHS}


def doubled(made: Made) -> Made:
    return Made(f"select * replace (arr * 2 as arr) from ({made.sql})", made.key, made.references)


def test_every_row_key_and_comment_is_there(home, postgres, publish):
    make_publication(home, "r1", COMPANY)
    done = publish(postgres.address)
    assert done.exit_code == 0, done.output
    assert postgres.ask(f"select count(*), sum(arr) from {S}.fct_account_month") == "200|19900.00"
    assert postgres.ask(f"select obj_description('{S}.dim_account'::regclass)") == (
        "The table dim_account. Grain: one row per account_id"
    )
    assert postgres.ask(f"select col_description('{S}.dim_account'::regclass, 3)") == (
        "What arr is; it's told. Unit: USD. Null where arr is not known."
    )
    keys = postgres.ask(
        "select pg_get_constraintdef(oid) from pg_constraint where conrelid ="
        f" '{S}.fct_account_month'::regclass order by contype"
    )
    assert keys.splitlines() == [
        f"FOREIGN KEY (account_id) REFERENCES {S}.dim_account(account_id)"
        " DEFERRABLE INITIALLY DEFERRED",
        "PRIMARY KEY (account_id, month)",
    ]
    about = postgres.ask(f"select run_id, as_of_date, company from {S}.csw_publication")
    assert about == "r1|2025-12-31|Acme"


def test_the_same_publication_is_not_copied_twice_unless_asked(home, postgres, publish):
    make_publication(home, "r1", COMPANY)
    publish(postgres.address)
    loaded = postgres.ask(f"select loaded_at from {S}.csw_publication")
    done = publish(postgres.address)
    assert done.exit_code == 0
    assert "already there" in done.output
    assert postgres.ask(f"select loaded_at from {S}.csw_publication") == loaded
    assert publish(postgres.address, "--again").exit_code == 0
    assert postgres.ask(f"select loaded_at from {S}.csw_publication") != loaded
    postgres.ask(f"drop table {S}.fct_account_month")
    assert "already there" not in publish(postgres.address).output
    assert postgres.ask(f"select count(*) from {S}.fct_account_month") == "200"


def test_grants_and_views_of_others_survive_and_a_new_column_disturbs_no_view(
    home, postgres, publish
):
    postgres.ask("drop role if exists reader; create role reader; create role analyst")
    make_publication(home, "r1", COMPANY)
    assert publish(postgres.address, "--grant", "reader").exit_code == 0
    postgres.ask(
        f"grant select on {S}.dim_account to analyst;"
        f" create view {S}.top as select account_id, arr from {S}.dim_account where arr > 10"
    )
    wider = Made(ACCOUNTS.sql.replace("'Name'", "true as is_new, 'Name'"), ACCOUNTS.key)
    make_publication(home, "r2", {**COMPANY, "dim_account": doubled(wider)})
    done = publish(postgres.address)
    assert done.exit_code == 0, done.output
    assert postgres.ask(f"select sum(arr) from {S}.top") == "552.00"
    can = "select has_table_privilege('{}', '" + S + ".{}', 'select')"
    asked = itertools.product(("reader", "analyst"), ("dim_account", "fct_account_month"))
    assert [postgres.ask(can.format(*each)) for each in asked] == ["t", "t", "t", "f"]
    assert postgres.ask(f"set role reader; select count(*) from {S}.csw_publication") == "SET\n1"
    postgres.ask(f"drop view {S}.top; drop owned by reader, analyst; drop role reader, analyst")


def test_a_view_on_a_column_that_is_gone_is_named_and_all_stays(home, postgres, publish):
    make_publication(home, "r1", COMPANY)
    publish(postgres.address)
    postgres.ask(f"create view names as select name from {S}.dim_account")
    narrower = Made(ACCOUNTS.sql.replace("'Name ' || i as name,", ""), ACCOUNTS.key)
    make_publication(home, "r2", {"dim_account": doubled(narrower), "fct_account_month": MONTHS})
    done = publish(postgres.address)
    assert done.exit_code == 1
    assert "view public.names depends on column name" in done.output
    assert postgres.ask(f"select sum(arr) from {S}.dim_account") == "285.00"
    postgres.ask("drop view names")
    assert publish(postgres.address).exit_code == 0
    assert postgres.ask(f"select sum(arr) from {S}.dim_account") == "570.00"


def test_a_table_that_is_no_longer_published_goes_and_those_of_others_stay(home, postgres, publish):
    postgres.ask(f"create schema {S}; create table {S}.theirs as select 1 as x")
    make_publication(home, "r1", COMPANY)
    publish(postgres.address)
    make_publication(home, "r2", {"dim_account": ACCOUNTS, "fct_renamed": MONTHS})
    assert publish(postgres.address).exit_code == 0
    names = f"select relname from pg_class where relnamespace = '{S}'::regnamespace"
    assert set(postgres.ask(f"{names} and relkind = 'r'").splitlines()) == {
        "csw_publication", "csw_published_tables", "data_dictionary", "dim_account",
        "fct_renamed", "theirs",
    }  # fmt: skip


@pytest.mark.parametrize("kind", ["table dim_account (x integer)", "view dim_account as select 1"])
def test_a_table_of_another_owner_is_refused_by_its_name(home, postgres, publish, kind):
    head, _, rest = kind.partition(" ")
    postgres.ask(f"create schema {S}; create {head} {S}.{rest}")
    make_publication(home, "r1", COMPANY)
    done = publish(postgres.address)
    assert done.exit_code == 1
    assert "did not make: dim_account" in done.output
    assert postgres.ask("select count(*) from pg_class where relname = 'fct_account_month'") == "0"


def test_a_foreign_key_of_others_is_refused_by_its_name(home, postgres, publish):
    make_publication(home, "r1", COMPANY)
    publish(postgres.address)
    postgres.ask(
        "create table notes (account text constraint noted references"
        f" {S}.dim_account on delete cascade); insert into notes values ('a1')"
    )
    done = publish(postgres.address, "--again")
    assert done.exit_code == 1
    assert "notes (noted)" in done.output.replace("public.", "")
    assert postgres.ask("select count(*) from notes") == "1"


def test_another_company_is_refused(home, postgres, publish):
    make_publication(home, "r1", COMPANY)
    publish(postgres.address)
    make_publication(home, "r2", COMPANY, company="Other")
    done = publish(postgres.address)
    assert done.exit_code == 1
    assert "holds the tables of Acme, not of Other" in done.output
    assert publish(postgres.address, "--schema", "Other's").exit_code == 0
    assert postgres.ask('select count(*) from "Other\'s".dim_account') == "20"


def test_what_cannot_be_a_key_is_told(home, postgres, publish):
    repeated = Made(f"{ACCOUNTS.sql} union all select 'a1', 'again', 0", ACCOUNTS.key)
    lacking = Made(
        "select nullif(i, 0) as id, 'b' || i as account_id from range(3) as r (i)",
        ("id",),
        {"account_id": "dim_account.account_id"},
    )
    make_publication(home, "r1", {"dim_account": repeated, "lacking": lacking})
    done = publish(postgres.address)
    assert done.exit_code == 0, done.output
    assert "dim_account has no primary key (account_id): 1 rows repeat." in done.output
    assert "lacking has no primary key (id): 1 rows lack a part of it." in done.output
    assert "lacking.account_id is no foreign key to dim_account.account_id" in done.output
    # The next day all keep it, and then not again.
    for run_id, tables, keys in (
        ("r2", {"dim_account": ACCOUNTS, "lacking": MONTHS}, "3"),
        ("r3", {"dim_account": repeated, "lacking": MONTHS}, "1"),
        ("r4", {"dim_account": ACCOUNTS, "lacking": MONTHS}, "3"),
    ):
        make_publication(home, run_id, tables)
        done = publish(postgres.address)
        assert done.exit_code == 0, done.output
        assert postgres.ask(
            "select count(*) from pg_constraint where conrelid in"
            f" ('{S}.dim_account'::regclass, '{S}.lacking'::regclass)"
        ) == keys  # fmt: skip


def of_systems(*rows):
    """Plans of billing systems, by system and id."""
    listed = ", ".join(f"('{system}', '{plan}')" for system, plan in rows)
    return f"select * from (values {listed}) as v (source_system, plan_id)"


LINES = Made(
    of_systems(("a", "x"), ("b", "y")),
    ("plan_id",),
    {"plan_id": "dim_plan.plan_id"},
    {"plan_id": "source_system"},
)
PLAN_KEY = ("source_system", "plan_id")


@pytest.mark.parametrize(
    ("plans", "told"),
    [
        # One column is enough where it tells plans apart, and is what most BI tools know.
        ((("a", "x"), ("b", "y")), "FOREIGN KEY (plan_id) REFERENCES {}.dim_plan(plan_id)"),
        (
            (("a", "x"), ("b", "y"), ("b", "x")),
            "FOREIGN KEY (source_system, plan_id) REFERENCES {}.dim_plan(source_system, plan_id)",
        ),
        # The ids are there, but of the other system.
        ((("b", "x"), ("a", "y")), ""),
    ],
)
def test_a_reference_by_two_columns_is_a_key_of_one_where_that_is_enough(
    home, postgres, publish, plans, told
):
    make_publication(
        home, "r1", {"dim_plan": Made(of_systems(*plans), PLAN_KEY), "fct_line": LINES}
    )
    done = publish(postgres.address)
    assert done.exit_code == 0, done.output
    assert foreign_keys(postgres, "fct_line") == [
        f"{told.format(S)} DEFERRABLE INITIALLY DEFERRED" for told in [told] if told
    ]
    lost = "fct_line.plan_id is no foreign key to dim_plan.plan_id: 2 rows refer to none."
    assert (lost in done.output) is (not told)


def test_ids_that_two_systems_share_are_no_key_until_they_differ_again(home, postgres, publish):
    alone = Made(LINES.sql, LINES.key, LINES.references)
    shared, apart = (("a", "x"), ("b", "y"), ("b", "x")), (("a", "x"), ("b", "y"))
    for run_id, plans, keys in (("r1", apart, 1), ("r2", shared, 0), ("r3", apart, 1)):
        make_publication(
            home, run_id, {"dim_plan": Made(of_systems(*plans), PLAN_KEY), "fct_line": alone}
        )
        done = publish(postgres.address)
        assert done.exit_code == 0, done.output
        assert len(foreign_keys(postgres, "fct_line")) == keys
        said = "fct_line.plan_id is no foreign key to dim_plan.plan_id, which does not tell its"
        assert (said in done.output) is (keys == 0)
        assert publish(postgres.address, "--again").exit_code == 0


def test_a_publication_of_a_version_without_joins_by_two_columns_has_its_keys(
    home, postgres, publish, monkeypatch
):
    before = [column for column in publishing.COLUMNS if column.name != "reference_with"]
    place = [column.name for column in publishing.COLUMNS].index("reference_with")
    original = publishing.dictionary

    def older(columns, tables):
        made = original(columns, tables)
        rows = [(*row[:place], *row[place + 1 :]) for row in made.rows]
        return replace(made, columns=tuple(before), rows=rows)

    monkeypatch.setattr(publishing, "dictionary", older)
    make_publication(home, "r1", COMPANY)
    assert publish(postgres.address).exit_code == 0
    assert len(foreign_keys(postgres, "fct_account_month")) == 1


def test_a_table_too_large_to_be_looked_at_row_by_row_has_no_foreign_key(
    home, postgres, publish, monkeypatch
):
    make_publication(home, "r1", COMPANY)
    monkeypatch.setattr(postgres_tables, "MOST_ROWS_WITH_FOREIGN_KEYS", 199)
    done = publish(postgres.address)
    assert done.exit_code == 0, done.output
    assert "fct_account_month has no foreign keys" in done.output
    assert foreign_keys(postgres, "fct_account_month") == []
    monkeypatch.setattr(postgres_tables, "MOST_ROWS_WITH_FOREIGN_KEYS", 200)
    assert publish(postgres.address, "--again").exit_code == 0
    assert len(foreign_keys(postgres, "fct_account_month")) == 1


def foreign_keys(postgres, table):
    return postgres.ask(
        "select pg_get_constraintdef(oid) from pg_constraint where contype = 'f'"
        f" and conrelid = '{S}.{table}'::regclass order by 1"
    ).splitlines()


TYPES = """
select true as flag, cast(-128 as tinyint) as t, cast(255 as utinyint) as ut,
    cast(-32768 as smallint) as s, cast(65535 as usmallint) as us,
    cast(-2147483648 as integer) as i, cast(4294967295 as uinteger) as ui,
    cast(-9223372036854775808 as bigint) as b, cast(18446744073709551615 as ubigint) as ub,
    cast('170141183460469231731687303715884105727' as hugeint) as h,
    cast(0.1 as float) as f, cast('nan' as double) as nan, cast('-inf' as double) as inf,
    cast('-99999999999999999999999999.9999999999' as decimal(38, 10)) as dec,
    'tab' || chr(9) || '\\ "é' || chr(0) || chr(10) as text, '' as empty, cast(null as varchar) as
    nothing, date '0044-03-15 (BC)' as day, cast('infinity' as date) as ever,
    timestamp '2024-02-29 23:59:59.999999' as at, cast('-infinity' as timestamp) as always,
    timestamptz '2024-03-31 02:30:00+02' as moment, time '23:59:59.5' as clock,
    interval '1 year 3 days 4 hours' as span, uuid '00000000-0000-0000-0000-0000000000ff' as id,
    [1, null] as list, {'a': 'x"', 'b': 1.50} as struct, '{"a": 1.10}'::json as js,
    'ab\\x00'::blob as bytes, 'sad'::enum ('sad', 'ok') as mood, timestamp_ns
    '2024-01-01 00:00:00.123456789' as nano, 1 as "quoted ""name", 2 as "select",
    3 as a_name_that_is_much_longer_than_the_sixty_three_bytes_which_postgres_keeps_of_it
"""
KEPT = {
    "flag": "true", "t": "-128", "ut": "255", "s": "-32768", "us": "65535", "i": "-2147483648",
    "ui": "4294967295", "b": "-9223372036854775808", "ub": "18446744073709551615",
    "h": "170141183460469231731687303715884105727", "f": "0.1", "nan": "NaN", "inf": "-Infinity",
    "dec": "-99999999999999999999999999.9999999999", "text": 'tab\t\\ "é\ufffd\n', "empty": "",
    "day": "0044-03-15 BC", "ever": "infinity", "at": "2024-02-29 23:59:59.999999",
    "always": "-infinity", "moment": "2024-03-31 00:30:00+00", "clock": "23:59:59.5",
    "span": "1 year 3 days 04:00:00", "id": "00000000-0000-0000-0000-0000000000ff",
    "list": "[1,null]", "js": '{"a": 1.10}', "bytes": "\\x616200", "mood": "sad",
    "nano": "2024-01-01 00:00:00.123456789", 'quoted "name': "1", "select": "2",
}  # fmt: skip


@pytest.mark.parametrize("encoding", ["UTF8", "LATIN1"])
def test_each_type_keeps_its_value(home, server, publish, encoding):
    admin = type(server)(server.folder, server.binaries, "postgres")
    name = f"types_{encoding.lower()}"
    admin.ask(f"create database {name} encoding '{encoding}' locale 'C' template template0")
    postgres = type(server)(server.folder, server.binaries, name)
    sql = TYPES if encoding == "UTF8" else TYPES.replace(" || chr(0)", "")
    make_publication(home, "r1", {"Odd table": Made(sql)})
    done = publish(postgres.address)
    assert done.exit_code == 0, done.output
    asked = ", ".join(f"{quote(name)}::text" for name in KEPT)
    rows = postgres.ask(
        "set timezone to 'UTC'; set client_encoding to 'UTF8';"
        f' select json_build_array({asked}, nothing is null) from {S}."Odd table"'
    )
    found = json.loads(rows.splitlines()[-1])
    kept = {**KEPT} if encoding == "UTF8" else {**KEPT, "text": 'tab\t\\ "é\n'}
    assert dict(zip(kept, found, strict=False)) == kept
    assert found[-1] is True
    assert ("Odd table.text: 1 texts hold a NUL" in done.output) is (encoding == "UTF8")
    assert "is called a_name_that_is_much_longer_than" in done.output
    assert publish(postgres.address, "--again").exit_code == 0


def test_a_text_that_the_database_cannot_hold_is_told(home, server, publish):
    admin = type(server)(server.folder, server.binaries, "postgres")
    admin.ask("create database narrow encoding 'LATIN1' locale 'C' template template0")
    make_publication(home, "r1", {"t": Made("select '漢' as x")})
    done = publish(type(server)(server.folder, server.binaries, "narrow").address)
    assert done.exit_code == 1
    assert "encoded in UTF8" in done.output


COLUMN = st.sampled_from(["a", "b", "c", "d"])
KINDS = {
    "bigint": st.integers(-(2**63), 2**63 - 1),
    "double": st.floats(),
    "varchar": st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")),
    "decimal(18, 2)": st.decimals("-9999999999999999.99", "9999999999999999.99", places=2),
    "timestamp": st.datetimes(),
    "date": st.dates(),
    "boolean": st.booleans(),
}


@st.composite
def tables(draw):
    """Publications of a table whose columns come, go, move and change their types."""
    shapes = draw(
        st.lists(
            st.dictionaries(COLUMN, st.sampled_from(sorted(KINDS)), min_size=1), min_size=2,
            max_size=4,
        )
    )  # fmt: skip
    found = []
    for shape in shapes:
        names = draw(st.permutations(sorted(shape)))
        row = st.tuples(*(st.none() | KINDS[shape[name]] for name in names))
        found.append(({name: shape[name] for name in names}, draw(st.lists(row, max_size=4))))
    return found


def literal(value, kind):
    if value is None:
        return f"cast(null as {kind})"
    said = str(value).replace("'", "''")
    return f"cast('{said}' as {kind})"


def plain(value, kind):
    """A value as psql's JSON and Python's both have it."""
    if value is None or kind in ("varchar", "boolean", "bigint"):
        return value
    if kind == "double":
        return "nan" if math.isnan(value) else float(value)
    if kind == "decimal(18, 2)":
        return Decimal(value)
    return value if isinstance(value, datetime | date) else str(value)


@settings(
    max_examples=5,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    derandomize=True,
)
@given(published=tables())
def test_any_change_of_columns_gives_what_is_published(published, home, postgres, publish):
    for columns, rows in published:
        values = ", ".join(
            "(" + ", ".join(map(literal, row, columns.values())) + f", {number})"
            for number, row in enumerate(rows)
        )
        empty = ", ".join(f"cast(null as {kind})" for kind in columns.values())
        names = ", ".join(columns)
        source = f"values {values}" if rows else f"select {empty}, 0 where false"
        make_publication(
            home,
            f"r{next(RUNS)}",
            {"t": Made(f"select * from ({source}) as v ({names}, n)", ("n",)), "u": ACCOUNTS},
        )
        done = publish(postgres.address)
        assert done.exit_code == 0, done.output
        file = postgres.folder / "out.csv"
        postgres.ask(
            f"copy (select n, {names} from {S}.t order by n) to '{file}' (format csv, null '\\N',"
            " force_quote *, encoding 'UTF8')"
        )
        assert_same(home, file, columns, "t", key="n integer")


RUNS = itertools.count(1)


def assert_same(home, file, columns, table, key=""):
    """What psql wrote of a table, read by DuckDB as its types, is what is published."""
    publication = read_publication(home.published)
    with duckdb.connect() as connection:
        connection.execute(f"attach '{home.published / publication.database}' as p (read_only)")
        names = [*([key.partition(" ")[0]] if key else []), *columns]
        kinds = [*([key.partition(" ")[2]] if key else []), *columns.values()]
        read = ", ".join(
            f'cast("{name}" as {kind}) as "{name}"' for name, kind in zip(names, kinds, strict=True)
        )
        listed = ", ".join(f'"{name}"' for name in names)
        types = ", ".join(f"'{name}': 'varchar'" for name in names)
        back = (
            f"select {read} from read_csv('{file}', header = false, columns = {{{types}}},"
            " auto_detect = false, nullstr = '\\N', quote = '\"', escape = '\"', delim = ',',"
            " allow_quoted_nulls = false, strict_mode = true, max_line_size = 10000000)"
        )
        origin = f'select {listed} from p.marts."{table}"'
        # As many rows, and each of them there: the same ones.
        counts = connection.execute(
            f"select (select count(*) from ({back})), (select count(*) from ({origin}))"
        ).fetchone()
        assert counts[0] == counts[1], (table, counts)
        lost = connection.execute(f"({back}) except all ({origin})").fetchmany(3)
        assert lost == [], (table, lost)


def test_a_reader_sees_the_old_tables_or_the_new_ones(home, postgres, publish):
    """Also one whose snapshot is older, and none has to wait."""
    make_publication(home, "r1", COMPANY)
    publish(postgres.address)
    make_publication(home, "r2", {name: doubled(made) for name, made in COMPANY.items()})
    sums = f"select (select sum(arr) from {S}.dim_account), sum(arr) from {S}.fct_account_month"
    old, new = "285.00|19900.00", "570.00|39800.00"
    older = subprocess.Popen(
        [postgres.binaries / "psql", postgres.address, "-AtX"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1,
    )  # fmt: skip
    older.stdin.write(f"begin isolation level repeatable read;\n{sums};\n")
    assert [older.stdout.readline().strip() for _ in range(2)] == ["BEGIN", old]
    seen, over = [], threading.Event()

    def read():
        while not over.is_set():
            seen.append(postgres.ask(f"set lock_timeout = 1; {sums}").splitlines()[-1])

    reader = threading.Thread(target=read)
    reader.start()
    done = publish(postgres.address)
    over.set()
    reader.join()
    assert done.exit_code == 0, done.output
    assert set(seen) <= {old, new}
    assert postgres.ask(sums) == new
    assert older.communicate(f"{sums};\ncommit;\n{sums};\n")[0].splitlines() == [
        old, "COMMIT", new,
    ]  # fmt: skip


KILLED = """
import os, signal, sys
from orchestration.cli import app
from orchestration.targets import postgres
left = int(sys.argv.pop(1))
def counted(original):
    def call(*arguments, **named):
        global left
        left -= 1
        if left < 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return original(*arguments, **named)
    return call
postgres._copy = counted(postgres._copy)
postgres._note = counted(postgres._note)
postgres._grant = counted(postgres._grant)
app()
"""


@pytest.mark.parametrize("step", [1, 3])
def test_a_kill_leaves_the_old_publication_whole(home, postgres, publish, project_root, step):
    make_publication(home, "r1", COMPANY)
    publish(postgres.address)
    other = Made(f"select *, 1 as more from ({ACCOUNTS.sql})", ACCOUNTS.key)
    make_publication(home, "r2", {"dim_account": doubled(other), "fct_account_month": MONTHS})
    command = ["-c", KILLED, str(step), "publish", "--to", postgres.address]
    done = subprocess.run(
        [sys.executable, *command, "--home", home.path],
        cwd=project_root, capture_output=True, check=False,
    )  # fmt: skip
    assert done.returncode == -signal.SIGKILL, done.stdout
    assert postgres.ask(f"select run_id from {S}.csw_publication") == "r1"
    assert postgres.ask(f"select sum(arr) from {S}.dim_account") == "285.00"
    assert publish(postgres.address).exit_code == 0
    assert postgres.ask(f"select sum(arr), sum(more) from {S}.dim_account") == "570.00|20"


def test_a_second_copy_at_once_is_refused(home, postgres, publish):
    make_publication(home, "r1", COMPANY)
    key = f"hashtextextended('csw publish {S}', 0)"
    holder = subprocess.Popen(
        [postgres.binaries / "psql", postgres.address, "-AtX"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1,
    )  # fmt: skip
    holder.stdin.write(f"select pg_advisory_lock({key}) is null;\n")
    holder.stdout.readline()
    done = publish(postgres.address)
    holder.communicate()
    assert done.exit_code == 3
    assert "Another `csw publish` fills schema customer_success" in done.output


@pytest.mark.parametrize(
    ("user", "password", "code", "said"),
    [
        ("needs_password", "wrong", 4, "password authentication failed"),
        ("needs_password", SECRET.replace("%", "%zz"), 1, "special characters"),
        ("needs_password", "", 4, "no password supplied"),
        ("may_nothing", "", 4, "permission denied"),
        ("nobody", "", 4, 'role "nobody" does not exist'),
    ],
)
def test_a_refused_user_is_told_in_one_line_without_a_password(
    home, postgres, publish, user, password, code, said
):
    roles = "create role needs_password login password 'right'; create role may_nothing login"
    postgres.ask(f"do $$ begin {roles}; exception when duplicate_object then null; end $$")
    make_publication(home, "r1", COMPANY)
    done = publish(postgres.url(user, password))
    assert done.exit_code == code, done.output
    assert said in done.output
    assert len(done.output.strip().splitlines()) <= 3
    assert not password or password not in done.output
    assert SECRET.replace("%", "%zz") not in done.output


@pytest.mark.parametrize(
    ("address", "code", "said"),
    [
        ("host=/nowhere dbname=x", 4, "whether Postgres runs there"),
        ("postgresql://u:pw@127.0.0.1:1/x", 4, "refused"),
        ("host={folder} user=postgres dbname=gone", 1, "Create it, or correct its name"),
        ("service=unheard", 1, "Write the target as"),
        ("mysql://u:pw@h/x", 1, "'mysql:' is no kind of target"),
        ("somewhere", 1, "is no target"),
    ],
)
def test_a_target_that_cannot_be_reached_is_told(home, server, publish, address, code, said):
    make_publication(home, "r1", COMPANY)
    done = publish(address.format(folder=server.folder))
    assert done.exit_code == code, done.output
    assert said in done.output
    assert "pw" not in done.output


def test_the_password_may_be_in_the_environment(home, postgres, publish, monkeypatch):
    postgres.ask(
        "drop role if exists needs_password; create role needs_password login password 'right';"
        f" grant create on database {postgres.database} to needs_password"
    )
    make_publication(home, "r1", COMPANY)
    monkeypatch.setenv("PGPASSWORD", "right")
    done = publish(postgres.url("needs_password"))
    assert done.exit_code == 0, done.output
    assert "right" not in done.output
    postgres.ask("drop owned by needs_password cascade; drop role needs_password")


def test_a_copy_that_somebody_ends_is_told(home, postgres, publish, monkeypatch):
    make_publication(home, "r1", COMPANY)
    publish(postgres.address)
    for name, code in (("pg_cancel_backend", 4), ("pg_terminate_backend", 4)):
        from orchestration.targets import postgres as filling  # noqa: PLC0415

        def ended(server, *_, name=name):
            # As an administrator does it, from elsewhere, while a statement goes on.
            pid = server.ask("select pg_backend_pid()")[0][0]
            threading.Timer(0.3, postgres.ask, [f"select {name}({pid})"]).start()
            server.ask("select 1 from pg_sleep(20)")

        with monkeypatch.context() as patch:
            patch.setattr(filling, "_note", ended)
            done = publish(postgres.address, "--again")
        assert done.exit_code == code, done.output
        assert "What it held is unchanged." in done.output
    assert postgres.ask(f"select count(*) from {S}.fct_account_month") == "200"


def test_names_are_never_longer_than_postgres_keeps():
    for name in ("a" * 63, "a" * 64, "é" * 40, "x" * 200):
        made = postgres_tables.short(name)
        assert len(made.encode()) <= 63
        assert (made == name) is (len(name.encode()) <= 63)


@pytest.mark.long
def test_the_demo_company_is_in_postgres_to_the_last_digit(demo_home, postgres, publish):
    done = publish(postgres.address, home=demo_home)
    assert done.exit_code == 0, done.output
    publication = read_publication(demo_home.published)
    with duckdb.connect(demo_home.published / publication.database, read_only=True) as connection:
        columns: dict[str, dict[str, str]] = {}
        for table, name, kind in connection.execute(
            "select table_name, column_name, data_type from duckdb_columns()"
            " where schema_name = 'marts' order by table_name, column_index"
        ).fetchall():
            columns.setdefault(table, {})[name] = kind
    for table, kinds in columns.items():
        listed = ", ".join(f'"{name}"' for name in kinds)
        file = postgres.folder / f"{table}.csv"
        postgres.ask(
            f"copy (select {listed} from {S}.\"{table}\") to '{file}'"
            " (format csv, null '\\N', force_quote *)"
        )
        assert_same(demo_home, file, kinds, table)
        if os.geteuid() != 0:
            continue
        Path(file).unlink()
    references = "select count(*) from pg_constraint where contype = 'f'"
    assert int(postgres.ask(references)) >= 100
