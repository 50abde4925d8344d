"""The human number of an order: what is read out on the phone.

Invariant: one wrong character, or two neighbours swapped, never gives another valid number (the check digit is a
Luhn sum over the alphabet; of neighbours only the first and last character of it may be swapped unseen).
"""

import secrets
from typing import Final

ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's base 32: no I, L, O, U."""
LENGTH: Final = 10
_LOOKALIKES: Final = str.maketrans({"I": "1", "L": "1", "O": "0", "-": None, " ": None})


def new_number() -> str:
    """Nine random characters (45 bits) and the check digit. Unique only once it stands in `order_number`."""
    body = "".join(secrets.choice(ALPHABET) for _ in range(LENGTH - 1))
    return body + _check_digit(body)


def number_of(value: int) -> str:
    """The number whose first nine characters write `value` (below 2^45): for orders whose number must not vary."""
    body = "".join(ALPHABET[value >> 5 * place & 31] for place in reversed(range(LENGTH - 1)))
    return body + _check_digit(body)


def normalized(text: str) -> str | None:
    """The number as stored, from what a person typed (case, dashes, O for 0); None when it cannot be one."""
    plain = spelt(text)
    if len(plain) != LENGTH or any(character not in ALPHABET for character in plain):
        return None
    return plain if _check_digit(plain[:-1]) == plain[-1] else None


def spelt(text: str) -> str:
    """Upper case without dashes and spaces, and with 0 and 1 for the letters that look like them."""
    return text.upper().translate(_LOOKALIKES)


def _check_digit(body: str) -> str:
    base, total = len(ALPHABET), 0
    for index, character in enumerate(reversed(body)):
        doubled = ALPHABET.index(character) * (2 if index % 2 == 0 else 1)
        total += doubled // base + doubled % base
    return ALPHABET[-total % base]
