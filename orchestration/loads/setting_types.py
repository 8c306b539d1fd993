"""Values that several settings files have: a currency, a time zone, one or several of something."""

from __future__ import annotations

import difflib
from typing import Annotated
from zoneinfo import available_timezones

from pydantic import BeforeValidator

from orchestration.loads.currencies import ISO_4217


def as_list(value: object) -> object:
    """One value as a list of it."""
    return value if isinstance(value, list) else [value]


def _currency(value: object) -> object:
    """A code as models compare it; pydantic words the error."""
    if value is None:
        return None
    code = str(value).strip().upper()
    if code not in ISO_4217:
        raise ValueError(
            f"'{value}' is not an ISO 4217 currency code; write a code such as USD or EUR"
        )
    return code


def _time_zone(value: object) -> object:
    if value is None or str(value) in available_timezones():
        return value
    close = difflib.get_close_matches(str(value), available_timezones(), n=1)
    meant = f"did you mean {close[0]}?" if close else "write a place such as Europe/Berlin"
    raise ValueError(f"'{value}' is no IANA time zone; {meant}")


Currency = Annotated[str, BeforeValidator(_currency)]
TimeZone = Annotated[str, BeforeValidator(_time_zone)]
