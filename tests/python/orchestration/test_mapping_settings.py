"""What a mapping says beside its files: currency, ends and day of the company."""

import json
from dataclasses import replace
from datetime import date
from pathlib import Path
from types import SimpleNamespace

import pytest

from orchestration.home import HomeConfig, claim
from orchestration.progress import Recorder, watching
from orchestration.project import vars_arguments
from orchestration.published_assets import policy_of
from orchestration.session import RefreshSession


@pytest.fixture
def delivery(tmp_path: Path) -> Path:
    folder = tmp_path / "acme exports"
    folder.mkdir()
    return folder


def test_settings_of_a_mapping_are_those_of_the_home(home, delivery):
    mapping = delivery / "mapping.yml"
    mapping.write_text("version: 1\nreporting_currency: eur\nend_dates: inclusive\n")
    config = claim(home, source=delivery).config
    wanted = {"reporting_currency": "EUR", "end_dates": "inclusive"}
    assert home.own_vars == wanted
    arguments = json.loads(vars_arguments(home)[1])
    assert {name: arguments[name] for name in wanted} == wanted
    assert policy_of(home) | wanted == policy_of(home)
    # What home.json says wins; what the mapping takes back is the project's again.
    home.write(replace(config, vars={"reporting_currency": "GBP"}))
    assert home.own_vars == wanted | {"reporting_currency": "GBP"}
    mapping.write_text("version: 1\nend_dates: exclusive\n")
    assert json.loads(vars_arguments(home)[1])["reporting_currency"] == "GBP"
    assert "end_dates" not in json.loads(vars_arguments(home)[1])


def test_a_mapping_beside_the_files_of_a_mixed_home_counts_too(home, delivery):
    (delivery / "mapping.yml").write_text("version: 1\nreporting_currency: JPY\n")
    sources = {"crm": ["files"], "billing": ["stripe"]}
    home.create()
    home.write(HomeConfig("mixed", "files", sources=sources, folders={"files": str(delivery)}))
    assert home.own_vars == {"reporting_currency": "JPY"}
    home.write(HomeConfig("mixed", "files", sources={"crm": ["salesforce"]}, folder=str(delivery)))
    assert home.own_vars == {}


@pytest.mark.parametrize("text", ["version: [", "just words", ""])
def test_a_mapping_that_cannot_be_read_sets_nothing(home, delivery, text):
    (delivery / "mapping.yml").write_text(text)
    claim(home, source=delivery)
    assert home.own_vars == {}
    assert home.fixed_as_of is None


def test_the_day_of_a_mapping_counts_unless_the_command_gives_one(home, delivery):
    (delivery / "mapping.yml").write_text("version: 1\nas_of: 2024-12-31\n")
    claim(home, source=delivery)
    for asked, day in (("", date(2024, 12, 31)), ("2024-06-30", date(2024, 6, 30))):
        session = RefreshSession(home=str(home.path), as_of=asked)
        with watching(Recorder()), session.yield_for_execution(SimpleNamespace(run_id="r")):
            assert session.requested_as_of == day
