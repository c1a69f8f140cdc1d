from django.apps import AppConfig


class AdaptersConfig(AppConfig):
    name = "crowdsft.web.adapters"
    label = "adapters"
