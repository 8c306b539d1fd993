"""`csw mapping`: a first mapping from headers and samples, and what would load with it."""

from datetime import datetime
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from orchestration.cli import app
from orchestration.loads import LoadError, finish, read_mapping
from orchestration.loads.files import list_files, tables_by_name
from orchestration.loads.spec import source_spec
from orchestration.mapping_guess import Guess, guess
from tests.python.loads.delivery import REQUIRED, workbook

runner = CliRunner(env={"COLUMNS": "200", "NO_COLOR": "1", "TERM": "dumb"})

CUSTOMERS = (
    "Kundenliste Stand 1.1.;;;;\n\nKundennummer;Firma;Branche;Kunde seit;Umsatz\n"
    "1;Müller GmbH;Bau;13.01.2024;1.000,50\n2;Öz AG;IT;28.02.2024;5,00\n"
)
CONTRACTS = (
    "Vertragsnummer;Kundennummer;Status;Beginn;Ende;Menge;Einzelpreis;Abrechnung;Währung\n"
    "V1;1;Aktiv;01.02.2024;;10;1.234,50;monatlich;EUR\n"
    "V2;2;Gekündigt;15.03.2024;31.12.2024;5;99,90;monatlich;EUR\n"
)


def write(folder: Path, files: dict[str, str | bytes]) -> Path:
    folder.mkdir(exist_ok=True)
    for name, content in files.items():
        (folder / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    return folder


def guess_of(folder: Path, name: str) -> Guess:
    files = tables_by_name(list_files(folder), source_spec("files"))
    return next(guess(file, table) for file, table in files if file.relative == name)


def test_a_folder_of_german_excel_files_loads_with_the_mapping_that_init_writes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "home"
    monkeypatch.setenv("CSW_HOME", str(home))
    tickets = workbook(
        {
            "Tickets": [
                ["Ticket ID", "Company ID", "Created time", "Status", "Priority"],
                [7, 1, datetime(2024, 5, 1, 10), "Open", "High"],
            ]
        }
    )
    folder = write(
        tmp_path / "acme",
        {
            "Kundenliste.csv": CUSTOMERS.encode("cp1252"),
            "Verträge.csv": CONTRACTS.encode("cp1252"),
            "support.xlsx": tickets,
        },
    )
    done = runner.invoke(app, ["mapping", "init", str(folder)])
    assert done.exit_code == 0, done.output
    text = (folder / "mapping.yml").read_text(encoding="utf-8")
    for line in (
        "encoding: cp1252   # guess",
        "header_row: 3   # guess",
        "decimal: ','   # guess",
        "thousands: .   # guess",
        "date_format: '%d.%m.%Y'   # guess",
        "account_name: Firma   # guess",
        "unit_amount: Einzelpreis   # guess",
        "# Kundenliste.csv: not read by accounts: Umsatz",
    ):
        assert line in text, text
    mapping = read_mapping(folder / "mapping.yml")
    assert set(mapping.files) == {"accounts", "subscriptions", "subscription_items", "tickets"}
    done = runner.invoke(app, ["mapping", "check", str(folder)])
    assert done.exit_code == 0, done.output
    assert "Everything would load." in done.output
    assert "Umsatz" in done.output
    # Neither a home nor anything in the folder is written.
    assert not home.exists()
    assert sorted(path.name for path in folder.iterdir()) == [
        "Kundenliste.csv", "Verträge.csv", "mapping.yml", "support.xlsx",
    ]  # fmt: skip
    assert "there already" in runner.invoke(app, ["mapping", "init", str(folder)]).output


HERE = Path(__file__).parent
GUESSES = yaml.safe_load((HERE / "guesses.yml").read_text(encoding="utf-8"))


@pytest.mark.parametrize("export", GUESSES)
def test_init_knows_the_exports_of_ten_tools(export: str) -> None:
    found = guess_of((HERE / "exports" / export).parent, Path(export).name)
    assert {match.entity: match.columns for match in found.matches} == GUESSES[export]


def test_check_tells_rejects_missing_columns_and_what_nobody_reads(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {
        **REQUIRED,
        "invoices.csv": (
            "invoice_id,account_id,status,issued_at,note\n1,A1,paid,2025-01-01,x\n"
            "2,A1,bezahlt,2025-01-01,x\n3,A1,offen,soon,x\n"
        ),
        "deals.csv": "id,acc,phase\n1,A1,won\n",
        "mapping.yml": (
            "version: 1\nas_of: 2025-06-30\nfiles:\n"
            "  invoices: {from: invoices.csv}\n"
            "  opportunities: {from: deals.csv, columns: {opportunity_id: id, account_id: acc}}\n"
        ),
    }
    folder = write(tmp_path / "acme", files)
    done = runner.invoke(app, ["mapping", "check", str(folder)])
    assert done.exit_code == 1
    for words in (
        "invoices, invoices.csv: 1 rows, first on line 3: status 'bezahlt' is not one of",
        "opportunities, deals.csv, type: required columns type, stage are missing",
        "Columns nobody reads",
        "invoices.csv: note",
    ):
        assert words in done.output, done.output
    counts = next(line for line in done.output.splitlines() if line.startswith("invoices"))
    assert counts.split() == ["invoices", "invoices.csv", "3", "1", "2", "0"]


def test_check_tells_how_many_rows_a_footer_cut(tmp_path: Path) -> None:
    rows = "product_id,product_name\nP1,A\nTotal,\nP2,B\n"
    mapping = "version: 1\nfiles: {products: {from: products.csv, footer: Total}}\n"
    folder = write(tmp_path / "acme", {"products.csv": rows, "mapping.yml": mapping})
    done = runner.invoke(app, ["mapping", "check", str(folder), "--domain", "product"])
    assert "Left out as footer" in done.output
    assert "products, products.csv: 2 rows of the footer" in done.output
    assert "1 row behind" in done.output
    assert done.exit_code == 0


def test_check_misses_no_table_that_another_system_brings(tmp_path: Path) -> None:
    folder = write(tmp_path / "acme", {"accounts.csv": REQUIRED["accounts.csv"]})
    done = runner.invoke(app, ["mapping", "check", str(folder)])
    assert done.exit_code == 1
    assert "required table subscriptions is missing" in done.output
    done = runner.invoke(app, ["mapping", "check", str(folder), "--domain", "crm"])
    assert done.exit_code == 0, done.output


def test_check_does_not_say_that_everything_loads_when_rows_are_left_over(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {
        **REQUIRED,
        "deals.csv": "id;x\n1;ö\n".encode("cp1252"),
        "old.xls": b"x",
        "mapping.yml": (
            "version: 1\nreading: {encoding: cp1252}\n"
            "files: {csms: {from: accounts.csv, where: country = 'DE',\n"
            "  columns: {csm_id: account_id, csm_name: account_name}},\n"
            "  accounts: {from: accounts.csv}}"
        ),
    }
    folder = write(tmp_path / "acme", files)
    done = runner.invoke(app, ["mapping", "check", str(folder)])
    assert done.exit_code == 0, done.output
    assert "Everything would load." not in done.output
    assert "What entities take would load. Left over are rows of: deals.csv, old.xls" in done.output
    # It is counted as the mapping says that files are written.
    assert "deals.csv: no table takes this file, so its 1 rows are not loaded" in done.output


def test_check_knows_the_domains_there_are(tmp_path: Path) -> None:
    done = runner.invoke(app, ["mapping", "check", str(tmp_path), "--domain", "cmr"])
    assert done.exit_code == 2
    assert "'cmr' is no domain; did you mean 'crm'?" in done.output


def test_check_tells_what_stops_a_load_at_its_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(_run: object) -> None:
        raise LoadError("the counts do not add up")

    monkeypatch.setattr(finish, "_check", fails)
    folder = write(tmp_path / "acme", {**REQUIRED})
    done = runner.invoke(app, ["mapping", "check", str(folder)])
    assert done.exit_code == 1
    assert "the counts do not add up" in done.output


def test_check_names_faults_of_the_mapping_itself(tmp_path: Path) -> None:
    folder = write(tmp_path / "acme", {"a.csv": "x\n1\n"})
    mapping = tmp_path / "other.yml"
    mapping.write_text("version: 1\nfils: {}\n")
    done = runner.invoke(app, ["mapping", "check", str(folder), "--mapping", str(mapping)])
    assert done.exit_code == 1
    assert "other.yml:2: fils: there is no such setting; did you mean 'files'?" in done.output
    assert runner.invoke(app, ["mapping", "check", str(tmp_path / "nowhere")]).exit_code == 1


def guessed(tmp_path: Path, name: str, text: str) -> tuple[dict[str, object], dict[str, str]]:
    write(tmp_path / "in", {name: text})
    found = guess_of(tmp_path / "in", name)
    return found.settings, found.unsure


@pytest.mark.parametrize(
    ("days", "pattern"),
    [
        (["13/01/2024", "03/04/2024"], "%d/%m/%Y"),
        (["01/13/2024", "03/04/2024"], "%m/%d/%Y"),
        (["29/Mar/24 9:07 AM"], "%d/%b/%y %I:%M %p"),
        (["31.12.24", "1.2.24"], "%d.%m.%y"),
        (["21-Jan-2020 05:29"], "%d-%b-%Y %H:%M"),
        (["2024-01-01", "2024-01-01T10:00:00Z"], None),
    ],
)
def test_init_reads_how_days_are_written(
    tmp_path: Path, days: list[str], pattern: str | None
) -> None:
    rows = "".join(f"{i},A,paid,{day}\n" for i, day in enumerate(days))
    settings, unsure = guessed(
        tmp_path, "invoices.csv", f"invoice_id,account_id,status,issued_at\n{rows}"
    )
    assert settings.get("date_format") == pattern
    assert not unsure


def test_init_does_not_guess_what_cannot_be_told(tmp_path: Path) -> None:
    text = "invoice_id,account_id,status,issued_at,total\n1,A,paid,03/04/2024,1.500\n"
    settings, unsure = guessed(tmp_path, "invoices.csv", text)
    assert settings == {}
    assert "has the day or the month first cannot be told: %d/%m/%Y" in unsure["date_format"]
    assert "whether '1.500' has decimals or thousands cannot be told" in unsure["decimal"]
    runner.invoke(app, ["mapping", "init", str(tmp_path / "in")])
    text = (tmp_path / "in" / "mapping.yml").read_text()
    assert "# date_format: whether '03/04/2024' has the day or the month first" in text


def test_init_guesses_the_totals_below_the_rows(tmp_path: Path) -> None:
    header = "invoice_id,account_id,status,issued_at,total\n"
    rows = "".join(f"{i},A,paid,2024-01-{i:02d},5\n" for i in range(1, 9))
    settings, _ = guessed(tmp_path, "invoices.csv", f"{header}{rows}Summe:,,,,40\nStand heute\n")
    assert settings == {"footer": "Summe"}
    # A row of that name amid the others is a row, and so is one that only begins so.
    amid = f"{header}Total,A,paid,2024-01-01,5\n{rows}Total Energies,A,paid,2024-01-01,5\n"
    assert guessed(tmp_path, "invoices.csv", amid)[0] == {}


@pytest.mark.parametrize(
    ("ends", "said"),
    [
        (["31.12.2024", "30.06.2024", "15.03.2024"], True),
        (["01.01.2025", "01.07.2024"], False),
        (["31.12.2024", "01.07.2024"], False),
        (["15.03.2024"], False),
        ([""], False),
    ],
)
def test_init_guesses_that_ends_are_the_last_day_with(
    tmp_path: Path, ends: list[str], *, said: bool
) -> None:
    rows = "".join(f"V{i};1;Aktiv;01.02.2024;{end}\n" for i, end in enumerate(ends))
    header = "Vertragsnummer;Kundennummer;Status;Beginn;Ende\n"
    folder = write(tmp_path / "in", {"Verträge.csv": f"{header}{rows}"})
    runner.invoke(app, ["mapping", "init", str(folder)])
    text = (folder / "mapping.yml").read_text(encoding="utf-8")
    assert ("end_dates: inclusive   # guess" in text) == said, text
    read_mapping(folder / "mapping.yml")


def test_init_guesses_so_of_the_days_of_a_workbook_too(tmp_path: Path) -> None:
    sheet: list[list[object]] = [
        ["Contract ID", "Customer ID", "Status", "Start date", "End date"],
        ["V1", 1, "active", datetime(2024, 2, 1), datetime(2024, 12, 31)],
    ]
    folder = write(tmp_path / "in", {"contracts.xlsx": workbook({"C": sheet})})
    runner.invoke(app, ["mapping", "init", str(folder)])
    assert "end_dates: inclusive   # guess" in (folder / "mapping.yml").read_text()


def test_init_reads_the_currency_that_a_header_names(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {
        "Kurse.csv": "Währung;Datum;Kurs in EUR\nUSD;2024-01-01;0.9\n",
        "Verträge.csv": "Vertrag;Kunde;Status;Beginn;Menge;Preis (USD);Kurs in EUR\n"
        "V1;1;Aktiv;2024-01-01;1;99;0.9\n",
        "Rechnungen.csv": "Rechnung Nr;Kunde;Datum;Betrag in EUR;Währung\n1;1;2024-01-01;5;USD\n",
    }
    folder = write(tmp_path / "in", files)
    runner.invoke(app, ["mapping", "init", str(folder)])
    text = (folder / "mapping.yml").read_text(encoding="utf-8")
    assert "rate_to_reporting: Kurs in EUR   # guess" in text
    assert "reporting_currency: EUR   # guess" in text
    mapping = read_mapping(folder / "mapping.yml")
    items = mapping.files["subscription_items"][0].columns
    assert items["unit_amount"] == "Preis (USD)"
    assert "currency: {value: USD}   # guess" in text
    # A file that says the currency row by row is taken at its word.
    assert mapping.files["invoices"][0].columns["currency"] == "Währung"
    assert "not read by subscriptions and subscription_items: Kurs in EUR" in text


def test_init_writes_a_mapping_that_can_be_read_whatever_the_files_are_called(
    tmp_path: Path,
) -> None:
    header = "invoice_id,account_id,status,issued_at,total\n"
    sheet: list[list[object]] = [
        ["Ticket\nID", "Company\nID", "Created time", "Status", "A\nnote: x"],
        [7, 1, datetime(2024, 5, 1, 10), "Odd\nword", "y"],
    ]
    files: dict[str, str | bytes] = {
        "invoices_01.csv": f"{header}1,A,paid,2024-01-01,5\n",
        "invoices_02.csv": f"{header}2,A,paid,2024-02-01,5\n",
        "a: b # c.csv": f"{header}3,A,paid,2024-03-01,5\n",
        "tickets.xlsx": workbook({"T": sheet}),
    }
    folder = write(tmp_path / "in", files)
    done = runner.invoke(app, ["mapping", "init", str(folder)])
    assert done.exit_code == 0, done.output
    mapping = read_mapping(folder / "mapping.yml")
    assert [entry.source for entry in mapping.files["invoices"]] == [
        "a: b # c.csv", "invoices_01.csv", "invoices_02.csv",
    ]  # fmt: skip
    done = runner.invoke(app, ["mapping", "check", str(folder), "--domain", "product"])
    lines = [line.split() for line in done.output.splitlines() if line.startswith(("inv", "tick"))]
    assert [line[-4:] for line in lines] == [["1", "1", "0", "0"]] * 4, done.output


def test_init_says_what_is_required_and_not_found_and_which_words_are_not_known(
    tmp_path: Path,
) -> None:
    folder = write(
        tmp_path / "in",
        {
            "contracts.csv": "id,customer id,state,price\nC1,1,live,5\nC2,1,weird,5\n",
            "x.csv": "a,b\n1,2\n",
            "broken.xlsx": b"nothing",
        },
    )
    runner.invoke(app, ["mapping", "init", str(folder)])
    text = (folder / "mapping.yml").read_text()
    for line in (
        "# started_at:   # required and not found",
        "# status: these words are not known: weird;",
        "#   say {from: state, values: {weird: …}}",
        "# x.csv: which entity this is cannot be told from: a, b",
        "# broken.xlsx cannot be read: the workbook cannot be opened",
        "# required and not found: accounts, subscription_items",
    ):
        assert line in text, text
    assert read_mapping(folder / "mapping.yml").files.keys() == {"subscriptions"}
