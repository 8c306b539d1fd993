"""`csw mcp`: the tools by which an agent asks. Each opens what is published now, and only reads."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from datetime import date
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any

from mcp.server import MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp.types import ToolAnnotations
from pydantic import Field

from dashboards.ask.account import account as about_account
from dashboards.ask.change import why_changed as change_of
from dashboards.ask.explain import explain_number as explain
from dashboards.ask.query import query_metric as query
from dashboards.ask.question import (
    DEFINITIONS,
    PERIODS,
    csm_names,
    definition,
    find_metric,
    known_months,
    part_of,
    require_definitions,
    values_of,
)
from dashboards.ask.standing import newest, plain, standing_of
from dashboards.published import Published
from orchestration.errors import ExplainedError
from orchestration.metrics import CSM, read_metrics

NAME = "customer-success-warehouse"
INSTRUCTIONS = """\
Figures of a customer-success warehouse: ARR and its movements, NRR, GRR, churn, renewals, NPS,
accounts. Begin with list_metrics. Quote a figure with its month, with `standing.as_of`, and with
what `standing` says is open, held, old or in doubt. A value that is null is not known, for the
reason beside it: it is not 0. Never compute a rate from rates, and never add up rates: ask for the
cut or the month instead. Amounts are in `standing.currency`; a fraction of 1 is 100 %.
"""
READS = ToolAnnotations(read_only_hint=True, idempotent_hint=True, open_world_hint=False)
Answer = dict[str, Any]
MetricName = Annotated[str, Field(description="Its name in list_metrics, such as nrr.")]
Where = Annotated[
    dict[str, str | int] | None,
    Field(description='Dimension and value, such as {"region": "EMEA"}; several hold together.'),
]
Period = Annotated[str | None, Field(description=f"{PERIODS}. Default: latest_complete.")]
Month = Annotated[str, Field(description="A month, such as 2025-06.")]


def build_server(folder: Path) -> MCPServer:
    """Return the server of what is published in a folder."""
    server: MCPServer = MCPServer(
        NAME,
        instructions=INSTRUCTIONS,
        version=version(NAME),
        log_level="WARNING",
    )

    def answered(ask: Callable[[Published], Answer]) -> Answer:
        try:
            with newest(folder) as (published, files):
                return _with_standing(published, folder, files, ask(published))
        except ExplainedError as error:
            raise ToolError(str(plain(str(error)))) from error

    @server.tool(annotations=READS)
    def list_metrics() -> Answer:
        """List the metrics: unit, what each can be cut by, and whether cuts combine."""
        return answered(_listed)

    @server.tool(annotations=READS)
    def describe_metric(name: MetricName) -> Answer:
        """Tell what a metric is: definition, formula, what null means, months and values known."""
        return answered(lambda published: _described(published, name))

    @server.tool(annotations=READS)
    def query_metric(
        metric: MetricName,
        by: Annotated[str | None, Field(description="A dimension to cut by, as region.")] = None,
        where: Where = None,
        period: Period = None,
    ) -> Answer:
        """Read a metric by month, for a part of the company, by a dimension. Rates are exact."""
        return answered(lambda published: query(published, metric, by, where, period))

    @server.tool(annotations=READS)
    def explain_number(metric: MetricName, period: Period = None, where: Where = None) -> Answer:
        """Tell what one number is made of: both sides, its tables, the accounts that matter."""
        return answered(lambda published: explain(published, metric, period, where))

    @server.tool(annotations=READS)
    def why_changed(
        metric: MetricName, from_month: Month, to_month: Month, where: Where = None
    ) -> Answer:
        """Tell why a metric changed between two months: steps that add up to the change exactly."""
        return answered(lambda published: change_of(published, metric, from_month, to_month, where))

    @server.tool(annotations=READS)
    def account(
        name_or_id: Annotated[str, Field(description="Its id, or its whole name in any case.")],
    ) -> Answer:
        """Tell how an account stands today: ARR, renewal, health and why, signals, tickets."""
        return answered(lambda published: about_account(published, name_or_id))

    return server


def _with_standing(published: Published, folder: Path, files: ExitStack, answer: Answer) -> Answer:
    months: Sequence[date] = answer.pop("months", ())
    standing = standing_of(published, folder, files, months)
    return plain({**answer, "standing": standing})


def _listed(published: Published) -> Answer:
    require_definitions(published)
    told = {row["metric"]: row for row in published.rows(f"from {DEFINITIONS}")}
    return {
        "metrics": [
            {
                "metric": name,
                "title": metric.title,
                "unit": told[name]["unit"],
                "dimensions": list(metric.dimensions),
                "dimensions_combine": part_of(metric) is not None,
                "change_is_explained": part_of(metric) is not None
                or bool(metric.numerator and metric.denominator),
            }
            for name, metric in read_metrics().items()
            if name in told
        ]
    }


def _described(published: Published, name: str) -> Answer:
    metric = find_metric(published, name)
    told = definition(published, metric)
    first, last = known_months(published, metric)
    sides = {"numerator": metric.numerator, "denominator": metric.denominator}
    names = csm_names(published) if CSM in metric.dimensions else {}
    return {
        "metric": told,
        **{
            side: column and {"column": column, "is": published.description(metric.table, column)}
            for side, column in sides.items()
        },
        "first_month": first,
        "last_month": last,
        "values": {each: values_of(published, metric, each) for each in metric.dimensions},
        "csm_names": names,
        "dimensions_combine": part_of(metric) is not None,
    }
