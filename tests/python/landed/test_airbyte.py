"""What Airbyte landed gives the figures of exports of the same objects."""

from __future__ import annotations

import pytest

from tests.python.landed import airbyte_landing
from tests.python.landed.airbyte_landing import land_salesforce, land_stripe, land_zendesk
from tests.python.landed.companies import SAME, landed
from tests.python.landed.comparing import differences

LANDINGS = {"salesforce": land_salesforce, "stripe": land_stripe, "zendesk": land_zendesk}


@pytest.mark.road("Salesforce", "airbyte")
@pytest.mark.road("Stripe", "airbyte")
@pytest.mark.road("Zendesk", "airbyte")
def test_every_figure_is_that_of_the_exports(exported, tmp_path):
    built = landed(tmp_path, "airbyte", LANDINGS)
    assert built.load_errors == {}
    assert differences(exported, built, SAME) == []
    assert built.arr("grown", "2025-01-01") == 3000
    assert built.arr("tiered") == 12 * 540


def test_streams_that_were_loaded_raw_give_the_same(exported, tmp_path, monkeypatch):
    monkeypatch.setattr(airbyte_landing, "stream", airbyte_landing.raw_stream)
    built = landed(tmp_path, "airbyte", LANDINGS)
    assert built.load_errors == {}
    assert differences(exported, built, SAME) == []


def test_versions_comments_of_audits_and_structs_give_the_same(exported, tmp_path):
    built = landed(
        tmp_path,
        "airbyte",
        LANDINGS,
        # Append mode: what was before is there, too.
        "insert into stripe.subscriptions by name select * replace ('trialing' as status,"
        " '2025-12-01 00:00:00+00'::timestamptz as _airbyte_extracted_at)"
        " from stripe.subscriptions",
        'insert into salesforce."Account" by name select * replace (\'Old\' as "Name",'
        ' \'2024-12-01 00:00:00+00\'::timestamptz as "SystemModstamp") from salesforce."Account"',
        "drop table zendesk.ticket_comments",
        'alter table stripe.invoice_line_items alter period type struct("start" bigint,'
        ' "end" bigint) using from_json(period, \'{"start": "bigint", "end": "bigint"}\')',
    )
    assert built.load_errors == {}
    assert differences(exported, built, SAME) == []


def test_events_give_the_figures_of_exported_events(told, tmp_path):
    built = landed(tmp_path, "airbyte", LANDINGS, told=True)
    assert built.load_errors == {}
    assert built.rows("select count(*) from raw_stripe.event") == [(4,)]
    assert differences(told, built, SAME) == []
