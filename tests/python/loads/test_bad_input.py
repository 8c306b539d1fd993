"""Each kind of bad input: good rows load, bad rows are rejected with place and remedy."""

import gzip
import json
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from orchestration.loads import LoadError, LoadRequest, load
from tests.python.loads.delivery import ACCOUNTS, ITEMS, REQUIRED, Delivery
from tests.python.loads.delivery import load as load_mapped

TOUCHPOINTS = (
    b"touchpoint_id,account_id,occurred_at,type,subject\r\n"
    b"T1,A1,2024-01-01,qbr,plain\r\n"  # 2
    b"T2,A1,2024-01-02,qbr\r\n"  # 3 a field is missing
    b'T3,A1,2024-01-03,qbr,"two\r\nlines, and a ""quote"""\r\n'  # 4-5
    b"T4,A1,2024-01-04,qbr,one,too many\r\n"  # 6
    b"\r\n"  # 7 blank
    b'T5,A1,2024-01-05,qbr,"never closed\r\n'  # 8
    b'T6,A1,2024-01-06,qbr,5" screen\r\n'  # 9
    b"T7,A1,2024-01-07,qbr,M\xfcnchen\r\n"  # 10 Latin-1
    b"T8,A1,2024-01-08,lunch,not one of\r\n"  # 11
    b"T9,,2024-01-09,qbr,no account\r\n"  # 12
    b"T10,A1,2024-01-10,qbr,good\r\n"  # 13
)
OPPORTUNITIES = """\
opportunity_id,account_id,type,stage,amount,currency,close_date,is_won
O1,A1,new,won,1000.00,USD,2024-05-01,true
O2,A1,new,won,many,USD,2024-05-01,true
O3,A1,new,won,10,USD,05/01/2024,true
O4,A1,new,won,10,USD,2024-05-01,perhaps
O5,A1,new,won,10,XXD,2024-05-01,false
O6,A1,new,won,10,eur,1994-05-01,false
O7,A1,new,won,10,EUR,2055-05-01,false
O8,A1,new,won,12.345,EUR,2024-05-01,false
O9,A1,new,won,bad,QQQ,2024-05-01,true
"""
DIRTY: dict[str, str | bytes] = {
    **REQUIRED,
    "touchpoints.csv": TOUCHPOINTS,
    "opportunities.csv": OPPORTUNITIES,
    "csms.csv": "csm_id,email\nC1,c1@example.com\n",
    "users.csv": "user_id,account_id,email,favourite_colour\nU1,A1,u@a.example,red\n",
    "features.csv": b"",
    "tickets.csv": (
        "ticket_id,account_id,created_at,status,updated_at\n"
        "K1,A1,2024-01-01,open,2024-01-01\n"
        "K2,A1,2024-01-02,open,2024-01-02\n"
        "K1,A1,2024-01-01,solved,2024-01-05\n"
        "K2,A1,2024-01-02,open,2024-01-02\n"
    ),
    "events.csv": (
        "event_id,account_id,user_id,event_name,occurred_at,properties\n"
        'E1,A1,U1,login,2024-01-01T00:00:00Z,"{""a"": 1}"\n'
        "E2,ZZ,U9,login,2024-01-02T00:00:00Z,\n"
        "E3,YY,U9,login,2024-01-03T00:00:00Z,\n"
        "E1,A1,U1,login,2024-01-01T00:00:00Z,\n"
        "E4,A1,U1,login,1989-01-01T00:00:00Z,\n"
        "E5,A1,U1,login,2024-01-05T00:00:00Z,{broken\n"
    ),
    "invoices.csv": (
        "invoice_id,account_id,status,issued_at,currency,total\n"
        "V1,A1,paid,2024-01-01,USD,10\n"
        "V2,A1,paid,2024-0"
    ),
    "payments.parquet": b"PAR1 this is half a Parquet file",
    "plans.csv.gz": gzip.compress(b"plan_id,product_id,plan_name,billing_interval\n" * 200)[:-12],
    "products.jsonl": (
        '{"product_id": "P1", "product_name": "Core", "is_core": true}\n'
        '{"product_id": "P2", "product_na\n'
        '{"product_id": "P3", "product_name": null}\n'
        '["not", "an object"]\n'
        '{"product_id": "P4", "product_name": "Add-on", "is_core": "maybe"}\n'
    ),
    "notes.csv": "a,b\n1,2\n3,4\n",
    "contacts.xls": b"PK",
}


RATES = "currency,valid_from,rate_to_reporting\nUSD,2024-01-01,1.1\n"
NUMBERS = ", or say how it is written in mapping.yml (decimal, thousands)"
DAYS = ", or say how it is written in mapping.yml (date_format)"


@pytest.fixture(scope="module")
def dirty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Delivery]:
    """One delivery with everything wrong that can be wrong, loaded once."""
    yield Delivery(tmp_path_factory.mktemp("dirty")).load(DIRTY)


def test_broken_lines(dirty: Delivery) -> None:
    rejects = dirty.rejects("touchpoints.csv")
    assert list(rejects) == [3, 6, 8, 9, 10, 11, 12]
    assert rejects[3][1] == (
        "the line has 4 fields and the header has 5; the line is broken off or a field is missing"
    )
    assert "put values that contain the delimiter in quotes" in rejects[6][1]
    assert "a quote is opened and not closed" in rejects[8][1]
    assert "a quote" in rejects[9][1]
    assert "not valid UTF-8" in rejects[10][1]
    assert rejects[11][0] == "type"
    assert rejects[11][1].startswith("type 'lunch' is not known; known are: kickoff, ")
    assert "seeds/vocabulary.csv (field touchpoint_type)" in rejects[11][1]
    assert rejects[12][:2] == ("account_id", "account_id is required and empty; fill it in")


def test_raw_text_is_the_line_as_it_is_in_the_file(dirty: Delivery) -> None:
    rejects = dirty.rejects("touchpoints.csv")
    assert rejects[3][2] == "T2,A1,2024-01-02,qbr"
    assert rejects[8][2] == 'T5,A1,2024-01-05,qbr,"never closed'
    assert rejects[10][2] == "T7,A1,2024-01-07,qbr,M\ufffdnchen"


def test_good_rows_around_broken_ones_load_with_their_line(dirty: Delivery) -> None:
    rows = dirty.query(
        "select touchpoint_id, _source_line, subject from raw_files.touchpoints order by 2"
    )
    assert rows == [
        ("T1", 2, "plain"),
        ("T3", 4, 'two\r\nlines, and a "quote"'),
        ("T10", 13, "good"),
    ]
    assert dirty.counts("touchpoints") == (10, 3, 0, 7, 0)


def test_wrong_types_unknown_currency_and_dates_far_off(dirty: Delivery) -> None:
    rejects = dirty.rejects("opportunities.csv")
    assert {line: row[:2] for line, row in rejects.items()} == {
        3: ("amount", f"amount 'many' is not a number; write it as 1234.56{NUMBERS}"),
        4: ("close_date", f"close_date '05/01/2024' is not a date; write it as 2024-12-31{DAYS}"),
        5: ("is_won", "is_won 'perhaps' is not true or false; write true or false"),
        6: (
            "currency",
            "currency 'XXD' is not an ISO 4217 currency code; write a code such as USD or EUR",
        ),
        7: (
            "close_date",
            "close_date '1994-05-01' is implausibly far off (expected 2000-06-30 to 2040-06-30); "
            "correct the date or leave it empty",
        ),
        8: (
            "close_date",
            "close_date '2055-05-01' is implausibly far off (expected 2000-06-30 to 2040-06-30); "
            "correct the date or leave it empty",
        ),
        10: (
            "amount",
            f"amount 'bad' is not a number; write it as 1234.56{NUMBERS}; currency 'QQQ' is not an"
            " ISO 4217 currency code; write a code such as USD or EUR",
        ),
    }
    assert dirty.said("warning", "opportunities.csv", "amount", "more than 2 decimals")
    assert dirty.column("select opportunity_id from raw_files.opportunities order by 1") == [
        "O1",
        "O8",
    ]


def test_rejected_rows_are_announced(dirty: Delivery) -> None:
    assert dirty.said("warning", "touchpoints.csv", "7 of 10 rows were rejected", "line 3")


def test_missing_required_column(dirty: Delivery) -> None:
    assert "csms.csv, column csm_name: required column csm_name is missing" in str(dirty.error)
    assert "the file has: csm_id, email" in str(dirty.error)
    assert "mapping.yml" in str(dirty.error)
    assert dirty.query("select * from raw_files.csms") == []
    assert dirty.rejects("csms.csv") == {}


def test_extra_column_is_kept_as_text_and_reported(dirty: Delivery) -> None:
    assert dirty.query("select user_id, favourite_colour from raw_files.users") == [("U1", "red")]
    assert dirty.said("info", "users.csv", "table users", "favourite_colour", "kept as text")


def test_new_columns_of_a_table_are_one_message(tmp_path: Path) -> None:
    rows = [f'{{"id": "cus_{i}", "object": "customer", "address": null}}' for i in range(2)]
    delivery = Delivery(tmp_path, source="stripe").load({"customers/1.jsonl": rows[0]})
    told = [row for row in delivery.messages if "used nowhere" in row[4]]
    assert [row[:4] for row in told] == [("info", "customer", "customers/1.jsonl", None)]
    assert "table customer" in told[0][4] and "address, object" in told[0][4]
    delivery.load({"customers/2.jsonl": rows[1].replace("address", "balance")})
    [again] = [row for row in delivery.messages if "used nowhere" in row[4]]
    assert again[2] == "customers/2.jsonl"
    assert "balance" in again[4] and "address" not in again[4]


def test_columns_that_a_mapping_does_not_use_are_one_message_of_their_file(tmp_path: Path) -> None:
    mapping = "files: {accounts: {from: kunden.csv, columns: {account_id: Nr, account_name: Name}}}"
    delivery = load_mapped(tmp_path, mapping, {"kunden.csv": "Nr,Name,Ort,Tel\nA1,Alpha,Bonn,0\n"})
    [told] = [row for row in delivery.messages if "does not use" in row[4]]
    assert told[2] == "kunden.csv" and told[4].endswith(": Ort, Tel")


def test_empty_optional_file_counts_as_not_delivered(dirty: Delivery) -> None:
    assert dirty.said("warning", "features.csv", "empty", "not delivered")
    assert "features" not in str(dirty.error)


def test_duplicate_keys_keep_the_newest_version_else_the_first(dirty: Delivery) -> None:
    rejects = dirty.rejects("tickets.csv")
    assert {line: row[1] for line, row in rejects.items()} == {
        2: "ticket_id 'K1' is already on line 4, which is kept (newest updated_at);"
        " keep one row per key",
        5: "ticket_id 'K2' is already on line 3, which is kept (the first one);"
        " keep one row per key",
    }
    assert dirty.query("select ticket_id, status from raw_files.tickets order by 1") == [
        ("K1", "solved"),
        ("K2", "open"),
    ]


def test_a_row_is_kept_as_the_newest_only_where_something_says_so(tmp_path: Path) -> None:
    text = "account_id,account_name\nA1,Alpha\nA1,Beta\n"
    undated = Delivery(tmp_path / "a", domains=frozenset({"crm"})).load({"accounts.csv": text})
    assert "line 2, which is kept (the first one)" in undated.rejects("accounts.csv")[3][1]
    text = "account_id,account_name,updated_at\nA1,Alpha,\nA1,Beta,2025-01-01\n"
    dated = Delivery(tmp_path / "b", domains=frozenset({"crm"})).load({"accounts.csv": text})
    assert "line 3, which is kept (newest updated_at)" in dated.rejects("accounts.csv")[2][1]


def test_a_row_is_superseded_by_a_newer_one_only_where_something_says_so(tmp_path: Path) -> None:
    header, row = ITEMS.splitlines()[:2]
    twice = {"subscription_items.csv": f"{header}\n{row}\n{row}\n"}
    delivery = Delivery(tmp_path).load({**REQUIRED, **twice})
    assert delivery.said("info", "subscription_items.csv", "1 rows are superseded", "the same")
    assert not delivery.said("info", "subscription_items.csv", "newer")


def test_duplicate_event(dirty: Delivery) -> None:
    assert dirty.rejects("events.csv")[5][1] == (
        "event_id 'E1' is already on line 2, which is kept (the first one); keep one row per key"
    )


def test_rows_of_unknown_accounts_load_with_a_warning(dirty: Delivery) -> None:
    events = dirty.column("select event_id from raw_files.events order by 1")
    assert events == ["E1", "E2", "E3"]
    assert dirty.said(
        "warning",
        "events.csv",
        "account_id",
        "the account_id of 2 rows is not in accounts",
        "first on line 3",
        "YY, ZZ",
    )


def test_event_far_off_and_broken_json(dirty: Delivery) -> None:
    rejects = dirty.rejects("events.csv")
    assert rejects[6][0] == "occurred_at" and "implausibly far off" in rejects[6][1]
    assert rejects[7][:2] == ("properties", "properties '{broken' is not valid JSON; correct it")


def test_half_written_csv(dirty: Delivery) -> None:
    assert dirty.column("select invoice_id from raw_files.invoices") == ["V1"]
    assert dirty.rejects("invoices.csv")[3][2] == "V2,A1,paid,2024-0"
    assert dirty.said("warning", "invoices.csv", "ends in the middle of line 3", "Export it again")


def test_half_written_parquet_and_gzip_stop_only_their_tables(dirty: Delivery) -> None:
    assert "payments.parquet: the Parquet file cannot be read" in str(dirty.error)
    assert "plans.csv.gz: the gzip file cannot be unpacked" in str(dirty.error)
    assert "Export it again" in str(dirty.error)
    assert dirty.counts("accounts") == (3, 3, 0, 0, 0)
    assert dirty.query("select count(*) from raw_files.payments") == [(0,)]


def test_json_lines(dirty: Delivery) -> None:
    rejects = dirty.rejects("products.jsonl")
    assert list(rejects) == [2, 3, 4, 5]
    assert rejects[2][1] == "the line is not a JSON object; write one object per line"
    assert rejects[2][2] == '{"product_id": "P2", "product_na'
    assert rejects[3][:2] == ("product_name", "product_name is required and empty; fill it in")
    assert dirty.query("select product_id, is_core from raw_files.products") == [("P1", True)]


def test_unmapped_file_is_listed_with_its_rows(dirty: Delivery) -> None:
    assert dirty.said("warning", "notes.csv", "its 2 rows are not loaded")
    counted = dirty.query(
        "select rows_read, rows_unmapped from raw_loads.file_counts where source_file = 'notes.csv'"
    )
    assert counted == [(2, 2)]


def test_an_old_spreadsheet_is_not_passed_over_in_silence(dirty: Delivery) -> None:
    assert dirty.said("warning", "contacts.xls", "export it as CSV")


def test_far_future_end_is_read_as_no_end(dirty: Delivery) -> None:
    items = dirty.query(
        "select subscription_item_id, valid_to from raw_files.subscription_items"
        " where valid_to is null order by 1"
    )
    assert items == [("I1", None), ("I2", None)]
    assert dirty.said("info", "subscription_items.csv", "valid_to", "read as 'no end'")


def test_all_counts_add_up(dirty: Delivery) -> None:
    assert (
        dirty.query(
            "select source_file from raw_loads.file_counts where rows_read <>"
            " rows_loaded + rows_unchanged + rows_rejected + rows_unmapped"
        )
        == []
    )
    rejected = dirty.query("select sum(rows_rejected)::int from raw_loads.file_counts")
    assert rejected == dirty.query("select count(*)::int from raw_files.rejects")


def test_errors_are_messages_too(dirty: Delivery) -> None:
    errors = {message[2] for message in dirty.messages if message[0] == "error"}
    assert errors == {"csms.csv", "payments.parquet", "plans.csv.gz"}


def test_the_warehouse_is_not_left_open(dirty: Delivery) -> None:
    with duckdb.connect(str(dirty.warehouse)) as connection:
        assert connection.execute("select 1").fetchone() == (1,)


def test_required_tables(tmp_path: Path) -> None:
    bad = Delivery(tmp_path).load({"accounts.csv": b"", "subscription_items.csv": ITEMS})
    error = str(bad.error)
    assert "accounts.csv: the file is empty (0 bytes); export it again" in error
    assert "required table subscriptions is missing" in error
    assert bad.counts("subscription_items") == (3, 3, 0, 0, 0)


def test_contracts_are_required_only_where_files_speak_for_billing(tmp_path: Path) -> None:
    delivery = Delivery(tmp_path)
    delivery.domains = frozenset({"crm", "product"})
    delivery.load({"accounts.csv": ACCOUNTS, "subscriptions.csv": b"", "fx_rates.csv": RATES})
    assert delivery.error is None
    assert delivery.column("select currency from raw_files.fx_rates") == ["USD"]
    delivery.domains = frozenset({"billing"})
    delivery.load({"accounts.csv": b""})
    assert "required table subscription_items is missing" in str(delivery.error)
    assert "accounts" not in str(delivery.error).replace("subscription", "")


def test_an_event_without_a_user_is_use_of_its_account(tmp_path: Path) -> None:
    rows = "E1,A1,,login\nE2,,U1,login\nE3,,,login\n"
    header = "event_id,account_id,user_id,event_name,occurred_at\n"
    text = header + rows.replace("login", "login,2025-01-01T10:00:00Z")
    nobody = "event_id,event_name,occurred_at\nE4,login,2025-01-01\n"
    delivery = Delivery(tmp_path).load({"events/1.csv": text, "events/2.csv": nobody})
    assert delivery.column("select event_id from raw_files.events order by 1") == ["E1", "E2"]
    for file, line in (("events/1.csv", 4), ("events/2.csv", 2)):
        assert delivery.rejects(file)[line][1] == (
            "account_id and user_id are both empty; fill one of them in"
        )


def test_two_notes_on_one_churn_are_two_notes(tmp_path: Path) -> None:
    text = (
        "account_id,churned_on,reason,detail\nA1,2025-01-01,price,too dear\n"
        "A1,2025-01-01,product,no export\nA1,2025-01-01,product,\nA1,2025-01-01,product,\n"
    )
    delivery = Delivery(tmp_path).load({"churn_reasons.csv": text})
    assert delivery.counts("churn_reasons") == (4, 3, 0, 1, 0)


def test_missing_folder(tmp_path: Path) -> None:
    request = LoadRequest("files", tmp_path / "nowhere", tmp_path / "w.duckdb", "run")
    with pytest.raises(LoadError, match="nowhere does not exist; check the path"):
        load(request)


def test_a_link_out_of_the_folder_is_named_and_not_read(tmp_path: Path) -> None:
    """Who may put files there may not have others read for them."""
    delivery = Delivery(tmp_path)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "users.csv").write_text("user_id,account_id\nU1,A1\n")
    delivery.write(REQUIRED)
    (delivery.folder / "users.csv").symlink_to(elsewhere / "users.csv")
    (delivery.folder / "more").symlink_to(elsewhere)
    (delivery.folder / "copy.csv").symlink_to(delivery.folder / "accounts.csv")
    delivery.load()
    assert delivery.error is None
    assert delivery.said("warning", "users.csv", "a link that leads out of the folder")
    assert delivery.said("warning", "more", "a link that leads out of the folder")
    assert not delivery.said("warning", "copy.csv", "a link")
    assert delivery.column("select count(*) from raw_files.users") == [0]


@pytest.mark.parametrize("ending", ["csv", "jsonl"])
def test_a_table_on_its_side_is_refused_before_it_takes_the_memory(
    tmp_path: Path, ending: str
) -> None:
    delivery = Delivery(tmp_path)
    extra = [f"c{number}" for number in range(5000)]
    content = {
        "csv": ",".join(["user_id", "account_id", *extra]) + "\nU1,A1" + ",x" * 5000,
        "jsonl": json.dumps({"user_id": "U1", "account_id": "A1", **dict.fromkeys(extra, "x")}),
    }
    delivery.load({**REQUIRED, f"users.{ending}": content[ending] + "\n"})
    said = f"users.{ending}: the file has 5,002 columns; at most 2,000 are read"
    assert said in str(delivery.error)
    assert delivery.counts("accounts") == (3, 3, 0, 0, 0)


def test_a_field_of_a_million_characters_loads(tmp_path: Path) -> None:
    delivery = Delivery(tmp_path)
    long = "x" * 1_000_000
    delivery.load({**REQUIRED, "users.csv": f"user_id,account_id,email\nU1,A1,{long}\n"})
    assert delivery.column("select length(email) from raw_files.users") == [1_000_000]
