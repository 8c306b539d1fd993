"""Segment: track calls by time of receipt, users and groups.

Track files are written once. The columns of a file are those that existed when it was written:
Segment adds a column with its first value.
"""

from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from demo import features
from demo.clock import DAY, day_date, day_number, month_date, month_of, month_start
from demo.ids import token
from demo.life import Life
from demo.usage import MICRO, Events, Population, join, month_events

TIME = pa.timestamp("us")
# Column -> the month of receipt in which it first had a value.
SINCE = {"anonymous_id": 2, "original_timestamp": 5}
HEX = np.frombuffer(b"0123456789abcdef", dtype=np.uint8)


def group_id(index: int) -> str:
    """The workspace id of an account in the product."""
    return "ws_" + token("workspace", 10, index)


def user_id(index: int, number: int) -> str:
    """The id of a user in the product."""
    return f"u_{index * 10_000 + number:09d}"


def _mixed(numbers: np.ndarray) -> np.ndarray:
    """A permutation of 64-bit numbers, so that message ids are unique and look random."""
    x = numbers.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))


def message_ids(numbers: np.ndarray) -> pa.Array:
    """``ajs-`` and sixteen hexadecimal digits per number."""
    size = len(numbers)
    letters = np.empty((size, 20), dtype=np.uint8)
    letters[:, :4] = np.frombuffer(b"ajs-", dtype=np.uint8)
    octets = _mixed(numbers).byteswap().view(np.uint8).reshape(size, 8)
    letters[:, 4::2] = HEX[octets >> 4]
    letters[:, 5::2] = HEX[octets & 15]
    offsets = np.arange(size + 1, dtype=np.int32) * 20
    return pa.StringArray.from_buffers(size, pa.py_buffer(offsets), pa.py_buffer(letters.ravel()))


def _dictionary(codes: np.ndarray, values: pa.Array) -> pa.DictionaryArray:
    """Texts by number; a negative number is null. Only values in use get into the file."""
    used = np.zeros(len(values), dtype=bool)
    used[codes[codes >= 0]] = True
    place = np.cumsum(used) - 1
    small = np.where(codes < 0, 0, place[codes]).astype(np.int32)
    kept = values.filter(pa.array(used))
    return pa.DictionaryArray.from_arrays(pa.array(small, mask=codes < 0), kept)


class Tracks:
    """Writes the track files of a range of days."""

    def __init__(self, people: Population, folder: Path, seed: int) -> None:
        """Prepare the values that all files share."""
        self.people = people
        self.folder = folder
        self.seed = seed
        self.table = features.pattern_table()
        accounts = people.latent.shape[1]
        self.groups = pa.array([group_id(index) for index in range(accounts)])
        pairs = zip(people.user_account.tolist(), people.user_number.tolist(), strict=True)
        self.users = pa.array([user_id(index, number) for index, number in pairs])
        self.names = pa.array(features.NAMES)
        self.properties = pa.array(features.properties())
        self._carry: tuple[int, Events] | None = None

    def _received_in(self, month: int) -> Events:
        """Events received in a month: its own, and the late ones of the month before."""
        parts = [self._events(month)]
        if month > 0:
            before = self._carry if self._carry and self._carry[0] == month - 1 else None
            late = before[1] if before else self._late(month - 1, self._events(month - 1))
            parts.append(late)
        self._carry = (month, self._late(month, parts[0]))
        events = join(parts)
        begin, end = month_start(month) * MICRO, month_start(month + 1) * MICRO
        inside = (events.received >= begin) & (events.received < end)
        events = events.take(np.flatnonzero(inside))
        return events.take(np.argsort(events.received, kind="stable"))

    def _events(self, month: int) -> Events:
        events = month_events(self.people, month, self.seed, self.table)
        events.number = events.number + (month << 40)
        return events

    def _late(self, month: int, events: Events) -> Events:
        return events.take(np.flatnonzero(events.received >= month_start(month + 1) * MICRO))

    def _write(self, path: Path, events: Events, month: int) -> int:
        received = events.received
        odd = events.account < 0
        variant = events.event * features.VARIANTS + events.variant
        # A wrong group is still a group: it only exists nowhere else.
        unknown = pa.array(["ws_unknown_a", "ws_unknown_b", "ws_unknown_c"])
        accounts = len(self.groups)
        lost = odd & (events.user >= 0)
        group = np.where(lost, accounts + events.number % 3, events.account)
        groups = pa.concat_arrays([self.groups, unknown])
        skew = (events.number % 4000) * 1000
        visitor = np.where(events.user < 0, events.number % 5000, -1)
        columns = {
            "message_id": message_ids(events.number),
            "event": _dictionary(events.event, self.names),
            "user_id": _dictionary(events.user, self.users),
            "anonymous_id": _dictionary(visitor, _visitors()),
            "group_id": _dictionary(group, groups),
            "timestamp": pa.array(events.happened, TIME),
            "received_at": pa.array(received, TIME),
            "sent_at": pa.array(received - 180_000, TIME),
            "original_timestamp": pa.array(events.happened + skew, TIME),
            "properties": _dictionary(variant, self.properties),
        }
        columns = {k: v for k, v in columns.items() if month >= SINCE.get(k, 0)}
        table = pa.table(columns)
        temporary = path.with_suffix(".part")
        pq.write_table(
            table,
            temporary,
            store_schema=False,
            use_dictionary=["event", "user_id", "anonymous_id", "group_id", "properties"],
            compression="zstd",
            compression_level=1,
            write_statistics=["timestamp", "received_at"],
            row_group_size=1 << 20,
        )
        temporary.replace(path)
        return table.num_rows

    def history(self, month: int, until: date) -> tuple[str, int]:
        """The file of a month up to a day, for what came before the first export."""
        events = self._received_in(month)
        stop = (day_number(until) + 1) * DAY * MICRO
        events = events.take(np.flatnonzero(events.received < stop))
        name = f"tracks_{month_date(month):%Y-%m}.parquet"
        return name, self._write(self.folder / name, events, month)

    def daily(self, first: date, last: date) -> dict[str, int]:
        """One file for each day of receipt."""
        written = {}
        month, events = None, None
        for number in range(day_number(first), day_number(last) + 1):
            if month != month_of(number * DAY):
                month = month_of(number * DAY)
                events = self._received_in(month)
            on_day = (events.received // (DAY * MICRO)) == number
            name = f"tracks_{day_date(number).isoformat()}.parquet"
            path = self.folder / name
            written[name] = self._write(path, events.take(np.flatnonzero(on_day)), month)
        return written


_VISITORS: list[pa.Array] = []


def _visitors() -> pa.Array:
    """Ids of visitors nobody knows yet."""
    if not _VISITORS:
        _VISITORS.append(pa.array([f"anon-{token('anonymous', 12, k)}" for k in range(5_000)]))
    return _VISITORS[0]


def users(life: Life, cut: int) -> list[tuple]:
    """Users as identify calls leave them."""
    index = life.account.index
    rows = []
    for user in life.people.users:
        if user.created < cut:
            gone = user.left is not None and user.left < cut
            seen = user.left if gone else user.created
            rows.append(
                (
                    user_id(index, user.number),
                    user.email,
                    user.name,
                    group_id(index),
                    user.created,
                    not gone,
                    seen + 2,
                )
            )
    return rows


def groups(life: Life, cut: int) -> list[tuple]:
    """The workspace, once the account has access."""
    account = life.account
    first = min((sub.states[0].at for sub in life.book.subs), default=None)
    if first is None or first >= cut:
        return []
    key = account.id if account.product_key else None
    domain = account.mail_domain if account.crm else None
    return [(group_id(account.index), account.name, domain, key, first + 60)]


def write_people(folder: Path, user_rows: list[tuple], group_rows: list[tuple]) -> dict[str, int]:
    """users.parquet and groups.parquet."""
    shapes = {
        "users": (
            user_rows,
            ("id", "email", "name", "group_id", "created_at", "is_active", "received_at"),
        ),
        "groups": (group_rows, ("id", "name", "domain", "crm_account_id", "received_at")),
    }
    counts = {}
    for name, (rows, columns) in shapes.items():
        values = list(zip(*rows, strict=True)) or [()] * len(columns)
        table = {}
        for column, cells in zip(columns, values, strict=True):
            if column.endswith("_at"):
                micros = np.array(cells, dtype=np.int64) * MICRO
                table[column] = pa.array(micros, TIME)
            else:
                kind = pa.bool_() if column == "is_active" else pa.string()
                table[column] = pa.array(cells, kind)
        path = folder / f"{name}.parquet"
        temporary = path.with_suffix(".part")
        pq.write_table(pa.table(table), temporary, store_schema=False)
        temporary.replace(path)
        counts[f"{name}.parquet"] = len(rows)
    return counts
