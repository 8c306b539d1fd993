"""Product usage as Segment delivers it."""

import csv
from collections import Counter
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from demo.features import write_seed

ROOT = Path(__file__).resolve().parents[3]


def test_late_events(company):
    tracks = company.tracks()
    delay = pc.subtract(tracks["received_at"], tracks["timestamp"])
    days = delay.combine_chunks().to_numpy(zero_copy_only=False).astype("timedelta64[s]")
    hours = days.astype(np.int64) / 3600
    assert hours.min() >= 0
    assert 24 * 6 < hours.max() <= 24 * 10
    assert 0.003 < (hours > 1).mean() < 0.03


def test_duplicate_deliveries(company):
    tracks = company.tracks().select(["message_id", "event", "timestamp", "received_at"])
    counts = tracks.group_by("message_id").aggregate(
        [
            ([], "count_all"),
            ("received_at", "min"),
            ("received_at", "max"),
            ("timestamp", "min"),
            ("timestamp", "max"),
        ]
    )
    twice = counts.filter(pc.greater(counts["count_all"], 1))
    assert 0.002 < twice.num_rows / counts.num_rows < 0.02
    assert twice["timestamp_min"].equals(twice["timestamp_max"])
    first = pc.cast(twice["received_at_min"], "date32")
    other = pc.cast(twice["received_at_max"], "date32")
    assert pc.any(pc.not_equal(first, other)).as_py()
    assert pc.any(pc.equal(first, other)).as_py()


def test_unknown_groups_and_anonymous_visitors(company):
    tracks = company.tracks()
    known = {row["id"] for row in company.people("groups")}
    groups = set(pc.unique(tracks["group_id"]).to_pylist())
    assert None in groups
    assert 1 <= len(groups - known - {None}) <= 5
    nobody = tracks.filter(pc.is_null(tracks["user_id"]))
    assert nobody.num_rows
    assert nobody["anonymous_id"].null_count < nobody.num_rows


def test_users_belong_to_groups(company):
    users = {row["id"]: row for row in company.people("users")}
    seen = set(pc.unique(company.tracks()["user_id"]).to_pylist()) - {None}
    assert seen <= set(users)
    groups = {row["id"] for row in company.people("groups")}
    assert {row["group_id"] for row in users.values()} <= groups
    assert any(not row["is_active"] for row in users.values())
    assert any(row["email"].endswith("gmail.com") for row in users.values())


def test_usage_follows_the_hidden_state(company):
    """More events per seat in accounts that feel well."""
    tracks = company.tracks()
    december = pc.starts_with(pc.cast(pc.cast(tracks["timestamp"], "date32"), "string"), "2025-10")
    counts = Counter(tracks.filter(december)["group_id"].to_pylist())
    keys = {row["id"]: row["crm_account_id"] for row in company.people("groups")}
    per_account = {keys.get(group): count for group, count in counts.items()}
    pairs = [
        (row["latent_health"], per_account.get(row["account_id"], 0) / row["seats"])
        for row in company.truth("account_state")
        if str(row["month"]) == "2025-10-01" and row["seats"] and row["account_id"] in per_account
    ]
    health, events = np.array(pairs).T
    assert np.corrcoef(health, np.log1p(events))[0, 1] > 0.5


def test_message_ids_have_one_shape(small):
    ids = small.tracks()["message_id"].to_pylist()
    assert all(len(key) == 20 and key.startswith("ajs-") for key in ids)


def test_feature_map_is_that_of_the_events(company, tmp_path):
    write_seed(tmp_path / "feature_map.csv")
    seed = ROOT / "seeds" / "feature_map.csv"
    assert (tmp_path / "feature_map.csv").read_text() == seed.read_text()
    with seed.open() as file:
        names = {row["event_name"] for row in csv.DictReader(file)}
    assert set(pc.unique(company.tracks()["event"]).to_pylist()) == names


@pytest.mark.parametrize("product", ["prod_Insights", "prod_Guard", "prod_Connect"])
def test_events_of_add_ons_come_from_their_owners(company, product):
    with (ROOT / "seeds" / "feature_map.csv").open() as file:
        names = [r["event_name"] for r in csv.DictReader(file) if r["product_id"] == product]
    tracks = company.tracks()
    used = tracks.filter(pc.is_in(tracks["event"], pa.array(names)))
    keys = {row["id"]: row["crm_account_id"] for row in company.people("groups")}
    users = {keys.get(group) for group in pc.unique(used["group_id"]).to_pylist()} - {None}
    accounts = {r["id"]: r["metadata"].get("crm_account_id") for r in company.stripe("customers")}
    owners = {
        accounts[event["data"]["object"]["customer"]]
        for event in company.stripe("events")
        if any(i["price"]["product"] == product for i in event["data"]["object"]["items"]["data"])
    }
    assert users
    assert users <= owners
