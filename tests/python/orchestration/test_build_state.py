import json
from datetime import date

import pytest

from orchestration import build_state, published_assets
from orchestration.build_state import BuildState, incremental_models, unit_tested_code
from orchestration.home import HomeConfig

NEW_YEARS_EVE = date(2025, 12, 31)
BUILT = {
    "succeeded": True,
    "as_of": "2025-12-31",
    "incremental": "models 1",
    "code": "code 1",
}


@pytest.fixture
def file(tmp_path):
    return tmp_path / "last_build.json"


def state(file, content, incremental="models 1", code="code 1"):
    return BuildState(file, content, incremental=incremental, code=code)


def test_first_build_and_the_next_day_need_no_full_refresh(file):
    assert state(file, {}).full_refresh_reason(NEW_YEARS_EVE, asked=False) == ""
    assert state(file, BUILT).full_refresh_reason(date(2026, 1, 1), asked=False) == ""


def test_incremental_tables_start_anew_when_they_must(file):
    built = state(file, BUILT)
    assert "before 2025-12-31" in built.full_refresh_reason(date(2025, 12, 30), asked=False)
    assert "as asked" in built.full_refresh_reason(NEW_YEARS_EVE, asked=True)
    begun = state(file, {"succeeded": False, "as_of": "2025-12-31"})
    assert "no build has passed" in begun.full_refresh_reason(NEW_YEARS_EVE, asked=False)
    changed = state(file, BUILT, incremental="models 2")
    assert "changed" in changed.full_refresh_reason(NEW_YEARS_EVE, asked=False)


def test_build_under_way_is_not_publishable(file):
    before = state(file, {**BUILT, "as_of": "2025-12-30"})
    before.start(NEW_YEARS_EVE)
    kept = json.loads(file.read_text())
    assert not state(file, kept).succeeded
    reason = state(file, kept).full_refresh_reason(date(2025, 12, 30), asked=False)
    assert "before 2025-12-31" in reason


def test_finished_build_is_publishable(file):
    state(file, {}).finish("run1", NEW_YEARS_EVE, "ground 1")
    assert state(file, json.loads(file.read_text())).succeeded


def test_views_stand_as_long_as_a_passed_build_stood_on_the_same_ground(file):
    assert not state(file, {}).stands_on("ground 1")
    state(file, {}).finish("run1", NEW_YEARS_EVE, "ground 1")
    built = state(file, json.loads(file.read_text()))
    assert built.stands_on("ground 1")
    assert not built.stands_on("ground 2")
    built.start(NEW_YEARS_EVE)
    assert not state(file, json.loads(file.read_text())).stands_on("ground 1")


def test_changed_code_brings_the_unit_tests_until_a_build_has_passed(file):
    assert not state(file, {}).code_changed
    state(file, {}).finish("run1", NEW_YEARS_EVE, "ground 1")
    assert not state(file, json.loads(file.read_text())).code_changed
    edited = state(file, json.loads(file.read_text()), code="code 2")
    assert edited.code_changed
    edited.start(NEW_YEARS_EVE)
    assert state(file, json.loads(file.read_text()), code="code 2").code_changed
    edited.finish("run2", NEW_YEARS_EVE, "ground 1")
    assert not state(file, json.loads(file.read_text()), code="code 2").code_changed


def project(kind="table", checksum="1", macro="select 1", rows=1):
    node = {"resource_type": "model", "config": {"materialized": kind}}
    test = {"model": "x", "given": [], "expect": {"rows": rows}}
    return {
        "nodes": {"model.p.x": {**node, "checksum": {"checksum": checksum}}},
        "macros": {"macro.p.m": {"macro_sql": macro}},
        "unit_tests": {"unit_test.p.x.t": test},
    }


CODE = {
    "events": "1", "days": "1", "aside": "1",
    "filter": "1", "days_between": "1", "get_incremental_replace_sql": "1", "unused": "1",
}  # fmt: skip


def project_of_days(**changes):
    """An incremental model over a view of events, which uses a macro that uses another."""
    code = {**CODE, **changes}

    def node(name, *upstream, macros=(), **config):
        return {
            "resource_type": "model",
            "config": {"materialized": "view", **config},
            "checksum": {"checksum": code[name]},
            "depends_on": {
                "nodes": ["source.p.raw", *(f"model.p.{name}" for name in upstream)],
                "macros": [f"macro.p.{name}" for name in macros],
            },
        }

    def macro(name, *uses):
        return {
            "macro_sql": code[name],
            "depends_on": {"macros": [f"macro.p.{name}" for name in uses]},
        }

    return {
        "nodes": {
            "model.p.events": node("events", macros=["filter"]),
            "model.p.days": node(
                "days", "events", materialized="incremental", incremental_strategy="replace"
            ),
            "model.p.aside": node("aside", "days", macros=["unused"]),
        },
        "macros": {
            "macro.p.filter": macro("filter", "days_between"),
            "macro.p.days_between": macro("days_between"),
            "macro.p.get_incremental_replace_sql": macro("get_incremental_replace_sql"),
            "macro.p.unused": macro("unused"),
        },
    }


@pytest.mark.parametrize("name", CODE)
def test_incremental_tables_start_anew_when_what_they_are_made_of_has_other_code(name):
    """After an upgrade the rows of earlier days would stay as the older version counted them."""
    first = incremental_models(project_of_days(), [])
    assert first == incremental_models(project_of_days(), [])
    is_other = first != incremental_models(project_of_days(**{name: "2"}), [])
    assert is_other is (name not in ("aside", "unused"))


def test_incremental_tables_start_anew_when_a_default_of_the_project_changes(home, monkeypatch):
    monkeypatch.setattr(build_state, "read_manifest", lambda _: project_of_days())
    home.write(HomeConfig())
    first = BuildState.read(home).incremental
    assert first == BuildState.read(home).incremental
    monkeypatch.setattr(build_state, "default_vars", lambda: {"usage_lookback_days": 99})
    assert BuildState.read(home).incremental != first


def test_only_incremental_models_and_vars_ask_for_a_full_refresh():
    assert incremental_models(project(), []) == incremental_models(project(checksum="2"), [])
    first = incremental_models(project("incremental"), [])
    assert first != incremental_models(project("incremental", "2"), [])
    assert first != incremental_models(project("incremental"), ["--vars", "{}"])


@pytest.mark.parametrize("change", [{"checksum": "2"}, {"macro": "select 2"}, {"rows": 2}])
def test_any_change_of_code_brings_the_unit_tests_back(change):
    assert unit_tested_code(project(), []) == unit_tested_code(project(), [])
    assert unit_tested_code(project(), []) != unit_tested_code(project(**change), [])
    assert unit_tested_code(project(), []) != unit_tested_code(project(), ["--vars", "{}"])


def model(name, folder, **config):
    return {
        "unique_id": f"model.p.{name}",
        "resource_type": "model",
        "original_file_path": f"models/{folder}/{name}.sql",
        "config": config,
    }


def test_facts_and_marts_are_published_unless_they_say_no():
    nodes = [
        model("stg", "staging/stripe"),
        model("fct", "facts"),
        model("mart", "marts/churn"),
        model("fct_private", "facts", meta={"published": False}),
        model("mart_part", "marts/churn", materialized="ephemeral"),
    ]
    found = published_assets.published_models(
        {"nodes": {node["unique_id"]: node for node in nodes}}
    )
    assert [node["unique_id"] for node in found] == ["model.p.fct", "model.p.mart"]


def test_grain_is_what_unique_grain_tests():
    grain = {"name": "unique_grain", "kwargs": {"columns": ["account_id", "month"]}}
    other = {"name": "not_null", "kwargs": {"column_name": "x"}}
    nodes = {
        "test.p.a": {"attached_node": "model.p.fct", "test_metadata": grain},
        "test.p.b": {"attached_node": "model.p.fct", "test_metadata": other},
        "model.p.fct": {"test_metadata": None},
    }
    grains = published_assets.tested_grains({"nodes": nodes})
    assert grains == {"model.p.fct": ("account_id", "month")}
