"""One small company with Salesforce, Stripe and Zendesk, exported or landed by another loader."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path

from orchestration.loads import Landed
from tests.python.cases.company import TARGETS, Built, build
from tests.python.landed.crm_company import Rows, salesforce, zendesk
from tests.python.landed.landing import change
from tests.python.landed.stripe_company import events, stripe

MODELS = (
    *TARGETS,
    "dim_account",
    "fct_invoice",
    "fct_touchpoint",
    "fct_contact_role",
    "stg_salesforce__opportunities",
    "stg_salesforce__users",
    "stg_stripe__charges",
    "stg_stripe__products",
)
# What is compared, row by row.
SAME = {
    "facts.fct_account_month": "*",
    "facts.fct_arr_movement": "*",
    "facts.fct_arr_line": "*",
    "facts.fct_subscription": "*",
    "facts.fct_churn_event": "*",
    "facts.fct_invoice": "*",
    "facts.fct_ticket": "*",
    "facts.fct_touchpoint": "*",
    "facts.fct_contact_role": "*",
    "facts.dim_account": "*",
    "staging.stg_salesforce__opportunities": "*",
    "staging.stg_salesforce__users": "*",
    "staging.stg_stripe__charges": "*",
}
Landing = Callable[[Path, Rows], None]


def objects(*, told: bool = False) -> dict[str, Rows]:
    """What each system holds: rows by table as exported; if told, Stripe's events, too."""
    billing = stripe().tables | ({"events": events()} if told else {})
    return {"salesforce": salesforce(), "stripe": billing, "zendesk": zendesk()}


def exported(root: Path, *, told: bool = False) -> Built:
    """The company from exports."""
    folders = {}
    for system, tables in objects(told=told).items():
        folders[system] = root / "exports" / system
        folders[system].mkdir(parents=True)
        for table, rows in tables.items():
            content = "".join(json.dumps(row) + "\n" for row in rows)
            (folders[system] / f"{table}.jsonl").write_text(content, encoding="utf-8")
    return build(root / "home", folders, targets=MODELS)


def landed(
    root: Path,
    loader: str,
    landings: Mapping[str, Landing],
    *statements: str,
    told: bool = False,
) -> Built:
    """The company from tables that a loader landed, in a schema per system.

    Args:
        root: An empty folder.
        loader: Who landed them.
        landings: How it lands each system.
        statements: SQL on the landed database, before it is read.
        told: Whether Stripe's events are among it.
    """
    database = root / "landed.duckdb"
    for system, land in landings.items():
        land(database, objects(told=told)[system])
    change(database, *statements)
    where = {system: Landed.of(loader, database, system) for system in landings}
    return build(root / "home", {}, landed=where, targets=MODELS)
