"""What goes wrong between here and a vendor: nothing is lost, doubled or half, and it is told."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from orchestration.connectors import http
from orchestration.connectors.engine import check
from orchestration.connectors.http import Api
from orchestration.connectors.road import ApiRoad, ConnectError
from tests.python.connect.company import FIRST, SECOND, SECRET, Fetched, road
from tests.python.connect.fake_stripe import KEY, FakeStripe
from tests.python.connect.server import Answer, Request

pytestmark = pytest.mark.long

OOPS = {"error": "oops"}
SLOW_DOWN = {"error": {"code": "rate_limit"}}


@pytest.fixture
def stripe() -> Iterator[FakeStripe]:
    """Seven customers, seven subscriptions and an invoice each; pages of three."""
    with FakeStripe(FIRST, page=3) as fake:
        for number in range(7):
            customer = {"id": f"cus_{number}", "created": 1700000000}
            items = {"data": [{"id": f"si_{number}"}]}
            fake.add("customers", customer)
            fake.add("products", {"id": f"prod_{number}", "created": 1700000000})
            fake.add(
                "subscriptions",
                {"id": f"sub_{number}", "customer": f"cus_{number}", "status": "active",
                 "created": 1700000000 + number, "items": items},
            )  # fmt: skip
            fake.add(
                "invoices",
                {"id": f"in_{number}", "customer": f"cus_{number}", "status": "paid",
                 "created": 1700000000 + number, "currency": "usd", "total": number},
            )  # fmt: skip
            period = {"start": 1700000000, "end": 1702592000}
            fake.lines[f"in_{number}"] = [
                {"id": f"il_{number}_{n}", "amount": 1, "currency": "usd", "period": period}
                for n in range(12)
            ]
        yield fake


@pytest.fixture
def fetched(stripe: FakeStripe, tmp_path: Path) -> Fetched:
    return Fetched(road("stripe", f"{stripe.url}/v1/", KEY), tmp_path / "home")


def content(folder: Path) -> dict[str, list[str]]:
    """Keys of all rows in the drop folder, by table."""
    found: dict[str, list[str]] = {}
    for path in sorted(folder.glob("*/*.jsonl")):
        rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        keys = [f"{row.get('invoice', '')}{row['id']}" for row in rows]
        found.setdefault(path.parent.name, []).extend(keys)
    return {table: sorted(keys) for table, keys in found.items()}


def test_a_limit_is_waited_for_as_long_as_the_vendor_says(
    fetched: Fetched, stripe: FakeStripe
) -> None:
    stripe.fail("/invoices", Answer(SLOW_DOWN, status=429, headers={"Retry-After": "1"}), times=2)
    begun = time.monotonic()
    assert fetched.fetch(FIRST).rows["invoice"] == 7
    assert time.monotonic() - begun >= 2


@pytest.mark.parametrize(
    "answer",
    [
        Answer({"error": "oops"}, status=500),
        Answer({"error": "oops"}, status=503),
        Answer({"object": "list", "data": [], "has_more": False}, cut="with the whole length"),
        Answer({"object": "list", "data": [], "has_more": False}, cut="with its own length"),
    ],
)
def test_an_error_of_the_vendor_and_a_cut_answer_are_asked_for_again(
    fetched: Fetched, stripe: FakeStripe, answer: Answer
) -> None:
    stripe.fail("/invoices", answer, times=3)
    assert fetched.fetch(FIRST).rows["invoice"] == 7


@pytest.mark.parametrize(
    ("answer", "may_pass", "words"),
    [
        (Answer(SLOW_DOWN, status=429), True, "the limit of requests is reached (429)"),
        (Answer(OOPS, status=502), True, "answers with an error of its own (502), 6 times"),
        (Answer({"data": []}, cut="with its own length"), True, "its answer is not whole JSON"),
        (Answer({"object": "list", "has_more": False}), False, "the answer has no list 'data'"),
        (Answer({"data": [{"id": "in_1"}]}), False, "does not say whether there are more pages"),
        (Answer({"error": "what?"}, status=400), False, "the request is refused (400)"),
    ],
)
def test_what_stays_wrong_ends_the_fetch_with_a_clear_text_and_no_half_file(
    fetched: Fetched, stripe: FakeStripe, answer: Answer, may_pass: bool, words: str
) -> None:
    stripe.fail("/invoices", answer, times=100)
    with pytest.raises(ConnectError) as caught:
        fetched.fetch(FIRST)
    assert str(caught.value).startswith("Stripe, invoices: ")
    assert words in str(caught.value)
    assert caught.value.may_pass is may_pass
    assert len(stripe.paths("/invoices")) <= http.TRIES
    assert not [file for file in fetched.files() if "invoice" in file]
    assert "_state.json" not in fetched.files()
    # It passes: what was whole is not asked for again, and the rest comes.
    stripe.faults.clear()
    asked = len(stripe.asked)
    assert fetched.fetch(FIRST + timedelta(hours=1)).rows["subscription"] == 7
    assert not [each for each in stripe.asked[asked:] if each.path.endswith("/products")]
    assert content(fetched.folder)["invoice"] == [f"in_{n}" for n in range(7)]


def test_a_vendor_that_cannot_be_reached_is_named(tmp_path: Path) -> None:
    way = road("stripe", "http://127.0.0.1:9/v1/", KEY)
    with pytest.raises(ConnectError, match="Stripe, products: it cannot be reached") as caught:
        Fetched(way, tmp_path).fetch(FIRST)
    assert caught.value.may_pass


def test_an_expired_key_names_system_permission_remedy_and_place_but_not_itself(
    stripe: FakeStripe, tmp_path: Path
) -> None:
    way = road("stripe", f"{stripe.url}/v1/", "rk_live_old")
    stripe.fail("/products", Answer({"error": "Expired API Key: rk_live_old"}, status=401))
    with pytest.raises(ConnectError) as caught:
        Fetched(way, tmp_path / "home").fetch(FIRST)
    said = str(caught.value)
    for words in ("Stripe", "(401)", "Products: read", "restricted key", SECRET):
        assert words in said
    assert "rk_live_old" not in said
    with pytest.raises(ConnectError, match="the key is refused"):
        check(way)


def test_a_required_object_the_key_may_not_see_ends_the_fetch(
    fetched: Fetched, stripe: FakeStripe
) -> None:
    stripe.denied = {"subscriptions"}
    with pytest.raises(
        ConnectError, match=r"Stripe, subscriptions: .*\(403\).*Subscriptions: read"
    ):
        fetched.fetch(FIRST)
    seen = {sight.name: sight.seen for sight in check(fetched.road)}
    assert [name for name, is_seen in seen.items() if not is_seen] == ["subscriptions"]


def test_a_fetch_that_ends_at_any_page_goes_on_and_loses_and_doubles_nothing(
    fetched: Fetched, stripe: FakeStripe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fetched.fetch(FIRST)
    whole = content(fetched.folder)
    requests = len(stripe.asked)
    assert requests > 20
    pages = Api.pages
    for number in range(1, requests + 1, 3):
        other = Fetched(fetched.road, tmp_path / f"home_{number}")
        left = number

        def stopping(self: Api, *arguments: object, **more: object) -> Iterator[list[dict]]:
            nonlocal left
            for page in pages(self, *arguments, **more):
                left -= 1
                if left == 0:
                    raise KeyboardInterrupt
                yield page

        with monkeypatch.context() as patched:
            patched.setattr(Api, "pages", stopping)
            try:
                other.fetch(FIRST)
            except KeyboardInterrupt:
                assert "_state.json" not in other.files()
        other.fetch(FIRST + timedelta(minutes=5))
        assert content(other.folder) == whole
        assert "_unfinished.json" not in other.files()


@pytest.mark.parametrize("request_number", [5, 12, 17])
def test_a_process_that_is_killed_leaves_nothing_half(
    fetched: Fetched, stripe: FakeStripe, tmp_path: Path, request_number: int
) -> None:
    code = (
        "import sys; from datetime import datetime; from pathlib import Path\n"
        "from orchestration.connectors.engine import fetch\n"
        "from orchestration.connectors.road import ApiRoad\n"
        "from orchestration.progress import Recorder\n"
        "road = ApiRoad('stripe', {'api_key': 'env:CSW_TEST_SECRET'}, base_url=sys.argv[1])\n"
        "fetch(road, Path(sys.argv[2]), Recorder(), now=datetime.fromisoformat(sys.argv[3]))\n"
    )
    place = f"{stripe.url}/v1/", str(fetched.folder), FIRST.isoformat()
    child = subprocess.Popen([sys.executable, "-c", code, *place], env=dict(os.environ))

    def kill(number: int, _: Request) -> None:
        if number == request_number:
            child.send_signal(signal.SIGKILL)
            child.wait()

    stripe.before = kill
    assert child.wait(timeout=60) == -signal.SIGKILL
    assert "_state.json" not in fetched.files()
    for table, keys in content(fetched.folder).items():
        assert len(keys) == len(set(keys)) > 0, table
    fetched.fetch(FIRST + timedelta(minutes=5))
    stripe.before = lambda *_: None
    other = Fetched(fetched.road, tmp_path / "other")
    other.fetch(FIRST)
    assert content(fetched.folder) == content(other.folder)
    assert not [file for file in fetched.files() if file.endswith(".part")]


def test_what_was_begun_long_ago_is_begun_anew(fetched: Fetched, stripe: FakeStripe) -> None:
    stripe.fail("/invoices", Answer({}, status=400))
    with pytest.raises(ConnectError):
        fetched.fetch(FIRST)
    asked = len(stripe.asked)
    fetched.fetch(SECOND)
    assert [each for each in stripe.asked[asked:] if each.path.endswith("/products")]
    assert set(content(fetched.folder)["invoice"]) == {f"in_{n}" for n in range(7)}


def test_a_clock_that_went_back_gives_no_file_that_sorts_before_an_older_one(
    fetched: Fetched, stripe: FakeStripe
) -> None:
    fetched.fetch(SECOND)
    stripe.change("products", "prod_0", "product.updated", name="Renamed")
    fetched.fetch(FIRST)
    names = [path.name for path in sorted((fetched.folder / "product").iterdir())]
    assert names == ["20260102T000000Z.jsonl", "20260102T000001Z.jsonl"]


def test_rows_of_a_new_warehouse_are_those_of_all_fetches(
    fetched: Fetched, stripe: FakeStripe
) -> None:
    fetched.fetch(FIRST)
    fetched.load()
    stripe.change("products", "prod_0", "product.updated", name="Renamed")
    fetched.fetch(SECOND)
    fetched.load()
    (fetched.home / "warehouse.duckdb").unlink()
    raw = fetched.load()
    names = raw.query("select name from raw_stripe.product where id = 'prod_0'")
    assert names == [("Renamed",)]
    assert len(raw.rows("product", ["id"])) == 7
    assert raw.rejects() == []
    assert raw.said() == []


@pytest.mark.parametrize(
    ("reference", "words"),
    [
        ("env:CSW_NO_SUCH_NAME", "environment variable CSW_NO_SUCH_NAME is empty or not set"),
        ("rk_live_secret", "is not a reference"),
        ("file:/nowhere/key", "/nowhere/key cannot be read"),
        ("", "is not set; write where it is"),
    ],
)
def test_a_credential_that_is_not_there_is_named_by_its_place(reference: str, words: str) -> None:
    with pytest.raises(ConnectError) as caught:
        ApiRoad("stripe", {"api_key": reference}).secret("api_key")
    assert words in str(caught.value)
    assert "rk_live_secret" not in str(caught.value)


def test_a_credential_may_stand_in_a_file(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("one\n")
    (tmp_path / "empty").write_text("\n")
    files = {"good": f"file:{tmp_path / 'key'}", "empty": f"file:{tmp_path / 'empty'}"}
    way = ApiRoad("stripe", files)
    assert way.secret("good") == "one"
    with pytest.raises(ConnectError, match="empty is empty"):
        way.secret("empty")


def test_the_key_goes_to_no_file_and_no_log(
    fetched: Fetched, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level("DEBUG")
    fetched.fetch(FIRST)
    for file in fetched.files():
        assert KEY not in (fetched.folder / file).read_text(encoding="utf-8")
    assert KEY not in caplog.text
    assert KEY not in "".join(capfd.readouterr())
