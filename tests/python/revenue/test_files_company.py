"""A company that brings the three required tables and nothing else."""

from datetime import date

import duckdb
import pytest

from orchestration.home import Home, claim
from orchestration.loads import LoadRequest, load, write_settings

pytestmark = pytest.mark.long

TABLES = {
    "accounts": """account_id,account_name
a,Acme
b,Beta
c,Cargo
""",
    "subscriptions": """subscription_id,account_id,status,started_at,ended_at
s1,a,active,2024-03-01,
s2,b,active,2024-05-15,
s3,c,canceled,2024-01-10,2025-02-20
""",
    "subscription_items": """subscription_item_id,subscription_id,valid_from,valid_to,quantity,\
unit_amount,billing_interval
i1,s1,2024-03-01,2025-01-01,10,20,month
i1,s1,2025-01-01,,12,20,month
i2,s2,2024-05-15,,1,1200,year
i3,s3,2024-01-10,,1,50,month
""",
}


@pytest.fixture(scope="module")
def company(run_csw, tmp_path_factory):
    """A home built by plain dbt, with the unit tests of what only files switches on."""
    folder = tmp_path_factory.mktemp("three_tables")
    for name, text in TABLES.items():
        (folder / f"{name}.csv").write_text(text)
    home = Home(tmp_path_factory.mktemp("files") / "home")
    claim(home, source=folder)
    as_of = date(2025, 6, 30)
    request = LoadRequest(
        source="files",
        folder=folder,
        warehouse=home.warehouse,
        run_id="test",
        as_of=as_of,
        pipelines_dir=home.dlt,
    )
    load(request)
    settings = {"as_of_date": str(as_of), "run_id": "test", "company": "three tables"}
    write_settings(home.warehouse, settings)
    no_unit_tests = ("--exclude-resource-type", "unit_test")
    built = run_csw("dbt", "--", "build", *no_unit_tests, CSW_HOME=home.path)
    assert built.returncode == 0, built.stdout[-4000:] + built.stderr[-2000:]
    return home


def test_unit_tests_of_the_files_models_pass(company, run_csw):
    """The demo company has other systems, so that its unit tests leave these out."""
    done = run_csw("dbt", "--", "test", "-s", "*files*,test_type:unit", CSW_HOME=company.path)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
    results = (company.dbt_target / "run_results.json").read_text()
    assert "unit_test.customer_success.int_files" in results


def test_figures_follow_from_the_three_tables(company):
    with duckdb.connect(str(company.warehouse), read_only=True) as warehouse:
        opening, retained, capped, logos = warehouse.execute(
            """
            select opening_arr, retained_arr, retained_arr_capped, retained_accounts
            from marts.mart_retention_monthly
            where month = date '2025-06-01' and segment_type = 'total'
            """
        ).fetchone()
        churned = warehouse.execute(
            "select account_id, churn_date, arr_lost from marts.mart_churn_events"
        ).fetchall()
    # Twelve months before: 2,400 + 1,200 + 600; now 2,880 + 1,200 and one of three is gone.
    assert (opening, retained, capped, logos) == (4200, 4080, 3600, 2)
    assert churned == [("c", date(2025, 2, 20), 600)]
