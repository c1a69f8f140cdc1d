"""Django's admin at /admin/, for whoever runs the platform: accounts with `is_staff`, and nobody else.

People can be locked out and helped there. Campaigns, the audit log and deliveries can be looked at; journal,
ledger and texts are not there at all, as they are not to be changed by hand.
"""

from __future__ import annotations

from typing import Any

from allauth.account.decorators import secure_admin_login
from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.http import HttpRequest

from crowdsft.web.accounts.models import ApiToken, User
from crowdsft.web.campaigns.models import AuditLine, Campaign
from crowdsft.web.notices.models import Mail
from crowdsft.web.webhooks.models import Delivery

admin.site.site_header = admin.site.site_title = "crowdsft"
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]


class ToLookAt(admin.ModelAdmin):  # type: ignore[type-arg]
    """Rows that can be seen and not changed."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Never."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Never."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Never."""
        return False


@admin.register(User)
class PersonAdmin(UserAdmin):  # type: ignore[type-arg]
    """Accounts. Deleting one is the person's own doing, on the page "Your data", where texts go as well."""

    list_display = ("username", "pseudonym", "is_active", "is_staff", "date_joined")
    search_fields = ("username", "pseudonym", "email")

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Never: it would leave the texts."""
        return False


@admin.register(ApiToken)
class TokenAdmin(ToLookAt):
    """Tokens, which can be taken back here."""

    list_display = ("name", "user", "scopes", "created", "expires")
    exclude = ("digest",)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Whoever runs the platform may take a token back."""
        return request.user.has_perm("accounts.delete_apitoken")


@admin.register(Campaign)
class CampaignAdmin(ToLookAt):
    """Campaigns."""

    list_display = ("name", "slug", "life", "round_number", "owner", "created", "archived")
    list_filter = ("life",)
    search_fields = ("name", "slug")
    exclude = ("salt",)


@admin.register(AuditLine)
class AuditAdmin(ToLookAt):
    """Who decided what."""

    list_display = ("happened", "campaign", "actor", "what", "detail")
    list_filter = ("what",)


@admin.register(Delivery)
class DeliveryAdmin(ToLookAt):
    """Messages to webhooks."""

    list_display = ("created", "webhook", "event", "state", "attempts", "status", "error")
    list_filter = ("state",)


@admin.register(Mail)
class MailAdmin(ToLookAt):
    """Mails of notices, without what they say."""

    list_display = ("created", "user", "is_digest", "state", "attempts", "error")
    list_filter = ("state",)
