"""The machine's clock against what the home has loaded.

The newest version of a row is that of the newest load, and a load is named by the clock. With a
clock that has gone back, what is delivered today would count as older than what is there, and stay
hidden. So nothing is loaded until it is right.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

from orchestration.database import connect
from orchestration.errors import MACHINE
from orchestration.home import Home, HomeError
from orchestration.loads.warehouse import table_columns

# A clock that is set right by a time server goes back by so much, and is waited for.
WAITED_FOR = timedelta(seconds=60)


class ClockError(HomeError):
    """The clock is behind what was loaded."""

    exit_code = MACHINE


def newest_load(home: Home, *, wait: bool = True) -> datetime | None:
    """Return when the home loaded something last, UTC; none for a home that has not."""
    if not home.warehouse.is_file():
        return None
    with connect(home.warehouse, read_only=True, wait=wait) as connection:
        if "loaded_at" not in table_columns(connection, "raw_loads", "file_counts"):
            return None
        (newest,) = connection.execute(
            "select max(loaded_at) from raw_loads.file_counts"
        ).fetchone() or (None,)
    return newest.replace(tzinfo=UTC) if newest else None


def require_clock(home: Home) -> None:
    """See that now is after all that was loaded; what lacks by less than a minute is waited for.

    Raises:
        ClockError: The clock has gone back.
    """
    newest = newest_load(home)
    now = datetime.now(UTC)
    if newest is None or now > newest:
        return
    if newest - now > WAITED_FOR:
        raise ClockError(
            f"The clock of this machine says {now:%Y-%m-%d %H:%M} UTC, and the last load was at "
            f"{newest:%Y-%m-%d %H:%M} UTC. What is loaded now would count as older than that, so "
            "nothing is. Set the clock right (`timedatectl set-ntp true`). If it was wrong then "
            "and is right now, put the home back from a backup of before that load."
        )
    time.sleep((newest - now).total_seconds())
