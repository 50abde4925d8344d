"""Mutations that erase accounts."""

from typing import Annotated

import strawberry

from domain.erasure import errors
from domain.erasure.erasing import EraseMe, EraseUser, erase_me, erase_user
from domain.erasure.errors import ErasureObstacle
from resolvers.context import Info
from resolvers.shared.enums import expose
from resolvers.shared.errors import Busy, IllegalTransition, InvalidInput, NotFound, UserError, failure
from resolvers.shared.parsing import parse
from resolvers.shared.permission import AccessLevel, mutation
from resolvers.shared.scalars import public_id
from resolvers.users.types import TooManyAttempts, WouldLoseAdministrator, WrongCredentials

expose(
    ErasureObstacle,
    "What keeps an account from being erased.",
    {
        ErasureObstacle.OPEN_PURCHASES: (
            "An order of theirs is not over, its money is held, it is quarrelled about, or a purchase is still being "
            "called off at the payment provider."
        ),
        ErasureObstacle.OPEN_SALES: "The same of an order of a shop that has no other owner.",
        ErasureObstacle.SHOP_BALANCE: "A shop that has no other owner is owed money, or owes some.",
    },
)


@strawberry.input(description="Who wants to be forgotten proves to be themself.")
class EraseMeInput:
    password: str = strawberry.field(description="The viewer's password.")


@strawberry.input(description="Somebody who asked in writing to be forgotten.")
class EraseUserInput:
    user_id: strawberry.ID = strawberry.field(description="Whom to erase.")


@strawberry.interface(description="An account that is gone.")
class Erasure:
    user_id: strawberry.ID = strawberry.field(description="Whose it was. Orders and reviews refer to it, namelessly.")


@strawberry.type(description="The account is erased, and all its sessions are over.")
class EraseMeSuccess(Erasure):
    pass


@strawberry.type(description="The account is erased, and all its sessions are over.")
class EraseUserSuccess(Erasure):
    pass


@failure(errors.MoneyStillHeld, "Money is held or owed. Once orders and balances are settled, the account can go.")
class MoneyStillHeld(UserError):
    obstacles: list[ErasureObstacle] = strawberry.field(description="All that is in the way.")

    @classmethod
    def of(cls, error: errors.MoneyStillHeld) -> "MoneyStillHeld":
        return cls(code=error.code, message=error.message, obstacles=list(error.obstacles))


EraseMeResult = Annotated[
    EraseMeSuccess | MoneyStillHeld | WrongCredentials | TooManyAttempts | WouldLoseAdministrator | Busy | InvalidInput,
    strawberry.union("EraseMeResult", description="What became of the wish to be forgotten."),
]
EraseUserResult = Annotated[
    EraseUserSuccess | MoneyStillHeld | WouldLoseAdministrator | IllegalTransition | NotFound | Busy | InvalidInput,
    strawberry.union("EraseUserResult", description="What became of erasing somebody."),
]


@strawberry.type
class ErasureMutations:
    @mutation(
        AccessLevel.SIGNED_IN,
        "Erase the viewer's account for good: name, e-mail, addresses, sessions, notifications. A shop without another "
        "owner is closed. Reviews stay under no name.",
    )
    async def erase_me(self, info: Info, input: EraseMeInput) -> EraseMeResult:
        command = parse(EraseMe, input)
        erased = await erase_me(command, actor=info.context.actor, ports=info.context.ports.users)
        return EraseMeSuccess(user_id=public_id("user", erased))

    @mutation(AccessLevel.ADMIN, "Erase somebody who asked for it in writing, as `eraseMe` does.")
    async def erase_user(self, info: Info, input: EraseUserInput) -> EraseUserResult:
        erased = await erase_user(parse(EraseUser, input), actor=info.context.actor, db=info.context.ports.db)
        return EraseUserSuccess(user_id=public_id("user", erased))
