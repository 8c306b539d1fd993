"""fct_ticket of the demo company against a recomputation from its export files."""

import csv
from collections.abc import Iterator
from datetime import time
from pathlib import Path

import duckdb
import pandas as pd
import pytest

from orchestration.home import Home

from .oracle import business_minutes, tickets

MINUTES = {
    "first_response": "first_response_at",
    "first_resolution": "first_solved_at",
    "full_resolution": "last_solved_at",
}


@pytest.fixture(scope="module")
def expected(demo_home: Home) -> pd.DataFrame:
    return tickets(demo_home.exports / "zendesk")


@pytest.fixture(scope="module")
def actual(demo_home: Home) -> Iterator[pd.DataFrame]:
    with duckdb.connect(str(demo_home.warehouse), read_only=True) as connection:
        yield connection.sql("select * from facts.fct_ticket").df().set_index("ticket_id")


def test_every_ticket_is_there_once(actual: pd.DataFrame, expected: pd.DataFrame) -> None:
    assert sorted(actual.index) == sorted(expected.index)


@pytest.mark.parametrize("kind", MINUTES)
@pytest.mark.road("Zendesk", "files")
def test_clock_minutes(kind: str, actual: pd.DataFrame, expected: pd.DataFrame) -> None:
    wanted = expected[MINUTES[kind]] - expected["created_at"]
    minutes = (wanted.dt.total_seconds() / 60).reindex(actual.index)
    found = actual[f"{kind}_minutes"].astype(float)
    assert minutes.notna().any()
    assert (minutes.isna() == found.isna()).all()
    assert ((minutes - found).abs().dropna() <= 0.01).all()


def test_business_minutes(actual: pd.DataFrame, expected: pd.DataFrame, project_root: Path) -> None:
    with (project_root / "seeds/business_hours.csv").open() as file:
        hours = {
            int(row["weekday"]): (
                time.fromisoformat(row["opens_at"]),
                time.fromisoformat(row["closes_at"]),
            )
            for row in csv.DictReader(file)
        }
    with (project_root / "seeds/business_holidays.csv").open() as file:
        holidays = {row["holiday_on"] for row in csv.DictReader(file)}
    solved = expected[expected["last_solved_at"].notna()].iloc[::7]
    assert not solved.empty
    for ticket in solved.itertuples():
        wanted = business_minutes(ticket.created_at, ticket.last_solved_at, hours, holidays)
        found = float(actual.loc[ticket.Index, "full_resolution_business_minutes"])
        assert found == pytest.approx(wanted, abs=0.01), ticket.Index


def test_reopens(actual: pd.DataFrame, expected: pd.DataFrame) -> None:
    assert expected["reopens"].sum() > 0
    assert (actual["reopens"] == expected["reopens"].reindex(actual.index)).all()
