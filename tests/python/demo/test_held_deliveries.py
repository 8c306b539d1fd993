"""A delivery that is held: what is published stays, somebody is told, and an acceptance goes on."""

import json
import re
import shutil
from pathlib import Path

import duckdb
import pytest

from orchestration.home import Home

pytestmark = pytest.mark.long


@pytest.fixture
def company(demo_home: Home, tmp_path: Path) -> Home:
    """The demo company in a home of this test alone."""
    shutil.copytree(demo_home.path, tmp_path / "home", symlinks=True)
    return Home(tmp_path / "home")


def published(home: Home) -> dict[str, bytes]:
    """What is published of the figures; what the checks found is published all the same."""
    files = (*home.published.glob("*.*"), *home.published.glob("duckdb/*/*"))
    figures = [path for path in files if path.is_file() and path.name != "data_quality.duckdb"]
    found = {str(path.relative_to(home.published)): path.read_bytes() for path in figures}
    manifest = json.loads(found["manifest.json"]) | {"quality": None}
    return found | {"manifest.json": json.dumps(manifest).encode()}


def checks(home: Home) -> dict[str, tuple[str, int]]:
    """What is published of the checks: status and failing rows."""
    with duckdb.connect(home.published / "data_quality.duckdb", read_only=True) as connection:
        found = connection.execute(
            "select test, status, failing_rows from marts.mart_data_quality"
        ).fetchall()
    return {test: (status, rows) for test, status, rows in found}


@pytest.mark.nightly
def test_a_vendor_whose_file_has_only_a_header_is_held_until_it_is_accepted(
    company: Home, run_csw, tmp_path: Path
) -> None:
    accounts = company.exports / "salesforce" / "Account.csv"
    accounts.write_text(accounts.read_text().split("\n")[0] + "\n")
    before = published(company)
    assert checks(company)["delivery_empty"] == ("pass", 0)
    alert = tmp_path / "alert.txt"

    done = run_csw("refresh", CSW_HOME=company.path, CSW_ALERT_COMMAND=f"cat > '{alert}'")
    assert done.returncode == 1
    assert checks(company)["delivery_empty"] == ("fail", 1)
    assert checks(company)["assert_nothing_holds_publishing"] == ("fail", 1)
    said = "Table account of salesforce (file Account.csv) has no rows since the load of"
    assert said in done.stdout
    assert said in alert.read_text()
    assert published(company) == before
    status = run_csw("status", CSW_HOME=company.path)
    assert said in status.stdout
    assert "csw accept" in status.stdout

    say = ("--by", "Jane", "--why", "the CRM is moved")
    done = run_csw("accept", "all", *say, CSW_HOME=company.path)
    assert "Accepted by Jane for 90 days: Table account of salesforce" in done.stdout
    assert "Nothing is held." in run_csw("accept", "--list", CSW_HOME=company.path).stdout
    done = run_csw("refresh", CSW_HOME=company.path)
    assert done.returncode == 0, done.stdout
    assert "Accepted by Jane: the CRM is moved." in done.stdout
    with duckdb.connect(
        company.published / "customer_success.duckdb", read_only=True
    ) as connection:
        found = connection.execute(
            "select finding, accepted_by, rows_read from marts.mart_deliveries"
            " where source_table = 'account' order by loaded_at"
        ).fetchall()
    assert [row[:2] for row in found] == [
        (None, None),
        ("delivery_empty", "Jane"),
        ("delivery_empty", None),
    ]
    assert found[0][2] > 0
    assert "Held" not in run_csw("status", CSW_HOME=company.path).stdout


@pytest.mark.nightly
def test_days_of_a_sound_company_are_published_and_amounts_in_cents_are_held(
    company: Home, run_csw, tmp_path: Path
) -> None:
    """Over the end of a month and a year; then every price is delivered a hundred times as high."""
    for day in ("2026-01-01", "2026-01-02"):
        done = run_csw("refresh", "--as-of", day, CSW_HOME=company.path)
        assert done.returncode == 0, done.stdout
        assert " was published as " not in done.stdout
        assert " has moved from " not in done.stdout
    for file in (company.exports / "stripe").glob("*.jsonl"):
        amount = re.compile(r'("(?:unit_amount|unit_amount_decimal)": ?"?)(\d+)')
        file.write_text(amount.sub(r"\g<1>\g<2>00", file.read_text()))
    before = published(company)
    alert = tmp_path / "alert.txt"

    done = run_csw("refresh", CSW_HOME=company.path, CSW_ALERT_COMMAND=f"cat > '{alert}'")
    assert done.returncode == 1
    found = re.search(r"(\w{6}): ARR of 2026-01-02 was published as \d+ and", alert.read_text())
    assert found and "The accounts that explain most of it: " in alert.read_text()
    assert published(company) == before
    say = ("--by", "Jane", "--why", "they are in cents now")
    assert run_csw("accept", found[1], *say, CSW_HOME=company.path).returncode == 0
    done = run_csw("refresh", CSW_HOME=company.path)
    assert done.returncode == 0, done.stdout
    assert "Accepted by Jane: they are in cents now." in done.stdout
    assert published(company) != before
