"""Who takes part; see `tests.web.api.callers`."""

from tests.web.api.callers import _fresh, alice, anybody, bob, builder, charlie

__all__ = ["_fresh", "alice", "anybody", "bob", "builder", "charlie"]
