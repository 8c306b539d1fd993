"""Lifetime value and projection of the demo company, by the sums that define them."""

import duckdb
import pytest

RATE, LAST_YEAR, OLDEST = 0.1, 200, 20


@pytest.fixture(scope="module")
def warehouse(demo_home):
    with duckdb.connect(str(demo_home.warehouse), read_only=True) as connection:
        yield connection


@pytest.fixture(scope="module")
def lifetimes(warehouse):
    return warehouse.execute("from facts.fct_account_lifetime").df()


def _retention(alpha, beta, year):
    return (beta + year - 1) / (alpha + beta + year - 1)


def _survival(alpha, beta, years):
    result = [1.0]
    for year in range(1, years + 1):
        result.append(result[-1] * _retention(alpha, beta, year))
    return result


def _residual(alpha, beta, kept):
    """Payments still to come of a customer that stayed so many years."""
    curve = _survival(alpha, beta, LAST_YEAR)
    years = range(kept + 1, LAST_YEAR + 1)
    return sum(curve[year] / curve[kept] / (1 + RATE) ** (year - kept - 1) for year in years)


def _members(lifetimes, segment_type, value):
    if segment_type == "total":
        return lifetimes
    column = "csm_id" if segment_type == "csm" else segment_type
    return lifetimes[lifetimes[column].fillna("unassigned") == value]


def test_lifetime_value_is_the_sum_over_the_customers_of_today(warehouse, lifetimes):
    fits = warehouse.execute("from facts.fct_lifetime_fit where years_kept = 0").df()
    parameters = {
        (row.segment_type, row.segment_value): (row.alpha, row.beta, row.is_identified)
        for row in fits.itertuples()
    }

    def value(row):
        alpha, beta, is_identified = parameters.get(("segment", row.segment), (0, 0, False))
        if not is_identified:
            alpha, beta, _ = parameters["total", "all"]
        kept = min(int(row.duration_months) // 12, OLDEST)
        return float(row.current_arr) * _residual(alpha, beta, kept)

    values = {row.account_id: value(row) for row in lifetimes.itertuples() if row.current_arr > 0}
    rows = warehouse.execute("from marts.mart_lifetime").df()
    for row in rows.itertuples():
        members = _members(lifetimes, row.segment_type, row.segment_value)
        active = members[members["current_arr"].astype(float) > 0]
        assert row.active_accounts == len(active)
        assert float(row.active_arr) == pytest.approx(active["current_arr"].astype(float).sum())
        expected = sum(values[account] for account in active["account_id"])
        assert float(row.residual_lifetime_value or 0) == pytest.approx(expected, rel=1e-5, abs=0.5)
    assert len(values) > 100


def test_no_cut_is_worth_more_than_the_company(warehouse):
    sums = warehouse.execute(
        """
        select segment_type, sum(residual_lifetime_value)
        from marts.mart_lifetime
        group by segment_type
        """
    ).fetchall()
    assert len({round(total, 2) for _, total in sums}) == 1


def test_projection_is_the_product_of_the_yearly_retention(warehouse):
    rows = warehouse.execute(
        """
        select projection.*, fit.alpha, fit.beta
        from marts.mart_lifetime_projection as projection
        inner join marts.mart_lifetime_fit as fit using (segment_type, segment_value)
        """
    ).df()
    assert len(rows)
    for row in rows.itertuples():
        year = row.year_number
        expected = _retention(row.alpha, row.beta, year)
        assert row.projected_retention == pytest.approx(expected, rel=1e-12)
        curve = _survival(row.alpha, row.beta, year)
        assert row.projected_survival == pytest.approx(curve[year], rel=1e-9)
    assert set(rows["year_number"]) == set(range(1, 11))
