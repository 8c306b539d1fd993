"""The whole run, offline: `csw refresh` on files, with a tiny dbt project."""

import json
from pathlib import Path

import duckdb
import pytest

from orchestration.home import Home
from orchestration.publish import read_publication

pytestmark = pytest.mark.long


def published_arr(home: Home) -> object:
    with duckdb.connect(home.published / "marts.duckdb", read_only=True) as connection:
        return connection.execute("select sum(closing_arr) from marts.fct_account_month").fetchone()


def test_refresh_loads_builds_tests_and_publishes(run_csw, tiny_project, deliver, home):
    source = deliver({"a1": 1200, "a2": 800})
    done = run_csw(
        "refresh", "--source", source, "--as-of", "2025-12-31",
        CSW_HOME=home.path, CSW_PROJECT=tiny_project,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert published_arr(home) == (2000,)
    manifest = json.loads((home.published / "manifest.json").read_text())
    assert manifest["as_of_date"] == "2025-12-31"
    assert manifest["company"] == "acme files"
    assert set(manifest["marts"]) == {"fct_account_month", "mart_retention_monthly"}
    assert manifest["policy"] == {"reporting_currency": "EUR"}
    for said in (
        "2,000 EUR",
        "NRR, 12 months",
        "105.0%",
        "GRR, 12 months",
        "Logo churn, 12 months",
        "tests passed",
        "as of 2025-12-31",
        "marts.duckdb",
    ):
        assert said in done.stdout
    assert "Traceback" not in done.stdout + done.stderr
    assert "DEBUG" not in done.stdout + done.stderr

    again = run_csw(
        "refresh", "--as-of", "2025-12-31", CSW_HOME=home.path, CSW_PROJECT=tiny_project
    )
    assert again.returncode == 0, again.stdout + again.stderr
    publication = read_publication(home.published)
    assert publication is not None
    assert publication.run_id > manifest["run_id"]
    rows = {name: table["sha256"] for name, table in manifest["marts"].items()}
    assert {name: table.sha256 for name, table in publication.marts.items()} == rows

    status = run_csw("status", CSW_HOME=home.path, CSW_PROJECT=tiny_project)
    assert "subscription_items" in status.stdout
    assert publication.run_id in status.stdout


def test_failing_test_publishes_nothing(run_csw, tiny_project, deliver, home, tmp_path):
    settings = {"CSW_HOME": home.path, "CSW_PROJECT": tiny_project}
    source = deliver({"a1": 1200})
    first = run_csw("refresh", "--source", source, "--as-of", "2025-12-30", **settings)
    assert first.returncode == 0, first.stdout + first.stderr
    before = {path.name: path.stat().st_mtime_ns for path in home.published.iterdir()}

    deliver({"a1": 1200, "a2": 9_000_000})
    alert = tmp_path / "alert.txt"
    done = run_csw(
        "refresh", "--as-of", "2025-12-31", CSW_ALERT_COMMAND=f"cat > '{alert}'", **settings
    )
    assert done.returncode == 1
    assert "assert_no_account_is_too_big found 2 rows" in done.stdout
    assert "compiled" in done.stdout
    assert "Unchanged, as last published" in done.stdout
    assert {path.name: path.stat().st_mtime_ns for path in home.published.iterdir()} == before
    assert published_arr(home) == (1200,)
    assert "published files are unchanged" in alert.read_text()


def test_warning_is_shown_and_published(run_csw, tiny_project, deliver, home):
    source = deliver({"a1": 1200})
    with (source / "accounts.csv").open("a") as file:
        file.write("a9,No subscription\n")
    done = run_csw(
        "refresh", "--source", source, "--as-of", "2025-12-31",
        CSW_HOME=home.path, CSW_PROJECT=tiny_project,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert "every_account_has_arr found 1 rows" in done.stdout
    assert "1 warned" in done.stdout


def test_load_error_fails_the_run_and_publishes_nothing(run_csw, tiny_project, deliver, home):
    source = deliver({"a1": 1200})
    (source / "subscription_items.csv").write_text(
        "subscription_item_id,valid_from\ni,2025-01-01\n"
    )
    done = run_csw(
        "refresh", "--source", source, "--as-of", "2025-12-31",
        CSW_HOME=home.path, CSW_PROJECT=tiny_project,
    )  # fmt: skip
    assert done.returncode == 1
    assert "Failed while loading files" in done.stdout
    assert "subscription_items.csv" in done.stdout
    assert "Nothing was published" in done.stdout
    assert not (home.published / "manifest.json").exists()


def test_project_that_does_not_parse_is_explained(run_csw, tiny_project, deliver, home):
    (tiny_project / "models" / "facts" / "broken.sql").write_text("select * from {{ ref('no') }}")
    done = run_csw(
        "refresh", "--source", deliver({"a1": 1}), CSW_HOME=home.path, CSW_PROJECT=tiny_project
    )
    assert done.returncode == 1
    assert "does not parse" in done.stdout
    assert "broken.sql" in done.stdout
    assert "Traceback" not in done.stdout + done.stderr


def test_home_with_a_space_in_its_path(run_csw, tiny_project, deliver, tmp_path):
    home = Home(tmp_path / "my data's home")
    done = run_csw(
        "refresh", "--source", deliver({"a1": 1}), "--as-of", "2025-12-31",
        CSW_HOME=home.path, CSW_PROJECT=tiny_project,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert Path(home.published / "marts.duckdb").exists()
