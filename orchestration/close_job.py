"""The Dagster job `close_period`: one partition per month."""

import dagster as dg

from orchestration.close import close_month
from orchestration.errors import ExplainedError
from orchestration.home import Home
from orchestration.instance import WAREHOUSE_POOL
from orchestration.ledger import Month
from orchestration.lock import home_lock

JOB_NAME = "close_period"
FIRST_PARTITION = "2015-01-01"
MONTHS = dg.MonthlyPartitionsDefinition(start_date=FIRST_PARTITION)


class CloseConfig(dg.Config):
    """Who closes the month.

    Attributes:
        closed_by: The name that is written to the ledger; empty: CSW_CLOSED_BY, else the user.
    """

    closed_by: str = ""


def build_close_job(home: Home) -> dg.JobDefinition:
    """Return the job that closes the month of its partition for a home."""

    @dg.op(
        name="close_month",
        description="Writes the month's published figures to the ledger, once and in order.",
        pool=WAREHOUSE_POOL,
    )
    def close_one(context: dg.OpExecutionContext, config: CloseConfig) -> None:
        month = Month.parse(context.partition_key[:7])
        try:
            with home_lock(home):
                close = close_month(home, month, closed_by=config.closed_by or None)
        except ExplainedError as error:
            raise dg.Failure(str(error), allow_retries=False) from error
        context.add_output_metadata(
            {
                "closing_arr": close.totals["closing_arr"],
                "as_of_date": close.as_of_date,
                "closed_by": close.closed_by,
                "definition_version": close.definition_version,
                "content_hash": close.content_hash,
            }
        )

    @dg.job(
        name=JOB_NAME,
        partitions_def=MONTHS,
        description="Close a month: its figures are as reported from then on. As `csw close`.",
    )
    def close_period() -> None:
        close_one()

    return close_period
