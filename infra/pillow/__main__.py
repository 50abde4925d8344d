"""One file on the standard input, its renditions on the standard output; then the process ends.

Invariant: memory, computing time and open files of this process have ceilings set by the kernel before the first byte
is decoded, so a file that makes a decoder run wild costs this process and nothing else.
"""

import resource
import struct
import sys
from typing import Final

from domain.media.errors import ImageRefused
from domain.media.refusals import IMAGE_BYTES_MAX, RefusalReason
from infra.pillow.rendering import render

MEMORY_BYTES_MAX: Final = 1024 * 1024 * 1024
CPU_SECONDS_MAX: Final = 20
FILES_MAX: Final = 16
DONE: Final = b"\x01"
REFUSED: Final = b"\x02"


def main() -> None:
    limit()
    source = sys.stdin.buffer.read(IMAGE_BYTES_MAX + 1)
    sys.stdout.buffer.write(answer(source))


def limit() -> None:
    for kind, most in (
        (resource.RLIMIT_AS, MEMORY_BYTES_MAX),
        (resource.RLIMIT_CPU, CPU_SECONDS_MAX),
        (resource.RLIMIT_NOFILE, FILES_MAX),
        (resource.RLIMIT_CORE, 0),
        # It has nothing to write but its answer.
        (resource.RLIMIT_FSIZE, 0),
    ):
        resource.setrlimit(kind, (most, most))


def answer(source: bytes) -> bytes:
    """DONE, the original's size and each rendition with its width and length; or REFUSED and the reason."""
    if len(source) > IMAGE_BYTES_MAX:
        return REFUSED + RefusalReason.FILE_TOO_LARGE.value.encode()
    try:
        rendered = render(source)
    except ImageRefused as refused:
        return REFUSED + refused.reason.value.encode()
    except MemoryError:
        return REFUSED + RefusalReason.TOO_MANY_PIXELS.value.encode()
    parts = [DONE, struct.pack("!III", rendered.width, rendered.height, len(rendered.renditions))]
    for each in rendered.renditions:
        parts += [struct.pack("!II", each.width, len(each.content)), each.content]
    return b"".join(parts)


if __name__ == "__main__":
    main()
