"""Every purpose has a key of its own, and a leak or a rotation of one does not touch another."""

import pytest

from app.keys import Purpose, derived, key_for
from app.settings import Settings, SettingsRefused, load_settings

SECRET = "a-secret-of-the-place-of-32-bytes-or-more"


def settings(**more: str) -> Settings:
    return load_settings(database_url="postgresql://db/market", redis_url="redis://redis", **more)


def test_keys_are_derived_as_rfc_5869_says() -> None:
    # Its first test case; the second half of its 42 bytes is another block.
    key = derived(b"\x0b" * 22, bytes.fromhex("f0f1f2f3f4f5f6f7f8f9"), bytes.fromhex("000102030405060708090a0b0c"))
    assert key.hex() == "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf"


def test_no_two_purposes_share_a_key_and_none_is_the_secret() -> None:
    keys = [key_for(purpose, settings(jwt_secret=SECRET)) for purpose in Purpose]
    assert len({SECRET.encode(), *keys}) == len(Purpose) + 1


def test_with_secrets_of_their_own_the_rotation_of_one_keeps_the_other() -> None:
    before = settings(jwt_secret=SECRET, storage_secret="f" * 40)
    tokens_rotated = settings(jwt_secret="n" * 40, storage_secret="f" * 40)
    files_rotated = settings(jwt_secret=SECRET, storage_secret="g" * 40)

    def keys(place: Settings) -> tuple[bytes, bytes]:
        return key_for(Purpose.ACCESS_TOKENS, place), key_for(Purpose.STORED_FILES, place)

    assert keys(tokens_rotated)[0] != keys(before)[0]
    assert keys(tokens_rotated)[1] == keys(before)[1]
    assert keys(files_rotated)[0] == keys(before)[0]
    assert keys(files_rotated)[1] != keys(before)[1]


@pytest.mark.parametrize(
    ("secret", "words"), [("short", "STORAGE_SECRET is shorter"), (SECRET, "STORAGE_SECRET is JWT_SECRET")]
)
def test_production_wants_a_long_secret_that_is_no_other(secret: str, words: str) -> None:
    with pytest.raises(SettingsRefused, match=words):
        settings(environment="production", jwt_secret=SECRET, storage_secret=secret)
