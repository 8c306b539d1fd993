"""Product usage: all events of a month at once, as arrays."""

from dataclasses import dataclass

import numpy as np

from demo import features
from demo.catalog import ADD_ONS
from demo.clock import DAY, month_start
from demo.life import Life
from demo.streams import array_stream

# Far in the future, and still a 64-bit number in microseconds.
NEVER = np.int64(1) << 42
MICRO = 1_000_000
LATE_SHARE, DUPLICATE_SHARE = 0.012, 0.006
UNKNOWN_SHARE, ANONYMOUS_SHARE = 0.0006, 0.003
MAX_DELAY = 7 * DAY


@dataclass(slots=True)
class Population:
    """Users and accounts as arrays, in the order of accounts."""

    user_account: np.ndarray
    user_number: np.ndarray
    joined: np.ndarray
    left: np.ndarray
    weight: np.ndarray
    access_account: np.ndarray
    access_from: np.ndarray
    access_to: np.ndarray
    latent: np.ndarray
    seats: np.ndarray
    tier: np.ndarray
    add_ons: np.ndarray


@dataclass(slots=True)
class Share:
    """The part of a population that one account adds."""

    users: list[tuple[int, int, int, int, float]]
    access: list[tuple[int, int, int]]
    months: list[tuple[int, int, float, int, int, int]]


def access(life: Life) -> list[tuple[int, int, int]]:
    """When an account could use the product, by what was known at the time."""
    spans = []
    for sub in life.book.subs:
        since: int | None = None
        for state in sub.states:
            usable = (
                state.kind != "deleted"
                and not state.paused
                and state.status in ("trialing", "active", "past_due")
            )
            if usable and since is None:
                since = state.at
            elif not usable and since is not None:
                spans.append((life.account.index, since, state.at))
                since = None
        if since is not None:
            spans.append((life.account.index, since, int(NEVER)))
    return spans


def share(life: Life) -> Share:
    """One account's part of the population."""
    index = life.account.index
    users = [
        (index, u.number, u.created, u.left if u.left is not None else int(NEVER), u.weight)
        for u in life.people.users
    ]
    months = []
    for record in life.months:
        if record.seats:
            bits = sum(1 << spot for spot in range(len(ADD_ONS)) if record.add_ons[spot])
            months.append((index, record.month, record.latent, record.seats, record.tier, bits))
    return Share(users, access(life), months)


def population(shares: list[Share], accounts: int, months: int) -> Population:
    """Put the parts of all accounts together."""
    users = np.array([u for s in shares for u in s.users], dtype=np.float64).reshape(-1, 5)
    spans = np.array([a for s in shares for a in s.access], dtype=np.int64).reshape(-1, 3)
    records = np.array([m for s in shares for m in s.months], dtype=np.float64).reshape(-1, 6)
    shape = (months, accounts)
    latent, seats = np.zeros(shape), np.zeros(shape)
    tier, bits = np.zeros(shape, np.int64), np.zeros(shape, np.int64)
    spot = (records[:, 1].astype(np.int64), records[:, 0].astype(np.int64))
    latent[spot], seats[spot] = records[:, 2], records[:, 3]
    tier[spot], bits[spot] = records[:, 4].astype(np.int64), records[:, 5].astype(np.int64)
    return Population(
        user_account=users[:, 0].astype(np.int64),
        user_number=users[:, 1].astype(np.int64),
        joined=users[:, 2].astype(np.int64),
        left=users[:, 3].astype(np.int64),
        weight=users[:, 4],
        access_account=spans[:, 0],
        access_from=spans[:, 1],
        access_to=spans[:, 2],
        latent=latent,
        seats=seats,
        tier=tier,
        add_ons=bits,
    )


@dataclass(slots=True)
class Events:
    """Events of one month; user -1 is anonymous, account -1 belongs to nobody known."""

    number: np.ndarray
    event: np.ndarray
    user: np.ndarray
    account: np.ndarray
    happened: np.ndarray
    received: np.ndarray
    variant: np.ndarray

    def take(self, rows: np.ndarray) -> "Events":
        """Some of the events."""
        return Events(*(getattr(self, name)[rows] for name in self.__slots__))


def join(parts: list[Events]) -> Events:
    """Several batches in one."""
    return Events(*(np.concatenate([getattr(p, name) for p in parts]) for name in Events.__slots__))


def _open_days(people: Population, first: int, days: int) -> np.ndarray:
    """Per account and day of the month: whether it could use the product."""
    accounts = people.latent.shape[1]
    usable = np.zeros((accounts, days), dtype=bool)
    start = np.clip(people.access_from // DAY - first, 0, days)
    stop = np.clip(people.access_to // DAY - first, 0, days)
    for account, since, until in zip(people.access_account, start, stop, strict=True):
        usable[account, since:until] = True
    return usable


def month_events(people: Population, month: int, seed: int, table: np.ndarray) -> Events:
    """Everything that happened in a month, in the order of users; copies come last."""
    rng = array_stream(seed, "usage", month)
    begin, end = month_start(month), month_start(month + 1)
    days = (end - begin) // DAY
    usable = _open_days(people, begin // DAY, days)
    users = _users_of_month(people, begin, end, usable)
    account = people.user_account[users]
    mood = _mood(people, month)[account]
    which, day = _active_days(rng, people.weight[users], mood, begin // DAY, days)
    size = len(which)
    second = (6.5 + 6.5 * (rng.random(size) + rng.random(size))) * 3600
    happened = (begin + day * DAY) * MICRO + (second * 1000).astype(np.int64) * 1000
    row = features.pattern(
        people.tier[month][account],
        people.add_ons[month][account],
        _depth(mood, people.user_number[users]),
    )[which]
    draw = rng.random(size)
    # One search in all rows at once: each row of the table is shifted by its number.
    flat = (table + np.arange(len(table))[:, None]).ravel()
    event = np.searchsorted(flat, row + draw, side="right") - row * table.shape[1]
    event = np.minimum(event, table.shape[1] - 1)
    owner = account[which]
    keep = (
        usable[owner, day]
        & (happened >= people.joined[users][which] * MICRO)
        & (happened < people.left[users][which] * MICRO)
    )
    events = Events(
        number=np.arange(size),
        event=event.astype(np.int32),
        user=users[which],
        account=owner,
        happened=happened,
        received=happened,
        variant=(draw * 65_536 % features.VARIANTS).astype(np.int32),
    )
    _misplace(events, rng.random(size))
    return _delivered(rng, events, keep)


def _users_of_month(people: Population, begin: int, end: int, usable: np.ndarray) -> np.ndarray:
    """Users who were there in a month, of accounts that had access in it."""
    there = (people.joined < end) & (people.left > begin)
    return np.flatnonzero(there & usable.any(axis=1)[people.user_account])


def _active_days(
    rng: np.random.Generator, weight: np.ndarray, mood: np.ndarray, first: int, days: int
) -> tuple[np.ndarray, np.ndarray]:
    """The user and the day of the month of each event."""
    weekdays = np.array([d for d in range(days) if (first + d + 3) % 7 < 5])
    count = len(weekdays)
    chance = np.clip(0.31 * weight * np.exp(0.5 * mood), 0.01, 0.97)
    active = rng.binomial(count, chance)
    extra = rng.poisson(active * (0.4 + 0.4 * weight) * np.exp(0.3 * mood))
    total = active + np.where(active > 0, extra, 0)
    which = np.repeat(np.arange(len(weight)), total)
    size = len(which)
    turn = np.arange(size) - (np.cumsum(total) - total)[which]
    spread = rng.random(size)
    turn = np.where(turn < active[which], turn, (spread * active[which]).astype(np.int64))
    # Different active days for a user: steps through the weekdays, prime to their number.
    steps = np.array([s for s in range(1, count) if np.gcd(s, count) == 1])
    step = steps[rng.integers(0, len(steps), len(weight))]
    offset = rng.integers(0, count, len(weight))
    day = weekdays[(offset[which] + turn * step[which]) % count]
    weekend = rng.random(size) < 0.03
    return which, np.where(weekend, (spread * 7919 % 1 * days).astype(np.int64), day)


def _delivered(rng: np.random.Generator, events: Events, keep: np.ndarray) -> Events:
    """When each event was received; some late, some twice."""
    size = len(keep)
    late, copies, wait = rng.random(size), rng.random(size), rng.random(size)
    delay = (0.3 + 4 * rng.exponential(1.0, size)) * MICRO
    tardy = (late / LATE_SHARE) ** 2 * (MAX_DELAY - 60) * MICRO
    delay = np.where(late < LATE_SHARE, tardy, delay)
    events.received = events.happened + (delay // 1000).astype(np.int64) * 1000
    again = np.flatnonzero(keep & (copies < DUPLICATE_SHARE))
    repeated = events.take(again)
    wait = wait[again]
    # Most copies come within minutes, the others up to three days later.
    wait = np.where(wait < 0.6, wait * 600, (wait - 0.6) * 7 * DAY) * MICRO
    repeated.received = repeated.received + (wait // 1000).astype(np.int64) * 1000 + 1000
    return join([events.take(np.flatnonzero(keep)), repeated])


def _mood(people: Population, month: int) -> np.ndarray:
    """Hidden state of a month; of accounts that left within it, that of the month before."""
    mood = people.latent[month]
    if month == 0:
        return mood
    return np.where(people.seats[month] > 0, mood, people.latent[month - 1])


def _depth(mood: np.ndarray, number: np.ndarray) -> np.ndarray:
    """How far a user has come, from the state of the account and who they are."""
    habit = number % 5 * 0.3 - 0.6
    return np.clip(np.floor(1.9 + 0.8 * mood + habit), 0, features.DEPTHS - 1).astype(np.int64)


def _misplace(events: Events, draw: np.ndarray) -> None:
    """Some events name a group nobody knows, some come before anybody logs in."""
    unknown = draw < UNKNOWN_SHARE
    anonymous = (draw >= UNKNOWN_SHARE) & (draw < UNKNOWN_SHARE + ANONYMOUS_SHARE)
    events.account = np.where(unknown | anonymous, -1, events.account)
    events.user = np.where(anonymous, -1, events.user)
    events.event = np.where(anonymous, 0, events.event).astype(np.int32)
