"""Whatever opens DuckDB in a refresh keeps to one bound on memory."""

import duckdb
import pytest
import yaml

from orchestration.loads import LoadRequest
from orchestration.loads.dlt_source import build_pipeline
from orchestration.loads.run import LoadRun
from orchestration.loads.warehouse import opened
from orchestration.memory import DEFAULT_LIMIT, MEMORY_VARIABLE, bound_memory
from orchestration.project import project_root

LIMIT = "select current_setting('memory_limit')"


@pytest.mark.parametrize(
    ("given", "bound"), [(None, "3.7 GiB"), ("", "3.7 GiB"), ("1GB", "953.6 MiB")]
)
def test_bound_is_what_the_environment_says(monkeypatch, given, bound):
    if given is not None:
        monkeypatch.setenv(MEMORY_VARIABLE, given)
    with duckdb.connect() as connection:
        bound_memory(connection)
        assert connection.execute(LIMIT).fetchone() == (bound,)


def test_what_does_not_fit_goes_where_it_is_told(monkeypatch, tmp_path):
    monkeypatch.setenv(MEMORY_VARIABLE, "60MB")
    spill = tmp_path / "it's full"
    with duckdb.connect() as connection:
        bound_memory(connection, spill)
        connection.execute("create table t as select hash(range) as x from range(20_000_000)")
        assert spill.is_dir()
    assert not list(spill.glob("*"))


def test_loading_keeps_to_the_bound(monkeypatch, tmp_path):
    monkeypatch.setenv(MEMORY_VARIABLE, "1GB")
    warehouse = tmp_path / "warehouse.duckdb"
    with opened(warehouse) as connection:
        assert connection.execute(LIMIT).fetchone() == ("953.6 MiB",)
    request = LoadRequest("files", tmp_path, warehouse, "run")
    run = LoadRun(request)
    run.prepare("load")
    assert run.connection.execute(LIMIT).fetchone() == ("953.6 MiB",)
    run.close()
    pipeline = build_pipeline(request)
    with pipeline.sql_client() as client:
        assert client.execute_sql(LIMIT) == [("953.6 MiB",)]


def test_dbt_keeps_to_the_same_bound():
    profiles = yaml.safe_load((project_root() / "profiles.yml").read_text(encoding="utf-8"))
    settings = profiles["customer_success"]["outputs"]["dev"]["settings"]
    assert settings["memory_limit"] == (
        f"{{{{ env_var('{MEMORY_VARIABLE}', '{DEFAULT_LIMIT}') }}}}"
    )
