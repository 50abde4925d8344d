"""The guarantee: whatever happens in whatever order, reserved stays within on hand and every number has its reason."""

from dataclasses import dataclass, field
from uuid import UUID, uuid4

from hypothesis import given, settings
from hypothesis import strategies as st

from app.container import Container
from domain.inventory.errors import ReservationsGone, StockBelowReserved
from domain.inventory.model import ReservationStatus
from domain.inventory.reservations import (
    Shortage,
    commit,
    holds_everything,
    make_permanent,
    put_back,
    release,
    reserve,
)
from domain.inventory.stock import AdjustStock, RestockVariant, SetStock, adjust_stock, restock_variant, set_stock
from domain.shared.actor import Actor
from domain.shared.database import Tx
from tests.domain.inventory.stock_state import Stock, stock_of
from tests.makers import a_buyer, a_seller, on_sale, some_checkouts

VARIANTS = 2
CHECKOUTS = 3

variant = st.integers(0, VARIANTS - 1)
checkout = st.integers(0, CHECKOUTS - 1)
quantity = st.integers(1, 4)
lines = st.lists(st.tuples(variant, quantity), min_size=1, max_size=3)
operation = st.one_of(
    st.tuples(st.just("reserve"), checkout, lines),
    st.tuples(st.just("commit"), checkout, lines),
    st.tuples(st.just("release"), checkout, lines),
    st.tuples(st.just("permanent"), checkout, lines),
    st.tuples(st.just("put_back"), checkout, lines),
    st.tuples(st.just("restock"), variant, quantity),
    st.tuples(st.just("adjust"), variant, st.integers(-4, 4).filter(bool)),
    st.tuples(st.just("set"), variant, st.integers(0, 8)),
)


@dataclass
class Model:
    """What the numbers have to be, counted by hand."""

    on_hand: list[int] = field(default_factory=lambda: [5] * VARIANTS)
    bought: dict[int, dict[int, int]] = field(default_factory=dict)
    """Checkout -> what its lines are, from the first time that it held them."""
    holding: set[int] = field(default_factory=set)
    sold: set[int] = field(default_factory=set)

    def reserved(self, variant: int) -> int:
        return sum(self.bought[each].get(variant, 0) for each in self.holding)

    def fits(self, wanted: dict[int, int]) -> bool:
        return all(self.on_hand[each] - self.reserved(each) >= count for each, count in wanted.items())


def summed(pairs: list[tuple[int, int]]) -> dict[int, int]:
    total: dict[int, int] = {}
    for variant, count in pairs:
        total[variant] = total.get(variant, 0) + count
    return total


@dataclass
class World:
    container: Container
    seller: Actor
    variants: list[UUID]
    checkouts: list[UUID]
    model: Model = field(default_factory=Model)

    async def purchase(self, kind: str, checkout: int, pairs: list[tuple[int, int]]) -> None:
        model, id_ = self.model, self.checkouts[checkout]
        wanted = model.bought.get(checkout) or summed(pairs)
        named = [(self.variants[variant], count) for variant, count in wanted.items()]

        async def step(tx: Tx) -> tuple[Shortage, ...]:
            if kind == "reserve":
                return await reserve(tx, checkout_id=id_, lines=named, expires_at=tx.now, actor="test")
            if kind == "permanent":
                return await make_permanent(tx, checkout_id=id_, lines=named)
            if kind == "commit":
                await commit(tx, checkout_id=id_, actor="test")
            else:
                status = ReservationStatus.RELEASED
                await release(tx, checkout_id=id_, status=status, reason="test", actor="test")
            return ()

        if kind in {"reserve", "permanent"}:
            if checkout in model.sold or (kind == "reserve" and checkout in model.bought):
                return
            fits = checkout in model.holding or model.fits(wanted)
            assert (await self.container.ports.db.run(step) == ()) is fits
            if fits:
                model.bought[checkout] = wanted
                model.holding.add(checkout)
        elif kind == "commit" and checkout not in model.holding | model.sold:
            try:
                await self.container.ports.db.run(step)
            except ReservationsGone:
                return
            raise AssertionError("what nobody held was sold")
        else:
            await self.container.ports.db.run(step)
            if kind == "commit" and checkout in model.holding:
                for variant, count in wanted.items():
                    model.on_hand[variant] -= count
                model.sold.add(checkout)
            model.holding.discard(checkout)

    async def give_back(self, pairs: list[tuple[int, int]]) -> None:
        named = [(self.variants[variant], count) for variant, count in pairs]

        async def step(tx: Tx) -> None:
            await put_back(tx, lines=named, actor="test", cause_id=None, reason="test")

        await self.container.ports.db.run(step)
        for variant, count in pairs:
            self.model.on_hand[variant] += count

    async def own(self, kind: str, variant: int, number: int) -> None:
        after = number if kind == "set" else self.model.on_hand[variant] + number
        common = {"variant_id": self.variants[variant], "reason": "test", "idempotency_key": uuid4().hex}
        ports, actor = self.container.ports, self.seller
        allowed = after >= self.model.reserved(variant)
        try:
            if kind == "restock":
                await restock_variant(RestockVariant(quantity=number, **common), actor=actor, db=ports.db)  # type: ignore[arg-type]  # checked by pydantic
            elif kind == "adjust":
                await adjust_stock(AdjustStock(delta=number, **common), actor=actor, db=ports.db)  # type: ignore[arg-type]  # checked by pydantic
            else:
                await set_stock(SetStock(on_hand=number, **common), actor=actor, db=ports.db)  # type: ignore[arg-type]  # checked by pydantic
        except StockBelowReserved:
            assert not allowed
            return
        assert allowed
        self.model.on_hand[variant] = after

    async def check(self) -> None:
        for index, variant_id in enumerate(self.variants):
            expected = Stock(self.model.on_hand[index], self.model.reserved(index))
            assert await stock_of(self.container, variant_id) == expected
        for index, checkout_id in enumerate(self.checkouts):

            async def step(tx: Tx, checkout_id: UUID = checkout_id) -> bool:
                return await holds_everything(tx, checkout_id=checkout_id)

            assert await self.container.ports.db.run(step) is (index in self.model.holding)


@settings(max_examples=30)
@given(operations=st.lists(operation, max_size=14))
async def test_stock_adds_up_after_any_sequence(
    container: Container, operations: list[tuple[str, int, list[tuple[int, int]]]]
) -> None:
    seller = await a_seller(container)
    variants = [(await on_sale(container, seller.seller(), stock=5)).variant_id for _ in range(VARIANTS)]
    world = World(container, seller, variants, await some_checkouts(container, await a_buyer(container), CHECKOUTS))
    for kind, which, what in operations:
        if kind == "put_back":
            await world.give_back(what)
        elif isinstance(what, int):
            await world.own(kind, which, what)
        else:
            await world.purchase(kind, which, what)
        await world.check()
