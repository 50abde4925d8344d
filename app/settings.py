"""The settings of a process, read from the environment once.

A production start with a value that is only safe on a developer's machine is refused, with all faults in one
line.
"""

from typing import Any, Self

from pydantic import ValidationError, model_validator

from app.settings_faults import exposure_faults, password_faults, production_faults
from app.settings_fields import Environment, Fields


class SettingsRefused(Exception):
    """The environment describes no program that may start; the message is one line naming all faults."""


class Settings(Fields):
    """The fields, if they go together."""

    @model_validator(mode="after")
    def refuse_what_is_unsafe(self) -> Self:
        faults = production_faults(self) if self.is_production else exposure_faults(self)
        if self.trusted_documents_only and self.trusted_documents is None:
            faults.append("TRUSTED_DOCUMENTS_ONLY needs TRUSTED_DOCUMENTS")
        if self.clock_offset_seconds and self.environment is not Environment.TEST:
            faults.append("CLOCK_OFFSET_SECONDS is for tests only")
        if self.environment is not Environment.TEST:
            faults += password_faults(self)
        if self.smtp_username is not None and self.smtp_password is None:
            faults.append("SMTP_PASSWORD is not set, and SMTP_USERNAME is")
        if faults:
            raise ValueError("; ".join(faults))
        return self


def load_settings(**overrides: Any) -> Settings:
    """The settings of this process; raises SettingsRefused with one line that names every fault."""
    try:
        return Settings(**overrides)
    except ValidationError as error:
        raise SettingsRefused("; ".join(describe(fault) for fault in error.errors())) from None


def describe(fault: Any) -> str:
    """One fault without the value that caused it, which may be a secret."""
    name = ".".join(str(part) for part in fault["loc"]).upper()
    message = str(fault["msg"]).removeprefix("Value error, ")
    if fault["type"] == "missing":
        message = "is not set"
    return f"{name} {message}" if name else message
