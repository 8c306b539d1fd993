import dagster as dg
import pytest
from dagster._core.storage.event_log.sqlite.sqlite_event_log import SqliteEventLogStorage

from orchestration.event_log import OPEN_DATABASES, PooledSqliteEventLogStorage
from orchestration.instance import (
    COMMAND_LINE,
    LAUNCHED_BY_TAG,
    cancel_abandoned_runs,
    open_instance,
)


@dg.asset(check_specs=[dg.AssetCheckSpec("positive", asset="figures")])
def figures():
    return dg.MaterializeResult(
        metadata={"dagster/row_count": 3},
        check_results=[dg.AssetCheckResult(check_name="positive", passed=True)],
    )


@pytest.fixture
def instance(home):
    with open_instance(home) as opened:
        yield opened


def test_events_are_kept_and_the_stock_storage_reads_them(home, instance):
    assert isinstance(instance.event_log_storage, PooledSqliteEventLogStorage)
    run_ids = [
        dg.materialize([figures], instance=instance).run_id for _ in range(OPEN_DATABASES + 2)
    ]
    stock = SqliteEventLogStorage(str(home.dagster / "history" / "runs"))
    for run_id in run_ids:
        kinds = [entry.dagster_event_type for entry in stock.get_logs_for_run(run_id)]
        assert dg.DagsterEventType.RUN_SUCCESS in kinds
        assert dg.DagsterEventType.ASSET_CHECK_EVALUATION in kinds
    assert instance.get_latest_materialization_event(dg.AssetKey("figures")).run_id == run_ids[-1]


def test_history_outlives_the_process(home):
    with open_instance(home) as opened:
        run_id = dg.materialize([figures], instance=opened).run_id
    with open_instance(home) as opened:
        assert opened.get_run_by_id(run_id).is_success
        assert opened.get_latest_materialization_event(dg.AssetKey("figures")).run_id == run_id


def test_runs_of_a_killed_command_line_are_closed(instance):
    job = dg.define_asset_job("job", "*").resolve(
        asset_graph=dg.Definitions(assets=[figures]).resolve_asset_graph()
    )
    tags = {LAUNCHED_BY_TAG: COMMAND_LINE}
    ours = instance.create_run_for_job(job, tags=tags, status=dg.DagsterRunStatus.STARTED)
    other = instance.create_run_for_job(job, status=dg.DagsterRunStatus.STARTED)
    assert cancel_abandoned_runs(instance) == 1
    assert instance.get_run_by_id(ours.run_id).status == dg.DagsterRunStatus.CANCELED
    assert instance.get_run_by_id(other.run_id).status == dg.DagsterRunStatus.STARTED


def test_one_run_at_a_time_writes_the_warehouse(instance):
    concurrency = instance.get_concurrency_config()
    assert concurrency.pool_config.default_pool_limit == 1
    assert concurrency.pool_config.pool_granularity.value == "run"
