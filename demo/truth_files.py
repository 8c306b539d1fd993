"""Writes the truth as known on a day."""

from datetime import date
from pathlib import Path

import pyarrow.parquet as pq

from demo import movements, truth, truth_rates
from demo.clock import DAY, day_number


def write(folder: Path, facts: list[truth.AccountFacts], until: date) -> dict[str, int]:
    """Write all truth files; returns the rows of each."""
    cut = (day_number(until) + 1) * DAY
    owner_of = truth.owners([fact.account for fact in facts], cut)
    ends = truth.month_ends(facts, owner_of, until)
    tables = {
        "account_month": truth.account_months(ends),
        "line_interval": truth.line_intervals(facts, owner_of),
        **movements.tables(facts, owner_of, ends.days),
        **truth_rates.tables(facts, owner_of, ends),
        "account_state": truth.account_states(facts),
    }
    folder.mkdir(parents=True, exist_ok=True)
    for name, table in tables.items():
        temporary = folder / f"{name}.part"
        pq.write_table(table, temporary)
        temporary.replace(folder / f"{name}.parquet")
    return {f"{name}.parquet": table.num_rows for name, table in tables.items()}
