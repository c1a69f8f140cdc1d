from django.apps import AppConfig


class PlaygroundConfig(AppConfig):
    name = "crowdsft.web.playground"
    label = "playground"
