"""What of the product is used, by whom, and how much ARR stands behind it."""

from __future__ import annotations

from dashboards import numbers
from dashboards.cut import EVERYTHING, Cut
from dashboards.published import Published
from dashboards.views import charts
from dashboards.views.view import BY_ACCOUNT, MONTH, Chart, Table, View

ADOPTION = "mart_feature_adoption"
HEAT = "mart_feature_heat"
PRODUCTS = "mart_arr_by_product_monthly"
MONTHS = 13
ACCOUNTS = 40
NAME = "replace(feature, '_', ' ') || if(is_key_feature, ' (key)', '')"


def adoption(published: Published, cut: Cut = EVERYTHING) -> View:
    """Each feature in a month: who may use it, who does, and the ARR of both."""
    rows = published.rows(
        f"""
        select *, {NAME} as name from {ADOPTION}
        where month = (select max(month) from {ADOPTION} where {cut.until()})
        order by is_key_feature desc, adoption_rate desc nulls last, feature
        """
    )
    past = published.rows(
        f"""
        select month, is_complete, {NAME} as name, feature, adoption_rate from {ADOPTION}
        where is_key_feature and adoption_rate is not null and {cut.until()}
            and month > (select max(month) from {ADOPTION} where {cut.until()})
                - interval {MONTHS} month
        order by feature, month
        """
    )
    label = numbers.month(rows[0]["month"]) if rows else ""
    is_open = bool(rows) and not rows[0]["is_complete"]
    least = published.publication.policy.get("activation_events", 1)
    return View(
        key="adoption",
        title=f"Feature adoption, {label}" if label else "Feature adoption",
        question="Which features are used by those who have them, and which are not?",
        sources=(ADOPTION,),
        chart=Chart(
            charts.heat(
                [
                    {
                        "month": numbers.month(row["month"]),
                        "feature": row["name"],
                        "rate": row["adoption_rate"],
                    }
                    for row in past
                ],
                along="month",
                across="feature",
                value="rate",
                value_title="Accounts that use it, of those that may",
            ),
            "Field of the adoption rate of each key feature by month",
        )
        if past
        else None,
        table=Table.of(
            rows,
            (
                ("Feature", "name", str),
                (">May use it", "accounts_entitled", numbers.count),
                (">Of these, use it", "accounts_activated", numbers.count),
                (">Adoption", "adoption_rate", numbers.percent),
                (">Change", "adoption_rate_change", numbers.points),
                (">Users", "users_active", numbers.count),
                (">ARR without", "arr_not_using", numbers.money),
            ),
        ),
        nothing="No use of a feature is known.",
        notes=(
            *((f"{label} is not over.",) if is_open else ()),
            f"Use it: at least {numbers.things(least, 'event')} in the month.",
        ),
        follows=(MONTH,),
    )


def heat(published: Published, cut: Cut = EVERYTHING) -> View:
    """The share of seats that use each feature, account by account, the largest first."""
    rows = published.rows(
        f"""
        select account_id, account_name, feature, {NAME} as name, is_key_feature,
            is_entitled, active_users, seats, share_of_seats, last_used_on, arr
        from {HEAT} as heat
        where {cut.today("heat")}
        order by arr desc nulls last, account_id, count(*) over (partition by feature) desc, feature
        """
    )
    largest = list(dict.fromkeys(row["account_id"] for row in rows))[:ACCOUNTS]
    unused = [row for row in rows if row["is_entitled"] and not row["active_users"]]
    parts = [
        {
            "account": numbers.text(row["account_name"]),
            "feature": row["name"],
            # Guests can make more users than there are seats.
            "share": min(row["share_of_seats"], 1.0),
        }
        for row in rows
        if row["account_id"] in largest and row["share_of_seats"] is not None
    ]
    return View(
        key="heat",
        title="Who uses what",
        question="Where is a feature paid for and not used?",
        sources=(HEAT,),
        sentences=(
            f"{numbers.things(len(unused), 'time')} an account has a feature that nobody there "
            "has used in 28 days.",
        )
        if rows
        else (),
        chart=Chart(
            charts.heat(
                parts,
                along="feature",
                across="account",
                value="share",
                value_title="Seats that used it in 28 days",
            ),
            "Field of the share of seats that use each feature, by account",
        )
        if parts
        else None,
        table=Table.of(
            unused,
            (
                ("Account", "account_name", numbers.text),
                ("Feature not used", "name", str),
                (">ARR", "arr", numbers.money),
                ("Last used", "last_used_on", numbers.day),
            ),
        ),
        is_table_folded=True,
        nothing="No use of a feature is known.",
        notes=(f"The {ACCOUNTS} accounts with the most ARR are drawn.",)
        if len({row["account_id"] for row in rows}) > ACCOUNTS
        else (),
        follows=BY_ACCOUNT,
    )


def arr_by_product(published: Published, cut: Cut = EVERYTHING) -> View:
    """What each product brings in, and how many customers have several."""
    month = f"month = (select max(month) from {PRODUCTS} where {cut.until()})"
    rows = published.rows(
        f"""
        select *, if(segment_value = 'unassigned', 'no product named', segment_value) as name
        from {PRODUCTS} where segment_type = 'product' and {month}
        order by closing_arr desc, segment_value
        """
    )
    total = published.row(f"from {PRODUCTS} where segment_type = 'total' and {month}")
    label = numbers.month(total.get("month"))
    return View(
        key="arr-by-product",
        title=f"ARR by product, {label}" if rows else "ARR by product",
        question="What does each product bring in, and who has several?",
        sources=(PRODUCTS,),
        sentences=(
            f"{numbers.count(total['multi_product_accounts'])} of "
            f"{numbers.things(total['accounts'], 'customer')} "
            f"({numbers.percent(total['multi_product_share'])}) pay for two products or more.",
        )
        if rows
        else (),
        table=Table.of(
            rows,
            (
                ("Product", "name", numbers.text),
                (">ARR", "closing_arr", numbers.money),
                (">Of all ARR", "arr_share", numbers.percent),
                (">Customers", "accounts", numbers.count),
                (">Of all customers", "account_share", numbers.percent),
                (">With several products", "multi_product_accounts", numbers.count),
                (">Of its customers", "multi_product_share", numbers.percent),
            ),
        ),
        nothing="No ARR is known.",
        notes=(f"{label} is not over.",) if rows and not rows[0]["is_complete"] else (),
        follows=(MONTH,),
    )
