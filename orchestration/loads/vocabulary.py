"""The words a value of a closed list may have: the seed ``vocabulary`` that a user extends."""

from __future__ import annotations

import csv
import re
from functools import cache
from pathlib import Path

from orchestration.database import text

VOCABULARY = Path(__file__).resolve().parents[2] / "seeds" / "vocabulary.csv"


@cache
def words_of(field: str) -> dict[str, str]:
    """Meaning by word, as the seed writes the words."""
    with VOCABULARY.open(encoding="utf-8", newline="") as file:
        return {
            row["value"]: row["meaning"] for row in csv.DictReader(file) if row["field"] == field
        }


def fold(word: str) -> str:
    """A word as it is compared: case, blanks, hyphens and underscores do not matter."""
    return re.sub(r"[ -]", "_", word.strip().lower())


def folded(value: str) -> str:
    """SQL of the same (macro ``folded_word`` in dbt)."""
    return f"replace(replace(lower(trim({value})), '-', '_'), ' ', '_')"


def is_known(value: str, field: str) -> str:
    """SQL condition: the vocabulary has the word."""
    known = ", ".join(text(word) for word in sorted({fold(word) for word in words_of(field)}))
    return f"{folded(value)} in ({known})"
