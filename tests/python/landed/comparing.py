"""Two companies that were built of the same facts."""

from __future__ import annotations

from collections import Counter

from tests.python.cases.company import Built


def differences(one: Built, other: Built, relations: dict[str, str]) -> list[str]:
    """Rows and gaps that only one of them has: by relation, of the columns named.

    A row that is there twice differs from one that is there once.
    """
    gaps = "select gap, object_id, severity from facts.fct_data_gap order by all"
    found = [] if one.rows(gaps) == other.rows(gaps) else [other.said()]
    for relation, columns in relations.items():
        mine, theirs = (
            Counter(map(str, each.rows(f"select {columns} from {relation}")))
            for each in (one, other)
        )
        assert mine, f"{relation} is empty, so nothing is compared"
        for more, name in ((mine - theirs, "first"), (theirs - mine, "second")):
            found += [f"{relation}, {name} only: {row}" for row in more.elements()]
    return found
