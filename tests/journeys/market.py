"""People, shops and goods of a journey, made over the API as clients would make them.

Only the first administrator is made in the database: nobody else could.
"""

from dataclasses import dataclass, field
from typing import Any, Final
from uuid import uuid4

import asyncpg
import httpx

from tests.journeys.client import Client, only
from tests.journeys.provider import Provider
from tests.journeys.running import Product

LAST: Final = -1
"""The process that tests let live."""
PASSWORD: Final = "a long enough password"
TOKENS: Final = "accessToken refreshToken user { id email }"
HOME: Final = {"name": "Ann Buyer", "line1": "Hafenstr. 1", "city": "Hamburg", "postalCode": "20457", "country": "DE"}
BACK: Final = "https://shop.example/back"


@dataclass
class Person(Client):
    """Somebody with an account."""

    email: str = ""
    user_id: str = ""
    address_id: str = ""


@dataclass(frozen=True)
class Shop:
    owner: Person
    seller_id: str
    slug: str


@dataclass(frozen=True)
class Goods:
    """A listing on sale with one variant, and what one of it costs."""

    shop: Shop
    listing_id: str
    variant_id: str
    title: str
    price_minor: int


@dataclass
class Market:
    """Everything a test needs of a running product."""

    product: Product
    provider: Provider
    database: asyncpg.Pool
    http: httpx.AsyncClient
    _admin: Person | None = field(default=None)

    def guest(self, api: int = LAST) -> Client:
        return Client(self.http, self.product.apis[api].url)

    async def person(self, api: int = LAST, **more: Any) -> Person:
        """Registered just now."""
        email = f"{uuid4().hex}@example.com"
        guest = self.guest(api)
        given = {"email": email, "password": PASSWORD, "displayName": "Ann", **more}
        made = await guest.did("register", TOKENS, **given)
        return Person(self.http, guest.url, made["accessToken"], email=email, user_id=made["user"]["id"])

    async def buyer(self, api: int = LAST) -> Person:
        """A person with an address, where their cart is sent."""
        person = await self.person(api)
        added = await person.did("addAddress", "address { id }", **HOME)
        person.address_id = added["address"]["id"]
        return person

    async def admin(self) -> Person:
        """One for the whole product."""
        if self._admin is None:
            person = await self.person()
            await self.database.execute('UPDATE "user" SET roles = $1 WHERE email = $2', ["admin"], person.email)
            signed_in = await self.guest().did("signIn", TOKENS, email=person.email, password=PASSWORD)
            person.token = signed_in["accessToken"]
            self._admin = person
        return self._admin

    async def shop(self, *, delivery_minor: int = 500) -> Shop:
        """A shop that sells: approved, onboarded at the provider, sending everywhere."""
        owner, name = await self.person(), f"Shop {uuid4().hex[:8]}"
        applied = await owner.did(
            "applyToSell", "account { id } shop { id slug }", name=name, country="DE", currency="EUR"
        )
        seller_id = applied["shop"]["id"]
        switched = await owner.did("switchSeller", "accessToken", sellerId=seller_id)
        owner.token = switched["accessToken"]
        await (await self.admin()).did("approveSeller", "shop { id }", sellerId=seller_id)
        await self.onboard(owner)
        rate = {"name": "Parcel", "country": "DE", "baseMinor": delivery_minor}
        await owner.did("addShippingRate", "shippingRate { id }", **rate)
        return Shop(owner, seller_id, applied["shop"]["slug"])

    async def onboard(self, owner: Person) -> None:
        """Through the provider's page, to the end."""
        link = await owner.did("startOnboarding", "url", returnUrl=BACK, refreshUrl=BACK)
        await self.provider.complete_onboarding(link["url"])
        refreshed = only(await owner.ask(REFRESH))
        assert refreshed["paymentAccount"]["chargesEnabled"], refreshed

    async def category(self) -> str:
        slug = f"lamps-{uuid4().hex[:8]}"
        made = await (await self.admin()).did("createCategory", "category { id path }", slug=slug, name="Lamps")
        return str(made["category"]["id"])

    async def goods(
        self, shop: Shop | None = None, *, price_minor: int = 2_000, stock: int = 10, title: str | None = None
    ) -> Goods:
        """On sale: drafted, submitted, approved and in stock."""
        shop, title = shop or await self.shop(), title or f"Lamp {uuid4().hex[:8]}"
        listing = await self.draft(shop, title, price_minor)
        await self.publish(shop, listing["id"])
        variant_id = listing["variants"][0]["id"]
        if stock:
            await self.restock(shop, variant_id, stock)
        return Goods(shop, listing["id"], variant_id, title, price_minor)

    async def draft(self, shop: Shop, title: str, price_minor: int) -> Any:
        variants = [{"sku": uuid4().hex[:12], "priceMinor": price_minor}]
        category_id = await self.category()
        given = {"categoryId": category_id, "title": title, "description": "Gives light.", "variants": variants}
        made = await shop.owner.did("createListing", f"listing {{ {LISTING} }}", **given)
        return made["listing"]

    async def publish(self, shop: Shop, listing_id: str) -> None:
        submitted = await shop.owner.did("submitListing", f"listing {{ {LISTING} }}", listingId=listing_id)
        listing = submitted["listing"]
        if listing["status"] == "PENDING_REVIEW":
            admin = await self.admin()
            await admin.did("approveListing", "listing { status }", listingId=listing_id, version=listing["version"])

    async def restock(self, shop: Shop, variant_id: str, quantity: int) -> None:
        given = {"variantId": variant_id, "quantity": quantity, "idempotencyKey": uuid4().hex}
        await shop.owner.did("restockVariant", "stock { onHand }", **given)

    async def stock(self, goods: Goods) -> tuple[int, int]:
        """(on hand, reserved), as its seller sees it."""
        stock = (await goods.shop.owner.ask(STOCK, id=goods.variant_id))["seller"]["stock"]
        return stock["onHand"], stock["reserved"]


LISTING: Final = "id status version variants { id }"
REFRESH: Final = """mutation { refreshPaymentAccount { __typename
    ... on RefreshPaymentAccountSuccess { paymentAccount { chargesEnabled payoutsEnabled } } } }"""
STOCK: Final = "query($id: ID!) { seller { stock(variantId: $id) { onHand reserved available } } }"
