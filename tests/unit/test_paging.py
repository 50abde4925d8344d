"""Cursors: made by one list, refused by every other."""

import base64
import json
from uuid import uuid4

import pytest

from domain.shared.paging import CursorMismatch, Keyset, PageOutOfRange


def forged(*content: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(content).encode()).rstrip(b"=").decode()


def test_a_cursor_comes_back_as_its_key() -> None:
    keyset, id_ = Keyset.of("newest", "shop"), uuid4()
    assert keyset.decode(keyset.encode((12, id_))) == (12, id_.hex)


@pytest.mark.parametrize(
    "cursor",
    [
        "",
        "not base64 at all!",
        forged(1),
        forged(1, "newest", Keyset.of("newest", "shop").filter_hash),
        forged(1, "newest", Keyset.of("newest", "shop").filter_hash, "no id"),
        forged(1, "newest", Keyset.of("newest", "shop").filter_hash, {"a": 1}),
        forged({"sort": "newest"}),
    ],
)
def test_what_the_list_did_not_write_is_refused(cursor: str) -> None:
    with pytest.raises(CursorMismatch):
        Keyset.of("newest", "shop").decode(cursor)


def test_a_cursor_of_another_filter_is_refused() -> None:
    with pytest.raises(CursorMismatch):
        Keyset.of("newest", "shop").decode(Keyset.of("newest", "other shop").encode((uuid4(),)))


@pytest.mark.parametrize(
    "asked", [{"first": 0}, {"first": 101}, {"last": -1}, {"first": 1, "last": 1}, {"first": 1, "before": "x"}]
)
def test_a_page_has_bounds_and_one_direction(asked: dict[str, object]) -> None:
    with pytest.raises(PageOutOfRange):
        Keyset("newest").request(**asked)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "last", ["no number", "7", 7.0, True, None, float("inf"), "018f2d6e-7c11-7000-8000-5a2f1c3d4e5f"]
)
def test_a_list_whose_keys_end_with_a_number_takes_nothing_else(last: object) -> None:
    keyset = Keyset.of("timeline", "order", ends_with_id=False)
    assert keyset.request(after=keyset.encode((7,))).key_number() == 7
    with pytest.raises(CursorMismatch):
        keyset.decode(forged(1, "timeline", keyset.filter_hash, last))


def test_only_the_last_of_a_key_is_sure_to_be_an_id() -> None:
    keyset, id_ = Keyset.of("newest", "shop"), uuid4()
    written_by_hand = forged(1, "newest", keyset.filter_hash, "no id", id_.hex)
    assert keyset.request(after=written_by_hand).key_id() == id_
