"""Who may read whom, and where a model lies (docs/how-the-layers-work.md)."""

from dataclasses import replace

import pytest

from .judging import assert_none, breaches, model, objects, reading, seed, source
from .project import Node, Project
from .rules import (
    outside_the_graph,
    undeclared_source,
    wrong_access,
    wrong_folder,
    wrong_reads,
)

RAW = source("raw_stripe", "invoice")
STAGED = model("staging/stripe/stg_stripe__invoices.sql")
SHAPED = model("intermediate/billing/int_billing_invoices.sql")
FACT = model("facts/finance/fct_invoice.sql")
MART = model("marts/finance/mart_invoices.sql")
SEED = seed("fx_rates")


def test_models_lie_in_the_folder_that_their_name_says(project: Project) -> None:
    assert_none(breaches(wrong_folder, project.models))


@pytest.mark.parametrize(
    "path",
    [
        "staging/stripe/stg_zendesk__tickets.sql",
        "staging/stg_stripe__invoices.sql",
        "intermediate/billing/billing_invoices.sql",
        "intermediate/int_billing_invoices.sql",
        "facts/finance/invoices.sql",
        "facts/fct_invoice.sql",
        "marts/retention/retention_monthly.sql",
        "marts/elsewhere/mart_retention_monthly.sql",
        "marts/mart_retention_monthly.sql",
        "reports/mart_retention_monthly.sql",
        "mart_retention_monthly.sql",
    ],
)
def test_folder_rule_objects(path: str) -> None:
    assert objects(wrong_folder, model(path))


@pytest.mark.parametrize("good", [STAGED, SHAPED, FACT, MART])
def test_folder_rule_accepts(good: Node) -> None:
    assert not objects(wrong_folder, good)


def test_models_read_only_what_their_layer_may_read(project: Project) -> None:
    assert_none(breaches(wrong_reads, [*project.models, *project.seeds], project))


@pytest.mark.parametrize(
    ("path", "read"),
    [
        ("staging/stripe/stg_stripe__charges.sql", STAGED),
        ("staging/stripe/stg_stripe__charges.sql", SEED),
        ("intermediate/billing/int_billing_plans.sql", RAW),
        ("intermediate/billing/int_billing_plans.sql", FACT),
        ("intermediate/billing/int_billing_plans.sql", MART),
        ("facts/fct_payment.sql", STAGED),
        ("facts/fct_payment.sql", RAW),
        ("facts/fct_payment.sql", MART),
        ("marts/finance/mart_cash.sql", RAW),
        ("marts/finance/mart_cash.sql", STAGED),
        ("marts/finance/mart_cash.sql", SHAPED),
        ("marts/churn/mart_churn_monthly.sql", MART),
    ],
)
def test_reading_rule_objects(path: str, read: Node) -> None:
    assert objects(wrong_reads, *reading(path, read))


@pytest.mark.parametrize(
    ("path", "read"),
    [
        ("staging/stripe/stg_stripe__charges.sql", (RAW,)),
        ("intermediate/billing/int_billing_plans.sql", (STAGED, SHAPED, SEED)),
        ("facts/fct_payment.sql", (SHAPED, FACT, SEED)),
        ("marts/finance/mart_cash.sql", (FACT, MART, SEED)),
    ],
)
def test_reading_rule_accepts(path: str, read: tuple[Node, ...]) -> None:
    assert not objects(wrong_reads, *reading(path, *read))


def test_reading_rule_objects_to_what_the_project_does_not_have() -> None:
    reader, _ = reading("facts/fct_payment.sql", SHAPED)
    assert objects(wrong_reads, reader, Project.of(reader))


def test_marts_and_only_marts_are_public(project: Project) -> None:
    assert_none(breaches(wrong_access, project.models))


def test_access_rule_objects() -> None:
    assert objects(wrong_access, replace(FACT, access="public"))
    assert objects(wrong_access, replace(MART, access="protected"))
    assert not objects(wrong_access, replace(MART, access="public"))
    assert not objects(wrong_access, replace(FACT, access="protected"))


def test_models_read_only_by_ref_and_source(project: Project) -> None:
    assert_none(breaches(outside_the_graph, project.models))


@pytest.mark.parametrize(
    "code",
    [
        "select id from raw_stripe.invoice",
        "select a.id from {{ ref('int_a') }} as a inner join facts.fct_invoice as b on a.id = b.id",
        'select id from "warehouse"."facts"."fct_invoice"',
        "select id from read_csv('rates.csv')",
    ],
)
def test_graph_rule_objects(code: str) -> None:
    assert objects(outside_the_graph, model("facts/fct_invoice.sql", code))


@pytest.mark.parametrize(
    "code",
    [
        "select id from {{ ref('int_billing_invoices') }}",
        "select extract(year from a.day) from a",
        "select a.id from a where a.x is distinct from a.y",
        "select id from a -- from raw_stripe.invoice",
        "select id from a where note = 'from raw_stripe.invoice'",
    ],
)
def test_graph_rule_accepts(code: str) -> None:
    assert not objects(outside_the_graph, model("facts/fct_invoice.sql", code))


def test_sources_are_tables_that_the_loader_makes(
    project: Project, raw_tables: dict[str, set[str]]
) -> None:
    assert_none(breaches(undeclared_source, project.sources, raw_tables))


def test_source_rule_objects() -> None:
    assert objects(undeclared_source, RAW, {"stripe": {"charge"}})
    assert objects(undeclared_source, RAW, {"zendesk": {"invoice"}})
    assert not objects(undeclared_source, RAW, {"stripe": {"invoice"}})
    assert not objects(undeclared_source, source("ledger", "closes"), {})
