"""Addresses of the platform."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, include, path

from crowdsft.web.api import api

urlpatterns: list[URLPattern | URLResolver] = [
    path("api/", api.urls),
    path("accounts/", include("allauth.urls")),
]
