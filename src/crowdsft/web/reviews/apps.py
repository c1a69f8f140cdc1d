from django.apps import AppConfig


class ReviewsConfig(AppConfig):
    name = "crowdsft.web.reviews"
    label = "reviews"
