"""The reading of one resource: what its reader is given and how it hands rows over."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

from orchestration.connectors.contract import Resource, Since
from orchestration.connectors.drop import Drop, Row, Writer, digest
from orchestration.connectors.http import Api
from orchestration.connectors.road import ApiRoad, ConnectError

GONE = "gone"
ROWS_BETWEEN_WORDS = 100


@dataclass
class Fetching:
    """One resource while it is read.

    Attributes:
        api: The vendor's API.
        road: What was asked for.
        resource: What is read.
        drop: The fetch it is part of.
        notes: What a person should know.
        tell: Told now and then how many rows were read.
        writer: Where rows go, those of other tables of the resource too.
        fields: The fields that are asked for by name, where the vendor wants that.
    """

    api: Api
    road: ApiRoad
    resource: Resource
    drop: Drop
    notes: list[str]
    tell: Callable[[int], None]
    writer: Writer = field(init=False)
    fields: dict[str, str] = field(default_factory=dict)
    _seen: dict[str, str] = field(default_factory=dict)
    _recent: list[str] = field(default_factory=list)
    _read: int = 0

    def __post_init__(self) -> None:
        """Begin, or go on behind what was noted of the resource."""
        part = self.drop.parts.get(self.resource.name, {})
        self.writer = Writer(self.drop, self.resource.tables, part)

    # ---- when -------------------------------------------------------------------------------

    @property
    def last(self) -> datetime | None:
        """When the last whole fetch of the resource began; None before the first.

        None, too, where something else was asked for then: a new field is new in every row.
        """
        known = self.drop.known(self.resource.name)
        return datetime.fromisoformat(known["begun"]) if known.get("asked") == self.asked else None

    @property
    def asked(self) -> str:
        """A digest of what is asked for."""
        endpoint, start = self.resource.endpoint, self.road.start
        what = [endpoint, self.resource.leave_out, self.road.options, str(start), self.fields]
        return digest({"asked": what})

    @property
    def since(self) -> datetime | None:
        """From when on the resource is to be read; None: all of it."""
        rule = self.resource.since
        if rule is None:
            return None
        reached = self.drop.parts.get(self.resource.name, {}).get("reached")
        if reached:
            return datetime.fromisoformat(reached)
        if self.last:
            return self.last - rule.overlap
        return self.start if rule.from_start else None

    def since_or_start(self) -> datetime:
        """From when on the resource is to be read, of a system that does not say when it began.

        Raises:
            ConnectError: company.yml has no start.
        """
        if self.since is None:
            system = self.api.contract.system
            raise ConnectError(
                f"{system}, {self.resource.name}: {system} does not tell when its events begin. Say"
                " in company.yml from which day on they are to be fetched, start: 2024-01-01"
            )
        return self.since

    @property
    def start(self) -> datetime | None:
        """The road's start as a moment."""
        day = self.road.start
        return datetime(day.year, day.month, day.day, tzinfo=UTC) if day else None

    def since_params(self, moment: datetime | None = None) -> dict[str, Any]:
        """The query parameter that asks for what is new."""
        rule, moment = self.resource.since, moment or self.since
        return {rule.param: written(moment, rule)} if rule and moment else {}

    # ---- rows -------------------------------------------------------------------------------

    def write(self, row: Row) -> None:
        """Write a row of the resource; of a list that is read whole, only where it is new."""
        self._read += 1
        if self._read % ROWS_BETWEEN_WORDS == 0:
            self.tell(self._read)
        kept = {key: value for key, value in row.items() if key not in self.resource.leave_out}
        if self.resource.since is None:
            key = self.key_of(kept)
            self._seen[key] = digest(kept)
            if self.seen_before.get(key) == self._seen[key]:
                return
        self.writer.row(self.resource.tables[0], kept)

    @property
    def next_since(self) -> datetime:
        """From when on the next fetch reads, where it does not read all."""
        rule = self.resource.since
        return self.drop.begun - rule.overlap if rule else self.drop.begun

    def write_event(self, row: Row, *, comes_again: bool) -> None:
        """Write an event, unless the last fetch had it.

        Of those that the next fetch will have, too, digests are kept.
        """
        found = digest(row)
        if comes_again:
            self._recent.append(found)
        if found not in self.written_before:
            self.write(row)

    @cached_property
    def written_before(self) -> set[str]:
        """Digests of the events that the last fetch had in its overlap with this one."""
        return set(self.drop.known(self.resource.name).get("recent", ())) if self.last else set()

    def write_gone(self, key: str, row: Row | None) -> None:
        """Write, once, that a row of a list that is read whole is no longer there."""
        self._seen[key] = GONE
        if row is not None and self.seen_before.get(key) != GONE:
            self.writer.row(self.resource.tables[0], row)

    def is_listed(self, key: str) -> bool:
        """Whether the list had the row in this fetch."""
        return self._seen.get(key, GONE) != GONE

    @cached_property
    def seen_before(self) -> dict[str, str]:
        """Digest of each row of a list that is read whole, as it was last written."""
        found: dict[str, str] = self.drop.known(self.resource.name).get("seen", {})
        return found

    def key_of(self, row: Row) -> str:
        """The key of a row of the first table, as text."""
        return "|".join(str(row.get(name)) for name in self.resource.key)

    def vanished(self) -> Iterator[tuple[str, Row]]:
        """Key and last known row of what a list that is read whole no longer has, each once."""
        gone = [key for key in self.seen_before if not self.is_listed(key)]
        if not gone:
            return
        last = {self.key_of(row): row for row in self.drop.rows(self.resource.tables[0])}
        for key in gone:
            yield key, last[key]

    def memory(self) -> dict[str, Any]:
        """What the next fetch needs to know."""
        seen = {"seen": self._seen} if self.resource.since is None else {}
        recent = {"recent": self._recent} if self._recent else {}
        written_so = {"rows": self.writer.counts, "files": self.writer.files}
        begun = {"begun": self.drop.begun.isoformat(), "asked": self.asked}
        return {**begun, **seen, **recent, **written_so}

    def reach(self, moment: datetime) -> None:
        """Keep what was written, all of what changed before a moment: a kill loses none of it."""
        part = self.writer.end_part()
        self.drop.note_part(self.resource.name, {**part, "reached": moment.isoformat()})

    def pages(self) -> Iterator[list[Row]]:
        """The pages of the resource's own list, from `since` on."""
        return self.api.pages(self.resource, self.since_params())


Reader = Callable[[Fetching], None]


def read_list(fetching: Fetching) -> None:
    """Write every row of a resource's list."""
    for page in fetching.pages():
        for row in page:
            fetching.write(row)


def written(moment: datetime, rule: Since) -> str | int:
    """A moment as the vendor takes it."""
    if rule.style == "unix":
        return int(moment.timestamp())
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
