from django.apps import AppConfig


class ContributionsConfig(AppConfig):
    name = "crowdsft.web.contributions"
    label = "contributions"
