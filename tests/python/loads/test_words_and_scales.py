"""Words of other help desks and survey scales, as the loader judges them."""

from pathlib import Path

import pytest

from .delivery import REQUIRED, Delivery

SURVEYS = """\
response_id,account_id,survey_type,score,responded_at
R1,A1,nps,0,2025-01-05
R2,A1,NPS,10,2025-01-05
R3,A1,nps,11,2025-01-05
R4,A1,nps,-1,2025-01-05
R5,A1,csat,5,2025-01-05
R6,A1,csat,0,2025-01-05
R7,A1,Thumbs,1,2025-01-05
R8,A1,thumbs,2,2025-01-05
R9,A1,csat percent,100,2025-01-05
R10,A1,csat_percent,100.5,2025-01-05
R11,A1,ces,7,2025-01-05
R12,A1,ces_5,6,2025-01-05
R13,A1,enps,9,2025-01-05
"""
EVENTS = """\
ticket_id,occurred_at,field,value,previous_value,actor_role,event_id
T1,2025-01-05T10:00:00Z,State,open,,Staff,1
T1,2025-01-05T10:00:00Z,state,solved,open,Customer,2
T1,2025-01-05T10:00:00Z,state,open,solved,bot,3
T1,2025-01-05T10:00:00Z,state,solved,open,agent,4
T1,2025-01-05T10:00:00Z,state,solved,open,agent,4
T1,2025-01-05T10:00:00Z,comment,c1,,agent,5
T1,2025-01-05T10:00:00Z,reply,c1,,robot,6
"""
TICKETS = """\
ticket_id,account_id,created_at,status,satisfaction
T1,A1,2025-01-05,Resuelto,Very happy
T2,A1,2025-01-05,open,meh
"""


@pytest.fixture
def loaded(tmp_path: Path) -> Delivery:
    return Delivery(tmp_path).load(
        {
            **REQUIRED,
            "survey_responses.csv": SURVEYS,
            "ticket_events.csv": EVENTS,
            "tickets.csv": TICKETS,
        }
    )


def test_a_score_outside_its_scale_is_rejected_with_line_and_range(loaded: Delivery) -> None:
    rejects = loaded.rejects("survey_responses.csv")
    assert sorted(rejects) == [4, 5, 7, 9, 11, 13, 14]
    assert rejects[4][0] == "score"
    assert "is outside the scale of 'nps' surveys, which goes from 0 to 10" in rejects[4][1]
    assert "goes from 1 to 5" in rejects[7][1]
    assert "goes from 0 to 1;" in rejects[9][1]
    assert "goes from 0 to 100" in rejects[11][1]
    assert "seeds/survey_scales.csv" in rejects[13][1]
    assert rejects[14][0] == "survey_type"
    assert "(field survey_type)" in rejects[14][1]


def test_words_of_events_and_ratings_are_known_or_rejected_with_the_list(
    loaded: Delivery,
) -> None:
    rejects = loaded.rejects("ticket_events.csv")
    assert sorted(rejects) == [6, 7, 8]
    assert "is already on line 5" in rejects[6][1]
    assert "field 'comment' is not known; known are: status, state" in rejects[7][1]
    assert "actor_role 'robot' is not known; known are: agent" in rejects[8][1]
    ratings = loaded.rejects("tickets.csv")
    assert list(ratings) == [3]
    assert "satisfaction 'meh' is not known; known are: good" in ratings[3][1]


def test_changes_of_one_second_are_all_kept(loaded: Delivery) -> None:
    rows = loaded.query("select value from raw_files.ticket_events order by _source_line")
    assert [value for (value,) in rows] == ["open", "solved", "open", "solved"]


def test_a_status_nobody_knows_is_kept_for_the_models_to_name(loaded: Delivery) -> None:
    assert loaded.query("select status from raw_files.tickets") == [("Resuelto",)]
