"""Lists as an API answers them: an object around the rows, page by page."""

import json
from pathlib import Path

import pytest

from tests.python.loads.delivery import Delivery

CUSTOMERS = [{"id": f"cus_{i}", "created": 1704067200, "livemode": True} for i in range(3)]
IDS = ["cus_0", "cus_1", "cus_2"]


def page(*rows: object, has_more: bool = False, kind: str = "list") -> dict[str, object]:
    """A page of a list."""
    return {"object": kind, "url": "/v1/customers", "has_more": has_more, "data": list(rows)}


def load(folder: Path, files: dict[str, str]) -> Delivery:
    return Delivery(folder, source="stripe").load(files)


def ids(delivery: Delivery) -> list[str]:
    return delivery.column("select id from raw_stripe.customer order by id")


def said(delivery: Delivery) -> list[tuple[str, str]]:
    """Files and texts of the warnings."""
    return [(row[2], row[4]) for row in delivery.messages if row[0] == "warning"]


WHOLE = page(*CUSTOMERS)
PAGES = [page(*CUSTOMERS[:2], has_more=True), page(CUSTOMERS[2])]


@pytest.mark.parametrize(
    "text",
    [
        json.dumps(WHOLE),
        json.dumps(WHOLE, indent=2),
        "\ufeff" + json.dumps(WHOLE, indent=2) + "\n",
        json.dumps(page(*CUSTOMERS, kind="search_result"), indent=2),
        json.dumps(CUSTOMERS, indent=2),
        json.dumps(PAGES, indent=2),
        "\n".join(json.dumps(each) for each in PAGES),
        "\n".join(json.dumps(each, indent=2) for each in PAGES),
        json.dumps(page(*CUSTOMERS[:2])) + "\n" + json.dumps(CUSTOMERS[2]),
    ],
    ids=[
        "line", "pretty", "byte order mark", "search", "array", "array of pages", "page a line",
        "pages one behind the other", "page and row",
    ],
)  # fmt: skip
def test_rows_are_read_out_of_the_list_around_them(tmp_path: Path, text: str) -> None:
    delivery = load(tmp_path, {"customers.json": text})
    assert ids(delivery) == IDS
    assert delivery.rejects("customers.json") == {}
    assert said(delivery) == []


def test_one_page_of_more_says_that_the_rest_is_missing(tmp_path: Path) -> None:
    text = json.dumps(page(*CUSTOMERS, has_more=True), indent=2)
    delivery = load(tmp_path, {"customers.json": text})
    assert ids(delivery) == IDS
    [(file, warning)] = said(delivery)
    assert file == "customers.json"
    assert "its 3 rows are not all" in warning and "has_more" in warning


def test_pages_in_several_files_are_one_list(tmp_path: Path) -> None:
    files = {f"customers/{i}.json": json.dumps(each, indent=2) for i, each in enumerate(PAGES)}
    delivery = load(tmp_path, files)
    assert ids(delivery) == IDS
    assert said(delivery) == []


def test_a_list_without_rows_brings_none(tmp_path: Path) -> None:
    delivery = load(tmp_path, {"customers.json": json.dumps(page(), indent=2)})
    assert ids(delivery) == [] and delivery.error is None


def test_a_line_that_is_no_json_costs_that_line_alone(tmp_path: Path) -> None:
    text = "\n".join([json.dumps(CUSTOMERS[0]), '{"id": "cus_', json.dumps(page(*CUSTOMERS[1:]))])
    delivery = load(tmp_path, {"customers.jsonl": text})
    assert ids(delivery) == IDS
    assert list(delivery.rejects("customers.jsonl")) == [2]


def test_json_that_is_cut_off_is_said_to_be(tmp_path: Path) -> None:
    text = json.dumps(WHOLE, indent=2)[:-20]
    delivery = load(tmp_path, {"customers.json": text})
    assert "not written to its end" in str(delivery.error)


def test_what_only_looks_like_a_list_is_a_row(tmp_path: Path) -> None:
    row = CUSTOMERS[0] | {"metadata": {"object": "list", "data": []}}
    assert ids(load(tmp_path, {"customers.jsonl": json.dumps(row)})) == ["cus_0"]
