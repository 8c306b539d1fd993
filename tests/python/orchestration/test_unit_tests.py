"""All dbt unit tests. A refresh runs them only when somebody changed the code."""

import json
import shutil

from orchestration.home import Home


def test_every_unit_test_passes(demo_home, run_csw, tmp_path):
    home = Home(tmp_path / "home")
    home.path.mkdir()
    for name in ("home.json", "warehouse.duckdb"):
        shutil.copy(demo_home.path / name, home.path / name)
    done = run_csw("dbt", "--", "test", "-s", "test_type:unit", CSW_HOME=home.path)
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    run = json.loads((home.dbt_target / "run_results.json").read_text())["results"]
    # The hook before them is no test.
    results = [result for result in run if result["unique_id"].startswith("unit_test.")]
    assert len(results) > 200
    assert all(result["status"] == "pass" for result in results)
