"""A health score that a person set is not the one that its points make, and that is said."""

from __future__ import annotations

import pytest

from dashboards.published import opened
from dashboards.views import account
from dashboards.views.renewals import renewals

ONE = (
    "(select account_id from mart_renewal_calendar"
    " where outcome = 'pending' and health_band = 'green' and not is_at_risk"
    " and days_to_go between 1 and 80 order by atr desc, account_id limit 1)"
)


@pytest.fixture
def published(changed, publication):
    copy = changed(
        f"create temp table one as select * from {ONE}",
        "update mart_health_score set displayed_score = 17, displayed_band = 'red',"
        " override_author = 'someone', override_reason = 'The sponsor left',"
        " override_expires_on = date '2031-01-31' where account_id in (from one)",
        "update mart_renewal_calendar set displayed_band = 'red' where account_id in (from one)",
    )
    with opened(copy, publication) as published:
        yield published


def test_the_points_of_a_score_that_a_person_set_are_not_said_to_make_it(published):
    row = published.row("select * from mart_health_score where override_author = 'someone'")
    (said,) = account.reasons(published, row["account_id"]).sentences
    assert "17 (red), was set by someone until 2031-01-31: The sponsor left." in said
    assert said.endswith("(green).")
    others = published.rows(
        "select account_id from mart_health_score where displayed_score = score limit 3"
    )
    assert [account.reasons(published, each["account_id"]).sentences for each in others] == [()] * 3


def test_a_renewal_that_only_a_person_calls_red_is_named_beside_those_at_risk(published):
    view = renewals(published)
    (said,) = [each for each in view.sentences if each.startswith("Not counted as at risk")]
    assert "whose health a person set to red" in said
    bands = [row[3] for row in view.table.rows]
    assert any(band.startswith("red, set by a person (computed: green)") for band in bands)
