"""Addresses of the pages."""

from __future__ import annotations

from django.urls import URLPattern, path

from crowdsft.web.pages import accounts, campaign, create_campaign, home, points, work

urlpatterns: list[URLPattern] = [
    path("", home.home, name="home"),
    path("campaigns/new/", create_campaign.create_campaign, name="create_campaign"),
    path("campaigns/<slug:slug>/", campaign.campaign, name="campaign"),
    path("campaigns/<slug:slug>/live/", campaign.live, name="campaign_live"),
    path("campaigns/<slug:slug>/join/", campaign.join, name="join"),
    path("campaigns/<slug:slug>/close/", campaign.close_round, name="close_round"),
    path("campaigns/<slug:slug>/retry/", campaign.retry, name="retry"),
    path("campaigns/<slug:slug>/work/", work.work, name="work"),
    path("campaigns/<slug:slug>/work/<int:task_id>/draft/", work.draft, name="draft"),
    path("campaigns/<slug:slug>/work/<int:task_id>/start-over/", work.start_over, name="start_over"),
    path("campaigns/<slug:slug>/work/<int:task_id>/skip/", work.skip_task, name="skip_task"),
    path("campaigns/<slug:slug>/points/", points.points, name="points"),
    path("points/", points.all_points, name="all_points"),
    path("account/", accounts.account, name="account"),
    path("theme/", accounts.theme, name="theme"),
]
