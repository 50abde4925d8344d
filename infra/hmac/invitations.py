"""Tokens of invitations, computed from a key and the invitation's id: no table holds anything that opens a shop."""

import hashlib
import hmac
from base64 import urlsafe_b64encode
from uuid import UUID


class HmacInvitationTokens:
    """`domain.sellers.ports.InvitationTokens`."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def token_of(self, invitation_id: UUID) -> str:
        return urlsafe_b64encode(hmac.digest(self._key, invitation_id.bytes, hashlib.sha256)).rstrip(b"=").decode()
