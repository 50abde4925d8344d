"""The catalogue of everything that the marketplace refuses: code, meaning, where it comes, what a client does."""

from collections import defaultdict
from typing import Final

from graphql import GraphQLUnionType, build_schema, get_named_type

from app.printing import print_schema
from app.reference.loading import descendants
from domain.shared.errors import DomainError
from resolvers.shared.error_codes import meaning
from resolvers.shared.errors import member_of

INTRODUCTION: Final = """# Error catalogue

A failure that a client acts on is a member of the mutation's result union: `... on UserError { code message path }`
takes them all, and each type has its own data besides (`... on CartChanged { cart { version } }`). What a union does
not list comes as a top-level error whose `extensions.code` is the same word. Codes are stable; new ones may come, so
keep a default branch: show `message`.

Codes of the transport (limits, documents, tokens) stand in [Talking to the API](../graphql-clients.md).
"""
DEFAULT_ADVICE: Final = "Show `message`; nothing was changed."
ADVICE: Final = {
    "BUSY": "Send the same request again, same idempotency key, after a short random pause.",
    "OUTCOME_UNKNOWN": "Send the same request again with the same idempotency key: it is done once.",
    "IDEMPOTENCY_CONFLICT": "A fault of the client: make a new key for each new intention.",
    "INVALID_INPUT": "Mark each of `issues` at the field that its `path` names.",
    "ILLEGAL_TRANSITION": "Read the thing again; offer what its `allowedActions` lists now.",
    "UNAUTHENTICATED": "Refresh the session, or ask the person to sign in; then repeat.",
    "SESSION_OVER": "Ask the person to sign in.",
    "TOKEN_JUST_USED": "Another tab refreshed: take the tokens that it stored.",
    "TOO_MANY_ATTEMPTS": "Wait, and say so; repeating makes it longer.",
    "NOT_FOUND": "Take it off the screen: it is gone, or was never this viewer's.",
    "MALFORMED_ID": "A fault of the client: ids are passed on as they came.",
    "CURSOR_MISMATCH": "Begin at the first page: the sort or the filter is another one.",
    "PAGE_OUT_OF_RANGE": "Ask for fewer, or go on by cursor.",
    "SEARCH_UNAVAILABLE": "Try again in a moment; browsing by category still works.",
    "CART_CHANGED": "Show the `cart` it brings, with its warnings, and ask again.",
    "CART_EMPTY": "Read the cart again: another tab or device emptied it.",
    "NOT_FOR_SALE": "Read the listing again and take the button away.",
    "ITEMS_UNAVAILABLE": "Show what is left of each item, let the buyer change the cart.",
    "ADDRESS_REQUIRED": "Ask for an address, even if nothing is sent, then check out with the same key.",
    "QUOTE_NOT_FIRM": "Try again in a moment: a price is only estimated now.",
    "PAYMENT_UNAVAILABLE": "Repeat with the same idempotency key: the stock is kept meanwhile.",
    "PROVIDER_UNAVAILABLE": "Repeat in a moment with the same idempotency key.",
    "PAYMENT_REFUSED": "Ask for another payment method.",
    "LISTING_CHANGED": "Read the listing again, show both versions, send the edit with the new `version`.",
    "SHOP_EDITED": "Read the shop again, show both versions, send the edit anew.",
    "SLUG_TAKEN": "Ask for another short name.",
    "EMAIL_TAKEN": "Offer to sign in instead.",
    "STORAGE_UNAVAILABLE": "Keep the file and try again in a moment; everything else goes on.",
    "UPLOAD_NOT_ARRIVED": "Send the file to the upload's address again, then repeat.",
    "IMAGE_NOT_USABLE": "Begin with a new upload of the same file.",
    "WRONG_CREDENTIALS": "Let the person try again; never say which of the two was wrong.",
    "PAYMENT_ACCOUNT_INCOMPLETE": "Send the owner to the onboarding link.",
    "SELLER_NOT_ACTIVE": "Show the shop's status and what is missing.",
    "STOCK_BELOW_RESERVED": "Show how much is reserved; stock cannot go below it.",
    "ORDER_ON_HOLD": "Show the open quarrel; the order goes on when it is closed.",
}
"""What to do, where it is more than DEFAULT_ADVICE."""


def errors_document() -> str:
    mutations = mutations_by_type()
    shown, plain = [], []
    for error in errors():
        member = member_of(error)
        advice = ADVICE.get(error.code, DEFAULT_ADVICE)
        if member is None:
            plain.append(f"| `{error.code}` | {meaning(error)} | {advice} |")
        else:
            where = places(mutations.get(member.__name__, []))
            shown.append(f"| `{error.code}` | `{member.__name__}` | {meaning(error)} | {advice} | {where} |")
    union = ["## In a mutation's result", "", "| code | type | meaning | what a client does | mutations |"]
    top = ["", "## As a top-level error only", "", "| code | meaning | what a client does |", "| --- | --- | --- |"]
    return "\n".join([INTRODUCTION, *union, "| --- | --- | --- | --- | --- |", *shown, *top, *plain, ""])


def errors() -> list[type[DomainError]]:
    """Every error of the domain with a code of its own, by code."""
    return sorted({each for each in descendants(DomainError) if "code" in vars(each)}, key=lambda each: each.code)


def mutations_by_type() -> dict[str, list[str]]:
    """Failure type -> the mutations whose union lists it."""
    found: dict[str, list[str]] = defaultdict(list)
    mutation = build_schema(print_schema()).mutation_type
    assert mutation is not None
    for name, field in sorted(mutation.fields.items()):
        result = get_named_type(field.type)
        if isinstance(result, GraphQLUnionType):
            for member in result.types:
                found[member.name].append(name)
    return found


def places(names: list[str], shown_max: int = 6) -> str:
    if len(names) > shown_max:
        return f"{len(names)} mutations"
    return ", ".join(f"`{name}`" for name in names)
