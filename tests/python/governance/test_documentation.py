"""What must be written down: grain, descriptions, owners, contracts, and where."""

from dataclasses import replace

import pytest

from .judging import GRAIN_LINE, assert_none, breaches, model, objects, seed, source
from .project import ROOT, Column, Project
from .rules import (
    no_grain_line,
    undescribed,
    undocumented_for_readers,
    undocumented_seed_columns,
    unit_tests_elsewhere,
    wrong_public_types,
    yaml_elsewhere,
)

MONTH = Column(description="First day of the month.", data_type="date")
ARR = Column(description="ARR, reporting currency.", data_type="decimal(18,2)")
MART = model(
    "marts/retention/mart_arr.sql",
    description="ARR by month.",
    columns={"month": MONTH, "opening_arr": ARR},
    group="finance",
    is_contracted=True,
    access="public",
    yaml_path="models/marts/retention/_retention__models.yml",
)


def test_first_line_of_each_model_is_its_grain(project: Project) -> None:
    assert_none(breaches(no_grain_line, project.models))


@pytest.mark.parametrize(
    "code",
    [
        "",
        "select 1",
        "-- One row per account.\nselect 1",
        "-- Grain: account.\nselect 1",
        "select 1\n-- Grain: one row per account.",
    ],
)
def test_grain_line_rule_objects(code: str) -> None:
    assert objects(no_grain_line, replace(MART, code=code))


def test_grain_line_rule_accepts() -> None:
    assert not objects(no_grain_line, replace(MART, code=GRAIN_LINE + "select 1"))


def test_models_seeds_and_source_tables_are_described(project: Project) -> None:
    assert_none(breaches(undescribed, [*project.models, *project.seeds, *project.sources]))


def test_description_rule_objects() -> None:
    assert objects(undescribed, replace(MART, description=""))
    assert objects(undescribed, seed("fx_rates"))
    assert objects(undescribed, source("raw_stripe", "invoice"))
    assert not objects(undescribed, MART)


def test_what_bi_reads_has_owner_contract_and_described_columns(project: Project) -> None:
    assert_none(breaches(undocumented_for_readers, project.published, project))


@pytest.mark.parametrize(
    "lacking",
    [
        {"group": None},
        {"group": "nobody"},
        {"is_contracted": False},
        {"columns": {}},
        {"columns": {"month": replace(MONTH, description="")}},
    ],
)
def test_documentation_rule_objects(lacking: dict[str, object]) -> None:
    project = Project(nodes={}, groups={"finance": "Finance"})
    assert objects(undocumented_for_readers, replace(MART, **lacking), project)
    assert not objects(undocumented_for_readers, MART, project)


def test_a_fact_that_is_published_counts_as_read_by_bi() -> None:
    assert model("facts/fct_invoice.sql", meta={"published": True}).is_published
    assert MART.is_published
    assert not model("facts/fct_invoice.sql").is_published


def test_money_and_months_have_one_type_for_bi(project: Project) -> None:
    assert_none(breaches(wrong_public_types, project.published))


@pytest.mark.parametrize(
    ("name", "data_type", "is_wrong"),
    [
        ("arr", "double", True),
        ("opening_arr", "decimal(38,2)", True),
        ("opening_arr", "decimal(18,2)", False),
        ("arr_share", "double", False),
        ("cohort_month", "timestamp", True),
        ("month", "varchar", True),
        ("month", "date", False),
        ("age_months", "integer", False),
    ],
)
def test_type_rule(name: str, data_type: str, is_wrong: bool) -> None:
    mart = replace(MART, columns={name: Column(data_type=data_type)})
    assert objects(wrong_public_types, mart) == is_wrong


def test_yaml_lies_beside_its_model(project: Project) -> None:
    assert_none(breaches(yaml_elsewhere, project.models))


@pytest.mark.parametrize(
    "yaml_path", ["", "models/_retention__models.yml", "models/marts/retention/schema.yml"]
)
def test_yaml_rule_objects(yaml_path: str) -> None:
    assert objects(yaml_elsewhere, replace(MART, yaml_path=yaml_path))
    assert not objects(yaml_elsewhere, MART)


def test_unit_tests_lie_in_a_file_named_after_their_model(project: Project) -> None:
    models = {each.name: each for each in project.models}
    found = []
    for file, tested in sorted(project.unit_tests):
        # A model that is switched off has no node, and its tests are not run.
        if tested in models:
            found += unit_tests_elsewhere(file, models[tested])
    assert_none(found)


@pytest.mark.parametrize(
    ("file", "is_wrong"),
    [
        ("models/marts/retention/mart_arr__unit_tests.yml", False),
        ("models/marts/retention/_shared__unit_tests.yml", False),
        ("models/marts/retention/mart_nrr__unit_tests.yml", True),
        ("models/marts/mart_arr__unit_tests.yml", True),
        ("models/marts/retention/mart_arr.yml", True),
    ],
)
def test_unit_test_rule_objects(file: str, is_wrong: bool) -> None:
    assert objects(unit_tests_elsewhere, file, MART) is is_wrong


def test_yaml_of_each_seed_describes_the_columns_of_the_file(project: Project) -> None:
    found = []
    for node in project.seeds:
        with (ROOT / node.path).open(encoding="utf-8") as file:
            found += undocumented_seed_columns(node, file.readline().strip().split(","))
    assert_none(found)


def test_seed_rule_objects() -> None:
    rates = seed("fx_rates", columns={"currency": Column(description="ISO code.")})
    assert objects(undocumented_seed_columns, rates, ["currency", "rate"])
    assert objects(undocumented_seed_columns, replace(rates, columns={"a": Column()}), ["a"])
    assert not objects(undocumented_seed_columns, rates, ["currency"])
