"""The demo company as an asset: what its five systems export, up to a day."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import dagster as dg

from demo import company
from orchestration.home import Home, HomeError
from orchestration.progress import current
from orchestration.session import RefreshSession

DEMO_ASSET = "demo_company"


def generate_demo(home: Home, until: date | None) -> date:
    """Extend the demo company to a day, and return the day its exports reach.

    A day that is before what was generated changes nothing: the past of the demo is fixed.

    Raises:
        HomeError: When the demo cannot be generated as asked.
    """
    if home.company_file.exists():
        raise HomeError(f"{home.path} belongs to the company of {home.company_file}, not the demo.")
    config = home.remembered()
    reached = None
    if config.demo_until and home.exports.is_dir():
        reached = date.fromisoformat(config.demo_until)
    wanted = until or reached or company.FIRST_UNTIL
    if reached and wanted <= reached:
        return reached
    seed = company.SEED if config.seed is None else config.seed
    try:
        company.generate(
            home.path,
            until=wanted,
            scale=config.scale,
            seed=seed,
            progress=lambda text: current().advance(0, 0, text),
        )
    except company.DemoError as error:
        raise HomeError(str(error)) from error
    home.write(replace(config, demo_until=wanted.isoformat()))
    return wanted


def build_demo_asset(home: Home) -> dg.AssetsDefinition:
    """Return the asset that generates the demo company's exports."""

    @dg.asset(
        key=DEMO_ASSET,
        group_name="demo",
        description=(
            "The exports of a simulated company, in the shapes of Salesforce, Stripe, Segment, "
            "Zendesk and Delighted. The same seed always gives the same company."
        ),
        kinds={"python"},
    )
    def demo_company(session: RefreshSession) -> dg.MaterializeResult:
        with current().step("Generate the demo company"):
            try:
                reached = generate_demo(home, session.requested_as_of)
            except HomeError as error:
                raise dg.Failure(str(error), allow_retries=False) from error
        return dg.MaterializeResult(metadata={"until": reached.isoformat()})

    return demo_company
