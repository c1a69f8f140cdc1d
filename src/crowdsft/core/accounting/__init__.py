"""From evidence to points: who took part, what it was worth, what is due, and what is paid now."""
