"""What Dagster shows: the assets of every layer, their lineage, checks, job and schedule."""

from datetime import UTC, datetime
from pathlib import Path

import dagster as dg
import pytest

from orchestration.definitions import build_definitions
from orchestration.home import Home, claim
from orchestration.loads import source_spec
from orchestration.manifest import ensure_manifest, read_manifest

pytestmark = pytest.mark.long

LAYERS = ("staging", "intermediate", "facts", "marts")


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Home:
    home = Home(tmp_path_factory.mktemp("definitions") / "home")
    claim(home)
    ensure_manifest(home)
    return home


@pytest.fixture(scope="module")
def definitions(demo: Home) -> dg.Definitions:
    return build_definitions(demo)


@pytest.fixture(scope="module")
def graph(definitions: dg.Definitions):
    return definitions.resolve_asset_graph()


def enabled_nodes(home: Home) -> list[dict]:
    """The nodes that run; dbt lists the tests of a disabled model too."""
    nodes = read_manifest(home)["nodes"].values()
    return [node for node in nodes if node["config"]["enabled"]]


def test_every_raw_table_is_an_asset(graph, demo):
    for source in demo.read().vendors:
        for table in source_spec(source).tables:
            key = dg.AssetKey([f"raw_{source}", table])
            assert graph.get(key).group_name == "raw"
            assert graph.get(key).parent_keys == {dg.AssetKey("demo_company")}


def test_every_enabled_dbt_node_is_an_asset_of_its_layer(graph, demo):
    for node in enabled_nodes(demo):
        if node["resource_type"] == "model" and node["config"]["materialized"] != "ephemeral":
            layer = Path(node["original_file_path"]).parts[1]
            assert graph.get(dg.AssetKey([layer, node["name"]])).group_name == layer
        if node["resource_type"] == "seed":
            assert graph.get(dg.AssetKey(["seeds", node["name"]])).group_name == "seeds"


def test_a_model_has_a_tag_of_its_subject_in_every_layer(graph):
    subjects = {
        ("intermediate", "int_arr_line_intervals"): "arr",
        ("facts", "fct_churn_event"): "churn",
        ("marts", "mart_churn_monthly"): "churn",
    }
    for key, subject in subjects.items():
        assert graph.get(dg.AssetKey(key)).tags["subject"] == subject


def test_nothing_hangs_in_the_air(graph):
    """Each source of dbt is a table that a load makes; the ledger alone is kept, not made."""
    outside = [key for key in graph.get_all_asset_keys() if not graph.get(key).is_materializable]
    assert {key.path[0] for key in outside} <= {"ledger"}


def test_what_a_load_says_of_itself_follows_every_load(graph, demo):
    upstream = graph.get(dg.AssetKey(["staging", "stg_loads__table_loads"])).parent_keys
    assert {key.path[0] for key in upstream} == {f"raw_{name}" for name in demo.read().vendors}


def test_lineage_runs_from_the_demo_to_the_published_file(graph):
    upstream = graph.get(dg.AssetKey("published_marts")).parent_keys
    assert {key.path[0] for key in upstream} == {"facts", "marts"}
    seen, open_keys = set(), {dg.AssetKey("published_marts")}
    while open_keys:
        key = open_keys.pop()
        seen.add(key)
        open_keys |= graph.get(key).parent_keys - seen
    groups = {graph.get(key).group_name for key in seen}
    assert {"published", *LAYERS, "seeds", "raw", "demo"} <= groups
    assert dg.AssetKey(["raw_stripe", "event"]) in seen


def test_every_mart_and_every_fact_that_does_not_decline_is_published(graph, demo):
    declined = {
        node["name"]
        for node in enabled_nodes(demo)
        if node["resource_type"] == "model" and node["config"]["meta"].get("published") is False
    }
    layers = {
        key for key in graph.get_all_asset_keys() if graph.get(key).group_name in ("facts", "marts")
    }
    expected = {key for key in layers if key.path[-1] not in declined}
    assert graph.get(dg.AssetKey("published_marts")).parent_keys == expected
    marts = {key for key in layers if graph.get(key).group_name == "marts"}
    assert marts <= expected


def test_dbt_tests_are_asset_checks(graph, demo):
    tests = [node for node in enabled_nodes(demo) if node["resource_type"] == "test"]
    checks = {check.name for check in graph.asset_check_keys}
    missing = [test["name"] for test in tests if test["name"] not in checks]
    assert missing == [], "a singular test with several refs needs meta.dagster.ref.name"


def test_marts_have_owner_and_description(graph):
    for key in graph.get_all_asset_keys():
        node = graph.get(key)
        if node.group_name == "marts":
            assert node.owners, key
            assert node.description, key


def test_each_source_is_checked_for_being_late(graph, demo):
    names = {check.name for check in graph.asset_check_keys}
    for source in demo.read().vendors:
        assert f"{source}_reaches_the_as_of_date" in names


def test_raw_tables_and_published_file_have_a_freshness_policy(graph):
    assert graph.get(dg.AssetKey(["raw_stripe", "invoice"])).freshness_policy
    assert graph.get(dg.AssetKey("published_marts")).freshness_policy


def test_job_holds_everything_and_runs_in_process(definitions, graph):
    job = definitions.resolve_job_def("daily_refresh")
    assert job.executor_def.name == "in_process"
    assert job.asset_layer.executable_asset_keys == graph.materializable_asset_keys


def test_job_needs_no_config(definitions):
    config = dg.validate_run_config(definitions.resolve_job_def("daily_refresh"))
    assert config["resources"]["session"]["config"]["as_of"] == ""


def test_what_writes_the_warehouse_is_in_one_pool(definitions):
    job = definitions.resolve_job_def("daily_refresh")
    pools = {node.name: node.definition.pools for node in job.nodes}
    for name in ("load_stripe", "load_segment", "dbt_build", "published_marts"):
        assert pools[name] == {"warehouse"}


def test_schedule_asks_for_the_day_before(definitions):
    schedule = definitions.resolve_schedule_def("daily_refresh_schedule")
    assert schedule.cron_schedule == "0 6 * * *"
    assert schedule.execution_timezone == "UTC"
    context = dg.build_schedule_context(
        scheduled_execution_time=datetime(2026, 3, 2, 6, tzinfo=UTC),
        repository_def=definitions.get_repository_def(),
    )
    (request,) = schedule.evaluate_tick(context).run_requests
    assert request.run_config["resources"]["session"]["config"]["as_of"] == "2026-03-01"
    assert request.run_key == "2026-03-01"


def test_files_company_shows_files_only(demo, tmp_path):
    home = Home(tmp_path / "files")
    folder = tmp_path / "acme"
    folder.mkdir()
    claim(home, source=folder)
    ensure_manifest(home)
    keys = build_definitions(home).resolve_asset_graph().get_all_asset_keys()
    assert {key.path[0] for key in keys if key.path[0].startswith("raw_")} == {"raw_files"}
    assert dg.AssetKey("demo_company") not in keys
    assert not [key for key in keys if "stripe" in key.path[-1]]


def test_dagster_loads_the_module(demo, monkeypatch):
    monkeypatch.setenv("CSW_HOME", str(demo.path))
    from orchestration.definitions import definitions as lazy  # noqa: PLC0415

    assert lazy.load_fn().resolve_job_def("daily_refresh")
