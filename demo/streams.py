"""Random streams keyed by seed, purpose and keys, so that no draw depends on another.

What happens to one account in one month is drawn from the stream of that account and month.
Simulating further therefore never changes what was simulated before.
"""

import random
import zlib
from functools import cache

import numpy as np

MASK = (1 << 64) - 1


def mix(*keys: int) -> int:
    """Hash whole numbers to 64 bits (splitmix64, chained)."""
    state = 0x9E3779B97F4A7C15
    for key in keys:
        state = (state ^ (key & MASK)) + 0x9E3779B97F4A7C15 & MASK
        state = (state ^ (state >> 30)) * 0xBF58476D1CE4E5B9 & MASK
        state = (state ^ (state >> 27)) * 0x94D049BB133111EB & MASK
        state ^= state >> 31
    return state


@cache
def purpose_key(purpose: str) -> int:
    """A number for the name of a purpose."""
    return zlib.crc32(purpose.encode())


def stream(seed: int, purpose: str, *keys: int) -> random.Random:
    """A stream of single numbers."""
    return random.Random(mix(seed, purpose_key(purpose), *keys))


def array_stream(seed: int, purpose: str, *keys: int) -> np.random.Generator:
    """A stream of arrays."""
    return np.random.Generator(np.random.PCG64(mix(seed, purpose_key(purpose), *keys)))
