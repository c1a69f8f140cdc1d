from django.apps import AppConfig


class PayoutsConfig(AppConfig):
    name = "crowdsft.web.payouts"
    label = "payouts"
