"""Close, backdate, refresh: the commands a controller gives, in one home that goes on running."""

from pathlib import Path

import duckdb
import pytest

from orchestration.home import Home

pytestmark = pytest.mark.long

FILES = {
    "accounts": "account_id,account_name\na,A\nb,B\n",
    "subscriptions": "subscription_id,account_id,status,started_at\n"
    "sa,a,active,2025-01-01\nsb,b,active,2025-02-01\n",
    "subscription_items": "subscription_item_id,subscription_id,valid_from,quantity,unit_amount,"
    "billing_interval\nia,sa,2025-01-01,1,1200,year\nib,sb,2025-02-01,1,{price},year\n",
}


def write(folder: Path, price: int) -> Path:
    folder.mkdir(exist_ok=True)
    for name, text in FILES.items():
        (folder / f"{name}.csv").write_text(text.replace("{price}", str(price)), encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def company(run_csw, tmp_path_factory) -> Home:
    """November closed, then B's price corrected from the start, then December refreshed."""
    folder = tmp_path_factory.mktemp("running")
    home = Home(folder / "home")

    def csw(*arguments: object) -> None:
        done = run_csw(*arguments, CSW_HOME=home.path)
        assert done.returncode == 0, done.stdout + done.stderr

    csw("refresh", "--source", write(folder / "files", 600), "--as-of", "2025-11-30")
    csw("close", "2025-11", "--by", "Kim Park")
    csw("refresh", "--source", write(folder / "files", 720), "--as-of", "2025-12-31")
    return home


def published(home: Home, query: str) -> list[tuple]:
    with duckdb.connect(str(home.published / "marts.duckdb"), read_only=True) as connection:
        return connection.execute(query).fetchall()


def test_the_first_close_shows_in_the_next_refresh(company):
    rates = "from marts.mart_retention_as_reported where segment_type = 'total'"
    assert published(company, f"select cast(close_month as varchar), closed_by {rates}") == [
        ("2025-11-01", "Kim Park")
    ]
    bridge = "from marts.mart_arr_bridge_as_reported where segment_type = 'total' and is_closed"
    (closing,) = published(company, f"select max_by(closing_arr, month) {bridge}")
    assert closing == (1800,)


def test_a_backdated_price_is_the_one_restatement(company):
    listed = "select account_id, as_reported_arr, restated_arr, cause from marts.mart_restatements"
    ((account, reported, restated, cause),) = published(company, listed)
    assert (account, reported, restated) == ("b", 600, 720)
    assert "price" in cause
