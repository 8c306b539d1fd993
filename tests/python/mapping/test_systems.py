"""The exports of the named customer success, survey and analytics systems reach the facts."""

import gzip
import shutil
import zipfile
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest
import yaml

from tests.python.cases.company import Built, build
from tests.python.loads.delivery import Delivery
from tests.python.mapping.test_exports import EXPORTS, assert_nothing_is_lost, mapping_of
from tests.python.parsed import run_dbt

pytestmark = pytest.mark.long

SYSTEMS = (
    "gainsight", "totango", "medallia", "growingio", "churnzero", "customersuccessbox", "posthog",
    "amplitude", "mixpanel",
)  # fmt: skip
TARGETS = ("fct_touchpoint", "fct_survey_response", "fct_health_override")
# Billing is another system's: one contract, so that there are customers.
CONTRACTS = {
    "subscriptions.csv": (
        "subscription_id,account_id,status,started_at\nC1,S-1,active,2024-01-15\n"
        "C2,S-2,active,2024-07-01\n"
    ),
    "subscription_items.csv": (
        "subscription_item_id,subscription_id,valid_from,quantity,unit_amount,billing_interval\n"
        "I1,C1,2024-01-15,1,100,month\nI2,C2,2024-07-01,1,100,month\n"
    ),
    "csms.csv": "csm_id,csm_name\nkim@us.example,Kim Park\nlee@us.example,Lee Wong\n",
}


def export_of(system: str, folder: Path) -> None:
    """The sample of a system's export, packed as the system packs it."""
    for file in sorted((EXPORTS / system).iterdir()):
        if system == "amplitude":
            with zipfile.ZipFile(folder / "amplitude.zip", "w") as archive:
                archive.writestr(f"180000/{file.name}.gz", gzip.compress(file.read_bytes()))
        elif file.name.startswith("custom_event"):
            (folder / f"{file.name}.gz").write_bytes(gzip.compress(file.read_bytes()))
        else:
            shutil.copyfile(file, folder / file.name)


def everything(folder: Path) -> Path:
    """The exports of all systems in one folder, and their mappings in one."""
    exports = folder / "exports"
    exports.mkdir(parents=True)
    mapping: dict = {"version": 1, "files": {}}
    for system in SYSTEMS:
        said = mapping_of(system, folder)
        for entity, entries in said.pop("files").items():
            listed = entries if isinstance(entries, list) else [entries]
            mapping["files"].setdefault(entity, []).extend(listed)
        mapping |= said
        export_of(system, exports)
    for name, content in CONTRACTS.items():
        (exports / name).write_text(content, encoding="utf-8")
    text = yaml.safe_dump(mapping, allow_unicode=True)
    (exports / "mapping.yml").write_text(text, encoding="utf-8")
    return exports


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Built:
    folder = tmp_path_factory.mktemp("systems")
    built = build(folder / "home", {"files": everything(folder)}, targets=TARGETS)
    # The days of use are chosen by what the warehouse holds while they are compiled.
    built.connection.close()
    run_dbt(built.home, "run", "--select", "+fct_account_usage_day", "fct_user_activity_day")
    return replace(built, connection=duckdb.connect(str(built.home.warehouse)))


def events(built: Built, file: str) -> list[tuple]:
    return built.rows(
        "select event_name, account_id, user_id, occurred_at, received_at from raw_files.events"
        " where _source_file like ? order by occurred_at",
        f"%{file}%",
    )


def test_nothing_is_lost_but_what_the_pages_leave_out(company: Built) -> None:
    """An update, an internal note, another measure, two without an answer; of events five."""
    left_over = {"touchpoints": 2, "health_overrides": 1, "survey_responses": 2, "events": 5}
    assert_nothing_is_lost(company, left_over)


@pytest.mark.road("Gainsight", "files")
def test_gainsight(company: Built) -> None:
    """10:30 in New York is 15:30 UTC before the second Sunday of March, and 14:30 after it."""
    assert company.rows(
        "select account_id, occurred_at, touchpoint_type, csm_id, subject, is_review"
        " from facts.fct_touchpoint where touchpoint_id like 'gainsight-%' order by 2"
    ) == [
        ("S-1", datetime(2025, 3, 4, 15, 30), "meeting", "kim@us.example", "Roadmap", False),
        (
            "S-1", datetime(2025, 3, 10, 14, 30), "qbr", "kim@us.example",
            "Review, first quarter", True,
        ),
        ("S-2", datetime(2025, 3, 12, 3), "call", "lee@us.example", "Renewal", False),
    ]  # fmt: skip
    assert company.rows(
        "select account_id, score, author, reason, valid_from, expires_on"
        " from facts.fct_health_override order by 1"
    ) == [
        (
            "S-1", Decimal(35), "kim@us.example", "CSM Sentiment", date(2025, 5, 12),
            date(2025, 8, 10),
        ),
        (
            "S-2", Decimal(80), "lee@us.example", "CSM Sentiment", date(2025, 6, 2),
            date(2025, 8, 31),
        ),
    ]  # fmt: skip


@pytest.mark.road("Totango", "files")
def test_totango(company: Built) -> None:
    """1741168800 is 10:00 UTC on 5 March 2025; the next is a day later."""
    assert company.rows(
        "select account_id, occurred_at, touchpoint_type, csm_id, subject"
        " from facts.fct_touchpoint where touchpoint_id like 'totango-%' order by 2"
    ) == [
        ("S-1", datetime(2025, 3, 5, 10), "meeting", "kim@us.example", "Training of new users"),
        ("S-2", datetime(2025, 3, 6, 10), "call", "lee@us.example", "Price"),
    ]


@pytest.mark.road("Medallia", "files")
def test_medallia(company: Built) -> None:
    assert company.rows(
        "select response_id, account_id, survey_type, score::int, responded_at, sent_at,"
        " nps_group, is_satisfied from facts.fct_survey_response order by responded_at"
    ) == [
        (
            "connect-501", "S-1", "csat", 5, datetime(2025, 4, 1, 9, 30), datetime(2025, 4, 1, 8),
            None, True,
        ),
        (
            "connect-503", "S-2", "csat", 2, datetime(2025, 4, 5, 23, 10),
            datetime(2025, 4, 3, 8), None, False,
        ),
        (
            "experience-9001", "S-1", "nps", 9, datetime(2025, 5, 2, 10), datetime(2025, 5, 1, 7),
            "promoter", None,
        ),
        (
            "experience-9002", "S-2", "nps", 0, datetime(2025, 5, 3, 12), datetime(2025, 5, 1, 7),
            "detractor", None,
        ),
    ]  # fmt: skip
    assert company.rows(
        "select comment from raw_files.survey_responses where response_id = 'experience-9002'"
    ) == [('Too "rigid"',)]


@pytest.mark.road("GrowingIO", "files")
def test_growingio(company: Built) -> None:
    assert events(company, "custom_event") == [
        (
            "report_built", None, "u-1", datetime(2025, 3, 5, 10, 0, 0, 123_000),
            datetime(2025, 3, 5, 10, 0, 1),
        ),
        (
            "report_sent", None, "u-1", datetime(2025, 3, 5, 10, 1),
            datetime(2025, 3, 5, 10, 1, 1),
        ),
    ]  # fmt: skip
    assert company.value(
        "select properties ->> '$.rows' from raw_files.events where event_name = 'report_built'"
    ) == "30"  # fmt: skip


@pytest.mark.road("ChurnZero", "files")
def test_churnzero(company: Built) -> None:
    assert company.rows(
        "select account_id, account_name, parent_account_id, country, csm_id"
        " from raw_files.accounts order by 1"
    ) == [
        ("S-1", "Alpha GmbH", None, "DE", "kim@us.example"),
        ("S-2", "Beta, Inc.", None, "US", "lee@us.example"),
        ("S-3", "Gamma", "S-1", "FR", "kim@us.example"),
    ]
    assert events(company, "churnzero") == [
        ("Report Built", "S-1", "u-1", datetime(2025, 3, 4, 9, 15), None),
        ("Sync Done", "S-2", None, datetime(2025, 3, 5, 4, 59), None),
    ]


@pytest.mark.road("CustomerSuccessBox", "files")
def test_customersuccessbox(company: Built) -> None:
    assert events(company, "customersuccessbox") == [
        (
            "Order Received", "S-2", "u-2", datetime(2025, 3, 7, 8),
            datetime(2025, 3, 7, 8, 0, 1),
        )
    ]  # fmt: skip


@pytest.mark.road("PostHog", "files")
def test_posthog(company: Built) -> None:
    assert events(company, "posthog") == [
        (
            "report built", "S-1", "u-1", datetime(2025, 3, 5, 10, 0, 0, 123_000),
            datetime(2025, 3, 5, 10, 0, 2),
        ),
        (
            "$pageview", None, "u-2", datetime(2025, 3, 5, 23, 30),
            datetime(2025, 3, 5, 23, 30, 2),
        ),
    ]  # fmt: skip


@pytest.mark.road("Amplitude", "files")
def test_amplitude(company: Built) -> None:
    assert events(company, "amplitude.zip") == [
        (
            "export_done", "S-2", "u-2", datetime(2025, 3, 6, 10, 5, 0, 500_000),
            datetime(2025, 3, 6, 10, 6),
        ),
        ("sync_done", "S-1", None, datetime(2025, 3, 6, 10, 7), datetime(2025, 3, 6, 10, 8)),
    ]  # fmt: skip


@pytest.mark.road("Mixpanel", "files")
def test_mixpanel(company: Built) -> None:
    """What was exported twice is once; seconds and milliseconds are told apart."""
    assert events(company, "mixpanel") == [
        ("Signed in", "S-1", "u-1", datetime(2025, 3, 6, 10), None),
        ("Nightly sync", "S-2", None, datetime(2025, 3, 6, 10, 0, 1, 500_000), None),
    ]


def test_events_of_all_systems_are_counted_by_account_user_and_day(company: Built) -> None:
    """GrowingIO gives u-1 two on the 5th, PostHog one; u-2 is known by the list of users alone."""
    assert company.rows("from facts.fct_user_activity_day order by all") == [
        ("S-1", "u-1", date(2025, 3, 4), 1),
        ("S-1", "u-1", date(2025, 3, 5), 3),
        ("S-1", "u-1", date(2025, 3, 6), 1),
        ("S-2", "u-2", date(2025, 3, 5), 1),
        ("S-2", "u-2", date(2025, 3, 6), 1),
        ("S-2", "u-2", date(2025, 3, 7), 1),
    ]
    assert company.rows(
        "select account_id, usage_date, events, active_users_1d from facts.fct_account_usage_day"
        " where events > 0 order by all"
    ) == [
        ("S-1", date(2025, 3, 4), 1, 1),
        ("S-1", date(2025, 3, 5), 3, 1),
        ("S-1", date(2025, 3, 6), 2, 1),
        ("S-2", date(2025, 3, 5), 2, 1),
        ("S-2", date(2025, 3, 6), 2, 1),
        ("S-2", date(2025, 3, 7), 1, 1),
    ]


@pytest.mark.parametrize(
    ("file", "was", "instead", "reason"),
    [
        ("gainsight/gainsight-timeline.csv", "Meeting", "Lunch", "Lunch"),
        ("gainsight/gainsight-timeline.csv", "1P01AAA1", "1P01X", "account_id is required"),
        ("gainsight/gainsight-timeline.csv", "03/04", "31/12", "31/12/2025"),
        ("gainsight/gainsight-scorecard.csv", ",35,", ",101,", "at most 100"),
        ("totango/totango-touchpoints.jsonl", "800000", "800", "implausibly"),
        ("totango/totango-touchpoints.jsonl", "ty-1", "ty-9", "type is required"),
        ("medallia/medallia-experience.csv", ",9,", ",95,", "from 0 to 10"),
        ("medallia/medallia-experience.csv", "2025-05-02", "soon", "soon"),
        ("medallia/medallia-feedback.csv", ",5,", ",6,", "from 1 to 5"),
        ("medallia/medallia-feedback.csv", "ada@", "eve@", "account_id is required"),
        ("growingio/custom_event_2025030510.csv", "800123", "800", "implausibly"),
        ("churnzero/churnzero-events.jsonl", "501", "599", "account_id"),
        ("churnzero/churnzero-events.jsonl", ": 7", ": 99", "event_name is required"),
        ("customersuccessbox/customersuccessbox-calls.jsonl", "S-2", "", "account_id"),
        ("posthog/posthog-events.jsonl", "2025-03-05T10:00:00.1", "5 March", "5 March"),
        ("amplitude/180000_2025-03-06_10#0.json", '"S-2"', '"S-1", "S-2"', "several companies"),
        ("amplitude/180000_2025-03-06_10#0.json", "2025-03-06 10:05", "25", "occurred_at"),
        ("mixpanel/mixpanel-export.jsonl", '"time"', '"at"', "occurred_at is required"),
    ],
)
def test_what_does_not_fit_is_rejected_with_the_reason(
    tmp_path: Path, file: str, was: str, instead: str, reason: str
) -> None:
    """The first row of the sample, with one thing changed; the others load."""
    system, name = file.split("/")
    delivery = Delivery(tmp_path, domains=frozenset())
    delivery.folder.mkdir()
    for sample in (EXPORTS / system).iterdir():
        shutil.copyfile(sample, delivery.folder / sample.name)
    mapping_of(system, tmp_path)
    text = (tmp_path / f"{system}.yml").read_text(encoding="utf-8").replace("amplitude.zip/*", name)
    (delivery.folder / "mapping.yml").write_text(text, encoding="utf-8")
    path = delivery.folder / name
    lines = path.read_text(encoding="utf-8").splitlines()
    row = 1 if name.endswith(".csv") else 0
    assert was in lines[row]
    anonymous = lines[row].replace(": 801", ": null").replace('"u-2"', "null")
    changed = anonymous if reason == "account_id" else lines[row]
    lines[row] = changed.replace(was, instead)
    path.write_text("\n".join(lines), encoding="utf-8")
    assert delivery.load().error is None
    ((line, (_, why, _)),) = delivery.rejects(name).items()
    assert line == row + 1
    assert reason in why


def test_posthog_as_parquet_gives_the_same_events(tmp_path: Path) -> None:
    rows = []
    for name in ("posthog-events.jsonl", "posthog-events.parquet.zst"):
        delivery = Delivery(tmp_path / name, domains=frozenset())
        delivery.folder.mkdir(parents=True)
        mapping_of("posthog", tmp_path)
        text = (tmp_path / "posthog.yml").read_text(encoding="utf-8")
        (delivery.folder / "mapping.yml").write_text(
            text.replace("posthog-events.jsonl", name), encoding="utf-8"
        )
        sample = EXPORTS / "posthog" / "posthog-events.jsonl"
        if name.endswith(".jsonl"):
            shutil.copyfile(sample, delivery.folder / name)
        else:
            duckdb.sql(
                "select uuid, event, distinct_id, properties::varchar as properties,"
                " timestamp::timestamptz as timestamp, created_at::timestamptz as created_at"
                f" from read_json('{sample}', columns = {{uuid: 'varchar', event: 'varchar',"
                " distinct_id: 'varchar', properties: 'json', timestamp: 'varchar',"
                " created_at: 'varchar'})"
            ).write_parquet(str(delivery.folder / name), compression="zstd")
        assert delivery.load().error is None
        rows.append(
            delivery.query(
                "select event_id, account_id, user_id, event_name, occurred_at, received_at"
                " from raw_files.events order by 1"
            )
        )
    assert rows[0] == rows[1]
    assert len(rows[0]) == 2
