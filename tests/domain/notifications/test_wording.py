"""Words: every kind has some in every language, and nothing that people wrote changes what a mail is."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from domain.notifications.composing import SUBJECT_MAX, MailFacts, compose, message_id
from domain.notifications.model import NotificationKind
from domain.notifications.ports import MailTerms
from domain.notifications.wording import WORDINGS, one_line, wording_for, words_of
from domain.sellers.model import SellerStatus
from domain.shared.ids import new_id
from domain.users.model import UserStatus

NOW = datetime(2026, 1, 5, 12, 30, tzinfo=UTC)
TERMS = MailTerms(site_url="https://shop.example", domain="market.example")


def facts(kind: NotificationKind, **more: object) -> MailFacts:
    """With everything known."""
    known = MailFacts(
        id=new_id(),
        recipient_id=new_id(),
        kind=kind,
        seller_id=None,
        checkout_id=None,
        order_id=new_id(),
        listing_id=None,
        created_at=NOW,
        read_at=None,
        locale="en",
        order_number="7K3M9Q2XTB",
        order_numbers=["7K3M9Q2XTB", "46W8FXM3FC"],
        total_minor=123_456,
        amount_minor=999,
        currency="EUR",
        deadline_at=NOW,
        paid_at=NOW,
        shop_name="Anne's Lamps",
        listing_title="A lamp",
        decision=SellerStatus.ACTIVE,
        reason="A photograph is missing.",
        carrier="DHL",
        tracking_number="JJD1",
        member_name="Bo",
        email="ann@example.com",
        display_name="Ann",
        status=UserStatus.ACTIVE,
        entitled=True,
        wanted=True,
    )
    return replace(known, **more)  # type: ignore[arg-type]  # whatever a test changes


@pytest.mark.parametrize("language", sorted(WORDINGS))
@pytest.mark.parametrize("kind", list(NotificationKind))
def test_every_kind_has_words_whatever_is_known(kind: NotificationKind, language: str) -> None:
    unknown = {"deadline_at": None, "paid_at": None, "reason": "", "carrier": None, "tracking_number": None}
    for view in (facts(kind, locale=language), facts(kind, locale=language, **unknown)):
        words = words_of(view)
        assert words.title
        assert words.body.endswith((".", "JJD1."))
        assert "{" not in words.title + words.body
        assert "None" not in words.title + words.body
    for status in SellerStatus:
        assert words_of(facts(NotificationKind.SHOP_DECIDED, locale=language, decision=status)).title


def test_what_is_not_known_is_not_said() -> None:
    shipped = words_of(facts(NotificationKind.ORDER_SHIPPED, carrier="", tracking_number=""))
    assert shipped.body == "Anne's Lamps has sent order 7K3M9Q2XTB."
    with_parcel = words_of(facts(NotificationKind.ORDER_SHIPPED))
    assert with_parcel.body.endswith("Follow your parcel: DHL JJD1.")
    assert words_of(facts(NotificationKind.NEW_ORDER)).body.endswith("by 2026-01-05 12:30 UTC.")


def test_amounts_have_their_currency() -> None:
    assert words_of(facts(NotificationKind.ORDER_PLACED)).body.startswith("Thank you for your order over 1234.56 EUR.")
    assert words_of(facts(NotificationKind.ORDER_REFUNDED, currency="JPY")).title == "999 JPY refunded"


def test_other_languages_fall_back_to_english() -> None:
    assert wording_for("de-AT") is wording_for("en")
    assert wording_for("EN-gb") is WORDINGS["en"]


def test_what_people_wrote_stays_on_its_line_and_out_of_the_markup() -> None:
    evil = 'Lamps\r\nBcc: eve@example.com\u2028{number} <script>"&'
    mail = compose(facts(NotificationKind.ORDER_SHIPPED, shop_name=evil, display_name=evil), "m@d", TERMS)
    assert "<script>" not in mail.html
    assert "&lt;script&gt;" in mail.html
    assert "Bcc: eve@example.com {number} <script>" in mail.text, "values are never templates"
    assert "\nBcc" not in mail.text
    listing = compose(facts(NotificationKind.LISTING_APPROVED, listing_title="x\n" * 400), "m@d", TERMS)
    assert len(listing.subject) <= SUBJECT_MAX
    assert listing.subject.isprintable()
    assert one_line(" a\t b\x00\x7f ") == "a b"


@pytest.mark.parametrize(
    ("kind", "more", "path"),
    [
        (NotificationKind.ORDER_PAID, {}, "/orders/ord_"),
        (NotificationKind.NEW_ORDER, {"seller_id": new_id()}, "/seller/orders/ord_"),
        (NotificationKind.ORDER_PLACED, {"order_id": None, "checkout_id": new_id()}, "/checkouts/chk_"),
        (
            NotificationKind.LISTING_REJECTED,
            {"order_id": None, "listing_id": new_id(), "seller_id": new_id()},
            "/seller/listings/lst_",
        ),
        (NotificationKind.SHOP_DECIDED, {"order_id": None, "seller_id": new_id()}, "/seller"),
        (NotificationKind.PASSWORD_CHANGED, {"order_id": None}, "/account/security"),
    ],
)
def test_each_mail_has_its_link(kind: NotificationKind, more: dict[str, object], path: str) -> None:
    mail = compose(facts(kind, **more), "m@d", TERMS)
    assert f"https://shop.example{path}" in mail.text
    assert f'href="https://shop.example{path}' in mail.html


def test_the_message_id_follows_from_the_notification() -> None:
    told = facts(NotificationKind.ORDER_PAID)
    assert message_id(told, TERMS) == message_id(replace(told, email="new@example.com", locale="de"), TERMS)
    assert message_id(told, TERMS).endswith("@market.example")
    assert message_id(told, TERMS) != message_id(facts(NotificationKind.ORDER_PAID), TERMS)
