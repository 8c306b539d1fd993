"""What several filters leave is added up from the facts, and is what the marts say of each one."""

import itertools
from datetime import date

import duckdb
import pandas as pd
import pytest

from dashboards.cut import ADDED_UP, BRIDGE, DIMENSIONS, RETENTION, Cut
from dashboards.published import opened

pytestmark = pytest.mark.long


@pytest.fixture
def published(database, publication):
    with opened(database, publication) as found:
        yield found


def single_cuts(published, mart):
    kinds = {**dict.fromkeys(DIMENSIONS), "csm": None}
    rows = published.rows(f"select distinct segment_type, segment_value from {mart}")
    assert {row["segment_type"] for row in rows} == {*kinds, "total"}
    for row in rows:
        kind, value = row["segment_type"], row["segment_value"]
        if kind == "total":
            yield Cut()
        elif kind == "csm":
            yield Cut(csm_id=value)
        else:
            yield Cut(kind, value)


@pytest.mark.parametrize("mart", ADDED_UP)
def test_one_filter_added_up_is_what_the_mart_says(published, mart):
    compared = 0
    (first, *_) = published.rows(f"from {Cut().added_up(mart)}")
    columns = ", ".join(first)
    # Months in which a cut has ARR and no customers of a year before are in the mart alone.
    known = "nrr is not null" if mart == RETENTION else "true"
    for cut in single_cuts(published, mart):
        added, said = (
            published.rows(f"select {columns} from {source} where {known} order by all")
            for source in (cut.added_up(mart), cut.months(mart))
        )
        assert len(added) == len(said), cut
        for one, other in zip(added, said, strict=True):
            assert one == pytest.approx(other, abs=1e-12), cut
        compared += len(added)
    assert compared > 100


def test_two_filters_count_what_is_in_both(demo_home, publication, published):
    """By another road: from the Parquet file of the fact, with pandas."""
    file = demo_home.published / publication.parquet / "fct_account_month.parquet"
    months = pd.read_parquet(file)
    pairs = list(
        itertools.product(months["region"].dropna().unique(), months["csm_id"].dropna().unique())
    )
    seen = 0
    for region, csm in pairs[:12]:
        rows = months[(months["region"] == region) & (months["csm_id"] == csm)]
        expected = rows.groupby("month")["closing_arr"].sum()
        cut = Cut("region", region, csm)
        found = published.rows(f"select month, closing_arr from {cut.months(BRIDGE)}")
        assert {row["month"]: row["closing_arr"] for row in found} == {
            pd.Timestamp(month).date(): amount for month, amount in expected.items()
        }
        seen += len(found)
    assert seen


def test_more_dimensions_count_what_is_in_all_of_them(published):
    whole = Cut("region", "EMEA", also=(("segment", "SMB"),))
    other = Cut("segment", "SMB", also=(("region", "EMEA"),))
    for mart in ADDED_UP:
        rows = published.rows(f"from {whole.months(mart)} order by all")
        assert rows
        assert rows == published.rows(f"from {other.months(mart)} order by all")
    assert whole.chosen == {"region": "EMEA", "segment": "SMB"}


def test_a_value_is_never_sql(published):
    cut = Cut("segment", "x' or 'a' = 'a", "'; drop table dim_account; --")
    for mart in ADDED_UP:
        assert published.rows(f"from {cut.months(mart)}") == []
    assert published.rows(f"select 1 from dim_account as a where {cut.today('a')}") == []
    assert published.has("dim_account")


def test_members_are_those_of_the_month_and_today_those_of_the_newest():
    cut = Cut("plan", "Growth", "c1", date(2025, 2, 1))
    with duckdb.connect() as connection:
        connection.execute(
            """
            create table fct_account_month as from (values
                ('a', date '2025-01-01', 'Growth', 'c1'),
                ('a', date '2025-02-01', 'Scale', 'c1'),
                ('b', date '2025-01-01', 'Scale', 'c1'),
                ('b', date '2025-02-01', 'Growth', 'c2')
            ) as rows (account_id, month, plan, csm_id);
            create table dim_account as from (values ('a', 'c1'), ('b', 'c1'))
                as rows (account_id, csm_id);
            create table worklist as from (values ('a', 'c3'), ('b', 'c3'), ('c', 'c1'))
                as rows (account_id, owner);
            """
        )

        def accounts(condition):
            sql = f"select account_id from worklist as w where {condition} order by 1"
            return [account for (account,) in connection.execute(sql).fetchall()]

        assert accounts(cut.members("w", "date '2025-01-01'")) == ["a"]
        assert accounts(cut.members("w", "date '2025-02-01'")) == []
        # Today b is of c1, whoever had it when February began.
        assert accounts(cut.today("w")) == ["b"]
        assert accounts(Cut(csm_id="c1").today("w", owner="w.owner")) == ["a", "b", "c"]
        assert accounts(Cut().today("w")) == ["a", "b", "c"]
    assert cut.until() == "month <= date '2025-02-01'"
