"""How a connection to a mail server is protected; light, because the settings name it."""

from enum import StrEnum


class SmtpSecurity(StrEnum):
    STARTTLS = "starttls"
    """Begins in the clear and must go on encrypted: a server that cannot is refused."""
    TLS = "tls"
    NONE = "none"
