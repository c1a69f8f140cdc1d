"""Webhooks: other programs are told what happens in a campaign, signed, and again until they answer."""
