import pytest

from dashboards.views import charts

ROWS = [
    {"month": month, "part": "new", "share": 0.5, "is_open": False}
    for month in ("Nov 2024", "Dec 2024", "Jan 2025")
]
DRAWINGS = {
    "bars": charts.bars(
        ROWS, along="month", value="share", part="part", colours={"new": "#000"}, value_title="ARR"
    ),
    "lines": charts.lines(ROWS, along="month", value="share", part="part", colours={"new": "#000"}),
    "heat": charts.heat(ROWS, along="month", across="part", value="share", value_title="Share"),
}


@pytest.mark.parametrize("kind", DRAWINGS)
def test_a_chart_says_the_order_of_its_months(kind):
    """A browser that keeps the chart when a filter changes puts new months behind those it has."""
    months = [row["month"] for row in ROWS]
    assert DRAWINGS[kind]["encoding"]["x"]["scale"]["domain"] == months
    svg = charts.svg(DRAWINGS[kind])
    assert sorted(months, key=svg.index) == months
