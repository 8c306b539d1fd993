"""The report: what was changed, what was noticed, and why the rest cannot be."""

from collections import Counter
from collections.abc import Mapping

from mutation.run import ModelResult, Outcome

INTRODUCTION = """# Mutation report

Written by `python -m mutation`; do not edit. Each line of metric SQL is only as safe as the tests
that would notice a change of it. So the check changes one thing at a time (an operator, a boundary
`<` to `<=`, a join, a constant by one, `and`/`or`, `min`/`max`, a sign, an order, the default of a
`coalesce`) and asks who notices:

1. the unit tests of the model, on their own fixtures;
2. the demo company: the changed model and all that is built from it, its data tests, and the
   company's own record of ARR, movements, retention, churn and cohorts. Models that read files,
   which the demo company has none of, are tried in a small company of files.

What survives is reviewed one by one: a change that cannot give other rows on any input that can
occur, or only beyond the digits that are promised, is listed with its reason in
`mutation/equivalent.yml`; for any other a test is written. Those that still wait for one are in
`mutation/backlog.yml`, and unexplained here. Texts and column lists are not changed. Which models:
`mutation/scope.yml`.

Run it again after a change of metric SQL; it takes some minutes, and
`uv run python -m mutation --help` says how to try one model or a sample:

```
make mutation
```
"""


def tally(result: ModelResult, reviewed: Mapping[str, str]) -> dict[str, int]:
    """Counts of one model."""
    valid = [o for o in result.outcomes if o.stage != "invalid"]
    survivors = [o for o in valid if o.survived]
    equivalent = [o for o in survivors if o.id in reviewed]
    return {
        "changes": len(valid),
        "unit": sum(o.stage == "unit" for o in valid),
        "data": sum(o.stage == "data" for o in valid),
        "equivalent": len(equivalent),
        "open": len(survivors) - len(equivalent),
    }


def unexplained(results: list[ModelResult], reviewed: Mapping[str, str]) -> list[Outcome]:
    """What no test noticed and nobody has explained."""
    return [o for result in results for o in result.outcomes if o.survived and o.id not in reviewed]


def outdated(results: list[ModelResult], reviewed: Mapping[str, str]) -> list[str]:
    """Reviewed ids of the models looked at that no longer name a change that survives."""
    survived = {o.id for result in results for o in result.outcomes if o.survived}
    models = {result.model for result in results}
    return [key for key in reviewed if key.split(":")[0] in models and key not in survived]


def _percent(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f} %" if whole else "-"


def markdown(results: list[ModelResult], reviewed: Mapping[str, str], as_of: str) -> str:
    """The whole page."""
    results = sorted(results, key=lambda result: result.path)
    counts = {result.model: tally(result, reviewed) for result in results}
    total = Counter()
    for count in counts.values():
        total.update(count)
    killed = total["unit"] + total["data"]
    lines = [
        INTRODUCTION,
        f"Demo company as of {as_of}. {total['changes']} changes in {len(results)} models: "
        f"{total['unit']} noticed by unit tests, {total['data']} by the demo company, "
        f"{total['equivalent']} reviewed, {total['open']} unexplained. "
        f"**Score: {_percent(killed, total['changes'] - total['equivalent'])}** of what can be "
        f"noticed, {_percent(killed, total['changes'])} of all.",
        "",
        "| model | unit tests | changes | by unit tests | by the demo company | reviewed "
        "| unexplained | score |",
        "|---|--:|--:|--:|--:|--:|--:|--:|",
    ]
    for result in results:
        c = counts[result.model]
        score = _percent(c["unit"] + c["data"], c["changes"] - c["equivalent"])
        lines.append(
            f"| `{result.model}` | {result.unit_tests} | {c['changes']} | {c['unit']} "
            f"| {c['data']} | {c['equivalent']} | {c['open']} | {score} |"
        )
    lines += ["", *_by_kind(results), "", *_survivors(results, reviewed)]
    return "\n".join(lines).rstrip() + "\n"


def _by_kind(results: list[ModelResult]) -> list[str]:
    made, left = Counter(), Counter()
    for result in results:
        for outcome in result.outcomes:
            if outcome.stage != "invalid":
                made[outcome.kind] += 1
                left[outcome.kind] += outcome.survived
    lines = ["| kind of change | changes | not noticed |", "|---|--:|--:|"]
    return lines + [f"| {kind} | {made[kind]} | {left[kind]} |" for kind in sorted(made)]


def _survivors(results: list[ModelResult], reviewed: Mapping[str, str]) -> list[str]:
    lines = ["## What no test notices", ""]
    for result in results:
        survivors = [o for o in result.outcomes if o.survived]
        if not survivors:
            continue
        lines += [f"### {result.model}", ""]
        for o in survivors:
            why = reviewed.get(o.id, "**not explained**")
            where = (
                "other rows on the demo company" if o.differs else "same rows on the demo company"
            )
            place = o.key.split(":")[0]
            lines.append(f"- `{place}`: `{_code(o.before)}` → `{_code(o.after)}` ({where}): {why}")
        lines.append("")
    return lines if len(lines) > 2 else [*lines, "Nothing.", ""]


def _code(sql: str) -> str:
    return sql.replace("`", "'").replace("|", "\\|")
