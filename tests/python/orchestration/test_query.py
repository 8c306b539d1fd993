import csv
import io
import re

import duckdb
import pytest
from typer.testing import CliRunner

from orchestration.cli import app
from orchestration.project import project_root
from orchestration.query import analyses, answer_of

runner = CliRunner(env={"COLUMNS": "80", "NO_COLOR": "1", "TERM": "dumb"})


@pytest.fixture
def built(home):
    """A home with a mart of three months and a fact."""
    home.create()
    with duckdb.connect(str(home.warehouse)) as connection:
        connection.execute("""
            create schema facts;
            create schema marts;
            create table facts.fct_note as select 'said' as note;
            create table marts.mart_arr as
            select * from (values
                (date '2025-10-01', 7085079.5::decimal(18, 2), 1.0408123::double, 12000),
                (date '2025-11-01', -950::decimal(18, 2), null, 2025),
                (date '2025-12-01', null, 0.5, 3)
            ) as rows(month, arr, nrr, accounts)
        """)
    return home


def asked(*arguments, **settings):
    return runner.invoke(app, ["query", *arguments], **settings)


def test_figures_are_written_for_people(built):
    lines = asked("from mart_arr order by month").output.splitlines()
    assert [line.split() for line in lines] == [
        ["month", "arr", "nrr", "accounts"],
        ["2025-10-01", "7,085,079.50", "1.0408", "12000"],
        ["2025-11-01", "-950.00", "2025"],
        ["2025-12-01", "0.5000", "3"],
        ["3", "rows"],
    ]
    assert len({len(line) for line in lines[:-1]}) == 1, "numbers end in one column"


def test_csv_has_all_rows_and_every_digit(built):
    result = asked("from mart_arr order by month", "--csv", "--limit", "1")
    assert list(csv.reader(io.StringIO(result.output))) == [
        ["month", "arr", "nrr", "accounts"],
        ["2025-10-01", "7085079.50", "1.0408123", "12000"],
        ["2025-11-01", "-950.00", "", "2025"],
        ["2025-12-01", "", "0.5", "3"],
    ]


@pytest.mark.parametrize(
    ("value", "cell"),
    [
        ("=cmd|' /C calc'!A0", "'=cmd|' /C calc'!A0"),
        ("@SUM(1+1)", "'@SUM(1+1)"),
        ("+49 30 1234", "'+49 30 1234"),
        ("-Acme-", "'-Acme-"),
        ("-950.00", "-950.00"),
        ("Acme = good", "Acme = good"),
        ("", ""),
    ],
)
def test_a_text_that_a_spreadsheet_would_run_is_made_inert(built, value, cell):
    written = value.replace("'", "''")
    output = asked(f"select '{written}' as x, -950::decimal(18, 2) as arr", "--csv").output
    assert list(csv.reader(io.StringIO(output)))[1] == [cell, "-950.00"]


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("0::decimal(18, 8)", "0.0000"),
        ("12.345678::decimal(18, 8)", "12.3457"),
        ("5::decimal(18, 0)", "5"),
        ("true", "true"),
        ("202511", "202511"),
        ("-0.00000123::double", "-1.2e-06"),
        ("[1.5, null]", "[1.5, NULL]"),
    ],
)
def test_four_places_are_enough_to_read(built, value, said):
    assert asked(f"select {value} as value").output.split() == ["value", *said.split(), "1", "row"]


@pytest.mark.parametrize("value", ["-1.23e-07", "-4e+20", "-inf", "-0.5"])
def test_a_negative_number_in_a_csv_stays_one(built, value):
    assert asked(f"select '{value}'::double as x", "--csv").output.split() == ["x", value]


def test_csv_has_the_values_as_sql_writes_them(built):
    output = asked("select 0::decimal(18, 8) as a, true as b, [1.5, null] as c", "--csv").output
    assert output == 'a,b,c\n0.00000000,true,"[1.5, NULL]"\n'


def test_rows_left_out_are_counted(built):
    assert (
        "3 rows, 2 shown: --limit or --csv gives more"
        in asked("from mart_arr", "--limit", "2").output
    )


def test_no_figure_is_cut_on_a_narrow_screen(built):
    columns = ", ".join(f"arr as arr_of_the_month_{number}" for number in range(12))
    result = asked(f"select {columns} from mart_arr where arr > 0")
    assert result.output.count("7,085,079.50") == 12


def test_nothing_of_a_long_text_is_lost(built):
    lines = asked("select repeat('x', 100) as text").output.splitlines()
    assert sum(line.count("x") for line in lines[1:]) == 100


def test_query_may_come_from_standard_input(built):
    assert "said" in asked("-", input="select note from fct_note").output


def test_nothing_can_be_changed(built, tmp_path):
    result = asked("delete from mart_arr")
    assert result.exit_code == 1
    assert "read-only" in result.output
    assert "3 rows" in asked("mart_arr").output
    for sql in ("copy mart_arr to '{}'", "attach '{}'", "set enable_external_access = true"):
        assert asked(sql.format(tmp_path / "file")).exit_code == 1
    assert not (tmp_path / "file").exists()


def test_error_is_no_part_of_the_answer(built):
    result = asked("from mart_ar", "--csv")
    assert result.stdout == ""
    assert "mart_ar does not exist" in result.stderr


@pytest.mark.parametrize("query", ["select 1", "mart_arr", "nrr_walk"])
def test_warehouse_that_is_being_written_is_explained(built, run_csw, query):
    with duckdb.connect(str(built.warehouse)):
        done = run_csw("query", query, CSW_HOME=built.path)
    assert done.returncode == 3
    assert "is held open by" in done.stderr
    assert "published" in done.stderr


def test_broken_warehouse_is_not_said_to_be_written(home):
    home.create()
    home.warehouse.write_text("no database")
    result = asked("select 1")
    assert "is held open by" not in result.output
    assert "not a valid DuckDB database" in result.output


def test_unknown_table_is_named(built):
    result = asked("select 1 from mart_ar")
    assert result.exit_code == 1
    assert "mart_ar does not exist" in result.output


def test_new_home_says_what_to_run():
    result = asked("select 1")
    assert result.exit_code == 1
    assert "csw refresh" in result.output


def test_analyses_are_listed_with_what_they_ask_for():
    output = asked().output
    for analysis in analyses():
        assert analysis.says
        assert all(name in output for name in (analysis.name, *analysis.asks))


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nrr_wlak"], "nrr_walk"),
        ([""], "no query"),
        (["set threads = 1"], "locked"),
        (["begin transaction"], "no question"),
        (["nrr_walk", "--set", "month=2025-11-01"], "nrr_month"),
        (["select 1", "--set", "nrr_month=2025-11-01"], "for the analyses"),
    ],
)
def test_slip_is_explained(built, arguments, said):
    result = asked(*arguments)
    assert result.exit_code == 1
    assert said in result.output


def test_setting_without_a_value_is_explained(built):
    result = asked("nrr_walk", "--set", "nrr_month")
    assert result.exit_code == 2
    assert "nrr_month=<value>" in result.output


def documented():
    """The SQL of the pages, that on a model which a page lets its reader build left out."""
    root = project_root()
    for path in (root / "README.md", root / "CONTRIBUTING.md", *sorted(root.glob("docs/*.md"))):
        text = path.read_text(encoding="utf-8")
        for sql in re.findall(r'csw query [^"\n]*"([^"]+)"', text):
            table = sql.split("from ")[-1].split()[0]
            if f"name: {table}" not in text:
                yield pytest.param(sql, id=f"{path.stem}: {' '.join(sql.split())[:60]}")


DOCUMENTED = list(documented())
# The demo company closes no month by itself.
WITHOUT_ROWS = ("_as_reported", "from mart_restatements")


def test_pages_have_queries():
    assert len(DOCUMENTED) > 10


@pytest.mark.long
@pytest.mark.parametrize("sql", DOCUMENTED)
def test_query_of_the_documentation_has_an_answer(demo_home, sql):
    has_rows = not any(table in sql for table in WITHOUT_ROWS)
    assert bool(answer_of(demo_home.warehouse, sql).rows) is has_rows


@pytest.mark.long
@pytest.mark.parametrize("analysis", [analysis.name for analysis in analyses()])
def test_analysis_answers_while_others_read(demo_home, run_csw, analysis):
    target = demo_home.dbt_target
    before = {path: path.stat().st_mtime_ns for path in target.iterdir()}
    with duckdb.connect(str(demo_home.warehouse), read_only=True):
        done = run_csw("query", analysis, "--csv", CSW_HOME=demo_home.path)
    assert done.returncode == 0, done.stderr
    # The demo company has no exceptions of the tie-out.
    assert (done.stdout.count("\n") > 1) is (analysis != "tie_out_exceptions")
    assert {path: path.stat().st_mtime_ns for path in target.iterdir()} == before


@pytest.fixture(scope="module")
def month(demo_home):
    """The last month but one, with its NRR."""
    with duckdb.connect(str(demo_home.warehouse), read_only=True) as connection:
        sql = """
            select month, nrr from marts.mart_retention_monthly
            where segment_type = 'total' and is_complete
            order by month desc limit 1 offset 1
        """
        return connection.execute(sql).fetchone()


@pytest.mark.long
@pytest.mark.parametrize("form", ["%Y-%m", "%Y-%m-01", "%Y-%m-28"])
def test_month_is_named_by_any_of_its_days(demo_home, run_csw, month, form):
    first_day, nrr = month
    asked_for = f"nrr_month={first_day.strftime(form)}"
    done = run_csw("query", "nrr_walk", "--csv", "--set", asked_for, CSW_HOME=demo_home.path)
    rows = list(csv.DictReader(io.StringIO(done.stdout)))
    assert 1 + sum(float(row["effect_on_nrr"]) for row in rows) == pytest.approx(nrr, abs=1e-9)


@pytest.mark.long
@pytest.mark.parametrize(
    ("asked_for", "said"),
    [
        (["why_nrr_changed", "--set", "nrr_earlier_month=2001-01"], "0 rows"),
        (["what_other_conventions_say", "--set", "nrr_month=2099-01"], "0 rows"),
        (["why_a_score_changed", "--set", "account_id=O'Brien"], "0 rows"),
        (["nrr_walk", "--set", "nrr_month=2025-13"], 'out of range: "2025-13-01"'),
    ],
)
def test_what_there_is_not_gives_no_wrong_answer(demo_home, run_csw, asked_for, said):
    done = run_csw("query", *asked_for, CSW_HOME=demo_home.path)
    assert said in done.stdout + done.stderr
    assert "LINE" not in done.stderr
