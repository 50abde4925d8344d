"""Everything of the domain, imported: the reference is drawn from what is defined, not from a list of it."""

from functools import cache
from importlib import import_module
from pkgutil import walk_packages
from types import ModuleType
from typing import TypeVar

import domain

T = TypeVar("T")


@cache
def domain_modules() -> tuple[ModuleType, ...]:
    """All modules of the domain in the order of their names."""
    names = sorted(found.name for found in walk_packages(domain.__path__, "domain."))
    return tuple(import_module(name) for name in names)


def descendants(kind: type[T]) -> list[type[T]]:
    """Subclasses at any depth that the domain's modules define, by module and name."""
    found = {
        value
        for module in domain_modules()
        for value in vars(module).values()
        if isinstance(value, type) and issubclass(value, kind) and value.__module__ == module.__name__
    }
    return sorted(found - {kind}, key=lambda each: (each.__module__, each.__qualname__))


def noun_of(kind: type) -> str:
    """`domain.orders.model` -> `orders`."""
    return kind.__module__.split(".")[1]


def first_sentence(text: str | None) -> str:
    """A docstring up to its first full stop, on one line."""
    words = " ".join((text or "").split("\n\n")[0].split())
    head, stop, _ = words.partition(". ")
    return head + stop.strip() if stop else words
