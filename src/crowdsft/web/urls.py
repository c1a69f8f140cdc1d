"""Addresses of the platform."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, include, path

from crowdsft.web.api import api
from crowdsft.web.health import healthz

urlpatterns: list[URLPattern | URLResolver] = [
    path("healthz", healthz),
    path("api/", api.urls),
    path("accounts/", include("allauth.urls")),
    path("", include("crowdsft.web.pages.urls")),
]

handler500 = "crowdsft.web.pages.errors.server_error"
