"""Seeds derived from what they are for, so that the same work always meets the same chance."""

from __future__ import annotations

import hashlib

import numpy as np


def derive_seed(*parts: int | str) -> int:
    """A seed in [0, 2**63) from the SHA-256 of `parts`, e.g. (campaign seed, round, group, purpose).

    Equal parts give equal seeds on every machine; different parts give unrelated ones. Parts are joined
    with their type, so that 1 and "1" differ and ("ab", "c") is not ("a", "bc").
    """
    text = "\x1f".join(f"{type(part).__name__}:{part}" for part in parts)
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") >> 1


def derive_rng(*parts: int | str) -> np.random.Generator:
    """A generator seeded by `derive_seed`."""
    return np.random.default_rng(derive_seed(*parts))
