from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "crowdsft.web.accounts"
    label = "accounts"
