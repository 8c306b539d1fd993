"""Sheets of workbooks and members of archives: which is read for what, and what is damaged."""

import gzip
from pathlib import Path

import duckdb
import pytest

from tests.python.loads.delivery import Delivery, load, workbook, zipped


def without_directory() -> bytes:
    """An archive whose end says that there is a directory, which is overwritten."""
    content = zipped({"csms.csv": "csm_id,csm_name\n1,a\n"})
    place = content.index(b"PK\x01\x02")
    return content[:place] + b"XXXX" + content[place + 4 :]


def test_sheets_and_members_with_the_name_of_an_entity_need_no_mapping(tmp_path: Path) -> None:
    csms: list[list[object]] = [["csm_id", "csm_name"], ["c1", "Kim"]]
    products: list[list[object]] = [["product_id", "product_name"], [1, "Base"]]
    delivery = Delivery(tmp_path).load(
        {
            "company.xlsx": workbook({"CSMs": csms, "products": products}),
            "export.zip": zipped(
                {
                    "out/plans.csv": "plan_id,product_id,plan_name,billing_interval\nP,1,P,month\n",
                    "out/users.jsonl": '{"user_id": "U", "account_id": "A"}\n',
                    "__MACOSX/users.csv": "x",
                    "sheet.xlsx": b"PK",
                }
            ),
            "features.zip": zipped({"data.csv": "event_name,feature\nlogin,Login\n"}),
        }
    )
    for table, key in {
        "csms": "c1", "products": "1", "plans": "P", "users": "U", "features": "login",
    }.items():  # fmt: skip
        column = {"features": "event_name"}.get(table, f"{table[:-1]}_id")
        assert delivery.column(f"select {column} from raw_files.{table}") == [key], table
    assert delivery.said("warning", "export.zip/sheet.xlsx", "not read")


def test_a_part_has_its_own_name_before_that_of_the_file_it_is_in(tmp_path: Path) -> None:
    accounts: list[list[object]] = [["account_id", "account_name"], ["A", "Alpha"]]
    csms: list[list[object]] = [["csm_id", "csm_name"], ["c1", "Kim"]]
    user = "user_id,account_id\n{0},A\n"
    files: dict[str, str | bytes] = {
        "accounts.xlsx": workbook({"accounts": accounts, "CSMs": csms, "Notes": [["x"], ["y"]]}),
        "products.xlsx": workbook({"Empty": [], "P": [["product_id", "product_name"], [1, "y"]]}),
        "users/2024.zip": zipped({"data.csv": user.format("u1")}),
        "out.zip": zipped({"x/users/1.csv": user.format("u2")}),
        "~$accounts.xlsx": b"lock",
    }
    delivery = Delivery(tmp_path, domains=frozenset()).load(files)
    assert delivery.error is None
    for table, column, values in [
        ("accounts", "account_id", ["A"]),
        ("csms", "csm_id", ["c1"]),
        ("products", "product_id", ["1"]),
        ("users", "user_id", ["u1", "u2"]),
    ]:
        found = delivery.column(f"select {column} from raw_files.{table} order by 1")
        assert found == values, table
    assert [message[2] for message in delivery.messages if message[0] == "warning"] == [
        "accounts.xlsx/Notes"
    ]


def test_a_sheet_that_is_hidden_or_not_alone_is_read_when_it_is_named(tmp_path: Path) -> None:
    sheets: dict[str, list[list[object]]] = {
        "A": [["csm_id", "csm_name"], ["c1", "Kim"]], "B": [["x"], ["y"]],
        "Old": [["csm_id", "csm_name"], ["c0", "Lee"]],
    }  # fmt: skip
    one = workbook({"Shown": [["x"], ["y"]], "Old": sheets["Old"]}, hidden=("Old",))
    files: dict[str, str | bytes] = {"a.xlsx": workbook(sheets, hidden=("Old",)), "one.xlsx": one}
    mapping = """
reading: {sheet: A}
files:
  csms: [{from: a.xlsx}, {from: a.xlsx, sheet: Old}]
  products: {from: "*.xlsx", sheet: Old, columns: {product_id: csm_id, product_name: csm_name}}
  features: {from: a.xlsx/B, columns: {event_name: x, feature: x}}
  plans: {from: a.xlsx, sheet: C}
"""
    delivery = load(tmp_path, mapping, files)
    assert delivery.column("select csm_id from raw_files.csms order by 1") == ["c0", "c1"]
    assert delivery.column(
        "select source_file from raw_loads.file_counts where source_table = 'products' order by 1"
    ) == ["a.xlsx/Old", "one.xlsx/Old"]
    assert delivery.column("select event_name from raw_files.features") == ["y"]
    assert "'a.xlsx' has no sheet 'C'; write sheet: 'A', 'B', 'Old'" in str(delivery.error)


def test_a_lookup_looks_into_one_file(tmp_path: Path) -> None:
    mapping = """
files:
  users:
    from: u.csv
    lookups: {o: {from: o/*.csv, on: org}}
    columns: {user_id: id, account_id: o.account}
"""
    files: dict[str, str | bytes] = {
        "u.csv": "id,org\nu,1\n", "o/1.csv": "org,account\n", "o/2.csv": "org,account\n1,A\n",
    }  # fmt: skip
    error = str(load(tmp_path, mapping, files).error)
    assert "a lookup looks into one file, and 'o/*.csv' is 2 (o/1.csv, o/2.csv, …)" in error


def test_one_of_several_parts_must_be_named(tmp_path: Path) -> None:
    book = workbook({"A": [["csm_id", "csm_name"], ["c1", "Kim"]], "B": [["x"], ["y"]]})
    mapping = """
files:
  csms: {from: a.xlsx}
  products: {from: a.xlsx, sheet: C}
  users: {from: b.zip}
  contacts: {from: b.zip/*.csv}
  features: {from: b.zip/2.csv}
  plans: {from: one.xlsx, sheet: Z}
"""
    member = "contact_id,account_id,event_name,feature\n{0},A,e,f\n"
    files: dict[str, str | bytes] = {
        "a.xlsx": book,
        "b.zip": zipped({"1.csv": member.format(1), "2.csv": member.format(2)}),
        "one.xlsx": workbook({"Only": [["a"], ["b"]]}),
    }
    delivery = load(tmp_path, mapping, files)
    error = str(delivery.error)
    assert "'a.xlsx' has several parts; write sheet: 'A', 'B'" in error
    assert "'a.xlsx' has no sheet 'C'; write sheet: 'A', 'B'" in error
    assert "'b.zip' has several parts; write sheet: '1.csv', '2.csv'" in error
    assert "there is no sheet 'Z'; the workbook has 'Only'" in error
    assert delivery.column("select contact_id from raw_files.contacts order by 1") == ["1", "2"]
    assert delivery.column("select event_name from raw_files.features") == ["e"]


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("csms.xlsx", b"not a workbook", "the workbook cannot be opened"),
        ("csms.zip", b"PK no archive", "the zip file cannot be unpacked"),
        ("csms.zip", without_directory(), "the zip file cannot be unpacked"),
        ("csms.csv.gz", gzip.compress(b"csm_id\n1\n")[:-6], "the gzip file cannot be unpacked"),
        ("csms.xlsx", workbook({"A": []}), "the file is empty"),
    ],
    ids=["workbook", "zip", "zip without directory", "gzip", "empty sheet"],
)
def test_a_damaged_file_is_named(tmp_path: Path, name: str, content: bytes, words: str) -> None:
    delivery = Delivery(tmp_path).load({name: content})
    assert words in str(delivery.error) or delivery.said("warning", name, words)


def test_a_gzip_file_in_a_zip_is_unpacked_too(tmp_path: Path) -> None:
    user = b'{"user_id": "U", "account_id": "A"}\n'
    members: dict[str, str | bytes] = {
        "1/users.json.gz": gzip.compress(user),
        "1/users.xml.gz": gzip.compress(b"<x/>"),
        "csms.csv.gz": gzip.compress(b"csm_id,csm_name\n1,a\n")[:-6],
    }
    delivery = Delivery(tmp_path, domains=frozenset()).load({"out.zip": zipped(members)})
    assert delivery.column("select user_id from raw_files.users") == ["U"]
    assert delivery.said("warning", "out.zip/1/users.xml.gz", "not read")
    assert delivery.said("error", "out.zip/csms.csv.gz", "cannot be unpacked")


@pytest.mark.parametrize("codec", ["zst", "snappy", "gz"])
def test_a_parquet_file_may_have_its_codec_behind_its_name(tmp_path: Path, codec: str) -> None:
    path = tmp_path / "input" / f"users.parquet.{codec}"
    path.parent.mkdir()
    inside = {"zst": "zstd", "gz": "gzip"}.get(codec, codec)
    duckdb.sql("select 'U' as user_id, 'A' as account_id").write_parquet(
        str(path), compression=inside
    )
    delivery = Delivery(tmp_path, domains=frozenset()).load()
    assert delivery.column("select user_id from raw_files.users") == ["U"]
    assert [message for message in delivery.messages if message[0] != "info"] == []


def test_what_is_only_named_parquet_is_not_read(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {
        "users.parquet.zst": b"\x28\xb5\x2f\xfd",
        "csms.csv": "csm_id\n",
    }
    delivery = Delivery(tmp_path, domains=frozenset()).load(files)
    assert delivery.said("warning", "users.parquet.zst", "not read")
