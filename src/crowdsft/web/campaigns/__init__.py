"""Campaigns: their members, journal, step and ledger."""
