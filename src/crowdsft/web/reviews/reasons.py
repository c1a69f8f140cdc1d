"""The short lists of reasons that people choose from; words of one's own may follow, and must after "other"."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crowdsft.core.errors import InputError

OTHER = "other"
MOST_CHARACTERS = 1_000

REJECTION = {
    "off_topic": gettext_lazy("It does not answer the message"),
    "against_guidelines": gettext_lazy("It goes against the guidelines"),
    "low_effort": gettext_lazy("Too little was written or changed"),
    "copied": gettext_lazy("It is copied from somewhere"),
    "personal": gettext_lazy("It holds personal data"),
    "hurtful": gettext_lazy("It is hurtful"),
    OTHER: gettext_lazy("Something else"),
}
EXCLUSION = REJECTION
PAUSE = {
    "repeated_rejections": gettext_lazy("Many contributions had to be rejected"),
    "spam": gettext_lazy("Contributions are made up in bulk"),
    "hurtful": gettext_lazy("Contributions are hurtful"),
    "shared_account": gettext_lazy("Several people seem to use one account, or one person several"),
    OTHER: gettext_lazy("Something else"),
}
REPORT = {
    "hurtful": gettext_lazy("It is hurtful"),
    "personal": gettext_lazy("It holds personal data"),
    "illegal": gettext_lazy("It may be against the law"),
    "broken": gettext_lazy("It is broken or makes no sense"),
    OTHER: gettext_lazy("Something else"),
}


def checked(reasons: Mapping[str, object], reason: str, words: str) -> str:
    """`words`, trimmed, when they and the `reason` will do.

    Raises:
        InputError: for a reason that is not in the list, "other" without words, and too many words.
    """
    if reason not in reasons:
        raise InputError(
            _("Please choose one of the reasons: %(reasons)s.") % {"reasons": ", ".join(reasons)}
        )
    text = trimmed(words)
    if reason == OTHER and not text:
        raise InputError(_("Please say in a few words what the reason is."))
    return text


def trimmed(words: str, most: int = MOST_CHARACTERS) -> str:
    """`words` without space around them, a line's end one character, as browsers count it where they type.

    Raises:
        InputError: for too many; nothing that somebody wrote is cut off.
    """
    text = words.replace("\r\n", "\n").strip()
    if len(text) > most:
        raise InputError(
            _("That is %(count)s characters; at most %(most)s can be kept. Please shorten it.")
            % {"count": len(text), "most": most}
        )
    return text


def meaning(reasons: Mapping[str, object], reason: str) -> str:
    """The reason in words."""
    return str(reasons.get(reason, reason))


def explained(reason: str, words: str) -> str:
    """A reason and what its giver wrote about it, as sentences; only the latter where there is no reason."""
    if not reason:
        return words
    return f"{reason}. {words}" if words else f"{reason}."
