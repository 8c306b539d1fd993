"""The usage figures once more, from raw track calls with Python sets, day by day."""

from collections import defaultdict
from datetime import date, timedelta

import pandas as pd

KEY_FEATURES = {
    "report_viewed": ("reports", "prod_Workspace"),
    "comment_added": ("collaboration", "prod_Workspace"),
    "insight_viewed": ("insights", "prod_Insights"),
    "policy_changed": ("policies", "prod_Guard"),
}


def known_events(tracks: pd.DataFrame, as_of: date, lookback: int = 7) -> pd.DataFrame:
    """Each event once, if it had happened and arrived by the end of the as-of date."""
    end = pd.Timestamp(as_of) + pd.Timedelta(days=1)
    known = tracks[(tracks["timestamp"] < end) & (tracks["received_at"] < end)].copy()
    known["day"] = known["timestamp"].dt.date
    kept = []
    for _, copies in known.sort_values(["received_at", "timestamp"]).groupby("message_id"):
        days = list(copies["day"])
        kept += [
            index
            for place, index in enumerate(copies.index)
            if all(abs((days[place] - earlier).days) > lookback for earlier in days[:place])
        ]
    return known.loc[kept]


def with_groups(
    events: pd.DataFrame, members: dict[str, list[tuple[str, date | None]]]
) -> pd.DataFrame:
    """Events without a group get the one that their user had on the day.

    `members` has the groups of a user in order, each with its first day (none: always).
    """

    def group_of(event: pd.Series) -> str | None:
        if isinstance(event["group_id"], str):
            return event["group_id"]
        held = [
            group
            for group, since in members.get(event["user_id"], [])
            if since is None or since <= event["day"]
        ]
        return held[-1] if held else None

    return events.assign(group_id=events.apply(group_of, axis=1))


def account_days(
    events: pd.DataFrame,
    accounts: dict[str, str],
    licences: list[tuple[str, str, int, date, date | None]],
    as_of: date,
) -> pd.DataFrame:
    """One row per account and day from its first event on.

    `accounts` maps a group to its account; `licences` are (account, product, seats, from, to).
    """
    events = events.assign(account=events["group_id"].map(accounts).fillna("unassigned"))
    introduced = events.groupby("event")["day"].min()
    users: dict[tuple[str, date], set[str]] = defaultdict(set)
    used: dict[tuple[str, date], set[str]] = defaultdict(set)
    counts: dict[tuple[str, date], int] = defaultdict(int)
    for row in events.itertuples():
        key = (row.account, row.day)
        counts[key] += 1
        if isinstance(row.user_id, str):
            users[key].add(row.user_id)
        if row.event in KEY_FEATURES:
            used[key].add(row.event)
    rows = []
    for account, first in events.groupby("account")["day"].min().items():
        for offset in range((as_of - first).days + 1):
            today = first + timedelta(days=offset)
            window = [(account, today - timedelta(days=back)) for back in range(28)]
            month = set().union(*(users[key] for key in window))
            in_use = set().union(*(used[key] for key in window))
            owned = {
                product: seats
                for owner, product, seats, start, end in licences
                if owner == account and start <= today and (end is None or today < end)
            }
            entitled = {
                event
                for event, (_, product) in KEY_FEATURES.items()
                if product in owned and event in introduced and introduced[event] <= today
            }
            seats = owned.get("prod_Workspace", 0)
            rows.append(
                {
                    "account_id": account,
                    "usage_date": pd.Timestamp(today),
                    "events": counts[account, today],
                    "active_users_1d": len(users[account, today]),
                    "active_users_7d": len(set().union(*(users[key] for key in window[:7]))),
                    "active_users_28d": len(month),
                    "key_features_active_28d": len(in_use),
                    "key_feature_activation": len(in_use & entitled) / len(entitled)
                    if entitled
                    else None,
                    "seat_utilisation": len(month) / seats if seats else None,
                    "stickiness_28d": sum(len(users[key]) for key in window) / 28 / len(month)
                    if month
                    else None,
                }
            )
    return pd.DataFrame(rows).sort_values(["account_id", "usage_date"], ignore_index=True)


def known_days(
    events: pd.DataFrame,
    accounts: dict[str, str],
    licences: list[tuple[str, str, int, date, date | None]],
    champions: dict[str, str],
    today: date,
) -> pd.DataFrame:
    """What the events known at the end of a day say of the day, a row per account.

    `champions` maps a user to the group that the champion works in.
    """
    usage = account_days(events, accounts, licences, today)
    usage = usage[usage["usage_date"] == pd.Timestamp(today)].set_index("account_id")
    events = events.assign(account=events["group_id"].map(accounts))
    rows = []
    for account, of_account in events.groupby("account"):
        recent = of_account[of_account["day"] > today - timedelta(days=28)]
        active = set(zip(recent["user_id"], recent["group_id"], strict=True))
        named = [pair for pair in champions.items() if accounts[pair[1]] == account]
        rows.append(
            {
                "account_id": account,
                "active_users_28d": usage.loc[account, "active_users_28d"],
                "seat_utilisation": usage.loc[account, "seat_utilisation"],
                "key_feature_activation": usage.loc[account, "key_feature_activation"],
                "events_28d": len(recent),
                "stickiness_28d": usage.loc[account, "stickiness_28d"],
                "logins_28d": len(
                    recent.dropna(subset="user_id")[["user_id", "day"]].drop_duplicates()
                ),
                "days_since_last_use": (today - of_account["day"].max()).days,
                "champion_login_share": len(active.intersection(named)) / len(named)
                if named
                else None,
            }
        )
    return pd.DataFrame(rows)
