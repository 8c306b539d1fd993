"""The definition version changes with what a closed figure is made by, and with nothing else."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from orchestration import definition
from orchestration.definition import CLOSED, definition_hash, definition_parts, definition_version
from orchestration.home import Home, HomeConfig
from orchestration.manifest import ensure_manifest, read_manifest

pytestmark = pytest.mark.long

PACKAGE = "customer_success"
OTHER_POLICIES = {
    "arr_snapshot_point": "month_start",
    "customer_grain": "ultimate_parent",
    "delinquent_policy": "past_due_is_churn",
    "discount_policy": "gross",
    "fx_mode": "as_booked",
    "fx_plan_date": "2025-01-01",
    "pause_policy": "keep",
}


def parsed(folder: Path, **values: object) -> Home:
    home = Home(folder)
    home.create()
    home.write(HomeConfig(company="test", source="demo", vars=values))
    ensure_manifest(home)
    return home


@pytest.fixture(scope="module")
def homes(tmp_path_factory: pytest.TempPathFactory) -> tuple[Home, Home]:
    """One home with the default policies, one with all the others."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("DBT_TARGET_PATH", raising=False)
        folder = tmp_path_factory.mktemp("definition")
        return parsed(folder / "default"), parsed(folder / "other", **OTHER_POLICIES)


@pytest.fixture(scope="module")
def manifest(homes: tuple[Home, Home]) -> Mapping[str, Any]:
    return read_manifest(homes[0])


def version_with(manifest: Mapping[str, Any], kind: str, unique_id: str, **changes: Any) -> str:
    """The hash when one node or macro is another."""
    changed = {**manifest[kind][unique_id], **changes}
    return definition_hash({**manifest, kind: {**manifest[kind], unique_id: changed}})


def is_part(manifest: Mapping[str, Any], unique_id: str) -> bool:
    """Whether the version is another when the file of a node is."""
    other = version_with(manifest, "nodes", unique_id, checksum={"checksum": "another"})
    return other != definition_hash(manifest)


def is_called(manifest: Mapping[str, Any], name: str) -> bool:
    """Whether the version is another when the text of a macro is."""
    other = version_with(manifest, "macros", f"macro.{PACKAGE}.{name}", macro_sql="another")
    return other != definition_hash(manifest)


@pytest.mark.parametrize(
    "unique_id",
    [
        *(f"model.{PACKAGE}.{name}" for name in CLOSED),
        f"model.{PACKAGE}.stg_stripe__subscription_events",
        f"model.{PACKAGE}.stg_salesforce__accounts",
        f"model.{PACKAGE}.int_arr_line_versions",
        f"model.{PACKAGE}.int_crm_account_parents",
        f"seed.{PACKAGE}.size_bands",
        f"seed.{PACKAGE}.free_mail_domains",
    ],
)
def test_what_a_closed_table_comes_from_is_part_of_it(manifest, unique_id):
    assert is_part(manifest, unique_id)


@pytest.mark.parametrize(
    "name",
    [
        "annualise",
        "intervals_per_year",  # called by annualise
        "duckdb__rounded",  # what rounded dispatches to
        "is_newest",
        "as_of_date",
        "month_series",
        "source_is_on",
        "web_domain",
    ],
)
def test_so_is_a_macro_that_it_calls(manifest, name):
    assert is_called(manifest, name)


@pytest.mark.parametrize(
    "unique_id",
    [
        f"model.{PACKAGE}.fct_ticket",
        f"model.{PACKAGE}.mart_arr_tie_out",
        f"model.{PACKAGE}.mart_restatements",
        f"model.{PACKAGE}.stg_zendesk__tickets",
        f"seed.{PACKAGE}.health_bands",
        # Facts that people enter.
        f"seed.{PACKAGE}.account_mapping",
        f"seed.{PACKAGE}.fx_rates",
    ],
)
def test_another_table_or_a_fact_is_not(manifest, unique_id):
    assert not is_part(manifest, unique_id)


@pytest.mark.parametrize("name", ["business_seconds_at", "periods_per_year"])
def test_a_macro_of_another_table_is_not(manifest, name):
    assert not is_called(manifest, name)


def test_words_about_a_table_are_not(manifest):
    closed = f"model.{PACKAGE}.fct_arr_line"
    other = version_with(manifest, "nodes", closed, description="Other.", patch_path="README.md")
    assert other == definition_hash(manifest)


def test_how_its_raw_rows_are_cast_is_part_of_it(manifest, monkeypatch):
    before = definition_parts(manifest)[f"source.{PACKAGE}.raw_stripe.price"]
    assert "unit_amount" in before
    contracts = definition._contracts
    monkeypatch.setattr(definition, "_contracts", lambda name: {**contracts(name), "price": {}})
    assert definition_parts(manifest)[f"source.{PACKAGE}.raw_stripe.price"] != before


def test_policies_are_stamped_and_no_part_of_it(homes):
    assert definition_version(homes[0]) == definition_version(homes[1])


def test_the_version_is_known_before_a_manifest_is_there(homes, tmp_path, monkeypatch):
    asked = []
    home = Home(tmp_path / "new")
    monkeypatch.setattr(definition, "ensure_manifest", asked.append)
    monkeypatch.setattr(definition, "read_manifest", lambda _: read_manifest(homes[0]))
    assert definition_version(home) == definition_version(homes[0])
    assert asked == [home]


def test_project_without_a_closed_table_has_a_version_too(manifest: Mapping[str, Any]) -> None:
    """A project of one's own may leave out what it does not close."""
    nodes = {name: node for name, node in manifest["nodes"].items() if "fct_arr_line" not in name}
    assert definition_hash({**manifest, "nodes": nodes}) != definition_hash(manifest)
