"""Fetching all resources of a vendor, and looking at what a key can see."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from orchestration.connectors import (
    amplitude,
    chargebee,
    delighted,
    hubspot,
    intercom,
    mixpanel,
    posthog,
    salesforce,
    stripe,
    zendesk,
)
from orchestration.connectors.contract import Contract, Resource, contract_of
from orchestration.connectors.drop import Drop
from orchestration.connectors.fetching import Fetching, Reader, read_list
from orchestration.connectors.http import Api
from orchestration.connectors.road import (
    ApiRoad,
    FetchReport,
    NotAllowedError,
    NotThereError,
    Sight,
)
from orchestration.progress import Recorder

# What the contract alone does not say, by vendor and resource.
READERS: Mapping[str, Mapping[str, Reader]] = {
    "amplitude": amplitude.READERS,
    "chargebee": chargebee.READERS,
    "delighted": delighted.READERS,
    "hubspot": hubspot.READERS,
    "intercom": intercom.READERS,
    "mixpanel": mixpanel.READERS,
    "posthog": posthog.READERS,
    "salesforce": salesforce.READERS,
    "stripe": stripe.READERS,
    "zendesk": zendesk.READERS,
}
LOOKS = {
    "amplitude": amplitude.look,
    "mixpanel": mixpanel.look,
    "posthog": posthog.look,
    "salesforce": salesforce.look,
}


def fetch(
    road: ApiRoad, folder: Path, progress: Recorder, *, now: datetime | None = None
) -> FetchReport:
    """Fetch what is new of a vendor into a drop folder.

    A fetch that was killed goes on with the resources that were not whole yet.

    Args:
        road: The vendor and how to get at it.
        folder: The drop folder: one folder of JSON lines per raw table.
        progress: Who is told how far it is.
        now: The moment the fetch counts from; the clock's by default.

    Returns:
        Rows, files and notes.

    Raises:
        ConnectError: Something required could not be fetched; the state is as it was, and what
            was fetched whole is there and is not fetched again by the next fetch.
    """
    contract = contract_of(road.vendor)
    api = Api(contract, road)
    drop = Drop(folder, now or datetime.now(UTC))
    report = FetchReport(road.vendor)
    for number, resource in enumerate(contract.resources.values()):

        def tell(rows: int, place: int = number, name: str = resource.name) -> None:
            what = f"{contract.system}: {name}" + (f", {rows} rows" if rows else "")
            progress.advance(place, len(contract.resources), what)

        tell(0)
        if resource.name not in drop.done:
            _fetch_resource(Fetching(api, road, resource, drop, report.notes, tell))
        done = drop.done.get(resource.name, {})
        for table, rows in done.get("rows", {}).items():
            report.rows[table] = report.rows.get(table, 0) + rows
        report.files += done.get("files", [])
    drop.commit()
    for note in report.notes:
        progress.note(note)
    return report


def _fetch_resource(fetching: Fetching) -> None:
    """Fetch one resource; what is optional and may not be seen is noted."""
    resource = fetching.resource
    reader = READERS[fetching.api.contract.vendor].get(resource.name, read_list)
    try:
        with fetching.writer:
            reader(fetching)
    except NotAllowedError as problem:
        if resource.required:
            raise
        # What the account does not have is said once, what the key may not see each time.
        is_news = fetching.drop.is_news(str(problem))
        if is_news or not isinstance(problem, NotThereError):
            fetching.notes.append(str(problem))
        return
    fetching.drop.finish(resource.name, fetching.memory())


def check(road: ApiRoad) -> list[Sight]:
    """Ask for a little of each object, and write nothing.

    Raises:
        ConnectError: The key is refused or the vendor cannot be reached.
    """
    contract = contract_of(road.vendor)
    api = Api(contract, road)
    return [_look(contract, api, resource) for resource in contract.resources.values()]


def _look(contract: Contract, api: Api, resource: Resource) -> Sight:
    """Whether the key sees one object."""
    found = {
        "name": resource.name,
        "tables": contract.fills(resource),
        "required": resource.required,
    }
    try:
        if contract.vendor in LOOKS:
            text = LOOKS[contract.vendor](api, resource)
        else:
            next(api.pages(resource, contract.client.get("look")))
            text = resource.history
    except NotAllowedError as problem:
        return Sight(seen=False, text=str(problem), **found)
    return Sight(seen=True, text=text, **found)
