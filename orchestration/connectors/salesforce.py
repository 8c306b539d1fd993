"""Salesforce's rows by SOQL over the fields that the raw contract has and the org knows."""

from __future__ import annotations

from typing import Any

from dlt.common.configuration import configspec
from dlt.sources.helpers.rest_client.auth import OAuth2ClientCredentials
from dlt.sources.rest_api.config_setup import register_auth
from requests import PreparedRequest, Response, codes

from orchestration.connectors.contract import Resource, meant
from orchestration.connectors.fetching import Fetching, Reader, written
from orchestration.connectors.http import Api
from orchestration.connectors.road import ConnectError, NotThereError
from orchestration.loads.files import snake_case
from orchestration.loads.spec import source_spec

SOBJECTS = "services/data/v62.0/sobjects"


@configspec
class RenewedClientCredentials(OAuth2ClientCredentials):
    """Client credentials with a token that is renewed when Salesforce has ended its session."""

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        """Put the token into a request, and look at its answer."""
        super().__call__(request)
        request.register_hook("response", self._renew)
        return request

    def _renew(self, response: Response, **settings: Any) -> Response:  # noqa: ANN401
        """Ask once more with a new token where the old one is refused."""
        token = response.request.headers.get("Authorization")
        if response.status_code != codes.unauthorized or getattr(response.request, "renewed", None):
            return response
        # Another page may have renewed it meanwhile.
        if token == f"Bearer {self.access_token}":
            self.access_token = None
            self.obtain_token()
        request = response.request.copy()
        request.headers["Authorization"] = f"Bearer {self.access_token}"
        request.renewed = True  # type: ignore[attr-defined]
        again: Response = response.connection.send(request, **settings)
        again.history.append(response)
        again.request = request
        return again


register_auth("renewed_client_credentials", RenewedClientCredentials)


def _rows(fetching: Fetching) -> None:
    """The rows of one object that changed since the last fetch."""
    columns, missing = _fields(fetching.api, fetching.resource)
    text = (
        f"Salesforce, {fetching.resource.name}: not in the org, or hidden from the user by "
        f"field-level security, so left out: {', '.join(missing)}"
    )
    if missing and fetching.drop.is_news(text):
        fetching.notes.append(text)
    fetching.fields = dict(columns)
    rule, since = fetching.resource.since, fetching.since
    where = f" WHERE {rule.param} >= {written(since, rule)}" if rule and since else ""
    order = f" ORDER BY {rule.param}, Id" if rule else ""
    soql = f"SELECT {', '.join(columns)} FROM {_object(fetching.api, fetching.resource)}"
    for page in fetching.api.pages(fetching.resource, {"q": f"{soql}{where}{order}"}):
        for row in page:
            fetching.write({columns[name]: row.get(name) for name in columns})


def _object(api: Api, resource: Resource) -> str:
    """The object's name in the org: names of one's own may be written in another case.

    Raises:
        NotThereError: The user cannot see an object of that name.
    """
    if SOBJECTS not in api.known:
        api.known[SOBJECTS] = (api.one(resource, SOBJECTS) or {}).get("sobjects", [])
    wanted = snake_case(str(api.options.get(resource.tables[0], resource.tables[0])))
    for each in api.known[SOBJECTS]:
        if snake_case(each["name"]) == wanted and each.get("queryable", True):
            return str(each["name"])
    raise NotThereError(
        f"Salesforce, {resource.name}: the org has no object {wanted}, or the user may not see it. "
        f"It needs: {resource.permission}"
    )


def _fields(api: Api, resource: Resource) -> tuple[dict[str, str], list[str]]:
    """The fields to ask for with the names their values are to have, and columns without a field.

    Raises:
        ConnectError: company.yml names a field that the org does not have.
    """
    described = api.one(resource, f"{SOBJECTS}/{_object(api, resource)}/describe") or {}
    known = {snake_case(field["name"]): field["name"] for field in described.get("fields", [])}
    table = resource.tables[0]
    found, missing = {}, []
    for column in source_spec("salesforce").tables[table].columns:
        renamed = api.options.get(f"{table}.{column}")
        name = snake_case(str(renamed or column))
        if name in known:
            found[known[name]] = column if renamed else known[name]
        elif renamed:
            raise ConnectError(
                f"Salesforce, {resource.name}: option {table}.{column} names {renamed}, which the "
                f"org does not have or hides from the user{meant(str(renamed), known.values())}"
            )
        else:
            missing.append(column)
    return found, missing


def look(api: Api, resource: Resource) -> str:
    """How many rows of an object the user sees and since when, and which fields are missing."""
    _, missing = _fields(api, resource)
    param = resource.since.param if resource.since else "CreatedDate"
    soql = f"SELECT COUNT(Id) n, MIN({param}) since FROM {_object(api, resource)}"
    first = next(api.pages(resource, {"q": soql}), [])
    counted = first[0] if first else {}
    since = str(counted.get("since") or "")[:10]
    text = f"{counted.get('n', 0)} rows" + (f" since {since}" if since else "")
    return text + (f"; fields not seen: {', '.join(missing)}" if missing else "")


READERS: dict[str, Reader] = dict.fromkeys(
    (
        "Account",
        "User",
        "Contact",
        "Opportunity",
        "Task",
        "Event",
        "AccountHistory",
        "Onboarding_Milestone__c",
        "Health_Override__c",
        "Churn_Reason__c",
    ),
    _rows,
)
