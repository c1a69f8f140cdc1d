from django.test import Client

from tests.web.pages.campaign_builder import CampaignBuilder


def test_walk(as_bob: Client, as_alice: Client, anonymous: Client, builder: CampaignBuilder) -> None:
    slug = builder.campaign.slug
    for client in (as_bob, as_alice, anonymous):
        assert client.get("/").status_code == 200
        assert client.get(f"/campaigns/{slug}/").status_code == 200
    builder.open()
    for client in (as_bob, as_alice, anonymous):
        assert client.get(f"/campaigns/{slug}/").status_code == 200
    page = as_bob.get(f"/campaigns/{slug}/work/")
    assert page.status_code == 200
    builder.contribute().close().decide(0.62, [0.6, 0.55, 0.5])
    for client in (as_bob, as_alice, anonymous):
        assert client.get("/").status_code == 200
        assert client.get(f"/campaigns/{slug}/").status_code == 200
    page = as_bob.get(f"/campaigns/{slug}/points/")
    assert page.status_code == 200
    print(page.content.decode())
    assert as_bob.get("/accounts/logout/").status_code == 200
    assert as_bob.get("/campaigns/new/").status_code == 200
    assert as_bob.get("/account/").status_code == 200
    assert as_bob.get("/nothing/").status_code == 404
    assert anonymous.get("/accounts/signup/").status_code == 200
    assert anonymous.get("/accounts/login/").status_code == 200
