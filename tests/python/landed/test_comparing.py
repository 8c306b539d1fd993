"""What the comparison of two companies may not overlook."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

import duckdb

from tests.python.cases.company import Built
from tests.python.landed.comparing import differences


@dataclass
class Rows:
    """A company of one relation."""

    values: list[int]

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        with duckdb.connect() as connection:
            connection.execute("create schema facts")
            connection.execute(
                "create table facts.fct_data_gap (gap int, object_id int, severity int)"
            )
            connection.execute("create table facts.values (value int)")
            connection.executemany(
                "insert into facts.values values (?)", [[v] for v in self.values]
            )
            return connection.execute(sql).fetchall()


def test_a_row_that_is_there_twice_is_a_difference():
    once, twice = (cast(Built, Rows(values)) for values in ([1, 2], [1, 2, 2]))
    relations = {"facts.values": "value"}
    assert differences(once, once, relations) == []
    assert differences(once, twice, relations) == ["facts.values, second only: (2,)"]
    assert differences(twice, once, relations) == ["facts.values, first only: (2,)"]
