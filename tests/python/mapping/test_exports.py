"""The mappings of docs/connect/files read samples of the tools' exports, down to the marts."""

import re
import shutil
import zipfile
from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import pytest
import yaml

from orchestration.settings_file import SettingsFile
from tests.python.cases.company import Built, build

pytestmark = pytest.mark.long

PAGES = Path(__file__).resolve().parents[3] / "docs" / "connect" / "files"
EXPORTS = Path(__file__).with_name("exports")
TARGETS = (
    "fct_account_month", "fct_churn_event", "fct_ticket", "fct_survey_response", "mart_data_gaps",
)  # fmt: skip


def mapping_of(tool: str, folder: Path) -> dict:
    text = (PAGES / f"{tool.replace('_', '-')}.md").read_text(encoding="utf-8")
    (block,) = re.findall(r"```yaml\n(.*?)```", text, flags=re.DOTALL)
    path = folder / f"{tool}.yml"
    path.write_text(block, encoding="utf-8")
    return SettingsFile(path).content


def company(folder: Path, tools: Iterable[str], more: str = "", **settings: object) -> Built:
    """One folder with the exports of several tools, and their mappings in one."""
    exports = folder / "exports"
    exports.mkdir(parents=True)
    mapping: dict = {"version": 1, "files": {}, **settings}
    for tool in tools:
        said = mapping_of(tool, folder)
        mapping["files"] |= said.pop("files")
        mapping |= said
        for file in sorted((EXPORTS / tool).iterdir()):
            if tool == "chargebee":
                with zipfile.ZipFile(exports / "chargebee.zip", "w") as archive:
                    archive.write(file, file.name)
            else:
                shutil.copyfile(file, exports / file.name)
    (exports / "mapping.yml").write_text(
        yaml.safe_dump(mapping, allow_unicode=True), encoding="utf-8"
    )
    if more:
        (exports / "fx_rates.csv").write_text(more, encoding="utf-8")
    own = {name: mapping[name] for name in ("reporting_currency", "end_dates") if name in mapping}
    return build(folder / "home", {"files": exports}, targets=TARGETS, variables=own)


@pytest.fixture(scope="module")
def chargebee(tmp_path_factory: pytest.TempPathFactory) -> Built:
    tools = ["chargebee", "hubspot", "freshdesk", "typeform"]
    return company(tmp_path_factory.mktemp("a"), tools)


@pytest.fixture(scope="module")
def recurly(tmp_path_factory: pytest.TempPathFactory) -> Built:
    tools = ["recurly", "pipedrive", "jira", "google_sheets"]
    return company(tmp_path_factory.mktemp("b"), tools)


@pytest.fixture(scope="module")
def paddle(tmp_path_factory: pytest.TempPathFactory) -> Built:
    rates = "currency,valid_from,rate_to_reporting\nJPY,2020-01-01,0.007\n"
    return company(tmp_path_factory.mktemp("c"), ["paddle"], rates)


@pytest.fixture(scope="module")
def german(tmp_path_factory: pytest.TempPathFactory) -> Built:
    return company(tmp_path_factory.mktemp("d"), ["excel_german"], reporting_currency="EUR")


def assert_nothing_is_lost(built: Built, left_over: dict[str | None, int]) -> None:
    """No reject and no error; what no entity takes is what the page says is left out."""
    assert built.load_errors == {}
    assert built.rows("select source_table, source_line, reason from raw_files.rejects") == []
    found = built.rows(
        "select source_table, sum(rows_unmapped)::int from raw_loads.file_counts"
        " where rows_unmapped > 0 group by 1"
    )
    assert dict(found) == left_over


@pytest.mark.road("Chargebee", "files")
def test_chargebee(chargebee: Built) -> None:
    assert_nothing_is_lost(chargebee, {"tickets": 1, "survey_responses": 2})
    assert chargebee.rows(
        "select subscription_id, account_id, status, started_at, ended_at, cancel_reason"
        " from raw_files.subscriptions order by 1"
    ) == [
        ("AzqSub1", "CB-1", "Active", datetime(2024, 1, 15, 8, 30), None, None),
        ("AzqSub2", "CB-2", "Non Renewing", datetime(2024, 7, 1), datetime(2025, 7, 1), "Price"),
        (
            "AzqSub3", "CB-3", "Cancelled", datetime(2024, 3, 1, 11), datetime(2025, 3, 1, 11),
            "Missing feature",
        ),
    ]  # fmt: skip
    assert chargebee.rows(
        "select valid_from, quantity::int, unit_amount, billing_interval, interval_count"
        " from raw_files.subscription_items where subscription_item_id = 'AzqSub3'"
    ) == [(date(2024, 3, 1), 3, Decimal(147), "month", 3)]
    assert chargebee.arr("CB-1") == 10 * 49 * 12
    assert chargebee.arr("CB-2") == 5 * 1200
    assert chargebee.movements("CB-3") == [
        ("2024-03-01", "new", 3 * 147 * 4),
        ("2025-03-01", "churn", -3 * 147 * 4),
    ]


@pytest.mark.road("HubSpot", "files")
def test_hubspot(chargebee: Built) -> None:
    assert chargebee.rows(
        "select account_id, account_name, csm_id, employee_count, created_at"
        " from raw_files.accounts order by 1"
    ) == [
        ("CB-1", "Alpha GmbH", "Kim Park", 120, datetime(2023, 11, 2, 13, 5)),
        ("CB-2", "Beta, Inc.", "Lee Wong", 45, datetime(2024, 6, 19, 22, 15)),
        ("CB-3", "Gamma", "Kim Park", None, datetime(2024, 2, 11, 9)),
    ]
    assert chargebee.rows(
        "select opportunity_id, account_id, type, amount, close_date, is_won, is_closed"
        " from raw_files.opportunities order by 1"
    ) == [
        ("501", "CB-1", "new", Decimal(5880), date(2024, 1, 15), True, True),
        ("502", "CB-2", "expansion", Decimal(2400), date(2025, 2, 28), False, True),
        ("503", "CB-1", "renewal", Decimal(5880), date(2025, 9, 30), False, False),
    ]


@pytest.mark.road("Freshdesk", "files")
def test_freshdesk(chargebee: Built) -> None:
    assert chargebee.rows(
        "select ticket_id, account_id, status, created_at, first_response_at, solved_at,"
        " satisfaction from raw_files.tickets order by 1"
    ) == [
        (
            "71", "CB-1", "Closed", datetime(2025, 3, 4, 14, 12, 10),
            datetime(2025, 3, 4, 14, 40), datetime(2025, 3, 4, 20), "good",
        ),
        ("72", "CB-2", "Open", datetime(2025, 7, 2, 3, 30), None, None, None),
    ]  # fmt: skip
    assert chargebee.value("select count(*) from facts.fct_ticket where account_id = 'CB-1'") == 1


@pytest.mark.road("Typeform", "files")
def test_typeform(chargebee: Built) -> None:
    assert chargebee.rows(
        "select account_id, survey_type, score::int, responded_at, comment"
        " from raw_files.survey_responses order by 1"
    ) == [
        ("CB-1", "nps", 9, datetime(2025, 5, 2, 8, 2, 59), 'Fast, and "it works"'),
        ("CB-2", "nps", 3, datetime(2025, 5, 3, 10, 0, 40), None),
    ]
    assert chargebee.value("select count(*) from facts.fct_survey_response") == 2


@pytest.mark.road("Recurly", "files")
def test_recurly(recurly: Built) -> None:
    # The CRM speaks for accounts, so Recurly's file of them is left over.
    left_over = {"subscriptions": 1, "subscription_items": 1, "opportunities": 1, None: 3}
    assert_nothing_is_lost(recurly, left_over)
    assert recurly.rows(
        "select account_id, status, ended_at from raw_files.subscriptions order by 1"
    ) == [
        ("R-100", "active", None),
        ("R-200", "non_renewing", datetime(2025, 9, 1)),
        ("R-300", "ended", datetime(2025, 2, 1)),
    ]
    # The trial month is no ARR; canceled runs to its end; expired is gone.
    assert recurly.movements("R-100") == [("2024-02-01", "new", 4 * 25 * 12)]
    assert recurly.arr("R-200") == 1200
    assert recurly.movements("R-300")[-1] == ("2025-02-01", "churn", -600)


@pytest.mark.road("Pipedrive", "files")
def test_pipedrive(recurly: Built) -> None:
    assert recurly.rows(
        "select opportunity_id, account_id, type, is_won, is_closed from raw_files.opportunities"
        " order by 1"
    ) == [
        ("31", "R-100", "new", True, True),
        ("32", "R-100", "expansion", False, False),
        ("33", "R-300", "renewal", False, True),
    ]
    assert recurly.rows("select account_id, csm_id from raw_files.accounts order by 1")[0] == (
        "R-100", "Sam Roe",
    )  # fmt: skip


@pytest.mark.road("Jira", "files")
def test_jira(recurly: Built) -> None:
    assert recurly.rows(
        "select ticket_id, account_id, status, created_at, solved_at, satisfaction"
        " from raw_files.tickets order by 1"
    ) == [
        (
            "SUP-1", "R-100", "solved", datetime(2025, 3, 29, 8, 7),
            datetime(2025, 3, 30, 14, 59), "good",
        ),
        ("SUP-2", "R-200", "pending", datetime(2025, 3, 31, 22, 30), None, None),
    ]  # fmt: skip
    assert recurly.rows(
        "select response_id, account_id, score::int, responded_at from raw_files.survey_responses"
    ) == [("SUP-1", "R-100", 5, datetime(2025, 3, 31, 6))]


@pytest.mark.road("Google Sheets", "files")
def test_google_sheets(recurly: Built) -> None:
    assert recurly.rows(
        "select account_id, churned_on, reason, is_controllable from raw_files.churn_reasons"
        " order by all"
    ) == [
        ("R-200", date(2025, 9, 1), "Price", True),
        ("R-300", date(2025, 2, 1), "Missing features", False),
        ("R-300", date(2025, 2, 1), "Price", True),
    ]
    assert recurly.rows("select csm_id from raw_files.csms order by 1") == [
        ("Ida Fox",), ("Sam Roe",),
    ]  # fmt: skip
    assert recurly.rows("select invoice_id, status, total, due_at from raw_files.invoices") == [
        ("1001", "paid", Decimal(1200), None),
        ("1002", "open", Decimal("99.50"), datetime(2025, 6, 30)),
    ]
    # A note reaches the churn it is about.
    assert (
        recurly.value(
            "select count(*) from facts.fct_churn_event"
            " where account_id = 'R-300' and reason_text in ('Missing features', 'Price')"
        )
        == 1
    )


@pytest.mark.road("Paddle", "files")
def test_paddle(paddle: Built) -> None:
    assert_nothing_is_lost(paddle, {})
    assert paddle.rows(
        "select subscription_item_id, valid_from, quantity::int, unit_amount, product_id"
        " from raw_files.subscription_items order by 1"
    ) == [
        ("sub_01a/pri_01", date(2024, 3, 1), 10, Decimal(49), "pro_base"),
        ("sub_01a/pri_02", date(2024, 3, 1), 1, Decimal(10), "pro_addon"),
        ("sub_01b/pri_03", date(2024, 5, 1), 1, Decimal(120000), "pro_base"),
    ]
    assert paddle.value(
        "select ended_at from raw_files.subscriptions where subscription_id = 'sub_01a'"
    ) == datetime(2025, 7, 1, 8)
    assert paddle.arr("ctm_01a") == (10 * 49 + 10) * 12
    assert paddle.arr("ctm_01b") == pytest.approx(120_000 * 0.007)


@pytest.mark.road("Excel, German", "files")
def test_excel_in_german(german: Built) -> None:
    assert_nothing_is_lost(german, {})
    assert german.rows(
        "select account_id, account_name, created_at from raw_files.accounts order by 1"
    ) == [
        ("4711", "Käse & Söhne KG", datetime(2023, 3, 1)),
        ("4712", "Übermut AG", datetime(2023, 7, 1)),
        ("4713", "Bäcker Öz", datetime(2024, 2, 1)),
    ]
    assert german.arr("4711") == pytest.approx((1234.5 + 99) * 12)
    assert german.movements("4711")[-1] == ("2024-01-01", "expansion", 99 * 12)
    # The last day of the contract is its last day with.
    assert german.movements("4712") == [
        ("2023-07-01", "new", 24_000),
        ("2025-01-01", "churn", -24_000),
    ]
    assert german.movements("4713")[-1] == ("2025-05-01", "contraction", -600)


def test_every_page_is_listed() -> None:
    listed = re.findall(r"\]\(([a-z-]+)\.md\)", (PAGES / "README.md").read_text())
    assert sorted(listed) == sorted(
        page.stem for page in PAGES.glob("*.md") if page.stem != "README"
    )
    assert {name.replace("-", "_") for name in listed} == {path.name for path in EXPORTS.iterdir()}
