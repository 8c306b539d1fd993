"""The session of one run: its home, its day, its id, and the lock that makes it the only writer."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path

from dagster import ConfigurableResource, InitResourceContext
from pydantic import PrivateAttr

from orchestration.clock import require_clock
from orchestration.home import Home, HomeError, require_claimed
from orchestration.loads import write_settings
from orchestration.lock import home_lock
from orchestration.progress import current
from orchestration.project import own_settings, use_home


class RefreshSession(ConfigurableResource):
    """What all steps of a run share.

    Attributes:
        home: The home's folder.
        settings: The state of the home's settings that the assets were made for; empty: any.
        as_of: The day the figures are for (YYYY-MM-DD); empty: the last complete day of the data.
        full_refresh: Rebuild the incremental tables from the first day on.
    """

    home: str
    settings: str = ""
    as_of: str = ""
    full_refresh: bool = False

    _run_id: str = PrivateAttr(default="")
    _as_of: date | None = PrivateAttr(default=None)

    @contextmanager
    def yield_for_execution(self, context: InitResourceContext) -> Iterator[RefreshSession]:
        """Hold the home's lock for as long as the run lasts, and name the run."""
        home = self.opened_home
        require_claimed(home)
        if self.settings and self.settings != home.settings_stamp:
            raise HomeError(
                f"{home.company_file} or the mapping has changed since Dagster loaded it: reload "
                "the definitions (Deployment, Reload all), and run again."
            )
        home.create()
        use_home(home)
        stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
        self._run_id = f"{stamp}_{(context.run_id or 'manual')[:8]}"
        self._as_of = date.fromisoformat(self.as_of) if self.as_of else home.fixed_as_of
        current().record.run_id = self._run_id
        with home_lock(home):
            require_clock(home)
            yield self

    @property
    def opened_home(self) -> Home:
        """The home as an object with paths."""
        return Home(Path(self.home))

    @property
    def run_id(self) -> str:
        """The name of this run, in the order of time."""
        return self._run_id

    @property
    def requested_as_of(self) -> date | None:
        """The day that was asked for, by command, company.yml or mapping; none if it was not."""
        return self._as_of

    def write_settings(self, as_of: date) -> None:
        """Write the run's settings where the dbt models read them."""
        # What is late is measured by the clock, but where somebody says which day it is.
        is_told = self.requested_as_of or self.opened_home.read().is_demo
        settings = {
            "as_of_date": as_of.isoformat(),
            "refreshed_on": str(as_of if is_told else datetime.now(UTC).date()),
            "run_id": self.run_id,
            "company": self.opened_home.read().company,
            **own_settings(self.opened_home),
        }
        write_settings(self.opened_home.warehouse, settings)
        current().record.as_of = as_of.isoformat()
