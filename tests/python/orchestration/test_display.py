import io

import duckdb
import pytest
from rich.console import Console

from orchestration.display import PlainDisplay, TerminalDisplay, make_display
from orchestration.figures import Figures, read_figures
from orchestration.progress import current, watching
from orchestration.summary import figure_lines


def console(terminal):
    return Console(file=io.StringIO(), force_terminal=terminal, width=120)


def test_display_suits_the_screen():
    assert isinstance(make_display(console(True), verbose=False), TerminalDisplay)
    assert isinstance(make_display(console(False), verbose=False), PlainDisplay)
    assert isinstance(make_display(console(True), verbose=True), PlainDisplay)


@pytest.mark.parametrize("terminal", [True, False])
def test_steps_are_shown_and_timed(terminal):
    screen = console(terminal)
    with make_display(screen, verbose=False) as display, watching(display):
        with current().step("Load stripe"):
            current().advance(1, 2, "invoice [1]")
            current().note("a [note] to keep")
        with pytest.raises(ValueError, match="half"), current().step("Build and test"):
            raise ValueError("half way")
    shown = screen.file.getvalue()
    assert "Load stripe" in shown
    assert "a [note] to keep" in shown
    steps = [(step.title, step.succeeded) for step in display.record.steps]
    assert steps == [("Load stripe", True), ("Build and test", False)]
    assert display.record.notes == ["a [note] to keep"]
    if not terminal:
        assert "\x1b" not in shown
        assert "Build and test: FAILED" in shown


def test_figures_that_are_not_there_are_said_so(tmp_path):
    file = tmp_path / "published.duckdb"
    with duckdb.connect(file) as connection:
        connection.execute("create schema marts; create table marts.dim_account (a int)")
    assert read_figures(file) == Figures()
    assert dict(figure_lines(Figures(), "USD"))["ARR"] == "n/a"


def test_figures_are_of_the_newest_month(tmp_path):
    file = tmp_path / "published.duckdb"
    with duckdb.connect(file) as connection:
        connection.execute(
            "create schema marts;"
            "create table marts.fct_account_month as from (values "
            "(date '2025-11-01', 5.00), (date '2025-12-01', 7.00), (date '2025-12-01', 3.00)"
            ") as v (month, closing_arr);"
            "create table marts.mart_retention_monthly as from (values "
            "(date '2025-11-01', 'total', 0.9, 0.8, 0.7), "
            "(date '2025-12-01', 'total', 1.05, null, 0.95), "
            "(date '2025-12-01', 'region', 2, 2, 2)"
            ") as v (month, segment_type, nrr, grr, logo_retention)"
        )
    lines = dict(figure_lines(read_figures(file), "USD"))
    assert lines == {
        "ARR": "10 USD",
        "NRR, 12 months": "105.0%",
        "GRR, 12 months": "n/a",
        "Logo churn, 12 months": "5.0%",
    }
