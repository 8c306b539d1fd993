"""Asking a vendor: dlt's client with the contract's paginators and auth, and clear errors."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping
from copy import deepcopy
from http import HTTPStatus
from string import Formatter
from typing import IO, Any
from urllib.parse import urlsplit

# As in orchestration/loads: nothing is sent to anyone but the vendor.
os.environ.setdefault("RUNTIME__DLTHUB_TELEMETRY", "false")

from dlt.common import jsonpath
from dlt.sources.helpers import requests
from dlt.sources.helpers.rest_client import RESTClient
from dlt.sources.helpers.rest_client.paginators import BasePaginator
from dlt.sources.rest_api.config_setup import create_paginator, get_auth_class
from requests import Response
from requests.exceptions import (
    ChunkedEncodingError,
    HTTPError,
    JSONDecodeError,
    RequestException,
)

from orchestration.connectors.contract import Contract, Resource
from orchestration.connectors.road import (
    ApiRoad,
    ConnectError,
    NotAllowedError,
    NotThereError,
    PassingError,
    RefusedError,
)

TRIES = 6
FIRST_WAIT = 1.0
LONGEST_WAIT = 300.0
SHOWN = 300
BLOCK = 1024 * 1024


class Api:
    """A vendor's API, asked with the credentials of a road."""

    def __init__(self, contract: Contract, road: ApiRoad) -> None:
        """Look the credentials up and make the client; nothing is asked yet.

        Raises:
            ConnectError: A credential or an option is missing.
        """
        if fault := contract.option_fault(road.options):
            raise ConnectError(f"{contract.system}: {fault}")
        self.contract = contract
        # What a vendor's module needs to ask only once.
        self.known: dict[str, Any] = {}
        self.options = road.options
        self._road = road
        self._secrets: set[str] = set()
        self._places: set[str] = set()
        client = contract.client
        session = requests.Client(
            raise_for_status=False,
            request_max_attempts=TRIES,
            request_backoff_factor=FIRST_WAIT,
            request_max_retry_delay=LONGEST_WAIT,
            retry_condition=_is_cut,
        ).session
        base_url = road.base_url or self._filled(client["base_url"])
        auth = {key: self._filled(value) for key, value in client["auth"].items()}
        auth_class = get_auth_class(auth.pop("type"))
        if "access_token_url" in auth:
            path = urlsplit(auth["access_token_url"]).path
            auth |= {"access_token_url": base_url.rstrip("/") + path, "session": session}
        self._client = RESTClient(
            base_url=base_url,
            headers=dict(client.get("headers", {})),
            # Made as it is, not resolved: dlt would take an environment variable of the same name.
            auth=auth_class(**auth),
            session=session,
        )

    def _filled(self, template: str) -> str:
        """Put options and credentials in the place of ``{name}``."""
        values = {}
        for _, name, _, _ in Formatter().parse(template):
            if name is None:
                continue
            if name in self.contract.options:
                values[name] = str(self._road.options[name])
            else:
                values[name] = self._road.secret(name)
                self._secrets.add(values[name])
                self._places.add(self._road.credentials[name])
        return template.format(**values)

    # ---- asking -----------------------------------------------------------------------------

    def pages(
        self,
        resource: Resource,
        params: Mapping[str, Any] | None = None,
        *,
        path: str | None = None,
        selector: str | None = None,
        paginator: Any = None,  # noqa: ANN401 - as in dlt: a name, a mapping or an instance
        body: Mapping[str, Any] | None = None,
    ) -> Iterator[list[dict[str, Any]]]:
        """The pages of a list, from the first to the last.

        Args:
            resource: What is read; path, selector and paginator are its own unless given.
            params: Query parameters beside the contract's.
            path: Another path.
            selector: Where the rows are in the answer.
            paginator: How the next page is found.
            body: What is asked for beside the contract's `json`, where a list is asked by POST.

        Raises:
            NotAllowedError: The key may not see it.
            ConnectError: The vendor could not be asked, or its answer is not what it should be.
        """
        endpoint = resource.endpoint
        where = selector or endpoint.get("data_selector", "$")
        chosen = paginator or endpoint.get("paginator") or self.contract.client["paginator"]
        # Another path is another list.
        method = endpoint.get("method", "GET") if path is None else "GET"
        posted = {**endpoint.get("json", {}), **(body or {})}
        asked = self._client.paginate(
            path or self._filled(endpoint["path"]),
            method=method,
            # A paginator writes its cursor into it.
            json=deepcopy(posted) if method == "POST" else None,
            params={**endpoint.get("params", {}), **(params or {})},
            paginator=_fresh(chosen),
            data_selector=where,
        )
        while True:
            try:
                page = next(asked, None)
                if page is None:
                    return
                body = page.response.json()
                found = jsonpath.find_values(where, body)
            except (RequestException, ValueError) as problem:
                raise self._explained(resource, problem) from None
            # dlt takes a page without its list for an empty one.
            if not found or not isinstance(found[0], list):
                raise ConnectError(
                    f"{self.contract.system}, {resource.name}: the answer has no list '{where}': "
                    "the page is not whole, and nothing of this object is kept. Run it again"
                )
            yield found[0]

    def one(
        self, resource: Resource, path: str, params: Mapping[str, Any] | None = None
    ) -> dict[str, Any] | None:
        """One object; None when there is none of that name.

        Raises:
            ConnectError: As in ``pages``.
        """
        try:
            response = self._client.get(path, params=dict(params or {}))
            if response.status_code == HTTPStatus.NOT_FOUND:
                return None
            if not response.ok:
                raise HTTPError(response=response)
            body = response.json()
        except (RequestException, ValueError) as problem:
            raise self._explained(resource, problem) from None
        if not isinstance(body, dict):
            raise ConnectError(f"{self.contract.system}, {resource.name}: not an object: {path}")
        return body

    def download(
        self,
        resource: Resource,
        params: Mapping[str, Any],
        target: IO[bytes],
        is_whole: Callable[[IO[bytes]], bool],
        *,
        may_be_none: bool = False,
    ) -> bool:
        """Write a large answer into a file; False where the vendor says that there is none (404).

        One that ends in the middle is asked for again, from its beginning.

        Raises:
            RefusedError: It is asked for something that the vendor does not give.
            ConnectError: As in ``pages``.
        """
        asked = {**resource.endpoint.get("params", {}), **params}
        for attempt in range(TRIES):
            if attempt:
                time.sleep(min(FIRST_WAIT * 2**attempt, LONGEST_WAIT))
            target.seek(0)
            target.truncate()
            try:
                with self._client.get(
                    self._filled(resource.endpoint["path"]), params=asked, stream=True
                ) as response:
                    if may_be_none and response.status_code == HTTPStatus.NOT_FOUND:
                        return False
                    if not response.ok:
                        # What it says is read while it is open.
                        raise self._explained(resource, HTTPError(response=response))
                    for block in response.iter_content(BLOCK):
                        target.write(block)
            except ChunkedEncodingError:
                continue
            except RequestException as problem:
                raise self._explained(resource, problem) from None
            if is_whole(target):
                target.seek(0)
                return True
        raise PassingError(
            f"{self.contract.system}, {resource.name}: its answer ends in the middle,"
            f" {TRIES} times. What was fetched before is kept; check the network and run it again"
        )

    # ---- errors -----------------------------------------------------------------------------

    def _explained(self, resource: Resource, problem: Exception) -> ConnectError:
        """The error that says what a person can do; no secret is in it."""
        system, name = self.contract.system, resource.name
        response = getattr(problem, "response", None)
        if response is None:
            kind = PassingError
            if isinstance(problem, JSONDecodeError):
                what = f"its answer is not whole JSON, {TRIES} times"
            elif isinstance(problem, ValueError):
                # A paginator's own text quotes the whole answer.
                kind = ConnectError
                what = "its answer does not say whether there are more pages"
            else:
                what = f"it cannot be reached ({type(problem).__name__}), {TRIES} times"
            return kind(
                f"{system}, {name}: {what}. What was fetched before is kept; check the network and "
                "run it again"
            )
        status = response.status_code
        said = self._said(response)
        if status == HTTPStatus.TOO_MANY_REQUESTS or "REQUEST_LIMIT_EXCEEDED" in said:
            return PassingError(
                f"{system}, {name}: the limit of requests is reached ({status}) and still is after "
                f"{TRIES} tries. What was fetched before is kept; run it again later{said}"
            )
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            return PassingError(
                f"{system}, {name}: {system} answers with an error of its own ({status}), {TRIES} "
                f"times. What was fetched before is kept; run it again later{said}"
            )
        if status == HTTPStatus.UNAUTHORIZED or "oauth2/token" in urlsplit(response.url).path:
            places = ", ".join(sorted(self._places))
            return ConnectError(
                f"{system}, {name}: the key is refused ({status}): wrong, expired or revoked. "
                f"{self.contract.key} It needs: {resource.permission}. Put it in {places}{said}"
            )
        if status in (HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND):
            is_there = status == HTTPStatus.FORBIDDEN
            kind = NotAllowedError if is_there else NotThereError
            if not is_there and self.contract.options:
                said = f" Check {', '.join(self.contract.options)} in company.yml.{said}"
            return kind(
                f"{system}, {name}: the key may not see it, or the account does not have it "
                f"({status}). It needs: {resource.permission}. {self.contract.key}{said}"
            )
        return RefusedError(
            f"{system}, {name}: the request is refused ({status}). Check the options and the start "
            f"of the connection{said}"
        )

    def _said(self, response: Response) -> str:
        """What the vendor says, shortened, without any secret."""
        text = response.text
        for secret in self._secrets:
            text = text.replace(secret, "***")
        text = " ".join(text.split())[:SHOWN]
        return f" [{text}]" if text else ""


def _fresh(paginator: Any) -> BasePaginator:  # noqa: ANN401
    """A paginator that has seen no page yet."""
    made = create_paginator(paginator)
    if made is None:
        raise ValueError(f"no paginator: {paginator}")
    return made


def _is_cut(response: Response | None, _: BaseException | None) -> bool:
    """Whether an answer ends in the middle: it is asked for again."""
    if response is None or not response.ok:
        return False
    if "json" not in response.headers.get("Content-Type", "json"):
        return False
    try:
        response.json()
    except ValueError:
        return True
    return False
