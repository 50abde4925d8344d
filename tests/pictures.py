"""Real picture files, made when a test needs them: as phones, editors and attackers make them."""

import struct
import zlib
from io import BytesIO
from typing import Any, Final

from PIL import ExifTags, Image, ImageDraw

PLACE: Final = {1: "N", 2: (53.0, 32.0, 44.0), 3: "E", 4: (9.0, 57.0, 59.0)}
OWNER: Final = "Ann Buyer of Hafenstr. 1"
LYING_LEFT: Final = 6
"""EXIF: the top of the scene is at the right edge of the stored pixels."""


def a_picture(width: int = 640, height: int = 480, *, seed: int = 0) -> Image.Image:
    """Its upper left quarter is red, the rest blue; `seed` makes it another one."""
    image = Image.new("RGB", (width, height), (0, 0, 200))
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 0, width // 2 - 1, height // 2 - 1), fill=(200, 0, 0))
    draw.rectangle((width - 3, height - 3, width, height), fill=(seed % 256, seed // 256 % 256, 7))
    return image


def saved(image: Image.Image, format_: str, **options: Any) -> bytes:
    out = BytesIO()
    image.save(out, format_, **options)
    return out.getvalue()


def a_phone_jpeg(width: int = 1200, height: int = 900, *, seed: int = 0) -> bytes:
    """Upright it is `height` by `width`: the phone was held upright and says so in EXIF, with place and owner."""
    upright = a_picture(height, width, seed=seed)
    lying = upright.transpose(Image.Transpose.ROTATE_90)
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = LYING_LEFT
    exif[ExifTags.Base.Artist] = OWNER
    exif[ExifTags.Base.GPSInfo] = PLACE
    return saved(lying, "JPEG", quality=90, exif=exif, comment=OWNER.encode())


def a_png(width: int = 300, height: int = 200, *, seed: int = 0) -> bytes:
    """Half of it can be seen through."""
    image = a_picture(width, height, seed=seed).convert("RGBA")
    image.putalpha(128)
    return saved(image, "PNG")


def a_webp(width: int = 300, height: int = 200, *, seed: int = 0) -> bytes:
    return saved(a_picture(width, height, seed=seed), "WEBP", quality=90)


def a_bomb(side: int = 50_000) -> bytes:
    """A whole and valid PNG of `side` by `side` pixels in a few hundred kilobytes."""
    packer = zlib.compressobj(1)
    rows = bytes(1 + side // 8) * 100
    data = b"".join(packer.compress(rows) for _ in range(side // 100)) + packer.flush()
    header = struct.pack("!IIBBBBB", side, side, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + _chunk(b"IDAT", data) + _chunk(b"IEND", b"")


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack("!I", len(data)) + kind + data + struct.pack("!I", zlib.crc32(kind + data))


def opened(content: bytes) -> Image.Image:
    image: Image.Image = Image.open(BytesIO(content))
    image.load()
    return image


def looks_red(image: Image.Image, x: float, y: float) -> bool:
    """At a place given in parts of the width and the height."""
    pixel = image.convert("RGB").getpixel((int(image.width * x), int(image.height * y)))
    assert isinstance(pixel, tuple)
    return pixel[0] > 150 and pixel[2] < 60
