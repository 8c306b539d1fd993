"""No schema is named like its database: DuckDB could not tell the two apart."""

import duckdb
import pytest

from orchestration.targets.attachable import Attachable

from .publishing import Made, make_publication

TABLE = Made("select i as id, i as arr from range(5) as r (i)", ("id",))
LATER = Made("select i as id, 2 * i as arr from range(5) as r (i)", ("id",))


def asked(file, schema):
    """As a tool asks, by schema and table."""
    with duckdb.connect(file, read_only=True) as connection:
        return connection.execute(f"select sum(arr) from {schema}.fct_x").fetchone()[0]


def schemas(file):
    with duckdb.connect(file, read_only=True) as connection:
        found = connection.execute(
            "select distinct schema_name from duckdb_tables() where not internal"
        ).fetchall()
    return {name for (name,) in found}


@pytest.mark.parametrize(
    ("name", "schema"),
    [
        ("customer_success.duckdb", "marts"),
        ("bi.duckdb", "marts"),
        ("Marts.duckdb", "customer_success"),
    ],
)
def test_the_default_schema_of_a_file_is_no_name_of_its_database(
    home, publish, folder, name, schema
):
    make_publication(home, "r1", {"fct_x": TABLE})
    done = publish(f"duckdb:{folder / name}")
    assert done.exit_code == 0, done.output
    assert f"schema {schema} of" in done.output
    assert schemas(folder / name) == {schema}
    assert asked(folder / name, schema) == 10


@pytest.mark.parametrize("schema", ["customer_success", "Customer_Success"])
def test_a_schema_named_like_the_file_is_refused_before_anything_is_written(
    home, publish, folder, schema
):
    make_publication(home, "r1", {"fct_x": TABLE})
    done = publish(f"duckdb:{folder / 'customer_success.v2.duckdb'}", "--schema", schema)
    assert done.exit_code == 1
    assert "ambiguous to DuckDB" in done.output
    assert "(a new one is called marts)" in done.output
    assert not folder.exists()


def test_a_schema_named_like_the_file_of_a_link_is_refused(home, publish, folder):
    folder.mkdir()
    link = folder / "current.duckdb"
    link.symlink_to("bi_2025.duckdb")
    make_publication(home, "r1", {"fct_x": TABLE})
    for schema in ("current", "bi_2025"):
        assert "ambiguous" in publish(f"duckdb:{link}", "--schema", schema).output
    assert publish(f"duckdb:{link}").exit_code == 0
    assert asked(folder / "bi_2025.duckdb", "marts") == 10


@pytest.mark.parametrize(
    "target", ["md:Bi?motherduck_token=s3cret", "ducklake:/srv/bi.ducklake", "ducklake:bi"]
)
def test_a_schema_named_like_a_database_elsewhere_is_refused_before_it_is_asked(
    home, publish, target
):
    make_publication(home, "r1", {"fct_x": TABLE})
    done = publish(target, "--schema", "bi")
    assert done.exit_code == 1
    assert "ambiguous to DuckDB" in done.output
    assert "s3cret" not in done.output


@pytest.mark.parametrize(
    ("target", "schema"),
    [
        (Attachable("md:bi", "", "motherduck", "bi"), "customer_success"),
        (Attachable("md:customer_success", "", "motherduck", "customer_success"), "marts"),
        (Attachable("ducklake:postgres:dbname=x", "", "ducklake"), "customer_success"),
        (Attachable("ducklake:/srv/customer_success.ducklake", "", "ducklake"), "marts"),
    ],
)
def test_the_default_schema_elsewhere_is_no_name_of_its_database(target, schema):
    assert target.schema == schema


@pytest.mark.parametrize("name", ["bi", "customer_success"])
def test_a_copy_in_the_former_default_schema_is_continued_there_and_said(
    home, publish, folder, name
):
    file = folder / f"{name}.duckdb"
    make_publication(home, "r1", {"fct_x": TABLE})
    first = folder / "first.duckdb"
    assert publish(f"duckdb:{first}", "--schema", "customer_success").exit_code == 0
    first.rename(file)
    assert "already there" in publish(f"duckdb:{file}").output
    make_publication(home, "r2", {"fct_x": LATER})
    done = publish(f"duckdb:{file}")
    assert done.exit_code == 0, done.output
    assert "holds an earlier copy in schema customer_success" in done.output
    assert ("DuckDB finds that ambiguous" in done.output) == (name == "customer_success")
    assert schemas(file) == {"customer_success"}
    assert asked(file, f"{name}.customer_success") == 20


def test_who_moves_to_the_new_default_schema_stays_there(home, publish, folder):
    file = folder / "bi.duckdb"
    make_publication(home, "r1", {"fct_x": TABLE})
    publish(f"duckdb:{file}", "--schema", "customer_success")
    assert publish(f"duckdb:{file}", "--schema", "marts").exit_code == 0
    make_publication(home, "r2", {"fct_x": LATER})
    done = publish(f"duckdb:{file}")
    assert "schema marts of" in done.output
    assert (asked(file, "marts"), asked(file, "customer_success")) == (20, 10)


def test_a_schema_of_that_name_that_is_not_ours_is_no_earlier_copy(home, publish, folder):
    folder.mkdir()
    file = folder / "bi.duckdb"
    with duckdb.connect(file) as connection:
        connection.execute("create schema customer_success")
        connection.execute("create table customer_success.fct_x as select 7 as arr")
    make_publication(home, "r1", {"fct_x": TABLE})
    assert publish(f"duckdb:{file}").exit_code == 0
    assert (asked(file, "marts"), asked(file, "customer_success")) == (10, 7)
