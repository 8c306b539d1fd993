"""A clock that goes back: what is loaded now would count as older than what is there."""

from datetime import UTC, datetime, timedelta

import duckdb
import pytest
from typer.testing import CliRunner

from orchestration.cli import app
from orchestration.clock import ClockError, newest_load, require_clock
from orchestration.home import HomeConfig
from orchestration.loads.warehouse import LOAD_TABLES, ensure_table
from orchestration.publish import read_publication


@pytest.fixture
def loaded(home):
    """A home that loaded something at a time."""
    home.create()
    home.write(HomeConfig())

    def at(moment: datetime) -> None:
        with duckdb.connect(str(home.warehouse)) as connection:
            connection.execute("create schema if not exists raw_loads")
            ensure_table(connection, "raw_loads", "file_counts", LOAD_TABLES["file_counts"])
            connection.execute(
                "insert into raw_loads.file_counts (loaded_at) values (?)",
                [moment.replace(tzinfo=None)],
            )

    return at


def test_nothing_is_loaded_by_a_clock_that_is_behind(home, loaded):
    loaded(datetime.now(UTC) + timedelta(days=1))
    with pytest.raises(ClockError, match="Set the clock right"):
        require_clock(home)
    done = CliRunner().invoke(app, ["refresh"])
    assert (done.exit_code, "The clock of this machine" in done.output) == (4, True)
    assert read_publication(home.published) is None


def test_a_clock_that_was_set_right_by_seconds_is_waited_for(home, loaded):
    newest = datetime.now(UTC) + timedelta(seconds=1.5)
    loaded(newest)
    require_clock(home)
    assert datetime.now(UTC) >= newest


def test_a_clock_that_is_right_stops_nobody(home, loaded):
    require_clock(home)
    loaded(datetime.now(UTC) - timedelta(seconds=1))
    require_clock(home)
    assert newest_load(home) < datetime.now(UTC)
