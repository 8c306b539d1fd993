"""Renewal rates as they were known on a day, in plain Python."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from functools import cache
from typing import Any

import pytest

LATE_RENEWAL = timedelta(days=90)
MONTHS = 24
LEAST_TERMS = 20
PRIOR_TERMS = 10


def approximately(value: float | None) -> Any:
    """What is equal to a rate; nothing is only equal to nothing."""
    return value if value is None else pytest.approx(value, abs=1e-9)


class Past:
    """What became of the terms of a company.

    Attributes:
        terms: The rows of fct_renewal.
        bands: The health band of each account and day.
    """

    def __init__(
        self, terms: Sequence[Mapping[str, Any]], bands: Mapping[tuple[str, date], str]
    ) -> None:
        """Keep what is over, with its band 90 days before it was due."""
        self._over = [
            (
                term["due_on"].date(),
                term["segment"] if isinstance(term["segment"], str) else "unassigned",
                bands.get(
                    (term["account_id"], term["due_on"].date() - timedelta(days=90)), "unknown"
                ),
                float(term["atr"]),
                float(term["renewed_atr"]),
            )
            for term in terms
            if term["outcome"] != "pending"
        ]
        self.rate = cache(self.rate)

    def decided(self, day: date, **of: str | None) -> list[tuple[float, float]]:
        """ATR and renewed ATR of what nothing could change any more that day."""
        first = date(day.year - MONTHS // 12, day.month, day.day)
        return [
            (atr, renewed)
            for due, segment, band, atr, renewed in self._over
            if first < due < day - LATE_RENEWAL
            and of.get("segment", segment) == segment
            and of.get("band", band) == band
        ]

    def rate_of_all(self, day: date) -> float | None:
        """The rate of all terms, if there are enough."""
        terms = self.decided(day)
        if len(terms) < LEAST_TERMS:
            return None
        return sum(renewed for _, renewed in terms) / sum(atr for atr, _ in terms)

    def rate(self, day: date, segment: str, band: str) -> float | None:
        """The rate of a cell that leans on its segment, which leans on all."""
        found = self.rate_of_all(day)
        if found is None:
            return None
        terms = self.decided(day)
        prior = PRIOR_TERMS * sum(atr for atr, _ in terms) / len(terms)
        for of in ({"segment": segment}, {"segment": segment, "band": band}):
            seen = self.decided(day, **of)
            due, renewed = sum(atr for atr, _ in seen), sum(kept for _, kept in seen)
            found = (renewed + prior * found) / (due + prior)
        return found
