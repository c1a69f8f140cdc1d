"""What of reviews, reports, moderation and appeals goes when somebody's account is deleted.

| What                                              | Account deleted                                    |
| ------------------------------------------------- | -------------------------------------------------- |
| reservations, what was put aside                  | removed                                            |
| decisions about others (reviews, moderation, answers) | stay, with the reason chosen; words are blanked |
| reports written                                   | stay, with the reason chosen; words are blanked    |
| what was noticed about one's texts, reports about them | removed                                       |
| moderation and appeals that concern oneself       | removed                                            |

Decisions about others stay because those others may still appeal, or have been answered.
"""

from __future__ import annotations

from django.db.models import Q

from crowdsft.web.campaigns.models import Membership
from crowdsft.web.reviews.models import Appeal, Checkup, Moderation, NearText, Report, Review, TextHash


def forget_person(member: Membership) -> None:
    """Remove or blank it; inside a transaction, after contributions that nothing was trained on are gone."""
    own = Q(contribution__membership=member)
    mine = Review.objects.filter(membership=member)
    mine.filter(Q(verdict="") | Q(verdict=Review.SKIPPED)).delete()
    mine.update(words="")
    Appeal.objects.filter(membership=member).delete()
    Moderation.objects.filter(membership=member).delete()
    Review.objects.filter(own).update(words="")
    Moderation.objects.filter(actor=member).update(words="")
    Moderation.objects.filter(lifted_by=member).update(lifted_why="")
    Appeal.objects.filter(answered_by=member).update(answer="")
    Report.objects.filter(own).delete()
    Report.objects.filter(membership=member).update(words="")
    Report.objects.filter(settled_by=member).update(outcome="")
    Checkup.objects.filter(own).delete()
    TextHash.objects.filter(own).delete()
    NearText.objects.filter(Q(first__membership=member) | Q(second__membership=member)).delete()
