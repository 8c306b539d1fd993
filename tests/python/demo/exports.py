"""Reads what the demo company wrote, without any code of the demo."""

import csv
import json
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq


class Company:
    """The files of one demo company, read when first asked for."""

    def __init__(self, home: Path, summary=None):
        self.home = home
        self.summary = summary
        self.stripe = cache(self._stripe)
        self.zendesk = cache(self._zendesk)
        self.salesforce = cache(self._salesforce)
        self.delighted = cache(self._delighted)
        self.truth = cache(self._truth)
        self.tracks = cache(self._tracks)

    def _lines(self, vendor, name):
        path = self.home / "exports" / vendor / f"{name}.jsonl"
        with path.open(encoding="utf-8") as file:
            return [json.loads(line) for line in file]

    def _rows(self, vendor, name):
        path = self.home / "exports" / vendor / f"{name}.csv"
        with path.open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))

    def _stripe(self, name):
        return self._lines("stripe", name)

    def _zendesk(self, name):
        return self._lines("zendesk", name)

    def _salesforce(self, name):
        return self._rows("salesforce", name)

    def _delighted(self, name):
        return self._rows("delighted", name)

    def _truth(self, name):
        return pq.read_table(self.home / "truth" / f"{name}.parquet").to_pylist()

    def track_files(self):
        return sorted((self.home / "exports" / "segment" / "tracks").iterdir())

    def _tracks(self):
        tables = [pq.read_table(path) for path in self.track_files()]
        return pa.concat_tables(tables, promote_options="default")

    def people(self, name):
        return pq.read_table(self.home / "exports" / "segment" / f"{name}.parquet").to_pylist()

    def subscription_events(self):
        """The events of each subscription, in order."""
        found = {}
        for event in self.stripe("events"):
            found.setdefault(event["data"]["object"]["id"], []).append(event)
        for events in found.values():
            events.sort(key=lambda event: event["created"])
        return found


def day(unix) -> date:
    """The UTC date of unix seconds."""
    return datetime.fromtimestamp(unix, UTC).date()
