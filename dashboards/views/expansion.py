"""Who has reason to buy more."""

from __future__ import annotations

from dashboards import numbers
from dashboards.cut import EVERYTHING, Cut
from dashboards.published import Published
from dashboards.views.view import BY_ACCOUNT, Table, View

SHOWN = 12


def opportunities(published: Published, cut: Cut = EVERYTHING) -> View:
    """Expansion signals that are open, in the order in which to ask; suppressed ones last."""
    rows = published.rows(
        f"""
        select account_id, account_name, label, evidence, opened_on, arr, estimated_arr,
            expansion_rate, expected_arr, suppressed_reason, rank, next_action, csm_name
        from mart_expansion_opportunities as opportunities
        where {cut.today("opportunities")}
        order by rank nulls last, account_id, label
        """
    )
    asked = [row for row in rows if row["suppressed_reason"] is None]
    held = len(rows) - len(asked)
    return View(
        key="opportunities",
        title="Who could buy more",
        question="Which accounts have reason to buy more, and may they be asked now?",
        sources=("mart_expansion_opportunities",),
        sentences=(
            f"{numbers.things(len(asked), 'signal')} to act on"
            + (f"; {numbers.count(held)} not now, for the reason beside it." if held else ".")
            + " Signals of one account overlap: what they may be worth does not add up.",
        )
        if rows
        else (),
        table=Table.of(
            rows,
            (
                ("Account", "account_name", numbers.text),
                ("Signal", "label", str),
                ("Evidence", "evidence", str),
                ("Since", "opened_on", numbers.day),
                (">May be worth", "estimated_arr", numbers.money),
                (">Of such, expanded", "expansion_rate", numbers.percent),
                ("Not now, because", "suppressed_reason", lambda why: why or ""),
                ("Next step", "next_action", str),
            ),
            shown=SHOWN,
        ),
        nothing=_none_open(published),
        follows=BY_ACCOUNT,
    )


def _none_open(published: Published) -> str:
    """Say that no signal is open, or that nothing is known that could open one."""
    bands = published.rows("select distinct displayed_band as band from mart_health_score")
    is_blind = [row["band"] for row in bands] == ["unknown"]
    more = " Too little is known of the accounts to tell." if is_blind else ""
    return f"No expansion signal is open.{more}"
