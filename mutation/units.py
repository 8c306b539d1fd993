"""Stage 1: the unit tests of a model against a changed query, straight in DuckDB."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from math import isfinite
from threading import Timer

import duckdb

from mutation.project import Model, Project, ProjectError, UnitTest
from mutation.sites import DIALECT, Site, mutated, sites

SECONDS = 20


@contextmanager
def limited(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Interrupt a query that a change has made endless."""
    timer = Timer(SECONDS, connection.interrupt)
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


class UnitTests:
    """The unit tests of one model, with their tables made once.

    Tests that compile to the same query share it: a change is rendered once for all of them.
    """

    def __init__(self, project: Project, model: Model) -> None:
        """Make the tables and see that every test passes as it is."""
        self.connection = duckdb.connect()
        self.connection.execute("set threads = 1; set enable_progress_bar = false")
        self.variants: list[tuple[list[tuple[str, UnitTest]], dict[str, Site]]] = []
        self._expected: dict[str, Counter] = {}
        grouped: dict[str, list[tuple[str, UnitTest]]] = {}
        for number, test in enumerate(project.unit_tests(model)):
            schema = f"test_{number}"
            self.connection.execute(f"create schema {schema}")
            self.connection.execute(f"set schema = '{schema}'")
            for name, sql in test.fixtures.items():
                self.connection.execute(f'create table "{name}" as {sql}')
            self._expected[schema] = _rows(self.connection.execute(test.expected).fetchall())
            grouped.setdefault(test.body.sql(dialect=DIALECT), []).append((schema, test))
        for body, tests in grouped.items():
            for schema, test in tests:
                if not self._passes(schema, test, body):
                    raise ProjectError(f"The unit test {test.name} fails as it is.")
            self.variants.append((tests, {s.key: s for s in sites(tests[0][1].body)}))

    def _passes(self, schema: str, test: UnitTest, body: str) -> bool:
        columns = ", ".join(f'"{name}"' for name in test.columns)
        self.connection.execute(f"set schema = '{schema}'")
        with limited(self.connection):
            rows = self.connection.execute(f"select {columns} from ({body})").fetchall()
        return _rows(rows) == self._expected[schema]

    @property
    def count(self) -> int:
        """How many unit tests there are."""
        return len(self._expected)

    def sites(self) -> dict[str, Site]:
        """All changes of the query as the tests compile it, by key."""
        return {key: site for _, found in self.variants for key, site in found.items()}

    def noticed_by(self, key: str) -> str | None:
        """The first unit test that fails under a change; `error: …` when it does not run."""
        for tests, found in self.variants:
            if key not in found:
                continue
            body = mutated(tests[0][1].body, found[key])
            for schema, test in tests:
                try:
                    if not self._passes(schema, test, body):
                        return test.name
                except duckdb.Error as error:
                    return _error(error)
        return None


def _rows(rows: list[tuple]) -> Counter:
    """Rows without order; 0.8 is the same as a decimal and as a floating-point number."""
    return Counter(
        tuple(Decimal(repr(v)) if isinstance(v, float) and isfinite(v) else v for v in row)
        for row in rows
    )


def _error(error: duckdb.Error) -> str:
    """A query that cannot be bound is no mutant; one that fails on its data was noticed."""
    kind = type(error).__name__
    unbound = isinstance(error, duckdb.BinderException | duckdb.ParserException)
    return f"{'invalid' if unbound else 'error'}: {kind}"
