"""How many passes the count of stale days takes: each takes memory of its own."""

from __future__ import annotations

import datetime
from itertools import pairwise
from types import SimpleNamespace
from typing import Any

import jinja2
from hypothesis import given
from hypothesis import strategies as st

from orchestration.project import project_root

SOURCE = (project_root() / "macros" / "usage_days.sql").read_text(encoding="utf-8")
LONGEST = 122
FIRST = datetime.date(2023, 1, 1)
Range = tuple[datetime.date, datetime.date]


class _ReturnedError(Exception):
    pass


def _returned(value: Any) -> None:
    raise _ReturnedError(value)


def stretches(ranges: list[Range]) -> list[dict[str, Any]]:
    """What the macro makes of ranges, without dbt."""
    environment = jinja2.Environment(extensions=["jinja2.ext.do"], autoescape=False)
    environment.globals |= {"return": _returned, "modules": SimpleNamespace(datetime=datetime)}
    module = environment.from_string(SOURCE).module
    try:
        module.stale_stretches({"everything": False, "ranges": ranges}, "events")
    except _ReturnedError as returned:
        return returned.args[0]
    raise AssertionError("nothing is returned")


def days(ranges: list[Range]) -> list[datetime.date]:
    return [
        first + datetime.timedelta(days=number)
        for first, last in ranges
        for number in range((last - first).days + 1)
    ]


@st.composite
def some_ranges(draw: st.DrawFn) -> list[Range]:
    """Ranges in order that do not touch, as the macro before makes them."""
    found, at = [], FIRST
    for gap, length in draw(
        st.lists(st.tuples(st.integers(1, 90), st.integers(0, 400)), max_size=60)
    ):
        first = at + datetime.timedelta(days=gap)
        at = first + datetime.timedelta(days=length if draw(st.booleans()) else length % 3)
        found.append((first, at))
        at += datetime.timedelta(days=1)
    return found


@given(some_ranges())
def test_each_stale_day_is_counted_once_in_few_passes(ranges: list[Range]) -> None:
    found = stretches(ranges)
    parts = [[tuple(part) for part in each["ranges"]] for each in found]
    if not ranges:
        (((first, last),),) = parts
        assert first > last
        return
    assert days([part for each in parts for part in each]) == days(ranges)
    spans = [(each[0][0], each[-1][1]) for each in parts]
    assert all((last - first).days < LONGEST for first, last in spans)
    assert all(before[1] < after[0] for before, after in pairwise(spans))
    # Two that follow one another are longer together than one may be.
    history = (ranges[-1][1] - ranges[0][0]).days + 1
    assert len(found) <= 12 + 2 * (history // LONGEST + 1)


def test_late_events_of_hundreds_of_days_take_a_pass_for_four_months_each() -> None:
    scattered = [(FIRST + datetime.timedelta(days=6 * n),) * 2 for n in range(180)]
    assert len(stretches(scattered)) == 9
