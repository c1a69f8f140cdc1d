"""Notices: what somebody should know, on a page always and by mail where the platform can send any."""
