"""Risk signals against a plain loop over days: they open once, close with hysteresis, never flap.

Random measures waver around the limits, go missing and have gaps between contracts. Each series is
there once whole and cut off at some days, so that what a daily run knew is compared with what the
whole history says.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pytest
import yaml

from orchestration.home import Home
from orchestration.project import project_root
from tests.python.parsed import run_dbt

pytestmark = pytest.mark.long

FIRST_DAY = date(2025, 1, 1)
DAYS = 150
AS_OF = FIRST_DAY + timedelta(days=DAYS)
ACCOUNTS = 40
CUTS = (1, 17, 60, 61, 62, 103, 149)


@dataclass(frozen=True)
class Signal:
    """A line of seed risk_signals."""

    signal: str
    measure: str
    direction: str
    open_at: float
    close_at: float
    open_days: int
    close_days: int
    missing_days: int | None = None
    volume_measure: str | None = None
    volume_at_least: float | None = None
    standing_days: int | None = None

    def verdict(self, row: dict) -> str:
        """What one day says."""
        value, sign = row[self.measure], -1 if self.direction == "below" else 1
        if np.isnan(value):
            return "missing"
        enough = self.volume_measure is None or row[self.volume_measure] >= self.volume_at_least
        if sign * value >= sign * self.open_at and enough:
            return "open"
        return "close" if sign * value <= sign * self.close_at else "neither"


SIGNALS = (
    Signal("drop", "usage_ratio", "below", 0.5, 0.7, 3, 5),
    Signal("nps", "nps", "below", -10, 10, 1, 1, missing_days=2),
    Signal("surge", "ticket_ratio", "above", 2, 1, 2, 1, None, "tickets_opened_28d", 3),
    Signal("index", "activity_index", "below", 1, 1.2, 7, 7),
    Signal("stands", "activity_index", "below", 1, 1.2, 7, 7, standing_days=20),
)
HEALTH = ("usage_ratio", "nps", "ticket_ratio", "tickets_opened_28d")


def simulate(seed: int = 11) -> pd.DataFrame:
    """One row per account and day: values that waver around the limits."""
    draw = np.random.default_rng(seed)
    frames = []
    for number in range(ACCOUNTS):
        steps = {
            "usage_ratio": 0.6 + np.cumsum(draw.normal(0, 0.06, DAYS)) % 0.3 - 0.15,
            "nps": draw.choice([-50.0, -10, 0, 10, 40], DAYS),
            "ticket_ratio": draw.choice([0.5, 1, 1.5, 2, 3], DAYS),
            "tickets_opened_28d": draw.integers(0, 6, DAYS).astype(float),
            "activity_index": 1.1 + np.cumsum(draw.normal(0, 0.05, DAYS)),
        }
        frame = pd.DataFrame(steps)
        frame.insert(0, "account_id", f"a{number:02d}")
        frame.insert(1, "date_day", [FIRST_DAY + timedelta(days=day) for day in range(DAYS)])
        # Values stay for a few days, so that runs are as long as the limits ask for.
        held = draw.integers(1, 8)
        for name in ("nps", "ticket_ratio", "tickets_opened_28d"):
            frame[name] = frame[name].iloc[np.arange(DAYS) // held * held].to_numpy()
        for name in ("usage_ratio", "nps"):
            frame.loc[draw.random(DAYS) < 0.1, name] = np.nan
        if number % 4 == 0:
            start = int(draw.integers(20, 120))
            frame = frame.drop(index=range(start, start + int(draw.integers(1, 9))))
        frames.append(frame)
    whole = pd.concat(frames, ignore_index=True)
    cut = [
        whole[whole["date_day"] < FIRST_DAY + timedelta(days=days)].assign(
            account_id=lambda rows, days=days: rows["account_id"] + f"@{days:03d}"
        )
        for days in CUTS
    ]
    return pd.concat([whole, *cut], ignore_index=True)


def expected_spells(inputs: pd.DataFrame) -> set[tuple]:
    """The same by a loop: account, signal, opened, closed, why."""
    found = set()
    for account, rows in inputs.groupby("account_id"):
        for signal in SIGNALS:
            found |= {(account, *spell) for spell in _spells(signal, rows)}
    return found


def _spells(signal: Signal, rows: pd.DataFrame) -> list[tuple]:
    spells: list[tuple] = []
    opened: date | None = None
    before: date | None = None
    # Closed because it stood; it has to recover before it opens again.
    stands = False
    verdict, times = "", 0
    needed = {"open": signal.open_days, "close": signal.close_days, "missing": signal.missing_days}
    for row in rows.to_dict("records"):
        day = row["date_day"]
        if before is not None and day - before > timedelta(days=1):
            if opened is not None:
                spells.append((signal.signal, opened, before + timedelta(days=1), "contract_ended"))
            opened, verdict, stands = None, "", False
        said = signal.verdict(row)
        times = times + 1 if said == verdict else 1
        verdict, before = said, day
        decided = times == needed.get(said)
        if decided and said == "open" and opened is None and not stands:
            opened = day
        elif decided and said in ("close", "missing"):
            if opened is not None:
                why = "recovered" if said == "close" else "no_data"
                spells.append((signal.signal, opened, day, why))
            opened, stands = None, False
        if opened is not None and (day - opened).days == signal.standing_days:
            spells.append((signal.signal, opened, day, "standing"))
            opened, stands = None, True
    if opened is not None:
        ended = before < AS_OF
        closed = before + timedelta(days=1) if ended else None
        spells.append((signal.signal, opened, closed, "contract_ended" if ended else None))
    return spells


def _contract(model: str) -> dict[str, str]:
    for path in (project_root() / "models" / "facts").glob("*/_*__models.yml"):
        for found in yaml.safe_load(path.read_text(encoding="utf-8"))["models"]:
            if found["name"] == model:
                return {column["name"]: column["data_type"] for column in found["columns"]}
    raise LookupError(model)


@pytest.fixture(scope="module")
def inputs() -> pd.DataFrame:
    return simulate()


@pytest.fixture(scope="module")
def spells(inputs: pd.DataFrame, tmp_path_factory: pytest.TempPathFactory) -> pd.DataFrame:
    """The spells that the models give."""
    folder = tmp_path_factory.mktemp("signals")
    _write(folder / "warehouse.duckdb", inputs)
    run_dbt(Home(folder), "run", "--quiet", "--select", "fct_signal_run", "fct_risk_signal_spell")
    with duckdb.connect(str(folder / "warehouse.duckdb")) as connection:
        return connection.execute("select * from facts.fct_risk_signal_spell").df()


def _write(warehouse: Path, inputs: pd.DataFrame) -> None:
    signals = pd.DataFrame([signal.__dict__ for signal in SIGNALS])
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute("create schema raw_loads")
        connection.execute("create table raw_loads.settings (name varchar, value varchar)")
        connection.execute(
            "insert into raw_loads.settings values ('as_of_date', ?)", [AS_OF.isoformat()]
        )
        connection.execute("create schema facts")
        connection.execute("create schema seeds")
        names = {
            "fct_account_health_input_day": ("account_id", "date_day", *HEALTH),
            "fct_account_risk_input_day": ("account_id", "date_day", "activity_index"),
        }
        for model, given in names.items():
            columns = ", ".join(f'"{name}" {kind}' for name, kind in _contract(model).items())
            connection.execute(f"create table facts.{model} ({columns})")
            connection.register("given", inputs[list(given)])
            # pandas has no missing number but NaN.
            values = ", ".join(
                name if name in ("account_id", "date_day")
                else f"case when isnan({name}) then null else {name} end as {name}"
                for name in given
            )  # fmt: skip
            connection.execute(f"insert into facts.{model} by name select {values} from given")
        connection.register("signals", signals)
        connection.execute(
            "create table seeds.risk_signals as select signal, measure, direction, "
            "open_at::decimal(18, 4) as open_at, close_at::decimal(18, 4) as close_at, "
            "open_days::integer as open_days, close_days::integer as close_days, "
            "case when isnan(missing_days) then null else missing_days::integer end "
            "as missing_days, volume_measure, "
            "case when isnan(standing_days) then null else standing_days::integer end "
            "as standing_days, "
            "case when isnan(volume_at_least) then null else volume_at_least::decimal(18, 4) end "
            "as volume_at_least from signals"
        )
        # The machine is the same for signals of expansion; here is none.
        connection.execute(
            "create table seeds.expansion_signals as from seeds.risk_signals where false"
        )


def _day(value: object) -> date | None:
    return None if pd.isna(value) else pd.Timestamp(value).date()


def _as_set(spells: pd.DataFrame) -> set[tuple]:
    return {
        (
            row.account_id,
            row.signal,
            _day(row.opened_on),
            _day(row.closed_on),
            None if pd.isna(row.closed_by) else row.closed_by,
        )
        for row in spells.itertuples()
    }


def test_spells_are_those_of_a_loop_over_days(inputs: pd.DataFrame, spells: pd.DataFrame) -> None:
    expected = expected_spells(inputs)
    assert _as_set(spells) == expected
    # Something of each kind happens, else the test would prove little.
    assert {why for *_, why in expected} == {
        "recovered",
        "no_data",
        "standing",
        "contract_ended",
    }
    assert {signal for _, signal, *_ in expected} == {signal.signal for signal in SIGNALS}


def test_a_signal_never_flaps(inputs: pd.DataFrame, spells: pd.DataFrame) -> None:
    """Between a closing and the next opening the limit was passed for open_days in a row."""
    limits = {signal.signal: signal for signal in SIGNALS}
    rows = {
        account: {row["date_day"]: row for row in days.to_dict("records")}
        for account, days in inputs.groupby("account_id")
    }
    reopened = 0
    for (account, name), turns in spells.groupby(["account_id", "signal"]):
        signal = limits[name]
        closed: date | None = None
        for row in turns.sort_values("opened_on").itertuples():
            opened = _day(row.opened_on)
            run = [opened - timedelta(days=back) for back in range(signal.open_days)]
            assert all(signal.verdict(rows[account][day]) == "open" for day in run)
            if closed is not None:
                reopened += 1
                assert opened > closed, "one open spell at a time"
            closed = _day(row.closed_on) or AS_OF
            if row.closed_by == "recovered":
                run = [closed - timedelta(days=back) for back in range(signal.close_days)]
                assert all(signal.verdict(rows[account][day]) == "close" for day in run)
    assert reopened > 100


def test_a_day_knew_what_the_whole_history_says(spells: pd.DataFrame) -> None:
    """Cut off at any day, the series gives the spells that the whole one had by then."""
    found = _as_set(spells)
    whole = [spell for spell in found if "@" not in spell[0]]
    for days in CUTS:
        last = FIRST_DAY + timedelta(days=days - 1)
        then = {
            (account[:3], signal, opened, None if why == "contract_ended" else closed)
            for account, signal, opened, closed, why in found
            if account.endswith(f"@{days:03d}") and (why != "contract_ended" or closed > last)
        }
        now = {
            (account, signal, opened, closed if closed <= last else None)
            for account, signal, opened, closed, why in whole
            if opened <= last and not (why == "contract_ended" and closed <= last)
        }
        assert then == now
