"""Where the columns of a table come from in one file."""

from __future__ import annotations

from dataclasses import dataclass, field

from orchestration.database import quote, text
from orchestration.loads.settings import AS_WRITTEN, FileSettings
from orchestration.loads.spec import TableSpec
from orchestration.loads.staged import StagedFile
from orchestration.loads.vocabulary import fold, folded


@dataclass(frozen=True)
class Coded:
    """Words that mean others: what each means, and what every other word does.

    Attributes:
        values: Meaning by word.
        otherwise: Meaning of other words.
        strict: Whether other words are none, so that their rows are rejected.
    """

    values: dict[str, str | None]
    otherwise: str | None = None
    strict: bool = True

    def sql(self, word: str) -> str:
        """SQL of the meaning of a word; an empty cell has none."""
        given = f"coalesce({folded(word)}, '')"
        cases = [f"when '' then {_literal(self.values.get('', None))}"]
        cases += [
            f"when {text(fold(each))} then {_literal(value)}" for each, value in self.values.items()
        ]
        return f"case {given} {' '.join(cases)} else {_literal(self.otherwise)} end"

    def unknown(self, word: str) -> str:
        """SQL condition: the word is none of those listed."""
        known = ", ".join(["''", *(text(fold(each)) for each in self.values)])
        return f"(coalesce({folded(word)}, '') not in ({known}))"


def _literal(value: str | None) -> str:
    return "cast(null as varchar)" if value is None else text(value)


@dataclass
class PartPlan:
    """Where the columns of a table come from in one file.

    Attributes:
        table: The table.
        staged: The file, in the work database under the alias ``s``.
        values: SQL over ``s`` and the lookups by column, where it is a plain column.
        expressions: SQL by column that may fail on a row; such a row is rejected.
        joins: SQL of the joined lookups.
        where: SQL condition of the rows that belong to the table; the others are unmapped.
        extras: Columns the table does not declare, kept as text.
        reading: How the file writes numbers, days and times.
        readings: How a column is written that is not of the file itself, but of a lookup or the
            mapping's own.
        coded: Columns whose words, which an expression gives, mean others.
        said: Expressions as the mapping says them, by column.
        keys: SQL of the expressions that lines are to be alike in to be one row, by what the
            mapping says; a row on which one fails is rejected.
        first: SQL condition: the line stands for those that are one row with it.
        spoiled: SQL of the line on which an expression over several lines fails, by column.
        taken: Work table of the lines that other entries take.
    """

    table: TableSpec
    staged: StagedFile
    values: dict[str, str]
    expressions: dict[str, str] = field(default_factory=dict)
    joins: str = ""
    where: str | None = None
    extras: list[str] = field(default_factory=list)
    reading: FileSettings = AS_WRITTEN
    readings: dict[str, FileSettings] = field(default_factory=dict)
    coded: dict[str, Coded] = field(default_factory=dict)
    said: dict[str, str] = field(default_factory=dict)
    keys: dict[str, str] = field(default_factory=dict)
    first: str | None = None
    spoiled: dict[str, str] = field(default_factory=dict)
    taken: str | None = None

    @classmethod
    def by_name(cls, table: TableSpec, staged: StagedFile) -> PartPlan:
        """Every column of the file goes to the column of the same name.

        Raises:
            FileError: Several columns have the name of one of the table.
        """
        staged.refuse_repeated(table.columns)
        declared = [name for name in staged.columns if name in table.columns]
        return cls(
            table,
            staged,
            {name: f"s.{quote(name)}" for name in declared},
            extras=[name for name in staged.columns if name not in table.columns],
            reading=staged.reading,
        )
