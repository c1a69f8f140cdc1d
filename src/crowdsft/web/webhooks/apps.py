from django.apps import AppConfig


class WebhooksConfig(AppConfig):
    name = "crowdsft.web.webhooks"
    label = "webhooks"
