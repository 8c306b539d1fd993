"""The scales of surveys: the seed ``survey_scales``, beside the words of ``vocabulary``."""

from __future__ import annotations

import csv
from functools import cache
from pathlib import Path

from orchestration.database import quote, text
from orchestration.loads.vocabulary import fold, folded, words_of

SCALES = Path(__file__).resolve().parents[2] / "seeds" / "survey_scales.csv"

Scale = tuple[str, str]


@cache
def scales_of(source: str) -> dict[str, Scale]:
    """Least and greatest score by survey: the source's own scale, else the one of all."""
    with SCALES.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    common = {row["survey"]: row for row in rows if not row["source_system"]}
    own = {row["survey"]: row for row in rows if row["source_system"] == source}
    return {name: (row["least"], row["most"]) for name, row in {**common, **own}.items()}


def outside(score: str, survey: str, source: str) -> list[tuple[str, str]]:
    """Conditions for a score outside the scale of its survey, each with the reason as SQL.

    Args:
        score: Name of the column with the score.
        survey: Name of the column that says which survey it was.
        source: The source system.
    """
    scales = scales_of(source)
    words: dict[Scale, set[str]] = {}
    for word, meaning in words_of("survey_type").items():
        if meaning in scales:
            words.setdefault(scales[meaning], set()).add(fold(word))
    value, kind = quote(f"b:{score}"), quote(f"r:{survey}")
    found = []
    for (least, most), known in sorted(words.items()):
        listed = ", ".join(text(word) for word in sorted(known))
        condition = f"({folded(kind)} in ({listed}) and ({value} < {least} or {value} > {most}))"
        remedy = (
            f"surveys, which goes from {least} to {most}; correct it, or state the scale in "
            "seeds/survey_scales.csv"
        )
        reason = (
            f"{text(score + ' ')} || cast({value} as varchar)"
            f" || ' is outside the scale of ''' || {kind} || ''' ' || {text(remedy)}"
        )
        found.append((condition, reason))
    return found
