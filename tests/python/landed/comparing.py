"""Two companies that were built of the same facts."""

from __future__ import annotations

from tests.python.cases.company import Built


def differences(one: Built, other: Built, relations: dict[str, str]) -> list[str]:
    """Rows and gaps that only one of them has: by relation, of the columns named."""
    gaps = "select gap, object_id, severity from facts.fct_data_gap order by all"
    found = [] if one.rows(gaps) == other.rows(gaps) else [other.said()]
    for relation, columns in relations.items():
        rows = [
            {str(row): row for row in each.rows(f"select {columns} from {relation}")}
            for each in (one, other)
        ]
        assert rows[0], f"{relation} is empty, so nothing is compared"
        for mine, theirs, name in ((rows[0], rows[1], "first"), (rows[1], rows[0], "second")):
            found += [f"{relation}, {name} only: {row}" for row in mine if row not in theirs]
    return found
