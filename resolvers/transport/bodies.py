"""Request bodies: bounded bytes to well-formed operation requests, or a refusal that says what is wrong.

Nothing behind this module sees a value of an unexpected type, whatever JSON a client sends.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import orjson
from starlette.requests import Request

from resolvers.extensions.refusals import PAYLOAD_TOO_LARGE, UNSUPPORTED_MEDIA_TYPE
from resolvers.transport.limits import TransportLimits
from resolvers.transport.refusals import RequestRefused

_UTF8: Final = re.compile(r"""charset\s*=\s*"?utf-?8"?""", re.IGNORECASE)
_DOCUMENT_ID_NAMES: Final = ("documentId", "id", "doc_id")


@dataclass(frozen=True, slots=True)
class OperationRequest:
    """One operation as the client asked for it; `text` is None when it names a persisted document instead."""

    text: str | None
    document_id: str | None
    operation_name: str | None
    variables: dict[str, Any] | None
    extensions: dict[str, Any] | None


async def read_operations(request: Request, limits: TransportLimits) -> OperationRequest | list[OperationRequest]:
    """The operation of a GET or POST request, or the several of a batch. Raises `RequestRefused`."""
    if request.method == "GET":
        return operation_request(_from_query_string(request.query_params))
    _check_media_type(request)
    body = parse_json(await _read_body(request, limits.body_bytes_max))
    if not isinstance(body, list):
        return operation_request(body)
    if not 0 < len(body) <= limits.batch_max:
        raise RequestRefused(
            f"A batch must have 1 to {limits.batch_max} operations."
            if limits.batch_max
            else "Batches are not supported."
        )
    return [operation_request(member) for member in body]


def operation_request(body: object, *, id_names: tuple[str, ...] = _DOCUMENT_ID_NAMES) -> OperationRequest:
    """Check the shape of a parsed request. Raises `RequestRefused`."""
    if not isinstance(body, Mapping):
        raise RequestRefused("The request must be a JSON object.")
    document_id = next((body[name] for name in id_names if body.get(name) is not None), None)
    return OperationRequest(
        text=_text(body.get("query"), "query"),
        document_id=_text(document_id, "documentId"),
        # Some clients send an empty name for "none".
        operation_name=_text(body.get("operationName"), "operationName") or None,
        variables=_object(body.get("variables"), "variables"),
        extensions=_object(body.get("extensions"), "extensions"),
    )


def parse_json(data: bytes | str) -> object:
    """Decode JSON within orjson's bounds: UTF-8, 1024 levels, finite numbers, no lone surrogates."""
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError as fault:
        raise RequestRefused("The request is not valid JSON.") from fault


def _text(value: object, name: str) -> str | None:
    if value is None or isinstance(value, str):
        return value
    raise RequestRefused(f"`{name}` must be a string.")


def _object(value: object, name: str) -> dict[str, Any] | None:
    if value is None or isinstance(value, dict):
        return value
    raise RequestRefused(f"`{name}` must be an object.")


def _from_query_string(params: Mapping[str, str]) -> dict[str, object]:
    asked: dict[str, object] = dict(params)
    for name in ("variables", "extensions"):
        value = params.get(name)
        asked[name] = parse_json(value) if value else None
    return asked


def _check_media_type(request: Request) -> None:
    media_type, _, parameters = request.headers.get("content-type", "").partition(";")
    unsupported = media_type.strip().lower() != "application/json"
    if unsupported or ("charset" in parameters.lower() and not _UTF8.search(parameters)):
        raise RequestRefused(
            "Send the operation as application/json in UTF-8.", status=415, code=UNSUPPORTED_MEDIA_TYPE
        )
    if request.headers.get("content-encoding", "identity").strip().lower() != "identity":
        raise RequestRefused("Compressed requests are not supported.", status=415, code=UNSUPPORTED_MEDIA_TYPE)


async def _read_body(request: Request, bytes_max: int) -> bytes:
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and (len(declared) > 18 or int(declared) > bytes_max):
        raise _too_large(bytes_max)
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > bytes_max:
            raise _too_large(bytes_max)
    return bytes(body)


def _too_large(bytes_max: int) -> RequestRefused:
    # The rest of the body is not read, so the connection cannot be used again.
    return RequestRefused(
        f"The request is larger than {bytes_max} bytes.",
        status=413,
        code=PAYLOAD_TOO_LARGE,
        headers={"Connection": "close"},
    )
