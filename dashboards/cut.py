"""Which part of the company is looked at, and when: the filters of all pages.

One filter is a cut that the marts have. Several together are added up from the facts that the marts
are made of, row by row: a sum of single cuts would count accounts twice.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

from orchestration import semantic
from orchestration.database import text

# What can be chosen: the type of the cut in the marts, which is a column of the facts.
DIMENSIONS = {
    "segment": "Segment",
    "region": "Region",
    "country": "Country",
    "industry": "Industry",
    "size_band": "Size",
    "plan": "Plan",
    "product": "Product",
    "start_year": "Start year",
}
# What the marts call a row without a value.
UNASSIGNED = "unassigned"
AMOUNTS = (
    "opening_arr",
    "new_arr",
    "expansion_arr",
    "contraction_arr",
    "churn_arr",
    "reactivation_arr",
    "fx_arr",
    "transfer_arr",
    "prior_period_adjustment_arr",
    "closing_arr",
)
BRIDGE, RETENTION, RENEWALS = (
    "mart_arr_bridge_monthly",
    "mart_retention_monthly",
    "mart_renewal_monthly",
)
ACCOUNT_MONTHS = "fct_account_month"
RETAINED_MONTHS = "fct_account_retention_month"
TERMS = "fct_renewal"


@dataclass(frozen=True)
class Part:
    """How a column of a monthly mart is added up from the rows of its fact.

    Attributes:
        fact: The fact, which has the columns of all cuts.
        numerator: SQL of what a row adds.
        denominator: SQL of what a row adds below the line; none of an amount.
        known: SQL of whether the column is known of a group of rows.
        is_kept: Whether the rate says how much of the denominator is left: the rest of it is what
            was lost or won.
        month: The fact's month.
    """

    fact: str
    numerator: str
    denominator: str | None = None
    known: str | None = None
    is_kept: bool = False
    month: str = "month"

    @property
    def sql(self) -> str:
        """The column of a group of rows."""
        if self.denominator is None:
            return f"sum({self.numerator})"
        rate = f"cast(sum({self.numerator}) / nullif(sum({self.denominator}), 0) as double)"
        return f"case when {self.known} then {rate} end" if self.known else rate


# What says of which month a group of rows is, and whether that is over.
MONTH_OF = {
    ACCOUNT_MONTHS: "month, is_complete",
    RETAINED_MONTHS: "month, is_complete",
    TERMS: "due_month, count_if(outcome = 'pending') = 0 as is_complete",
}
SUMMED = frozenset({*DIMENSIONS, "csm_id"})


def _part(name: str) -> Part | None:
    """Return how a metric is added up, if both its sides are sums of one fact with all cuts."""
    sides = semantic.sides_of(name) or (semantic.measure_of(name),)
    above, below = sides[0], sides[1] if len(sides) > 1 else None
    for side in sides:
        if (
            side is None
            or side.fact not in MONTH_OF
            or side.fact != above.fact
            or side.aggregation != semantic.SUM
            or not side.dimensions >= SUMMED
        ):
            return None
    said = semantic.meta(name)
    undecided = said.get("unknown_while")
    return Part(
        fact=above.fact,
        numerator=f"({above.sql})",
        denominator=f"({below.sql})" if below else None,
        known=f"sum({semantic.measure_of(undecided).sql}) = 0" if undecided else None,
        is_kept=said.get("is_kept", False),
        month=above.month,
    )


def _parts() -> dict[str, dict[str, Part]]:
    found: dict[str, dict[str, Part]] = {}
    for name in semantic.metrics():
        said = semantic.meta(name)
        if "column" in said and "where" not in said and (part := _part(name)):
            found.setdefault(said["table"], {})[said["column"]] = part
    return found


# What of a mart is known for several filters together: the metrics of `models/semantic`.
PARTS: dict[str, dict[str, Part]] = _parts()
# Monthly marts: the fact that each is made of, and its columns as sums of the fact's rows.
ADDED_UP = {
    mart: (
        fact := next(iter(parts.values())).fact,
        ", ".join([MONTH_OF[fact], *(f"{part.sql} as {name}" for name, part in parts.items())]),
    )
    for mart, parts in PARTS.items()
}


@dataclass(frozen=True)
class Cut:
    """A choice of the filters; without any it is the whole company, today.

    Attributes:
        dimension: What to cut by, one of `DIMENSIONS`.
        value: Its value.
        csm_id: The customer success manager.
        month: The last month to show; the newest without it.
        also: More dimensions and their values.
    """

    dimension: str | None = None
    value: str | None = None
    csm_id: str | None = None
    month: date | None = None
    also: tuple[tuple[str, str], ...] = ()

    @property
    def chosen(self) -> dict[str, str]:
        """The column of the facts and its value, for each filter that is on."""
        found = {self.dimension: self.value} if self.dimension and self.value else {}
        return found | dict(self.also) | ({"csm_id": self.csm_id} if self.csm_id else {})

    def rows(self, alias: str = "") -> str:
        """Return the SQL condition for rows of a fact that has the columns of all cuts."""
        prefix = f"{alias}." if alias else ""
        tests = [
            f"coalesce({prefix}{column}, '{UNASSIGNED}') = {text(value)}"
            for column, value in self.chosen.items()
        ]
        return " and ".join(tests) or "true"

    def until(self, column: str = "month") -> str:
        """Return the SQL condition for months up to the one looked at."""
        return "true" if self.month is None else f"{column} <= date '{self.month}'"

    def members(self, alias: str, month: str) -> str:
        """Return the SQL condition for rows of accounts that were in the cut in a month.

        Args:
            alias: The alias of the rows, which have an `account_id`.
            month: SQL of the month.
        """
        if not self.chosen:
            return "true"
        return (
            f"exists (from fct_account_month as months where months.account_id = {alias}.account_id"
            f" and months.month = {month} and {self.rows('months')})"
        )

    def today(self, alias: str, *, owner: str = "") -> str:
        """Return the SQL condition for rows of accounts that are in the cut today.

        Who the customer success manager is, today's account says; what the account is cut by, the
        newest month.

        Args:
            alias: The alias of the rows, which have an `account_id`.
            owner: SQL of somebody else to whom a row may belong.
        """
        newest = "(select max(month) from fct_account_month)"
        tests = [replace(self, csm_id=None).members(alias, newest)]
        if self.csm_id:
            csm = text(self.csm_id)
            own = f"exists (from dim_account as owned where owned.csm_id = {csm}"
            own += f" and owned.account_id = {alias}.account_id)"
            tests.append(f"({own} or {owner} = {csm})" if owner else own)
        return " and ".join(tests)

    def months(self, mart: str) -> str:
        """Return the SQL of a monthly mart's rows that are of the cut.

        Args:
            mart: One of `ADDED_UP`; of several filters only its columns that are named there.
        """
        if len(self.chosen) > 1:
            return self.added_up(mart)
        return f"(from {mart} where {self.single()})"

    def added_up(self, mart: str) -> str:
        """Return the SQL of what a monthly mart would say of the cut, added up from its facts."""
        fact, sums = ADDED_UP[mart]
        return f"(select {sums} from {fact} where {self.rows()} group by all)"

    def single(self, alias: str = "") -> str:
        """Return the SQL condition for a mart that has the cuts one by one."""
        prefix = f"{alias}." if alias else ""
        column, value = next(iter(self.chosen.items()), ("total", "all"))
        kind = "csm" if column == "csm_id" else column
        return f"{prefix}segment_type = '{kind}' and {prefix}segment_value = {text(value)}"


EVERYTHING = Cut()
