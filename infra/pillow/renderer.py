"""Pictures are made in a process of their own each: what a stranger's file does to a decoder ends there.

Invariant: at most `processes` of them run at once, each within its time, and none outlives the call that began it.
"""

import asyncio
import struct
import sys
from contextlib import suppress
from typing import Final

from domain.media.errors import ImageRefused, RenderingFailed
from domain.media.ports import Rendered, Rendition
from domain.media.refusals import RefusalReason
from infra.pillow.__main__ import DONE, REFUSED

SECONDS_MAX: Final = 60.0
COMMAND: Final = (sys.executable, "-m", "infra.pillow")


class ProcessImageRenderer:
    """`domain.media.ports.ImageRenderer`."""

    def __init__(self, *, processes: int = 2, command: tuple[str, ...] = COMMAND) -> None:
        self._turns = asyncio.Semaphore(processes)
        self._command = command

    async def render(self, source: bytes) -> Rendered:
        async with self._turns:
            return _parsed(await self._answer(source))

    async def _answer(self, source: bytes) -> bytes:
        process = await asyncio.create_subprocess_exec(
            *self._command,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
        )
        try:
            async with asyncio.timeout(SECONDS_MAX):
                answer, _ = await process.communicate(source)
        except TimeoutError as fault:
            raise RenderingFailed() from fault
        finally:
            if process.returncode is None:
                with suppress(ProcessLookupError):
                    process.kill()
                await process.wait()
        return answer


def _parsed(answer: bytes) -> Rendered:
    """Raises ImageRefused, RenderingFailed for an answer that is not whole: the process was killed."""
    kind, rest = answer[:1], answer[1:]
    if kind == REFUSED:
        raise ImageRefused(RefusalReason(rest.decode()))
    if kind != DONE:
        raise RenderingFailed()
    try:
        width, height, count = struct.unpack_from("!III", rest)
        return Rendered(width, height, tuple(_renditions(rest, count)))
    except struct.error as fault:
        raise RenderingFailed() from fault


def _renditions(answer: bytes, count: int) -> list[Rendition]:
    found, offset = [], struct.calcsize("!III")
    for _ in range(count):
        width, size = struct.unpack_from("!II", answer, offset)
        offset += struct.calcsize("!II")
        content = answer[offset : offset + size]
        if len(content) != size:
            raise RenderingFailed()
        found.append(Rendition(width, content))
        offset += size
    return found
