from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "crowdsft.web.accounts"
    label = "accounts"

    def ready(self) -> None:
        """Listen for changed passwords."""
        from crowdsft.web.accounts import revoking  # noqa: F401
