"""A campaign's models for others: the card, the files in PEFT's format, a zip of them, the push to a hub."""
