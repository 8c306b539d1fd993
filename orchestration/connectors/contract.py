"""The declared shape of a connector: the YAML files of ``orchestration/connectors``.

``client`` and each resource's ``endpoint`` are written as in a configuration of dlt's ``rest_api``.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from string import Formatter
from typing import Any

import yaml

from orchestration.connectors.road import FOLDER, ConnectError, vendor_names
from orchestration.loads.adapters import read_adapter
from orchestration.loads.landed import API
from orchestration.loads.spec import source_names, source_spec


@dataclass(frozen=True)
class Since:
    """How an endpoint is asked for what is new.

    Attributes:
        param: Query parameter of the lower bound, which the answer includes.
        style: ``unix`` seconds or ``iso`` time.
        overlap: How far before the last fetch a fetch begins, so that what came late is not lost.
        from_start: Whether the first fetch begins at the road's start; else with everything.
    """

    param: str
    style: str
    overlap: timedelta
    from_start: bool


@dataclass(frozen=True)
class Resource:
    """One object of a vendor.

    Attributes:
        name: The object, as the vendor calls it.
        tables: The folders its rows go to, those of the list itself to the first. They are the
            raw tables of the system, or else what its adapter reads.
        key: Keys that name a row of the list.
        endpoint: ``path``, ``params``, ``data_selector`` and ``paginator``, as in dlt's rest_api.
        since: How to ask for what is new; None: the list is read whole each time, and rows that
            are as they were are not written again.
        permission: What a key needs to see it.
        required: Whether a fetch ends when the key cannot see it.
        history: How much of the past the API serves.
        leave_out: Keys that are not written.
        settings: What else the vendor's own module needs.
    """

    name: str
    tables: tuple[str, ...]
    key: tuple[str, ...]
    endpoint: Mapping[str, Any]
    since: Since | None
    permission: str
    required: bool
    history: str
    leave_out: tuple[str, ...]
    settings: Mapping[str, Any]


@dataclass(frozen=True)
class Contract:
    """One connector: its system, its client and its resources by name.

    Attributes:
        vendor: Name of the connector and of the raw source.
        system: The vendor's name in messages.
        client: ``base_url``, ``headers``, ``auth`` and ``paginator``; ``{name}`` stands for a
            credential or one of ``options``; ``more_options`` may be left out. ``look`` asks for a
            little of a list.
        key: Where to get a key, for messages.
        resources: In the order in which they are fetched.
    """

    vendor: str
    system: str
    client: Mapping[str, Any]
    key: str
    resources: dict[str, Resource]

    @property
    def options(self) -> list[str]:
        """Options without which nothing can be asked."""
        return list(self.client.get("options", ()))

    def fills(self, resource: Resource) -> list[str]:
        """The raw tables that a resource fills."""
        if self.vendor in source_names():
            return list(resource.tables)
        adapter = read_adapter(API, self.vendor)
        relations = [
            each.name
            for each in adapter.relations.values()
            if set(each.names) & set(resource.tables)
        ]
        found = [table for name in relations for table in adapter.readers(name)]
        found += [
            table for table, entry in adapter.mapping.items() if entry["from"] in resource.tables
        ]
        return list(dict.fromkeys(found))

    @property
    def needs_start(self) -> bool:
        """Whether nothing can be fetched without a start."""
        return bool(self.client.get("needs_start"))

    @property
    def has_start(self) -> bool:
        """Whether a start leaves anything out."""
        return any(each.since and each.since.from_start for each in self.resources.values())

    def option_fault(self, given: Iterable[str]) -> str | None:
        """What is wrong with the names of options; none where nothing is.

        Where a contract says `renames`, an option may be ``<raw table>`` or ``<table>.<column>``,
        and its value the name of the object or field in the vendor's system.
        """
        names = list(given)
        if missing := [name for name in self.options if name not in names]:
            return f"company.yml does not say: {', '.join(missing)}"
        tables = source_spec(self.vendor).tables if self.client.get("renames") else {}
        columns = {f"{table}.{name}" for table, spec in tables.items() for name in spec.columns}
        known = {*self.options, *self.client.get("more_options", ()), *tables, *columns}
        unknown = [name for name in names if name not in known]
        return f"there is no option {unknown[0]}{meant(unknown[0], known)}" if unknown else None

    @property
    def credentials(self) -> list[str]:
        """Names of the secrets that are needed."""
        texts = [str(value) for value in self.client["auth"].values()]
        parts = [part for text in texts for part in Formatter().parse(text)]
        named = [name for _, name, _, _ in parts if name and name not in self.options]
        return list(dict.fromkeys(named))


def meant(name: str, known: Iterable[str]) -> str:
    """The name that is closest, as the end of a sentence; nothing where none is close."""
    close = difflib.get_close_matches(name, list(known), n=1)
    return f"; did you mean {close[0]}?" if close else ""


@cache
def contract_of(vendor: str) -> Contract:
    """Read the contract of a vendor.

    Raises:
        ConnectError: There is no such connector.
    """
    path = FOLDER / f"{vendor}.yml"
    if not path.is_file():
        raise ConnectError(
            f"There is no connector for '{vendor}'. There is one for {', '.join(vendor_names())}; "
            "of other systems export files (docs/bring-your-own-data.md)."
        )
    raw = yaml.safe_load(path.read_text(encoding="utf-8"))
    resources = {}
    for body in raw["resources"]:
        tables = body["table"] if isinstance(body["table"], list) else [body["table"]]
        resources[body["name"]] = Resource(
            name=body["name"],
            tables=tuple(tables),
            key=_key_of(vendor, tables[0]),
            endpoint=body.get("endpoint", {}),
            since=_since(body.get("since")),
            permission=body["permission"],
            required=not body.get("optional", False),
            history=body["history"],
            leave_out=tuple(body.get("leave_out", ())),
            settings=body.get("settings", {}),
        )
    return Contract(vendor, raw["system"], raw["client"], raw["key"], resources)


def _key_of(vendor: str, table: str) -> tuple[str, ...]:
    """The key of a raw table; a system without raw tables calls it `id`."""
    return source_spec(vendor).tables[table].key if vendor in source_names() else ("id",)


def _since(raw: dict[str, Any] | None) -> Since | None:
    if raw is None:
        return None
    overlap = timedelta(hours=raw["overlap_hours"])
    return Since(raw["param"], raw["style"], overlap, bool(raw.get("from_start", False)))
