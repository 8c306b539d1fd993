"""HubSpot's lists with archived objects, all associations and a company's own properties."""

from __future__ import annotations

import re
from typing import Any

from orchestration.connectors.contract import meant
from orchestration.connectors.drop import Row
from orchestration.connectors.fetching import Fetching, Reader
from orchestration.connectors.road import ConnectError
from orchestration.loads.adapters import read_adapter
from orchestration.loads.landed import API

# The adapter calls a property so, as Fivetran does.
PROPERTY = re.compile(r"\bproperty_(\w+)")
ASSOCIATIONS_OF_A_PAGE = 500


def _objects(fetching: Fetching) -> None:
    """All objects of a list; the last that is known of one that is gone, as an archived one."""
    params = fetching.resource.endpoint.get("params", {})
    asked = list(filter(None, str(params.get("properties", "")).split(",")))
    own = [name for name in _own_properties(fetching) if name not in asked]
    fetching.fields = {name: name for name in own}
    said = {"properties": ",".join([*asked, *own])} if own else {}
    lists = [said]
    if fetching.resource.settings.get("archived"):
        lists.append({**said, "archived": "true"})
    for number, list_params in enumerate(lists):
        for page in fetching.api.pages(fetching.resource, list_params):
            for row in page:
                _refuse_unknown(fetching, row, own)
                # One that is archived between the two lists is in both; the second one counts.
                fetching.write(row if number else _whole(fetching, row))
    moment = fetching.drop.begun.strftime("%Y-%m-%dT%H:%M:%SZ")
    for key, row in fetching.vanished():
        fetching.write_gone(key, {**row, "archived": True, "archivedAt": moment})


def _own_properties(fetching: Fetching) -> list[str]:
    """Properties of the object that company.yml names."""
    adapter = read_adapter(API, "hubspot")
    table = fetching.resource.tables[0]
    found: dict[str, None] = {}
    for name, columns in fetching.road.columns.items():
        filled = adapter.tables.get(name)
        relation = adapter.relations.get(filled.main) if filled else None
        if relation and table in relation.names:
            found |= dict.fromkeys(PROPERTY.findall(" ".join(columns.values())))
    return list(found)


def _refuse_unknown(fetching: Fetching, row: Row, own: list[str]) -> None:
    """See that the account has a property: one that it has is there, with or without a value.

    Raises:
        ConnectError: It does not.
    """
    for name in own:
        if name not in row["properties"]:
            known = fetching.api.one(
                fetching.resource, f"crm/v3/properties/{fetching.resource.tables[0]}"
            )
            names = [each["name"] for each in (known or {}).get("results", [])]
            raise ConnectError(
                f"HubSpot, {fetching.resource.name}: company.yml names property_{name}, and the"
                f" account has no property {name}{meant(name, names)} (its internal name counts,"
                " not its label)"
            )


def _whole(fetching: Fetching, row: Row) -> Row:
    """An object with all its associations: a list holds the first ones only."""
    associations: dict[str, Any] = row.get("associations") or {}
    cut = [name for name, found in associations.items() if found.get("paging")]
    for name in cut:
        path = f"{fetching.resource.endpoint['path']}/{row['id']}/associations/{name}"
        pages = fetching.api.pages(
            fetching.resource,
            {
                **dict.fromkeys(fetching.resource.endpoint["params"]),
                "limit": ASSOCIATIONS_OF_A_PAGE,
            },
            path=path,
        )
        associations = {
            **associations,
            name: {"results": [each for page in pages for each in page]},
        }
    return {**row, "associations": associations} if cut else row


READERS: dict[str, Reader] = dict.fromkeys(
    ("owners", "companies", "contacts", "deals", "tickets", "meetings", "calls", "emails"),
    _objects,
)
