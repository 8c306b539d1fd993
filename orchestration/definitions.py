"""Everything Dagster shows: assets, checks, job, schedule, sensors.

`dagster dev` at the project's root loads `definitions` for the home that CSW_HOME names (`data/`
when it names none). `csw refresh` builds the same definitions and runs the same job.
"""

from __future__ import annotations

import dagster as dg
from dagster_dlt import DagsterDltResource

from orchestration.alerts import alert_on_failure
from orchestration.close_job import build_close_job
from orchestration.dbt_assets import build_dbt_assets, dbt_resource
from orchestration.demo_assets import build_demo_asset
from orchestration.home import Home
from orchestration.manifest import ensure_manifest
from orchestration.project import use_home
from orchestration.published_assets import build_published_asset
from orchestration.raw_assets import build_raw_assets
from orchestration.schedules import build_delivery_sensor, build_job, build_schedule
from orchestration.session import RefreshSession
from orchestration.source_checks import build_source_checks


def build_definitions(home: Home) -> dg.Definitions:
    """Return the definitions of a home; its dbt manifest must be there."""
    config = home.read()
    assets: list[dg.AssetsDefinition] = [
        *(build_raw_assets(home, source) for source in config.vendors),
        build_dbt_assets(home),
        build_published_asset(home),
    ]
    if config.is_demo:
        assets.insert(0, build_demo_asset(home))
    job = build_job()
    delivery = build_delivery_sensor(home, job)
    return dg.Definitions(
        assets=assets,
        asset_checks=build_source_checks(home),
        jobs=[job, build_close_job(home)],
        schedules=[build_schedule(home, job)],
        sensors=[alert_on_failure, *([delivery] if delivery else [])],
        executor=dg.in_process_executor,
        resources={
            "dbt": dbt_resource(),
            "dlt": DagsterDltResource(),
            "session": RefreshSession.configure_at_launch(
                home=str(home.path), settings=home.settings_stamp
            ),
        },
    )


@dg.definitions
def definitions() -> dg.Definitions:
    """Load the definitions of the home that the environment names."""
    home = Home.resolve()
    ensure_manifest(home)
    use_home(home)
    return build_definitions(home)
