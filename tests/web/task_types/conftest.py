"""Who takes part, and a database that threads share."""

from tests.web.api.callers import _fresh, alice, anybody, bob, builder, charlie
from tests.web.journal.databases import shared_database

__all__ = ["_fresh", "alice", "anybody", "bob", "builder", "charlie", "shared_database"]
