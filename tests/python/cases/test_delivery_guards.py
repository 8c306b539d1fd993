"""A delivery that is rejected, empty, cut off, missing or late is a gap; a sound one is none."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

import duckdb
import pytest

from .company import RUN_ID, Built, build, compile_project, run_models, sources_of
from .files_company import write

GAPS = ("int_delivery_gaps", "int_late_gaps")
FIRST_DAY = date(2025, 6, 1)
ACCOUNTS = 40
Tables = dict[str, str]


@dataclass
class Company:
    """A company that is loaded once a day; its loads are dated to days that follow one another."""

    folder: Path
    source: str = "files"
    day: date = FIRST_DAY
    runs: int = 0
    found: list[tuple[str, str, str]] = field(default_factory=list)

    def deliver(self, tables: Mapping[str, str]) -> list[tuple[str, str, str]]:
        """Load a delivery, go on to the next day, and return the gaps: table, gap, severity."""
        exports = write(self.folder / "exports", tables)
        return self.load(exports)

    def load(self, exports: Path) -> list[tuple[str, str, str]]:
        """Load a folder as it is now."""
        self.runs += 1
        built = build(
            self.folder / "home",
            {self.source: exports},
            targets=(),
            deliveries=100 + self.runs,
        )
        assert not built.load_errors, built.load_errors
        built.connection.execute(
            "update raw_loads.table_loads set loaded_at = ? where run_id = ?",
            [self.day, f"{RUN_ID}{100 + self.runs}"],
        )
        return self._gaps(built)

    def wait(self, days: int) -> list[tuple[str, str, str]]:
        """Let days pass without a load."""
        self.day += timedelta(days=days - 1)
        warehouse = self.folder / "home" / "warehouse.duckdb"
        connection = duckdb.connect(str(warehouse))
        compiled = compile_project(sources_of({self.source: self.folder}), "2025-06-30", {})
        return self._gaps(Built(None, connection, {}, compiled))

    def as_of(self, day: date) -> list[tuple[str, str, str]]:
        """The gaps of a refresh as of a given day."""
        today, self.day = self.day, day
        try:
            return self.wait(1)
        finally:
            self.day = today

    def _gaps(self, built: Built) -> list[tuple[str, str, str]]:
        built.connection.execute("delete from raw_loads.settings where name = 'refreshed_on'")
        built.connection.execute(
            "insert into raw_loads.settings values ('refreshed_on', ?)", [str(self.day)]
        )
        run_models(built, GAPS)
        self.found = built.rows(
            "select split_part(object_id, ' ', 1), gap, severity from"
            " (from intermediate.int_delivery_gaps union all from intermediate.int_late_gaps)"
            " order by all"
        )
        self.said = built.rows(
            "select object_id, what_is_missing, row_count from intermediate.int_delivery_gaps"
        )
        built.connection.close()
        self.day += timedelta(days=1)
        return self.found


@pytest.fixture
def company(tmp_path: Path) -> Iterator[Company]:
    yield Company(tmp_path)


def tables(accounts: int = ACCOUNTS, *, day: int = 0, bad: int = 0, **more: str) -> Tables:
    """A delivery of as many accounts with a subscription each; the first ones have bad prices."""
    names = [f"a{number}" for number in range(accounts)]
    return {
        "accounts": "\n".join(
            ["account_id,account_name", *(f"{name},{name} of day {day}" for name in names)]
        ),
        "subscriptions": "\n".join(
            [
                "subscription_id,account_id,status,started_at",
                *(f"s_{name},{name},active,2025-01-01" for name in names),
            ]
        ),
        "subscription_items": "\n".join(
            [
                "subscription_item_id,subscription_id,valid_from,quantity,unit_amount,"
                "billing_interval",
                *(
                    f"i_{name},s_{name},2025-01-01,1,{'much' if at < bad else 100},month"
                    for at, name in enumerate(names)
                ),
            ]
        ),
        **more,
    }


def tickets(count: int) -> str:
    """A file of tickets, of which none is declared to come whole."""
    lines = [f"t{at},a0,2025-05-01T00:00:00Z,open" for at in range(count)]
    return "\n".join(["ticket_id,account_id,created_at,status", *lines])


def events(day: int, count: int = 30) -> str:
    """A file with the events of one day."""
    lines = [f"e{day}_{at},a0,login,2025-05-{day + 1:02}T00:00:00Z" for at in range(count)]
    return "\n".join(["event_id,account_id,event_name,occurred_at", *lines])


def test_sound_deliveries_are_quiet(company: Company) -> None:
    """Growing, losing a customer, other events each day, increments of any size."""
    for day, increment in enumerate([300, 5, 80, 1, 2, 40, 3]):
        delivery = tables(ACCOUNTS + day % 3, day=day)
        delivery["events"] = events(day, 30 - 4 * day)
        delivery["tickets"] = tickets(increment).replace("\nt", f"\nt{day}_")
        assert company.deliver(delivery) == []


def test_a_required_table_whose_rows_were_all_rejected_is_held(company: Company) -> None:
    two = tables(2, bad=2)
    assert company.deliver(two) == [("subscription_items", "delivery_rejected", "error")]
    assert company.deliver(two) == company.found
    assert company.deliver(tables(2)) == []


def test_a_required_table_of_a_header_alone_is_held_when_it_had_rows(company: Company) -> None:
    header = tables(2) | {"subscription_items": tables()["subscription_items"].split("\n")[0]}
    assert company.deliver(header) == []
    assert company.deliver(tables(2)) == []
    assert company.deliver(header) == [("subscription_items", "delivery_empty", "error")]
    assert company.deliver(tables(2)) == []


def test_more_than_a_twentieth_of_the_rows_rejected_is_held(company: Company) -> None:
    assert company.deliver(tables(200, bad=10)) == []
    assert company.deliver(tables(200, bad=11)) == [
        ("subscription_items", "delivery_rejected", "error")
    ]


def test_four_rows_are_too_few_to_tell(company: Company) -> None:
    assert company.deliver(tables(10, bad=4)) == []


def test_rejects_that_multiply_are_another_finding(company: Company) -> None:
    company.deliver(tables(bad=5))
    ((first, _, _),) = company.said
    company.deliver(tables(bad=6))
    assert [row[0] for row in company.said] == [first]
    company.deliver(tables(bad=20))
    ((second, _, rows),) = company.said
    assert second != first and rows == 20


def test_a_whole_table_that_lost_a_fifth_of_its_rows_is_held(company: Company) -> None:
    company.deliver(tables())
    assert company.deliver(tables(32)) == []
    assert {row[0] for row in company.deliver(tables(20))} == {
        "accounts",
        "subscriptions",
        "subscription_items",
    }
    assert {row[1:] for row in company.found} == {("delivery_shrunk", "error")}
    assert company.deliver(tables()) == []


def test_a_cut_does_not_become_usual_before_somebody_accepted_it(company: Company) -> None:
    for _ in range(3):
        company.deliver(tables())
    company.deliver(tables(20))
    held, said = company.found, company.said
    for day in range(12):
        assert company.deliver(tables(20, day=day)) == held
    assert company.said == said
    assert company.deliver(tables(12)) != []
    assert {row[0] for row in company.said}.isdisjoint(row[0] for row in said)


def test_a_small_table_may_lose_rows(company: Company) -> None:
    company.deliver(tables(19))
    assert company.deliver(tables(5)) == []


def test_a_table_known_to_come_whole_by_its_repeats_is_compared(company: Company) -> None:
    for _ in range(3):
        assert company.deliver(tables(tickets=tickets(100))) == []
    assert company.deliver(tables(tickets=tickets(50))) == [("tickets", "delivery_shrunk", "error")]


def test_an_increment_after_the_whole_history_is_compared_with_nothing(company: Company) -> None:
    assert company.deliver(tables(tickets=tickets(500))) == []
    for day in range(4):
        overlapping = tickets(12).replace("\nt", f"\nt{day}_")
        assert company.deliver(tables(tickets=overlapping)) == []


def test_a_table_that_is_missing_is_said(company: Company) -> None:
    for _ in range(3):
        company.deliver(tables(tickets=tickets(3)))
    assert company.deliver(tables()) == [("tickets", "delivery_missing", "warning")]
    assert company.deliver(tables()) == [("tickets", "delivery_missing", "warning")]
    assert company.deliver(tables(tickets=tickets(3))) == []


def test_new_events_that_are_rejected_are_held_however_many_there_were(company: Company) -> None:
    delivery = tables()
    for day in range(5):
        delivery |= {f"events/2025-05-{day + 1:02}.csv": events(day)}
    company.folder.joinpath("exports", "events").mkdir(parents=True)
    exports = write_nested(company.folder / "exports", delivery)
    assert company.load(exports) == []
    bad = events(6).replace("2025-05-07T", "some day ")
    (exports / "events" / "2025-05-07.csv").write_text(bad + "\n")
    assert company.load(exports) == [("events", "delivery_rejected", "error")]
    assert company.load(exports) == company.found, "the next load reads the file no more"
    (exports / "events" / "2025-05-07.csv").write_text(events(6) + "\n")
    assert company.load(exports) == []


def test_one_of_the_files_of_a_whole_table_that_is_missing_is_held(company: Company) -> None:
    """But not a file that is named otherwise from now on, or after its day."""
    (eu, *us) = tables()["accounts"].split("\n")[1:5], tables()["accounts"].split("\n")[5:]
    header = "account_id,account_name\n"
    delivery = {
        "accounts/eu 2025-06-01.csv": header + "\n".join(eu),
        "accounts/us.csv": header + "\n".join(us[0]),
        "subscriptions": tables()["subscriptions"],
        "subscription_items": tables()["subscription_items"],
    }
    exports = write_nested(company.folder / "exports", delivery)
    assert company.load(exports) == []
    (exports / "accounts" / "eu 2025-06-01.csv").rename(exports / "accounts" / "eu 2025-06-02.csv")
    (exports / "accounts" / "us.csv").rename(exports / "accounts" / "americas.csv")
    assert company.load(exports) == []
    (exports / "accounts" / "eu 2025-06-02.csv").rename(company.folder / "away")
    assert company.load(exports) == [("accounts", "file_missing", "error")]
    assert company.load(exports) == company.found
    (company.folder / "away").rename(exports / "accounts" / "eu 2025-06-03.csv")
    assert company.load(exports) == []


def test_a_file_of_events_that_lost_what_it_held_is_held(company: Company) -> None:
    def all_events(days: int) -> Tables:
        lines = [line for day in range(days) for line in events(day).split("\n")[1:]]
        return tables(events="\n".join([events(0).split("\n")[0], *lines]))

    assert [company.deliver(all_events(days)) for days in (5, 6, 7)] == [[], [], []]
    assert company.deliver(all_events(4)) == [("events", "file_shrunk", "error")]
    assert company.deliver(all_events(8)) == []


def write_nested(folder: Path, files: Mapping[str, str]) -> Path:
    for name, text in files.items():
        path = folder / (name if "." in name else f"{name}.csv")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text + "\n", encoding="utf-8")
    return folder


@pytest.mark.parametrize("every", [1, 7])
def test_a_source_that_stopped_is_late_by_its_own_rhythm_and_then_held(
    company: Company, every: int
) -> None:
    for day in range(5):
        assert company.deliver(tables(day=day)) == []
        company.day += timedelta(days=every - 1)
    company.day -= timedelta(days=every - 1)
    rhythm = max(every, 2)
    assert company.wait(rhythm) == []
    assert company.wait(1) == [("all", "delivery_late", "warning")]
    assert company.wait(6) == [("all", "delivery_late", "warning")]
    assert company.wait(1) == [("all", "delivery_late", "error")]
    assert company.deliver(tables(day=9)) == []


def test_weekends_belong_to_the_rhythm(company: Company) -> None:
    for week in range(3):
        for weekday in range(5):
            assert company.deliver(tables(day=week * 7 + weekday)) == []
        company.day += timedelta(days=2)
    company.day -= timedelta(days=2)
    assert company.wait(3) == []
    assert company.wait(1) != []


def test_a_company_that_delivered_once_is_told_and_not_held(company: Company) -> None:
    company.deliver(tables())
    assert company.wait(7) == []
    assert company.wait(1) == [("all", "delivery_late", "warning")]
    assert company.wait(60) == [("all", "delivery_late", "warning")]


def test_a_table_that_came_every_day_is_late_while_the_others_go_on(company: Company) -> None:
    for day in range(12):
        assert company.deliver(tables(day=day, tickets=tickets(day + 1))) == []
    said = [company.deliver(tables(day=day, tickets=tickets(12))) for day in range(12, 15)]
    assert said == [[], [], [("tickets", "delivery_late", "warning")]]


def working_days(first: str, last: str) -> list[date]:
    start = date.fromisoformat(first)
    count = (date.fromisoformat(last) - start).days + 1
    return [day for at in range(count) if (day := start + timedelta(days=at)).weekday() < 5]


def events_of(days: list[date], *, batch: str = "") -> str:
    """A file with an event of each day."""
    lines = [f"e{batch}_{day},a0,login,{day}T12:00:00Z" for day in days]
    return "\n".join(["event_id,account_id,event_name,occurred_at", *lines])


def test_a_source_that_still_comes_but_in_which_nothing_happens_is_stale_and_then_held(
    company: Company,
) -> None:
    """Each day brings other accounts and new rows of events, but at last only of old days."""
    days = working_days("2025-03-03", "2025-05-30")
    for at in (-2, -1):
        company.day = days[at] + timedelta(days=1)
        assert company.deliver(tables(day=at, events=events_of(days[: at + 1 or None]))) == []
    said = {}
    for silent in (11, 12, 19):
        company.day = days[-1] + timedelta(days=silent)
        ahead = [days[-1] + timedelta(days=4000)]
        batch = events_of([*days[:9], *ahead], batch=f"again{silent}")
        said[silent] = company.deliver(tables(day=silent, events=batch))
    assert said == {
        11: [],
        12: [("all", "data_stale", "warning")],
        19: [("all", "data_stale", "error")],
    }
    assert company.as_of(company.day - timedelta(days=3)) == [], "as of a past day"
    assert company.deliver(tables(day=20, events=events_of([company.day]))) == []


def test_the_cuts_of_a_vendor_are_held_too(tmp_path: Path) -> None:
    company = Company(tmp_path, source="stripe")
    folder = tmp_path / "stripe"
    folder.mkdir()

    def customers(count: int) -> list[tuple[str, str, str]]:
        lines = [
            json.dumps({"id": f"cus_{at}", "created": 1700000000, "livemode": True})
            for at in range(count)
        ]
        (folder / "customer.jsonl").write_text("\n".join(lines) + "\n")
        return company.load(folder)

    assert [customers(count) for count in (50, 51, 52)] == [[], [], []]
    assert customers(26) == [("customer", "delivery_shrunk", "error")]
    (folder / "customer.jsonl").rename(tmp_path / "away")
    assert company.load(folder) == [("customer", "delivery_missing", "error")]
