"""Pure values and functions: no files, clock, network, logging or global randomness."""
