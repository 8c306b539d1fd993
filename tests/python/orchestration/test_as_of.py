"""The day of a run: the one asked for, and a word when the data end well before it."""

from datetime import date
from types import SimpleNamespace

import pytest

from orchestration import dbt_assets
from orchestration.progress import Recorder, watching

LAST = date(2024, 12, 31)


@pytest.fixture
def notes_of(monkeypatch):
    """What is noted when a day is asked for and the data reach up to LAST."""

    def decide(asked, *, is_demo=False, found=lambda *_: LAST):
        monkeypatch.setattr(dbt_assets, "last_complete_day", found)
        config = SimpleNamespace(is_demo=is_demo, demo_until="", vendors=["files"])
        home = SimpleNamespace(warehouse=None, read=lambda: config)
        session = SimpleNamespace(requested_as_of=asked, opened_home=home)
        recorder = Recorder()
        with watching(recorder):
            assert dbt_assets.decide_as_of(session) == asked
        return recorder.record.notes

    return decide


def test_a_day_long_after_the_data_is_remarked(notes_of):
    (note,) = notes_of(date(2025, 12, 31))
    assert "No activity is loaded after 2024-12-31" in note
    assert "2025-12-31" in note


@pytest.mark.parametrize("asked", [date(2024, 11, 30), LAST, date(2025, 1, 7)])
def test_a_day_within_the_data_or_a_week_after_is_not(notes_of, asked):
    assert notes_of(asked) == []


def test_the_demo_company_grows_up_to_the_day_it_is_asked_for(notes_of):
    assert notes_of(date(2025, 12, 31), is_demo=True) == []


def test_data_without_dates_say_nothing(notes_of):
    def nothing(*_):
        raise ValueError("No dated activity is loaded.")

    assert notes_of(date(2025, 12, 31), found=nothing) == []
