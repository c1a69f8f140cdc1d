"""Addresses of the pages."""

from __future__ import annotations

from django.urls import URLPattern, path

from crowdsft.web.pages import (
    accounts,
    appeals,
    campaign,
    create_campaign,
    data,
    home,
    joining,
    ledger,
    manage,
    my_contributions,
    notices,
    payouts,
    playground,
    points,
    reporting,
    review_desk,
    reviewing,
    tokens,
    voting,
    webhooks,
    work,
    your_data,
)

urlpatterns: list[URLPattern] = [
    path("", home.home, name="home"),
    path("campaigns/new/", create_campaign.create_campaign, name="create_campaign"),
    path("campaigns/<slug:slug>/", campaign.campaign, name="campaign"),
    path("campaigns/<slug:slug>/live/", campaign.live, name="campaign_live"),
    path("campaigns/<slug:slug>/events/", campaign.events, name="campaign_events"),
    path("campaigns/<slug:slug>/join/", joining.join, name="join"),
    path("campaigns/<slug:slug>/leave/", joining.leave, name="leave"),
    path("campaigns/<slug:slug>/draft/", create_campaign.draft_campaign, name="draft_campaign"),
    path("campaigns/<slug:slug>/manage/", manage.manage, name="manage"),
    path("campaigns/<slug:slug>/manage/invite/", manage.invite, name="invite"),
    *(
        path(f"campaigns/<slug:slug>/manage/{name}/", manage.act, {"action": name}, name=f"manage_{name}")
        for name in (*manage.FOR_ORGANISERS, *manage.FOR_REVIEWERS)
    ),
    path("campaigns/<slug:slug>/manage/data/", data.data, name="data"),
    path("campaigns/<slug:slug>/manage/data/<uuid:import_id>/", data.one_import, name="import"),
    path("campaigns/<slug:slug>/manage/data/<uuid:import_id>/report.csv", data.report, name="import_report"),
    path(
        "campaigns/<slug:slug>/manage/data/contributions.<str:form>", data.download, name="download_dataset"
    ),
    path("campaigns/<slug:slug>/manage/webhooks/", webhooks.webhooks, name="webhooks"),
    path("campaigns/<slug:slug>/manage/payouts/", payouts.payouts, name="payouts"),
    path("campaigns/<slug:slug>/manage/payouts/<int:number>/", payouts.payout, name="payout"),
    *(
        path(
            f"campaigns/<slug:slug>/manage/payouts/<int:number>/payout.{kind}",
            payouts.payout_file,
            {"kind": kind},
            name=f"payout_{kind}",
        )
        for kind in ("csv", "json")
    ),
    path("campaigns/<slug:slug>/manage/copy/", create_campaign.copy_campaign, name="copy_campaign"),
    path("campaigns/<slug:slug>/campaign.toml", manage.settings_file, name="settings_file"),
    path("invitations/<str:key>/", joining.invitation, name="invitation"),
    path("campaigns/<slug:slug>/close/", campaign.close_round, name="close_round"),
    path("campaigns/<slug:slug>/retry/", campaign.retry, name="retry"),
    path("campaigns/<slug:slug>/work/", work.work, name="work"),
    path("campaigns/<slug:slug>/work/ahead/", work.task_ahead, name="task_ahead"),
    path("campaigns/<slug:slug>/work/<int:task_id>/draft/", work.draft, name="draft"),
    path("campaigns/<slug:slug>/work/<int:task_id>/start-over/", work.start_over, name="start_over"),
    path("campaigns/<slug:slug>/work/<int:task_id>/skip/", work.skip_task, name="skip_task"),
    path("campaigns/<slug:slug>/points/", points.points, name="points"),
    path("campaigns/<slug:slug>/ledger/", ledger.ledger, name="ledger"),
    path("campaigns/<slug:slug>/ledger/check/", ledger.ledger_check, name="ledger_check"),
    path("campaigns/<slug:slug>/ledger.jsonl", ledger.ledger_file, name="ledger_file"),
    path("campaigns/<slug:slug>/vote/", voting.vote, name="vote"),
    path("campaigns/<slug:slug>/vote/close/", voting.close_vote, name="close_vote"),
    path("campaigns/<slug:slug>/reviews/", review_desk.desk, name="review_desk"),
    path("campaigns/<slug:slug>/reviews/next/", reviewing.review, name="review"),
    path("campaigns/<slug:slug>/reviews/<slug:action>/", review_desk.act, name="review_act"),
    path("campaigns/<slug:slug>/report/", reporting.report, name="report"),
    path("campaigns/<slug:slug>/mine/", my_contributions.my_contributions, name="my_contributions"),
    path(
        "campaigns/<slug:slug>/mine/<uuid:contribution_id>/change/",
        my_contributions.change_contribution,
        name="change_contribution",
    ),
    path("campaigns/<slug:slug>/appeals/new/", appeals.new_appeal, name="new_appeal"),
    path("campaigns/<slug:slug>/appeals/<int:appeal_id>/", appeals.appeal, name="appeal"),
    path("campaigns/<slug:slug>/playground/", playground.playground, name="playground"),
    path("campaigns/<slug:slug>/playground/<uuid:exchange_id>/", playground.replies, name="replies"),
    path("points/", points.all_points, name="all_points"),
    path("notices/", notices.notices, name="notices"),
    path("notices/<int:notice_id>/", notices.notice, name="notice"),
    path("notices/read/", notices.read_all, name="read_notices"),
    path("notices/unsubscribe/<str:token>/", notices.unsubscribe, name="unsubscribe"),
    path("account/notices/", notices.mail_settings, name="notice_settings"),
    path("account/", accounts.account, name="account"),
    path("account/data/", your_data.your_data, name="your_data"),
    path("account/data/download/", your_data.download, name="download_data"),
    path("account/delete/", your_data.delete, name="delete_account"),
    path("account/tokens/", tokens.tokens, name="tokens"),
    path("account/tokens/<int:token_id>/take-back/", tokens.take_back, name="take_back_token"),
    path("theme/", accounts.theme, name="theme"),
    path("language/", accounts.language, name="language"),
]
