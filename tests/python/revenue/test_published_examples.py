"""Published worked examples: each is a unit test of its name, with its figures in it."""

import re

import pytest
import yaml

from tests.python.conftest import ROOT

EXAMPLES = yaml.safe_load((ROOT / "tests" / "published_examples.yml").read_text())["examples"]


@pytest.fixture(scope="module")
def unit_tests():
    """Name of a dbt unit test -> its text."""
    found = {}
    for path in (ROOT / "models").rglob("*__unit_tests.yml"):
        for part in re.split(r"\n  - (?=name: )", path.read_text())[1:]:
            name = part.splitlines()[0].removeprefix("name: ").strip()
            assert name not in found, f"two unit tests are called {name}"
            found[name] = part
    return found


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example["id"])
def test_example_is_a_unit_test_of_its_model_with_its_figures(example, unit_tests):
    if "pytest" in example:
        # What Python computes is tested there, under the example's name.
        text = (ROOT / example["pytest"]).read_text()
        assert f"\ndef test_{example['id']}(" in text
        text = text.split(f"\ndef test_{example['id']}(")[1].split("\ndef ")[0]
    else:
        text = unit_tests[example["id"]]
        assert f"\n    model: {example['model']}\n" in text
    for figure in example["figures"]:
        alone = rf"(?<![\d.]){re.escape(figure)}(?![\d.]*\d)"
        assert re.search(alone, text), figure


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example["id"])
def test_example_stands_in_the_docs_with_its_model_and_its_difference(example):
    page = (ROOT / "docs" / "published-examples.md").read_text()
    row = next(line for line in page.splitlines() if line.startswith(f"| `{example['id']}`"))
    assert f"`{example['model']}`" in row
    assert example.get("ours", "") in row


def test_docs_list_no_example_that_is_not_tested():
    page = (ROOT / "docs" / "published-examples.md").read_text()
    assert set(re.findall(r"^\| `(\w+)`", page, flags=re.MULTILINE)) == {
        example["id"] for example in EXAMPLES
    }


def test_every_example_names_its_source_and_what_it_says():
    for example in EXAMPLES:
        assert {"id", "source", "given", "published", "model", "figures"} <= set(example)
    assert len(EXAMPLES) == len({example["id"] for example in EXAMPLES}) == 31
