"""The product's tracked events, and how likely each is for an account."""

import csv
import itertools
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from demo.catalog import ADD_ONS, CONNECT, CORE, GUARD, INSIGHTS

VARIANTS = 8


@dataclass(frozen=True, slots=True)
class Tracked:
    """One kind of event. ``depth`` is how far an account must have come to use it (0 to 3)."""

    event: str
    feature: str
    product: str
    weight: float
    depth: int = 0
    key: bool = False
    value: bool = False
    gated: bool = False


EVENTS = (
    Tracked("session_started", "sessions", CORE, 20),
    Tracked("record_created", "records", CORE, 14, value=True),
    Tracked("record_updated", "records", CORE, 24, value=True),
    Tracked("search_run", "search", CORE, 9),
    Tracked("comment_added", "collaboration", CORE, 6, depth=1, key=True),
    Tracked("report_viewed", "reports", CORE, 8, depth=1, key=True),
    Tracked("report_exported", "reports", CORE, 2, depth=1),
    Tracked("dashboard_created", "dashboards", CORE, 1.5, depth=2, key=True),
    Tracked("dashboard_viewed", "dashboards", CORE, 6, depth=2, key=True),
    Tracked("workflow_created", "workflows", CORE, 1, depth=2, key=True, value=True),
    Tracked("workflow_run", "workflows", CORE, 9, depth=2, key=True, value=True),
    Tracked("integration_connected", "integrations", CORE, 0.4, depth=3, key=True),
    Tracked("integration_synced", "integrations", CORE, 5, depth=3, key=True),
    Tracked("user_invited", "administration", CORE, 0.6),
    Tracked("limit_reached", "limits", CORE, 0.2, gated=True),
    Tracked("upgrade_prompt_clicked", "upgrade_prompts", CORE, 0.5, gated=True),
    Tracked("insight_viewed", "insights", INSIGHTS, 5, depth=1, key=True),
    Tracked("forecast_run", "forecasts", INSIGHTS, 2, depth=2, key=True, value=True),
    Tracked("audit_log_viewed", "audit_log", GUARD, 1.5, depth=1, key=True),
    Tracked("policy_changed", "policies", GUARD, 0.5, depth=2, key=True),
    Tracked("connector_synced", "connectors", CONNECT, 6, depth=1, key=True, value=True),
)
NAMES = tuple(event.event for event in EVENTS)
DEPTHS = 4
TIERS = 3


def pattern(tier: np.ndarray, add_ons: np.ndarray, depth: np.ndarray) -> np.ndarray:
    """The row of the pattern table for accounts."""
    return (tier * 8 + add_ons) * DEPTHS + depth


def pattern_table() -> np.ndarray:
    """Cumulative event probabilities, one row per tier, set of add-ons and depth."""
    rows = []
    for tier, bits, depth in itertools.product(range(TIERS), range(8), range(DEPTHS)):
        owned = {add_on for spot, add_on in enumerate(ADD_ONS) if bits >> spot & 1}
        weights = []
        for event in EVENTS:
            weight = event.weight
            if event.product != CORE and event.product not in owned:
                weight = 0.0
            elif event.gated:
                weight *= 0.0 if tier == TIERS - 1 else 0.5 + 0.6 * depth
            elif event.depth > depth:
                weight *= 0.03
            weights.append(weight)
        cumulative = np.cumsum(weights)
        rows.append(cumulative / cumulative[-1])
    return np.array(rows)


def properties() -> list[str]:
    """A few property objects per event, as JSON."""
    result = []
    for number, event in enumerate(EVENTS):
        for variant in range(VARIANTS):
            source = ("web", "web", "mobile", "api")[variant % 4]
            row = {"event": event.event, "source": source, "release": 100 + variant}
            if event.gated:
                row["plan_required"] = "Scale" if variant % 2 else "Growth"
            if variant >= 4:
                row["duration_ms"] = 40 + 37 * number + 211 * variant
            result.append(json.dumps(row, separators=(",", ":")))
    return result


def write_seed(path: Path) -> None:
    """Write the feature map that belongs to these events."""
    with path.open("w", newline="") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow(
            (
                "event_name",
                "feature",
                "product_id",
                "is_key_feature",
                "is_value_event",
                "is_gated_attempt",
            )
        )
        for e in EVENTS:
            flags = [str(flag).lower() for flag in (e.key, e.value, e.gated)]
            out.writerow((e.event, e.feature, e.product, *flags))
