"""The use of features once more, from raw track calls with pandas."""

from datetime import date, timedelta

import pandas as pd

from orchestration.project import project_root

MONTHLY_PRICE = 100  # of a seat, in every contract of the company


def _feature_map() -> pd.DataFrame:
    return pd.read_csv(project_root() / "seeds" / "feature_map.csv")


def _with_features(events: pd.DataFrame, accounts: dict[str, str]) -> pd.DataFrame:
    known = events.assign(account_id=events["group_id"].map(accounts).fillna("unassigned"))
    return known.merge(_feature_map(), left_on="event", right_on="event_name")


def feature_weeks(events: pd.DataFrame, accounts: dict[str, str]) -> pd.DataFrame:
    """Events, users and days per account, week and feature."""
    used = _with_features(events, accounts)
    days = pd.to_datetime(used["day"])
    used["week"] = days - pd.to_timedelta(days.dt.day_of_week, unit="D")
    grouped = used.groupby(["account_id", "week", "feature"])
    return pd.DataFrame(
        {
            "events": grouped.size(),
            "active_users": grouped["user_id"].nunique(),
            "active_days": grouped["day"].nunique(),
        }
    ).reset_index()


def _month_ends(first: date, as_of: date) -> list[date]:
    starts = pd.date_range(first.replace(day=1), as_of, freq="MS")
    return [min((start + pd.offsets.MonthEnd()).date(), as_of) for start in starts]


def adoption(
    events: pd.DataFrame,
    accounts: dict[str, str],
    licences: list[tuple[str, str, int, date, date | None]],
    as_of: date,
) -> pd.DataFrame:
    """Who has a feature and who uses it, per month."""
    used = _with_features(events, accounts)
    rows = []
    for feature, of_feature in used.groupby("feature"):
        product = of_feature["product_id"].iloc[0]
        before: dict[str, float | None] | None = None
        for end in _month_ends(min(of_feature["day"]), as_of):
            held = [one for one in licences if one[3] <= end and (one[4] is None or end < one[4])]
            arr = {name: sum(one[2] * MONTHLY_PRICE * 12 for one in held if one[0] == name)
                   for name in "ABC"}  # fmt: skip
            entitled = {one[0] for one in held if one[1] == product}
            inside = of_feature["day"].between(end.replace(day=1), end)
            month = of_feature[inside & (of_feature["account_id"] != "unassigned")]
            active = set(month["account_id"])
            rate = len(active & entitled) / len(entitled) if entitled else None
            now = {"rate": rate, "accounts": len(active)}
            known = rate is not None and before is not None and before["rate"] is not None
            rows.append(
                {
                    "month": pd.Timestamp(end.replace(day=1)),
                    "feature": feature,
                    "is_complete": (end + timedelta(days=1)).day == 1,
                    "accounts_entitled": len(entitled),
                    "accounts_active": len(active),
                    "accounts_activated": len(active & entitled),
                    "users_active": len(
                        month.dropna(subset="user_id")[["account_id", "user_id"]].drop_duplicates()
                    ),
                    "events": len(month),
                    "adoption_rate": rate,
                    "adoption_rate_change": rate - before["rate"] if known else None,
                    "accounts_active_change": now["accounts"] - before["accounts"]
                    if before
                    else None,
                    "arr_using": float(sum(arr[name] for name in active)),
                    "arr_not_using": float(sum(arr[name] for name in entitled - active)),
                }
            )
            before = now
    frame = pd.DataFrame(rows)
    in_use = (frame["accounts_entitled"] > 0) | (frame["events"] > 0)
    return frame[in_use].sort_values(["month", "feature"], ignore_index=True)
