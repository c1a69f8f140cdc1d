from django.apps import AppConfig


class ImportsConfig(AppConfig):
    name = "crowdsft.web.imports"
    label = "imports"
