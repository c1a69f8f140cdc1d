"""People: accounts with a public pseudonym, and tokens for the API."""
