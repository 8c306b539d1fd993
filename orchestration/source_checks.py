"""Checks on what was delivered: does each source reach the day the figures are for?"""

from __future__ import annotations

from datetime import date, timedelta

import dagster as dg

from orchestration.home import Home
from orchestration.loads import last_complete_day, source_spec
from orchestration.session import RefreshSession

# A weekend without a survey or a ticket is no news; a week is.
DAYS_LATE = 7


def build_source_checks(home: Home) -> list[dg.AssetChecksDefinition]:
    """Return one check per enabled source, on the first of its tables."""
    return [_build_check(home, source) for source in home.read().vendors]


def _build_check(home: Home, source: str) -> dg.AssetChecksDefinition:
    first_table = next(iter(source_spec(source).tables))

    @dg.asset_check(
        asset=dg.AssetKey([f"raw_{source}", first_table]),
        name=f"{source}_reaches_the_as_of_date",
        description=f"The newest row of {source} is at most {DAYS_LATE} days before the as-of day.",
    )
    def check(session: RefreshSession) -> dg.AssetCheckResult:
        newest = _newest_day(home, [source])
        wanted = session.requested_as_of or _newest_day(home, home.read().vendors)
        return freshness_result(newest, wanted)

    return check


def _newest_day(home: Home, sources: list[str]) -> date | None:
    """Return how far some sources reach; none when they hold nothing that is dated."""
    try:
        return last_complete_day(home.warehouse, sources)
    except ValueError:
        return None


def freshness_result(newest: date | None, wanted: date | None) -> dg.AssetCheckResult:
    """Judge how far a source reaches; a source that holds nothing warns too."""
    late = newest is None or (wanted is not None and newest < wanted - timedelta(days=DAYS_LATE))
    return dg.AssetCheckResult(
        passed=not late,
        severity=dg.AssetCheckSeverity.WARN,
        metadata={"newest_row": str(newest), "as_of_date": str(wanted)},
    )
