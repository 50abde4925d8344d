"""What goes wrong with mails.

    MailFault
    ├── MailRefused       for good: this mail will never be taken
    ├── MailDeferred      this time: the server said "later", or its answer was lost
    └── MailServerDown    nothing to do with this mail: the server cannot be used at all

None is a DomainError: no client acts on them. `reason` is one line, fit to be kept.
"""


class MailFault(Exception):
    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class MailRefused(MailFault):
    """The server's final answer to this mail, or an address that no mail can be written to."""


class MailDeferred(MailFault):
    """Not taken, or taken without our hearing of it: to be tried again with the same Message-ID."""


class MailServerDown(MailFault):
    """Nobody answers, or nothing is taken from us whatever it is (TLS, sign-in, sender)."""
