"""The whole run, offline: `csw refresh` on files, with a tiny dbt project.

The tests share one home and follow one another, as the days of a company do.
"""

import json
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest
from dagster import (
    AssetKey,
    DagsterInstance,
    FloatMetadataValue,
    IntMetadataValue,
    RunsFilter,
)
from tiny_company import TINY_PROJECT, Deliver, write_files

from orchestration.home import Home
from orchestration.publish import read_publication

pytestmark = pytest.mark.long

NUMBER = (FloatMetadataValue, IntMetadataValue)
Refresh = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder whose name holds what breaks careless scripts."""
    return tmp_path_factory.mktemp("my größe $HOME")


@pytest.fixture(scope="module")
def company(folder: Path) -> Home:
    return Home(folder / "the home")


@pytest.fixture(scope="module")
def project(folder: Path) -> Path:
    copy = folder / "tiny project"
    shutil.copytree(TINY_PROJECT, copy)
    return copy


@pytest.fixture(scope="module")
def deliver(folder: Path) -> Deliver:
    return lambda prices: write_files(folder / "acme files", prices)


@pytest.fixture(scope="module")
def refresh(run_csw, company: Home, project: Path) -> Refresh:
    def run(*arguments: object, **settings: object) -> subprocess.CompletedProcess[str]:
        settings = {"CSW_HOME": company.path, "CSW_PROJECT": project, **settings}
        return run_csw("refresh", *arguments, **settings)

    return run


@pytest.fixture(scope="module")
def first(refresh: Refresh, deliver: Deliver) -> subprocess.CompletedProcess[str]:
    source = deliver({"a1": 1200, "a2": 800, "a3": None})
    done = refresh("--source", source, "--as-of", "2025-12-30")
    assert done.returncode == 0, done.stdout + done.stderr
    return done


def published_arr(home: Home) -> object:
    with duckdb.connect(home.published / "customer_success.duckdb", read_only=True) as connection:
        return connection.execute("select sum(closing_arr) from marts.fct_account_month").fetchone()


def test_refresh_loads_builds_tests_and_publishes(first, company):
    assert published_arr(company) == (2000,)
    manifest = json.loads((company.published / "manifest.json").read_text())
    assert manifest["as_of_date"] == "2025-12-30"
    assert manifest["company"] == "acme files"
    tables = {"fct_account_month", "mart_retention_monthly"}
    assert set(manifest["marts"]) == tables | {"data_dictionary", "metric_definitions"}
    assert manifest["marts"]["fct_account_month"]["rows"] == 3
    assert manifest["policy"] == {"reporting_currency": "EUR"}
    assert re.fullmatch(r"[\d.]+\+[0-9a-f]{12}", manifest["definition_version"])
    assert (company.published / manifest["database"]).is_file()


@pytest.mark.parametrize(
    "said",
    [
        "2,000 EUR",
        "NRR, 12 months",
        "105.0%",
        "GRR, 12 months",
        "Logo churn, 12 months",
        "3 tests passed, 1 warned, 0 failed",
        "every_account_has_arr found 1 row",
        "acme files, as of 2025-12-30",
        "customer_success.duckdb",
    ],
)
def test_summary_says(first, said):
    assert said in first.stdout


def test_summary_is_short(first):
    assert "Traceback" not in first.stdout + first.stderr
    assert "DEBUG" not in first.stdout + first.stderr
    assert len(first.stdout.splitlines()) < 40
    assert first.stderr == ""


def test_only_what_is_published_can_be_read_by_others(first, company):
    others = {path for path in company.path.rglob("*") if path.lstat().st_mode & 0o077}
    assert all(path.is_relative_to(company.published) for path in others if not path.is_symlink())


def test_published_columns_carry_their_descriptions(first, company):
    with duckdb.connect(
        company.published / "customer_success.duckdb", read_only=True
    ) as connection:
        comment = connection.execute(
            "select comment from duckdb_columns() where column_name = 'account_id'"
        ).fetchone()
    assert comment == ("The account.",)


def test_run_is_in_the_history_of_dagster(first, company):
    with DagsterInstance.from_config(str(company.dagster)) as instance:
        (run,) = instance.get_runs(RunsFilter(job_name="daily_refresh"))
        assert run.is_success
        materialized = {
            key.to_user_string()
            for key in instance.all_asset_keys()
            if instance.get_latest_materialization_event(key)
        }
    assert "raw_files/accounts" in materialized
    assert "facts/fct_account_month" in materialized
    assert "published_marts" in materialized


def test_figures_and_counts_of_a_run_are_numbers_that_dagster_draws(first, company):
    with DagsterInstance.from_config(str(company.dagster)) as instance:
        event = instance.get_latest_materialization_event(AssetKey("published_marts"))
    said = event.asset_materialization.metadata
    numbers = {name: value.value for name, value in said.items() if isinstance(value, NUMBER)}
    with duckdb.connect(
        company.published / "customer_success.duckdb", read_only=True
    ) as connection:
        arr, customers = connection.execute(
            "select sum(closing_arr), count(*) filter (where closing_arr > 0)"
            " from marts.fct_account_month"
            " where month = (select max(month) from marts.fct_account_month)"
        ).fetchone()
        (nrr,) = connection.execute(
            "select nrr from marts.mart_retention_monthly where segment_type = 'total'"
            " order by month desc limit 1"
        ).fetchone()
    assert numbers["arr"] == float(arr)
    assert numbers["customers"] == customers
    assert numbers["rejected_rows"] == 0
    assert numbers["nrr"] == float(nrr)
    assert "data_gaps" not in numbers, "the tiny project does not look for them, and that is no 0"


def test_same_input_gives_the_same_published_rows(first, refresh, company, project, run_csw):
    before = read_publication(company.published)
    done = refresh("--as-of", "2025-12-30")
    assert done.returncode == 0, done.stdout + done.stderr
    after = read_publication(company.published)
    assert before is not None
    assert after is not None
    assert after.run_id > before.run_id
    assert after.marts == before.marts
    # The staging view stands as it is; all tests run all the same.
    assert "Build: 3 tables built, 3 tests passed" in first.stdout
    assert "Build: 2 tables built, 3 tests passed" in done.stdout

    status = run_csw("status", CSW_HOME=company.path, CSW_PROJECT=project)
    assert "subscription_items" in status.stdout
    assert after.run_id in status.stdout


def test_failing_test_publishes_nothing(first, refresh, deliver, company, folder):
    before = {path.name: path.lstat().st_mtime_ns for path in company.published.iterdir()}
    deliver({"a1": 1200, "a2": 9_000_000})
    alert = folder / "alert.txt"
    done = refresh("--as-of", "2025-12-31", CSW_ALERT_COMMAND=f"cat > '{alert}'")
    assert done.returncode == 1
    assert "assert_no_account_is_too_big found 2 rows" in done.stdout
    assert "A whole account of more than a million is a slip of the pen." in done.stdout
    assert "compiled" in done.stdout
    assert "Unchanged, as last published" in done.stdout
    after = {path.name: path.lstat().st_mtime_ns for path in company.published.iterdir()}
    assert after == before
    assert published_arr(company) == (2000,)
    assert "published files are unchanged" in alert.read_text()


def test_load_error_fails_the_run_and_publishes_nothing(first, refresh, deliver, company):
    before = read_publication(company.published)
    source = deliver({"a1": 1200})
    broken = source / "subscription_items.csv"
    broken.write_text("subscription_item_id,valid_from\ni,2025-01-01\n")
    done = refresh("--as-of", "2025-12-31")
    assert done.returncode == 1
    assert "Failed while loading files" in done.stdout
    assert "subscription_items.csv" in done.stdout
    assert read_publication(company.published) == before


def test_project_that_does_not_parse_is_explained(first, refresh, project):
    broken = project / "models" / "facts" / "broken.sql"
    broken.write_text("select * from {{ ref('no_such_model') }}")
    done = refresh()
    broken.unlink()
    assert done.returncode == 1
    assert "does not parse" in done.stdout
    assert "no_such_model" in done.stdout
    assert "Traceback" not in done.stdout + done.stderr


def test_another_company_is_refused(first, refresh, folder):
    other = folder / "globex"
    other.mkdir()
    done = refresh("--source", other)
    assert done.returncode == 1
    assert "CSW_HOME=" in done.stdout
