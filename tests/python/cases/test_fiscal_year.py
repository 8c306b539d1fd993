"""The fiscal calendar of a company whose year begins in April."""

from datetime import date

import pytest

from tests.python.cases.company import Built, build
from tests.python.loads.delivery import REQUIRED

pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def april(tmp_path_factory: pytest.TempPathFactory) -> Built:
    folder = tmp_path_factory.mktemp("april")
    exports = folder / "exports"
    exports.mkdir()
    for name, content in REQUIRED.items():
        (exports / name).write_text(content, encoding="utf-8")
    return build(
        folder / "home",
        {"files": exports},
        targets=("dim_date",),
        variables={"fiscal_year_first_month": 4},
    )


@pytest.mark.parametrize(
    ("day", "quarter", "number", "year"),
    [
        (date(2024, 2, 29), date(2024, 1, 1), 4, 2024),
        (date(2024, 3, 31), date(2024, 1, 1), 4, 2024),
        (date(2024, 4, 1), date(2024, 4, 1), 1, 2025),
        (date(2024, 8, 31), date(2024, 7, 1), 2, 2025),
        (date(2024, 12, 31), date(2024, 10, 1), 3, 2025),
        (date(2025, 1, 1), date(2025, 1, 1), 4, 2025),
        (date(2025, 3, 31), date(2025, 1, 1), 4, 2025),
        (date(2025, 4, 1), date(2025, 4, 1), 1, 2026),
    ],
)
def test_a_year_from_april_has_the_number_of_its_end(
    april: Built, day: date, quarter: date, number: int, year: int
) -> None:
    assert april.rows(
        "select fiscal_quarter, fiscal_quarter_number, fiscal_year from facts.dim_date"
        " where date_day = ?",
        day,
    ) == [(quarter, number, year)]


def test_each_fiscal_quarter_is_three_months_and_each_year_twelve(april: Built) -> None:
    """All but those that the calendar cuts off."""
    assert april.rows(
        "select distinct count(distinct month) from facts.dim_date"
        " where fiscal_quarter > (select min(date_day) from facts.dim_date)"
        " and fiscal_quarter < (select max(date_day) - 92 from facts.dim_date)"
        " group by fiscal_quarter"
    ) == [(3,)]
    assert april.rows(
        "select distinct count(distinct month) from facts.dim_date"
        " where fiscal_year > (select min(fiscal_year) from facts.dim_date)"
        " and fiscal_year < (select max(fiscal_year) from facts.dim_date) group by fiscal_year"
    ) == [(12,)]
