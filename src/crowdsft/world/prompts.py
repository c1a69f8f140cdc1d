"""What contributors, and the built-in model, are asked."""

from __future__ import annotations

from typing import Final

PROMPTS: Final[tuple[str, ...]] = (
    "Write a comment.",
    "Write a short comment for the town board.",
    "What is on your mind?",
    "Tell us about your day.",
    "Leave a note for your neighbours.",
    "How are things in town?",
    "Share a thought.",
    "Say something about the last few days.",
)
"""The prompts of sample campaigns. What is answered does not depend on which of them is asked."""
