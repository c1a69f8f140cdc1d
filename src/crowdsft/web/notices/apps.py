from django.apps import AppConfig


class NoticesConfig(AppConfig):
    name = "crowdsft.web.notices"
    label = "notices"
