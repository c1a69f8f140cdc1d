"""The REST API: everything that the pages can do, with OpenAPI 3 at /api/openapi.json and /api/docs."""

from __future__ import annotations

from ninja import NinjaAPI
from ninja.openapi.docs import Swagger

from crowdsft import __version__
from crowdsft.web.api.access import SignedIn, TokenAuth
from crowdsft.web.api.errors import add_handlers
from crowdsft.web.api.parsing import StorableParser

api = NinjaAPI(
    title="crowdsft",
    version=__version__,
    description="A crowd improves a language model together, and each contributor earns what it was worth.",
    auth=[TokenAuth(), SignedIn()],
    parser=StorableParser(),
    docs=Swagger(settings={"validatorUrl": None}),  # its badge would be fetched from elsewhere
    urls_namespace="api",
)
add_handlers(api)
api.add_router("", "crowdsft.web.api.people.router")
api.add_router("", "crowdsft.web.api.campaigns.router")
api.add_router("", "crowdsft.web.api.ledger.router")
api.add_router("", "crowdsft.web.api.work.router")
api.add_router("", "crowdsft.web.api.votes.router")
api.add_router("", "crowdsft.web.api.reviews.router")
api.add_router("", "crowdsft.web.api.moderation.router")
api.add_router("", "crowdsft.web.api.appeals.router")
api.add_router("", "crowdsft.web.api.judgements.router")
api.add_router("", "crowdsft.web.api.steering.router")
api.add_router("", "crowdsft.web.api.members.router")
api.add_router("", "crowdsft.web.api.own_data.router")
api.add_router("", "crowdsft.web.api.notices.router")
api.add_router("", "crowdsft.web.api.webhooks.router")
api.add_router("", "crowdsft.web.api.data.router")
api.add_router("", "crowdsft.web.api.payouts.router")
api.add_router("", "crowdsft.web.api.models.router")
