"""Delighted: survey requests and responses."""

import csv
import io
import json
from collections.abc import Iterable

from demo.feedback import Survey, surveys
from demo.ids import token
from demo.life import Life

COLUMNS = {
    "survey_responses": (
        "id",
        "person",
        "person_email",
        "survey_type",
        "score",
        "comment",
        "permalink",
        "created_at",
        "updated_at",
        "person_properties",
    ),
    "survey_requests": (
        "id",
        "person",
        "person_email",
        "survey_type",
        "sent_at",
        "person_properties",
    ),
}


def csv_line(cells: Iterable[object]) -> str:
    """One CSV row."""
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\n").writerow(cells)
    return buffer.getvalue()


HEADERS = {f"delighted/{name}.csv": csv_line(columns) for name, columns in COLUMNS.items()}


def _properties(life: Life, survey: Survey) -> str:
    account = life.account
    row: dict[str, str] = {"survey_request_id": _request_id(life, survey)}
    if account.feedback_key:
        row["account_id"] = account.id
    return json.dumps(row, separators=(",", ":"))


def _request_id(life: Life, survey: Survey) -> str:
    return token("survey", 12, life.account.index, survey.number)


def rows(life: Life, cut: int) -> dict[str, list[str]]:
    """All survey rows of one account as known before a moment."""
    out: dict[str, list[str]] = {name: [] for name in COLUMNS}
    index = life.account.index
    for survey in surveys(life):
        if survey.sent >= cut:
            continue
        person = token("person", 12, index, survey.user)
        properties = _properties(life, survey)
        cells = (
            _request_id(life, survey),
            person,
            survey.email,
            survey.kind,
            survey.sent,
            properties,
        )
        out["survey_requests"].append(csv_line(cells))
        if survey.answered is None or survey.answered >= cut:
            continue
        edited = survey.edited is not None and survey.edited < cut
        key = token("response", 12, index, survey.number)
        cells = (
            key,
            person,
            survey.email,
            survey.kind,
            survey.score,
            survey.comment,
            f"https://app.delighted.example/r/{key}",
            survey.answered,
            survey.edited if edited else survey.answered,
            properties,
        )
        out["survey_responses"].append(csv_line(cells))
    return out
