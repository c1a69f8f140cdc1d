from django.apps import AppConfig


class VotesConfig(AppConfig):
    name = "crowdsft.web.votes"
    label = "votes"
