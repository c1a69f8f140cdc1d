"""Addresses of the platform."""

from __future__ import annotations

from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path

import crowdsft.web.admin_site  # noqa: F401  (registers what the admin shows)
from crowdsft.web.api import api
from crowdsft.web.health import healthz
from crowdsft.web.metrics import metrics

urlpatterns: list[URLPattern | URLResolver] = [
    path("healthz", healthz),
    path("metrics", metrics),
    path("admin/", admin.site.urls),
    path("api/", api.urls),
    path("accounts/", include("allauth.urls")),
    path("", include("crowdsft.web.pages.urls")),
]

handler400 = "crowdsft.web.pages.errors.bad_request"
handler500 = "crowdsft.web.pages.errors.server_error"
