from django.apps import AppConfig


class CampaignsConfig(AppConfig):
    name = "crowdsft.web.campaigns"
    label = "campaigns"
