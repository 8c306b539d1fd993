"""The mutation check finds what tests notice, and reports what they do not."""

from types import SimpleNamespace

import pytest
import sqlglot
import yaml

from mutation import __main__ as command
from mutation import homes, report
from mutation.project import Model, Project, ProjectError
from mutation.run import check, run
from mutation.sites import mutated, sites
from tests.python.conftest import ROOT


def changes(sql):
    """(kind, before, after) of every change of a query."""
    return [(s.kind, s.before, s.after) for s in sites(sqlglot.parse_one(sql, dialect="duckdb"))]


def outcome(result, kind, before):
    found = [o for o in result.outcomes if o.kind == kind and o.before == before]
    assert found, [(o.kind, o.before) for o in result.outcomes]
    return found[0]


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("select 1 from t where a < b", ("boundary", "a < b", "a <= b")),
        ("select 1 from t where a >= b", ("boundary", "a >= b", "a > b")),
        ("select 1 from t where a = b", ("comparison", "a = b", "a <> b")),
        ("select a + b from t", ("arithmetic", "a + b", "a - b")),
        ("select a / b from t", ("arithmetic", "a / b", "a * b")),
        ("select 1 from t where a and b", ("logic", "a AND b", "a OR b")),
        ("select 1 from t where not a", ("logic", "NOT a", "(a)")),
        ("select -a from t", ("sign", "-a", "(a)")),
        ("select min(a) from t", ("function", "MIN(a)", "MAX(a)")),
        ("select greatest(a, b) from t", ("function", "GREATEST(a, b)", "LEAST(a, b)")),
        ("select max_by(a, b) from t", ("function", "ARG_MAX(a, b)", "ARG_MIN(a, b)")),
        ("select coalesce(a, b) from t", ("coalesce", "COALESCE(a, b)", "(a)")),
        ("select a from t left join u on x", ("join", "LEFT JOIN u", "INNER JOIN u")),
        ("select a from t join u on x", ("join", "JOIN u", "LEFT JOIN u")),
        ("select a from t full join u on x", ("join", "FULL JOIN u", "LEFT JOIN u")),
        ("select a from t union all select b from u", ("set", "UNION ALL", "UNION")),
        ("select distinct a from t", ("set", "SELECT DISTINCT", "SELECT")),
        ("select row_number() over (order by a desc) from t", ("order", "a desc", "a asc")),
        ("select true from t", ("constant", "TRUE", "FALSE")),
    ],
)
def test_each_kind_of_change_is_made(sql, expected):
    assert expected in changes(sql)


def test_a_constant_is_moved_up_and_down_and_a_type_is_not():
    found = changes("select cast(a as decimal(18, 2)) * 12 + interval '11' month from t")
    constants = {(before, after) for kind, before, after in found if kind == "constant"}
    assert constants == {("12", "13"), ("12", "11"), ("'11'", "'12'"), ("'11'", "'10'")}


def test_a_number_that_only_the_parser_has_is_not_changed():
    found = changes("select make_timestamp(seconds * 1000000) from t")
    assert {before for kind, before, _ in found if kind == "constant"} == {"1000000"}


def test_a_change_leaves_no_trace_in_the_next():
    sql = "SELECT MIN(a) FROM t LEFT JOIN u ON t.x = u.x WHERE a < 1 AND b IS NULL"
    tree = sqlglot.parse_one(sql, dialect="duckdb")
    texts = {mutated(tree, site) for site in sites(tree)}
    assert len(texts) == len(sites(tree))
    assert sql not in texts
    assert tree.sql(dialect="duckdb") == sql


def test_keys_do_not_change_with_another_part_of_the_query():
    one = "with a as (select x + 1 as x from t), b as (select x * 2 as x from a) select * from b"
    two = one.replace("x + 1", "x + y + 1")
    first, second = (
        {s.key for s in sites(sqlglot.parse_one(sql, dialect="duckdb")) if s.cte == "b"}
        for sql in (one, two)
    )
    assert first == second
    assert len(first) == 3


def test_fixtures_and_the_warehouse_give_the_same_keys():
    ours = 'select 1 from "warehouse"."facts"."t" as t where t.a > \'2024-01-31\''
    test = "select 1 from __dbt__cte__t as t where t.a > '2025-06-30'"
    assert changes(ours) == changes(test)


def test_a_change_that_a_unit_test_notices_is_killed_by_its_name(job):
    result = check("model.toy.totals", job)
    found = outcome(result, "boundary", "arr > 0")
    assert (found.stage, found.noticed_by) == ("unit", "adds_up")


def test_a_change_that_only_the_demo_company_notices_is_killed_by_the_data_test(job):
    result = check("model.toy.totals", job)
    found = outcome(result, "constant", "0")
    assert found.stage in ("unit", "data")
    wrong = [o for o in result.outcomes if o.stage == "data"]
    assert all(o.noticed_by == "largest" for o in wrong)


def test_a_change_that_nothing_notices_survives(job):
    result = check("model.toy.totals", job)
    largest = outcome(result, "function", "MAX(arr)")
    assert largest.survived
    assert largest.differs
    default = outcome(result, "coalesce", "COALESCE(COUNT(*), 0)")
    assert default.survived
    assert not default.differs


def test_the_report_names_survivors_and_takes_reviewed_ones_out_of_the_score(job):
    result = check("model.toy.totals", job)
    left = report.unexplained([result], {})
    assert "MAX(arr)" in [o.before for o in left]
    page = report.markdown([result], {}, "2025-12-31")
    assert "`MAX(arr)` → `MIN(arr)` (other rows on the demo company): **not explained**" in page
    reviewed = {o.id: "no input tells them apart" for o in left}
    assert report.unexplained([result], reviewed) == []
    assert report.tally(result, reviewed)["open"] == 0
    assert "not explained" not in report.markdown([result], reviewed, "2025-12-31")
    assert "100.0 %" in report.markdown([result], reviewed, "2025-12-31")


def test_a_reviewed_change_that_is_noticed_by_now_is_named(job):
    result = check("model.toy.totals", job)
    killed = next(o for o in result.outcomes if not o.survived)
    reviewed = {killed.id: "thought to be equivalent", "other:cte:join:1": "not looked at"}
    assert report.outdated([result], reviewed) == [killed.id]


def test_a_sample_is_a_part_of_all_and_always_the_same(job, project):
    whole = {o.key for o in check("model.toy.totals", job).outcomes}
    part = type(job)(job.root, job.home, job.target, job.among, 0.5, job.scratch)
    first = {o.key for o in check("model.toy.totals", part).outcomes}
    assert first == {o.key for o in check("model.toy.totals", part).outcomes}
    assert first < whole
    said = []
    list(run(project, list(project.models.values()), part, jobs=1, say=said.append))
    assert said[0].startswith("1/1 totals:")


def test_a_model_that_was_edited_since_the_refresh_is_refused(toy):
    root, _, target = toy
    (root / "models" / "totals.sql").write_text("select 1 as a")
    with pytest.raises(ProjectError, match=r"totals\.sql is not what the home was refreshed with"):
        Project.read(root, target)


def test_a_home_of_its_own_has_run_the_unit_tests(tmp_path, monkeypatch):
    """A refresh of a new home leaves unit tests out, and without them there is nothing to read."""
    ran = []

    def run_command(arguments, **_):
        ran.append(arguments[3:])
        return SimpleNamespace(returncode=len(ran) - 1, stdout="", stderr="a test failed")

    monkeypatch.setattr(homes.subprocess, "run", run_command)
    with pytest.raises(ProjectError, match="a test failed"):
        homes.demo_home(tmp_path)
    assert ran[0][0] == "refresh"
    assert ran[1] == ["dbt", "--", "test", "--select", "test_type:unit"]


def test_a_model_is_tried_in_the_first_home_that_has_it(tmp_path, monkeypatch):
    def read(_, target):
        names = {"demo": ["shared", "stripe"], "files": ["shared", "files"]}[target.parts[-3]]
        path = "models/intermediate/identity/{}.sql"
        models = {
            f"model.toy.{name}": Model(
                f"model.toy.{name}", name, path.format(name), name, "table", "select 1", []
            )
            for name in names
        }
        return Project(ROOT, target, models)

    monkeypatch.setattr(Project, "read", read)
    found = command._jobs([tmp_path / "demo", tmp_path / "files"], None, 1, tmp_path)
    assert [[m.name for m in models] for _, models, _ in found] == [["shared", "stripe"], ["files"]]
    assert [job.home.name for _, _, job in found] == ["demo", "files"]
    with pytest.raises(ProjectError, match="No such model: nowhere"):
        command._jobs([tmp_path / "demo"], ["shared", "nowhere"], 1, tmp_path)


def test_a_unit_test_that_fails_as_it_is_is_named(job, toy):
    _, _, target = toy
    file = next((target / "run").rglob("adds_up.sql"))
    file.write_text(file.read_text().replace("4 as arr", "5 as arr"))
    with pytest.raises(ProjectError, match="adds_up fails as it is"):
        check("model.toy.totals", job)


def test_the_list_of_reviewed_changes_names_real_models_once_and_says_why():
    groups = yaml.safe_load((ROOT / "mutation" / "equivalent.yml").read_text())["equivalent"]
    keys = [key for group in groups for key in group["changes"]]
    assert len(keys) == len(set(keys))
    models = {path.stem for path in (ROOT / "models").rglob("*.sql")}
    assert {key.split(":")[0] for key in keys} <= models
    assert all(len(group["reason"].split()) >= 4 for group in groups)


def test_the_scope_of_the_check_is_there():
    patterns = yaml.safe_load((ROOT / "mutation" / "scope.yml").read_text())["models"]
    for pattern in patterns:
        assert list(ROOT.glob(pattern)), pattern


def test_the_report_in_the_docs_explains_every_survivor():
    page = (ROOT / "docs" / "mutation-report.md").read_text()
    assert "**Score: " in page
    assert "not explained" not in page
