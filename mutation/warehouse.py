"""Stage 2: the demo company's warehouse with a changed model and all that is built from it."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import duckdb
import sqlglot

from mutation.project import DataTest, Model, Project, ProjectError
from mutation.recomputed import failing
from mutation.sites import DIALECT, Site, mutated, sites
from mutation.truth import comparisons
from mutation.units import limited


class Warehouse:
    """A copy of a small warehouse; every change is rolled back."""

    def __init__(self, project: Project, home: Path, folder: Path, among: set[str]) -> None:
        """Copy the warehouse, and see that all tests pass as it is."""
        self.project = project
        self.among = among
        folder.mkdir(parents=True, exist_ok=True)
        copy = folder / "warehouse.duckdb"
        shutil.copyfile(home / "warehouse.duckdb", copy)
        self.connection = duckdb.connect(str(copy))
        self.connection.execute("set threads = 1; set enable_progress_bar = false")
        self.truth = comparisons(home / "truth")
        self._names = {model.unique_id: model.name for model in project.models.values()}
        self._below: dict[str, list[Model]] = {}

    def close(self) -> None:
        """Let go of the copy."""
        self.connection.close()

    def sites(self, model: Model) -> tuple[sqlglot.exp.Expression, dict[str, Site]]:
        """All changes of the compiled model, by key."""
        tree = sqlglot.parse_one(model.sql, dialect=DIALECT)
        return tree, {site.key: site for site in sites(tree)}

    def check(self, model: Model) -> None:
        """A model as it is must give the table that is there."""
        tree = sqlglot.parse_one(model.sql, dialect=DIALECT)
        if self._differs(model, tree.sql(dialect=DIALECT, comments=False)):
            raise ProjectError(f"{model.name} is not what its SQL gives. Refresh the home.")

    def _differs(self, model: Model, sql: str) -> bool:
        """Whether a query gives other rows than the table has."""
        self.connection.execute(f"create or replace temp table changed as {sql}")
        # A contract may put the columns of the table in another order than the query.
        columns = ", ".join(f'"{row[0]}"' for row in self._columns(model))
        row = self.connection.execute(
            f"""
            select (select count(*) from changed) <> (select count(*) from {model.relation})
            or exists (
                select {columns} from changed except all select {columns} from {model.relation}
            )
            """
        ).fetchone()
        return bool(row[0])

    def _columns(self, model: Model) -> list[tuple]:
        return self.connection.execute(f"describe {model.relation}").fetchall()

    def noticed_by(self, model: Model, tree: sqlglot.exp.Expression, site: Site) -> str | None:
        """What notices a change: a data test or the truth; `same` when no row differs."""
        self.connection.execute("begin")
        try:
            with limited(self.connection):
                if not self._differs(model, mutated(tree, site)):
                    return "same"
                return next(self._failures(model), None)
        except duckdb.Error as error:
            unbound = isinstance(error, duckdb.BinderException | duckdb.ParserException)
            return f"{'invalid' if unbound else 'error'}: {type(error).__name__}"
        finally:
            self.connection.rollback()

    def _failures(self, model: Model) -> Iterator[str]:
        """Rebuild what depends on the model, and run each test when its tables are there."""
        if model.unique_id not in self._below:
            self._below[model.unique_id] = self.project.descendants(model, self.among)
        below = self._below[model.unique_id]
        touched = {model.unique_id, *(m.unique_id for m in below)}
        waiting = [test for test in self.project.data_tests if test.models & touched]
        built: set[str] = set()
        for each in [model, *below]:
            if each is model:
                self._replace(each, "select * from changed")
            elif each.materialized != "view":
                self._replace(each, each.sql)
            built.add(each.unique_id)
            ready = [t for t in waiting if t.models & touched <= built]
            waiting = [t for t in waiting if t not in ready]
            yield from (test.name for test in ready if self._fails(test))
        names = {self._names[key] for key in touched}
        for comparison in self.truth:
            if comparison.table in names and self.connection.execute(comparison.sql).fetchone():
                yield f"truth: {comparison.name}"
        yield from failing(self.connection, names)

    def _replace(self, model: Model, sql: str) -> None:
        """Fill a table anew with the types it has."""
        self.connection.execute(f"create or replace temp table filled as {sql}")
        self.connection.execute(f"delete from {model.relation}")
        self.connection.execute(f"insert into {model.relation} by name select * from filled")

    def _fails(self, test: DataTest) -> bool:
        return self.connection.execute(f"select 1 from ({test.sql}) limit 1").fetchone() is not None
