"""Payouts: money, or another unit, divided by points; what was fixed stays, what was paid is not paid again."""
