"""Which part of the company is looked at, and when: the filters of all pages.

One filter is a cut that the marts have. Several together are added up from the facts that the marts
are made of, row by row: a sum of single cuts would count accounts twice.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

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
BRIDGE, RETENTION, RENEWALS, CHURN, EXPANSION = (
    "mart_arr_bridge_monthly",
    "mart_retention_monthly",
    "mart_renewal_monthly",
    "mart_churn_monthly",
    "mart_expansion_monthly",
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


def _rates(
    fact: str,
    rates: dict[str, tuple[str, str]],
    *,
    known: str | None = None,
    is_kept: bool = False,
    month: str = "month",
) -> dict[str, Part]:
    return {
        name: Part(fact, above, below, known, is_kept, month)
        for name, (above, below) in rates.items()
    }


IS_LOGO = f"account_id <> '{UNASSIGNED}'"
LOST, GAINED = "(churn_arr + contraction_arr)", "(expansion_arr + reactivation_arr)"
DECIDED = "count_if(outcome = 'pending') = 0"
# What of a mart is known for several filters together.
PARTS: dict[str, dict[str, Part]] = {
    BRIDGE: {
        **{column: Part(ACCOUNT_MONTHS, column) for column in AMOUNTS},
        **_rates(ACCOUNT_MONTHS, {"quick_ratio": (f"(new_arr + {GAINED})", f"(-{LOST})")}),
    },
    RETENTION: _rates(
        RETAINED_MONTHS,
        {
            "nrr": ("retained_arr", "opening_arr"),
            "grr": ("retained_arr_capped", "opening_arr"),
            "logo_retention": (
                "cast(is_logo and is_retained as integer)",
                "cast(is_logo as integer)",
            ),
        },
        is_kept=True,
    ),
    RENEWALS: {
        "available_to_renew": Part(TERMS, "atr", month="due_month"),
        "renewed_atr": Part(TERMS, "coalesce(renewed_atr, 0)", month="due_month"),
        **_rates(
            TERMS,
            {
                "renewal_rate": ("coalesce(renewed_atr, 0)", "atr"),
                "net_renewal_rate": ("coalesce(renewed_arr, 0)", "atr"),
                "renewal_rate_terms": (
                    "cast(outcome in ('renewed', 'expanded', 'contracted') as integer)",
                    "1",
                ),
            },
            known=DECIDED,
            is_kept=True,
            month="due_month",
        ),
    },
    CHURN: {
        "churned_accounts": Part(
            ACCOUNT_MONTHS, f"cast({IS_LOGO} and movement = 'churn' as integer)"
        ),
        **_rates(
            ACCOUNT_MONTHS,
            {
                "logo_churn": (
                    f"cast({IS_LOGO} and movement = 'churn' as integer)",
                    f"cast({IS_LOGO} and opening_arr > 0 as integer)",
                ),
                "gross_revenue_churn": (f"(-{LOST})", "opening_arr"),
                "net_revenue_churn": (f"(-{LOST} - {GAINED})", "opening_arr"),
            },
        ),
    },
    EXPANSION: {
        "expansion_arr": Part(ACCOUNT_MONTHS, "expansion_arr"),
        **_rates(ACCOUNT_MONTHS, {"expansion_of_book": ("expansion_arr", "opening_arr")}),
    },
}
# What says of which month a group of rows is, and whether that is over.
MONTH_OF = {
    ACCOUNT_MONTHS: "month, is_complete",
    RETAINED_MONTHS: "month, is_complete",
    TERMS: f"due_month, {DECIDED} as is_complete",
}
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
