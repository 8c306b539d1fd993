"""Ids in the shape each vendor gives them, derived from counters so that they never change."""

import string

from demo.streams import mix, purpose_key

BASE62 = string.digits + string.ascii_uppercase + string.ascii_lowercase
SUFFIX = string.ascii_uppercase + "012345"
SALESFORCE_PREFIX = {
    "account": "001",
    "account_history": "017",
    "contact": "003",
    "user": "005",
    "opportunity": "006",
    "task": "00T",
    "event": "00U",
    "milestone": "a0M",
    "override": "a0H",
    "churn_reason": "a0C",
}


PAIRS = tuple(first + second for first in BASE62 for second in BASE62)


def base62(number: int, width: int) -> str:
    """Digits of a number, most significant first, cut to an even width."""
    pairs = []
    for _ in range(width // 2):
        number, rest = divmod(number, 3_844)
        pairs.append(PAIRS[rest])
    pairs.reverse()
    return "".join(pairs)


def salesforce(kind: str, number: int) -> str:
    """An 18-character id: 15 case-sensitive characters and their case checksum."""
    head = SALESFORCE_PREFIX[kind] + "8d" + base62(number, 10)
    return head + CASE[head[:5]] + CASE[head[5:10]] + CASE[head[10:]]


class _Case(dict):
    """The checksum character of five others: one bit for each capital."""

    def __missing__(self, block: str) -> str:
        """Work it out once."""
        bits = sum(1 << k for k, letter in enumerate(block) if letter in string.ascii_uppercase)
        self[block] = SUFFIX[bits]
        return self[block]


CASE = _Case()


def token(kind: str, width: int, *keys: int) -> str:
    """A random-looking string of fixed width."""
    high = mix(purpose_key(kind), *keys)
    low = mix(high, 1)
    return base62((high << 64) | low, width)


def number_of(key: str) -> int:
    """A number for an id, from its last eight characters."""
    return int.from_bytes(key[-8:].encode(), "big")


def stripe(prefix: str, *keys: int) -> str:
    """A Stripe id such as ``sub_1a2B…``."""
    return f"{prefix}_{token(prefix, 16, *keys)}"
