"""The thin shell around the core: claim a step, do it, append its events in one transaction."""
