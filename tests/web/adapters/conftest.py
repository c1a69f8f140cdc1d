"""Accounts and campaigns as in the tests of the pages."""

from tests.web.pages.conftest import (
    _fresh_and_fast,
    alice,
    anonymous,
    as_alice,
    as_bob,
    bob,
    builder,
)

__all__ = ["_fresh_and_fast", "alice", "anonymous", "as_alice", "as_bob", "bob", "builder"]
