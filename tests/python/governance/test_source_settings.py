"""The project parses for every choice of systems, and what is off leaves no trace."""

import pytest

from .judging import assert_none, breaches, model, objects, source
from .project import Parsed, all_systems, vendor_systems
from .rules import left_behind

pytestmark = pytest.mark.long

VENDORS = {system for systems in vendor_systems().values() for system in systems}


@pytest.mark.parametrize(
    ("choice", "off"),
    [
        ("parsed_vendors", {"files"}),
        ("parsed_files", VENDORS),
        ("parsed_bare", VENDORS),
        ("parsed_all", set()),
    ],
)
def test_project_parses_and_what_is_off_leaves_no_trace(
    choice: str, off: set[str], request: pytest.FixtureRequest
) -> None:
    parsed: Parsed = request.getfixturevalue(choice)
    assert_none(breaches(left_behind, parsed.project.nodes.values(), off))
    assert {"facts", "marts"} <= {node.layer for node in parsed.project.models}


def test_published_tables_are_the_same_for_every_choice(
    parsed_vendors: Parsed, parsed_files: Parsed, parsed_bare: Parsed
) -> None:
    vendors, files, bare = (
        {node.name: list(node.columns) for node in parsed.project.published}
        for parsed in (parsed_vendors, parsed_files, parsed_bare)
    )
    assert vendors == files == bare


def test_dbt_parses_without_a_warning(parsed_vendors: Parsed, parsed_files: Parsed) -> None:
    assert_none(sorted({*parsed_vendors.warnings, *parsed_files.warnings}))


def test_every_domain_knows_files_beside_its_vendors() -> None:
    assert all(systems[-1] == "files" and len(systems) > 1 for systems in all_systems().values())


def test_trace_rule_objects() -> None:
    staged = model("staging/stripe/stg_stripe__invoices.sql")
    shaped = model("intermediate/billing/int_stripe_invoices.sql")
    segments = model("intermediate/arr/int_arr_line_segments.sql")
    for node in (staged, shaped, source("raw_stripe", "invoice")):
        assert objects(left_behind, node, {"stripe"})
        assert not objects(left_behind, node, {"files", "segment"})
    assert not objects(left_behind, segments, {"segment"})
