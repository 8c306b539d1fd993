"""Connectors: what a vendor's API holds, as JSON lines in a folder that the raw loader reads."""

from orchestration.connectors.engine import check, fetch
from orchestration.connectors.road import ApiRoad, ConnectError, FetchReport, Sight, vendor_names

__all__ = ["ApiRoad", "ConnectError", "FetchReport", "Sight", "check", "fetch", "vendor_names"]
