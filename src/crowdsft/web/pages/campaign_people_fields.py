"""The fields of what people decide beside the tasks: reviews before training, and votes on the candidates."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import get_language_info
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from crowdsft.core.settings import WORD_LISTS, ReviewsSection, VotesSection
from crowdsft.web.pages.form_fields import Several, choice_field, number_field, text_field, tick_field

REVIEWS_FOLDED = ("lease_minutes", "flags", "languages", "phone_region")
VOTES = ("minutes", "role", "per_voter", "enough")
ROLES = (
    ("break_ties", _lazy("Who wins a tie")),
    ("decide", _lazy("Who wins")),
)
FLAGS = (
    ("personal", _lazy("Personal data, such as mail addresses and telephone numbers")),
    ("rude", _lazy("Rude words")),
)


def people_values() -> dict[str, Any]:
    """The defaults of `people_fields`."""
    reviews, votes = ReviewsSection(), VotesSection()
    return {
        "reviews.required": reviews.required,
        "reviews.per_contribution": reviews.per_contribution,
        "reviews.lease_minutes": round(reviews.lease_minutes),
        "reviews.flags": list(reviews.flags),
        "reviews.languages": list(reviews.languages),
        "reviews.phone_region": reviews.phone_region or "",
        "votes.minutes": "",
        "votes.role": votes.role,
        "votes.per_voter": votes.per_voter,
        "votes.enough": "",
    }


def people_fields() -> dict[str, forms.Field]:
    """Fields by the name of their setting."""
    return {**_reviews(), **_votes()}


def _reviews() -> dict[str, forms.Field]:
    return {
        "reviews.required": tick_field(
            _("Contributions need a review before they are trained on"),
            _("Without, a round takes all that no reviewer rejected before it closed."),
        ),
        "reviews.per_contribution": number_field(
            _("Reviewers for each contribution"),
            _("So many must accept it. Nobody reviews their own work. You invite reviewers once it is open."),
        ),
        "reviews.lease_minutes": number_field(
            _("Minutes a review is reserved"), _("Then another reviewer may take it."), whole=False
        ),
        "reviews.flags": Several(
            label=_("Point reviewers to"),
            help_text=_("A flag decides nothing; contributors never see it."),
            widget=forms.CheckboxSelectMultiple(choices=FLAGS),
            required=False,
        ),
        "reviews.languages": Several(
            label=_("Languages of rude words"),
            help_text=_("Those that people write in here."),
            widget=forms.CheckboxSelectMultiple(choices=_languages()),
            required=False,
        ),
        "reviews.phone_region": text_field(
            _("Country of telephone numbers"),
            _(
                "Two capital letters, such as DE. Empty: only numbers that begin with their country’s code are found."
            ),
            maxlength=2,
            autocomplete="off",
        ),
    }


def _votes() -> dict[str, forms.Field]:
    return {
        "votes.minutes": number_field(
            _("Minutes of voting after each round"),
            _("Contributors choose the better of two answers, blindly. Empty: no votes."),
            whole=False,
        ),
        "votes.role": choice_field(
            _("What votes decide"),
            ROLES,
            _("Nobody votes on their own group. Close calls are said to be close."),
        ),
        "votes.per_voter": number_field(
            _("Votes of one person in a round"), _("At most; so that nobody’s taste outweighs the others’.")
        ),
        "votes.enough": number_field(
            _("Votes that are enough"), _("Voting ends early with them. Empty: it lasts its whole time.")
        ),
    }


def _languages() -> list[tuple[str, str]]:
    """The languages that have a list of words, by their names in the reader's language."""
    ours = {"no": _("Norwegian")}  # Django's own catalogues know its two written forms only
    names = [(code, ours.get(code) or str(get_language_info(code)["name_translated"])) for code in WORD_LISTS]
    return sorted(names, key=lambda pair: pair[1].casefold())
