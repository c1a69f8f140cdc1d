"""One's notices and how they are mailed, and the language of the account."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from django.conf import settings
from django.http import HttpRequest
from ninja import Query, Router, Schema, Status
from pydantic import Field

from crowdsft.core.errors import InputError
from crowdsft.web.accounts.models import User
from crowdsft.web.api.access import answers, contributing, in_person, signed_in
from crowdsft.web.api.errors import NotFoundError
from crowdsft.web.language import is_known
from crowdsft.web.notices import reading
from crowdsft.web.notices.kinds import MAILED_NAMES
from crowdsft.web.notices.models import Notice
from crowdsft.web.saying import said

router = Router(tags=["people"])
MOST_AT_ONCE = 100
LARGEST_ID = 2**63 - 1


class NoticeOut(Schema):
    """Something that you should know; `text` is in the account's language, `link` a path of this platform."""

    id: int
    kind: str
    campaign: str | None
    text: str
    link: str
    happened: datetime
    is_read: bool


class Unread(Schema):
    """How many notices you have not read; a hundred stands for a hundred or more."""

    unread: int


class Read(Schema):
    """How many notices were marked as read now."""

    marked: int


class MailChoices(Schema):
    """How each kind of notice is mailed to you: "at_once", "hourly" or "never".

    `mails`: whether this platform sends any. Kinds that a change does not name stay as they are.
    """

    mails: bool
    ways: list[str]
    kinds: dict[str, str]


class ChosenMail(Schema):
    """Kinds of notices, and how each is to be mailed."""

    kinds: dict[str, str] = Field(min_length=1, max_length=100)


class Language(Schema):
    """What pages, notices and mails are written in; empty: pages as the browser asks, mails in the platform's own."""

    language: str = Field(max_length=12)


class LanguageOut(Language):
    """The account's language, and those there are by their own names."""

    languages: dict[str, str]


@router.get("/me/notices", response=answers(list[NoticeOut], 401, 403, 422))
def my_notices(
    request: HttpRequest,
    unread: bool = False,
    before: Annotated[int, Query(ge=0, le=LARGEST_ID)] = LARGEST_ID,
    limit: Annotated[int, Query(ge=1, le=MOST_AT_ONCE)] = 30,
) -> list[NoticeOut]:
    """Your notices, newest first; `before` an id goes on behind it. Looking at them marks none as read."""
    user = signed_in(request)
    rows = reading.notices_of(user, unread=unread).filter(pk__lt=before)[:limit]
    return [_out(row, user) for row in rows]


@router.get("/me/notices/unread", response=answers(Unread, 401, 403))
def unread_notices(request: HttpRequest) -> Unread:
    """How many notices you have not read."""
    return Unread(unread=reading.unread_count(signed_in(request)))


@router.post("/me/notices/read", response=answers(Read, 401, 403))
def read_all_notices(request: HttpRequest) -> Read:
    """Mark all of your notices as read."""
    return Read(marked=reading.mark_all_read(contributing(request)))


@router.post("/me/notices/{int:notice_id}/read", response=answers(None, 401, 403, 404, status=204))
def read_notice(request: HttpRequest, notice_id: int) -> Status[None]:
    """Mark one notice as read; doing it again changes nothing."""
    user = contributing(request)
    try:
        if notice_id > LARGEST_ID:
            raise InputError("There is no such notice of yours.")
        reading.mark_read(user, notice_id)
    except InputError as error:
        raise NotFoundError(f"{said(error)} GET /api/me/notices lists them.") from None
    return Status(204, None)


@router.get("/me/notices/mail", response=answers(MailChoices, 401, 403))
def mail_choices(request: HttpRequest) -> MailChoices:
    """How each kind of notice is mailed to you."""
    return _choices(signed_in(request))


@router.put("/me/notices/mail", response=answers(MailChoices, 401, 403, 422))
def choose_mail(request: HttpRequest, body: ChosenMail) -> MailChoices:
    """Choose how kinds of notices are mailed; those that you do not name stay as they are."""
    user = in_person(request)
    reading.choose_mail(user, body.kinds)
    return _choices(user)


@router.get("/me/language", response=answers(LanguageOut, 401, 403))
def my_language(request: HttpRequest) -> LanguageOut:
    """The account's language, and those there are."""
    return _language(signed_in(request))


@router.put("/me/language", response=answers(LanguageOut, 401, 403, 422))
def choose_language(request: HttpRequest, body: Language) -> LanguageOut:
    """Choose the account's language; a browser that has chosen one of its own keeps that."""
    user = in_person(request)
    if body.language and not is_known(body.language):
        raise InputError(
            f"There is no language {body.language!r} here. Give one of {', '.join(dict(settings.LANGUAGES))}, "
            "or an empty text for none. Nothing was changed."
        )
    user.language = body.language
    user.save(update_fields=["language"])
    return _language(user)


def _out(notice: Notice, reader: User) -> NoticeOut:
    return NoticeOut(
        id=notice.pk,
        kind=notice.kind,
        campaign=notice.campaign.slug if notice.campaign else None,
        text=notice.sentence_in(reader.language),
        link=notice.link,
        happened=notice.happened,
        is_read=notice.read is not None,
    )


def _choices(user: User) -> MailChoices:
    return MailChoices(
        mails=settings.MAILS_NOTICES, ways=list(MAILED_NAMES), kinds=reading.mail_choices(user)
    )


def _language(user: User) -> LanguageOut:
    return LanguageOut(
        language=user.language, languages={code: str(name) for code, name in settings.LANGUAGES}
    )
