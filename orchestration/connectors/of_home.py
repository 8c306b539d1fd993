"""The API roads of a home: what company.yml says of a system, and its fetch."""

from __future__ import annotations

from orchestration import company
from orchestration.connectors.engine import fetch
from orchestration.connectors.road import ApiRoad, FetchReport
from orchestration.home import Home, HomeError
from orchestration.progress import Recorder

FILE = "file:"


def api_systems(home: Home) -> list[str]:
    """The systems of a home whose data come by their own API."""
    roads = home.read().roads
    return [system for system, road in roads.items() if isinstance(road, company.ApiRoad)]


def road_of(home: Home, system: str) -> ApiRoad:
    """The road of a system as company.yml says; a secret's file begins at the home.

    Raises:
        HomeError: The system's data do not come by its API.
    """
    said = home.read().roads.get(system)
    if not isinstance(said, company.ApiRoad):
        raise HomeError(
            f"{system} does not come by its API here. Write in {home.company_file}, below systems: "
            f"{system}: {{road: api, credentials: …}} (docs/connect has the rest)."
        )
    credentials = {
        name: f"{FILE}{home.at(text.removeprefix(FILE))}" if text.startswith(FILE) else text
        for name, text in said.credentials.items()
    }
    return ApiRoad(system, credentials, said.start, said.base_url, said.options, said.columns)


def fetch_system(home: Home, system: str, progress: Recorder) -> FetchReport:
    """Fetch what is new of a system into its drop folder.

    Raises:
        HomeError: Its data do not come by its API.
        ConnectError: They cannot be fetched.
    """
    return fetch(road_of(home, system), home.source_folder(system), progress)
