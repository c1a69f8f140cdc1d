"""Campaigns to start from: what they are for, and the settings that they bring."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

DIALECT_GUIDELINES = _("""Write as you speak at home, not as you would in a letter.

### Do

- Use the words of your village, also where the next one says it differently.
- Keep the spelling that feels right. There is no wrong one here.

### Please avoid

- Translating word by word from the standard language.
- Names, addresses or anything private.
""")
TRADE_GUIDELINES = _("""Answer as an experienced colleague would, to somebody who stands in front of the problem.

### Do

- Say first what is safe to do now, then how to find the cause.
- Name parts, tools and measures by their proper names.
- Say when a professional has to come.

### Please avoid

- Guessing. Skip the task when you do not know.
- Brand advertising, and anything private of customers.
""")
TONE_GUIDELINES = _("""Answer as a warm, calm person would.

### Do

- React to what was said before you advise anything.
- Two to five short sentences are enough.

### Please avoid

- Empty praise and rows of exclamation marks.
- Names, addresses or anything private.
""")


@dataclass(frozen=True, slots=True)
class CampaignTemplate:
    """A campaign to start from. `settings` holds only what differs from the defaults, in any language."""

    name: str
    title: str | Promise
    words: str | Promise
    settings: dict[str, dict[str, Any]]

    @property
    def plan(self) -> dict[str, dict[str, Any]]:
        """The settings in the reader's language, who will put own texts in the place of these."""
        return {
            name: {key: _plain(value) for key, value in part.items()} for name, part in self.settings.items()
        }


def _plain(value: Any) -> Any:
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return str(value) if isinstance(value, Promise) else value


TEMPLATES = (
    CampaignTemplate(
        "dialect",
        _("A dialect"),
        _("People write as they speak; the model learns from their examples."),
        {
            "campaign": {
                "name": _("Our dialect"),
                "description": _("A model that answers the way people here speak."),
                "guidelines": DIALECT_GUIDELINES,
            },
            "prompts": {
                "texts": [
                    _("How is the weather, and what does it mean for your day?"),
                    _("Tell a neighbour what happened at the market."),
                    _("Explain to a child how your favourite dish is made."),
                    _("Invite a friend to the village fair."),
                ]
            },
            "target": {
                "examples": [
                    _("Replace these lines with answers in your dialect, one per line."),
                    _("Twenty or more of them make the goal clear."),
                ]
            },
            "evaluation": {"embedding": "hashed_words"},
            "rounds": {"count": 4, "groups": 3, "approval": True},
            "tasks": {"kinds": ["write_response"], "per_contributor": 10},
        },
    ),
    CampaignTemplate(
        "trade",
        _("Support in a trade"),
        _("Experienced people correct what the model answers to customers."),
        {
            "campaign": {
                "name": _("Support in our trade"),
                "description": _("A model that helps customers as an experienced colleague would."),
                "guidelines": TRADE_GUIDELINES,
            },
            "prompts": {
                "texts": [
                    _("My bicycle's brakes squeal when it rains. What can I do?"),
                    _("The heating is on, but one radiator stays cold."),
                    _("The new tap drips a little. Can I leave it until next week?"),
                    _("I ordered the wrong size. How do I get the right one?"),
                ]
            },
            "target": {
                "examples": [
                    _("Replace these lines with answers that you would give, one per line."),
                    _("Twenty or more of them make the goal clear."),
                ]
            },
            "evaluation": {"embedding": "hashed_words"},
            "rounds": {"count": 4, "groups": 3, "close": "deadline", "minutes": 10_080, "approval": True},
            "tasks": {"kinds": ["correct_response", "write_response"], "per_contributor": 8},
        },
    ),
    CampaignTemplate(
        "tone",
        _("A tone of voice"),
        _("The model learns to sound joyful, grateful or calm. Works at once with the built-in model."),
        {
            "campaign": {
                "name": _("A joyful tone"),
                "description": _("A model that answers everyday messages the way a joyful person would."),
                "guidelines": TONE_GUIDELINES,
            },
            "target": {"emotion": "joy"},
            "rounds": {"count": 3, "groups": 3},
            "tasks": {"kinds": ["write_response", "correct_response"], "per_contributor": 10},
        },
    ),
)


def template_named(name: str) -> CampaignTemplate | None:
    """The template with this name, or None."""
    return next((template for template in TEMPLATES if template.name == name), None)
