"""Ticket times, recomputed from the export files with pandas: another route than the models."""

from datetime import time
from pathlib import Path

import pandas as pd


def _rows(folder: Path, name: str, times: list[str]) -> pd.DataFrame:
    frame = pd.read_json(folder / f"{name}.jsonl", lines=True, dtype=False, convert_dates=False)
    for column in times:
        frame[column] = pd.to_datetime(frame[column], utc=True).dt.tz_localize(None)
    return frame


def tickets(folder: Path) -> pd.DataFrame:
    """One row per ticket that is not deleted, indexed by its id as text."""
    frame = _rows(folder, "tickets", ["created_at", "updated_at"])
    frame = frame.sort_values("updated_at").drop_duplicates("id", keep="last")
    frame = frame[frame["status"] != "deleted"].set_index("id")
    users = _rows(folder, "users", []).drop_duplicates("id", keep="last").set_index("id")
    comments = _rows(folder, "ticket_comments", ["created_at"])
    by_agent = comments["author_id"].map(users["role"]) != "end-user"
    answers = comments[comments["public"] & by_agent].groupby("ticket_id")["created_at"].min()
    status = _rows(folder, "ticket_field_history", ["updated"])
    status = status[status["field_name"] == "status"].sort_values(["ticket_id", "updated"])
    solved = status[status["value"] == "solved"].groupby("ticket_id")["updated"]
    before = status.groupby("ticket_id")["value"].shift()
    ended = ["solved", "closed"]
    again = status[before.isin(ended) & ~status["value"].isin([*ended, "deleted"])]

    frame["first_response_at"] = answers.reindex(frame.index)
    frame["first_solved_at"] = solved.min().reindex(frame.index)
    # Null again while a ticket is open again.
    frame["last_solved_at"] = solved.max().reindex(frame.index).where(frame["status"].isin(ended))
    frame["reopens"] = again.groupby("ticket_id").size().reindex(frame.index).fillna(0)
    frame.index = frame.index.astype(str)
    return frame


def business_minutes(
    start: pd.Timestamp, end: pd.Timestamp, hours: dict[int, tuple[time, time]], holidays: set[str]
) -> float:
    """Minutes between two moments within the hours of each weekday, counted day by day."""
    seconds = 0.0
    for day in pd.date_range(start.normalize(), end.normalize()):
        if day.isoweekday() in hours and f"{day:%Y-%m-%d}" not in holidays:
            opens, closes = (pd.Timestamp.combine(day.date(), at) for at in hours[day.isoweekday()])
            seconds += max(0.0, (min(end, closes) - max(start, opens)).total_seconds())
    return seconds / 60
