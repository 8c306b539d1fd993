"""No score may know what was learned after its day.

The demo company is exported as it stood on an earlier day: every raw row that came later is gone,
and what the systems changed since is as it was. The scores of that day must be those that the whole
history gives for it, row for row. The one exception is what the export itself rewrites: Salesforce
moves the touchpoints of a merged account to its survivor, and a deleted account is gone, so the
survivor of a later merge and an account deleted later are left out.
"""

import json
from datetime import date

import duckdb
import pytest

from orchestration.home import Home
from orchestration.loads import LoadRequest, load, write_settings

pytestmark = pytest.mark.long

DAY = date(2025, 6, 30)
SOURCES = ("salesforce", "stripe", "segment", "zendesk", "delighted")
# Accounts that took another one over after DAY, or were deleted.
REWRITTEN = """
    select owner_account_id from whole.intermediate.int_account_ownership
    where valid_from > $day and owner_account_id <> account_id
    union
    select account_id from whole.intermediate.int_crm_accounts
    where is_deleted and merged_into_account_id is null
"""
TABLES = (
    "fct_account_health_input_day",
    "fct_account_risk_input_day",
    "fct_account_health_day",
)


@pytest.fixture(scope="module")
def past_home(demo_home, run_csw, tmp_path_factory):
    """The same company, exported on DAY and never after."""
    home = Home(tmp_path_factory.mktemp("past") / "home")
    scale = json.loads((demo_home.path / "home.json").read_text())["scale"]
    made = run_csw("demo", "--scale", scale, "--until", DAY, CSW_HOME=home.path)
    assert made.returncode == 0, made.stdout + made.stderr
    for source in SOURCES:
        request = LoadRequest(
            source=source,
            folder=home.exports / source,
            warehouse=home.warehouse,
            run_id="past",
            as_of=DAY,
            pipelines_dir=home.dlt,
        )
        load(request)
    write_settings(home.warehouse, {"as_of_date": str(DAY), "run_id": "past", "company": "demo"})
    built = run_csw(
        "dbt", "--", "build", "--exclude-resource-type", "test", "unit_test",
        "-s", "+fct_account_health_day", "+fct_account_risk_input_day",
        CSW_HOME=home.path,
    )  # fmt: skip
    assert built.returncode == 0, built.stdout[-4000:] + built.stderr[-2000:]
    return home


@pytest.fixture(scope="module")
def both(demo_home, past_home):
    with duckdb.connect() as connection:
        connection.execute(f"attach '{demo_home.warehouse}' as whole (read_only)")
        connection.execute(f"attach '{past_home.warehouse}' as past (read_only)")
        yield connection


@pytest.mark.parametrize("table", TABLES)
def test_a_day_looks_the_same_from_then_and_from_now(both, table):
    columns = both.execute(f"select column_name from (describe past.facts.{table})").fetchall()
    names = ", ".join(f'"{name}"' for (name,) in columns)
    query = (
        f"select {names} from {{}}.facts.{table} "
        f"where date_day = $day and account_id not in ({REWRITTEN})"
    )
    then, now = query.format("past"), query.format("whole")
    rows = both.execute(f"select count(*) from ({then})", {"day": DAY}).fetchone()[0]
    assert rows > 20
    unlike = both.execute(
        f"(({then}) except ({now})) union all (({now}) except ({then}))", {"day": DAY}
    ).fetchall()
    assert not unlike


def test_few_accounts_are_left_out(both):
    left_out = both.execute(f"select count(*) from ({REWRITTEN})", {"day": DAY}).fetchone()[0]
    scored = both.execute(
        "select count(*) from past.facts.fct_account_health_day where date_day = $day",
        {"day": DAY},
    ).fetchone()[0]
    assert left_out <= scored / 20


def test_the_day_has_late_knowledge_to_hide(both):
    """Without events that arrived after the day the test above would prove little."""
    late = both.execute(
        "select count(*) from whole.raw_segment.tracks "
        "where cast(timestamp as date) <= $day and cast(received_at as date) > $day",
        {"day": DAY},
    ).fetchone()[0]
    assert late > 0
