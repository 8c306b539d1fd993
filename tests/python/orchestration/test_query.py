import csv
import io
import re
import shutil

import duckdb
import pytest
from typer.testing import CliRunner

from orchestration.cli import app
from orchestration.home import Home
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
        ["2025-10-01", "7,085,079.50", "1.0408", "12,000"],
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
    ("value", "said"),
    [
        ("0::decimal(18, 8)", "0.0000"),
        ("12.345678::decimal(18, 8)", "12.3457"),
        ("5::decimal(18, 0)", "5"),
        ("true", "true"),
    ],
)
def test_four_places_are_enough_to_read(built, value, said):
    assert asked(f"select {value} as value").output.split() == ["value", said, "1", "row"]


def test_rows_left_out_are_counted(built):
    assert (
        "3 rows, 2 shown: --limit or --csv gives more"
        in asked("from mart_arr", "--limit", "2").output
    )


def test_no_figure_is_cut_on_a_narrow_screen(built):
    columns = ", ".join(f"arr as arr_of_the_month_{number}" for number in range(12))
    result = asked(f"select {columns} from mart_arr where arr > 0")
    assert result.output.count("7,085,079.50") == 12


def test_query_may_come_from_standard_input(built):
    assert "said" in asked("-", input="select note from fct_note").output


def test_warehouse_cannot_be_changed(built):
    result = asked("delete from mart_arr")
    assert result.exit_code == 1
    assert "read-only" in result.output
    assert "3 rows" in asked("from mart_arr").output


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
    """The SQL of the pages, that of a model they build themselves left out."""
    for path in sorted((project_root() / "docs").glob("*.md")):
        text = path.read_text(encoding="utf-8")
        for sql in re.findall(r'csw query (?:--limit \d+ )?"([^"]+)"', text):
            if f"name: {sql.split('from ')[-1].split()[0]}" not in text:
                yield pytest.param(sql, id=f"{path.stem}: {' '.join(sql.split())[:60]}")


@pytest.mark.long
@pytest.mark.parametrize("sql", list(documented()))
def test_query_of_the_documentation_has_an_answer(demo_home, sql):
    assert answer_of(demo_home.warehouse, sql).columns


@pytest.mark.long
def test_analysis_answers_for_what_it_was_set_to(demo_home, run_csw, tmp_path):
    home = Home(tmp_path / "copy")
    home.create()
    for file in (demo_home.warehouse, demo_home.file):
        shutil.copy(file, home.path / file.name)

    def nrr(*settings):
        done = run_csw("query", "nrr_walk", "--csv", *settings, CSW_HOME=home.path)
        assert done.returncode == 0, done.stdout + done.stderr
        rows = list(csv.DictReader(io.StringIO(done.stdout)))
        return 1 + sum(float(row["effect_on_nrr"]) for row in rows)

    with duckdb.connect(str(home.warehouse), read_only=True) as connection:
        sql = """
            select nrr from marts.mart_retention_monthly
            where segment_type = 'total' and is_complete and nrr is not null
            order by month desc limit 2
        """
        (last,), (earlier,) = connection.execute(sql).fetchall()
        sql = "select (max(month) - interval 1 month)::date from facts.fct_account_month"
        (month,) = connection.execute(sql).fetchone()
    assert nrr() == pytest.approx(last, abs=1e-9)
    assert nrr("--set", f"nrr_month={month}") == pytest.approx(earlier, abs=1e-9)
