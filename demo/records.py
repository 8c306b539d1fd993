"""What an account leaves behind for the other systems: deals, months, departures."""

from dataclasses import dataclass


@dataclass(slots=True)
class Deal:
    """An opportunity as Salesforce will know it."""

    created: int
    close: int
    kind: str
    amount: float
    currency: str
    won: bool


@dataclass(slots=True)
class MonthRecord:
    """What the month was like, for usage, support and surveys."""

    month: int
    latent: float
    satisfaction: float
    seats: int
    tier: int
    add_ons: tuple[bool, ...]


@dataclass(slots=True)
class Departure:
    """Why an account left."""

    ts: int
    reason: str
    detail: str
    controllable: bool
