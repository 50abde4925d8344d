"""Pictures decoded, put upright, stripped and scaled: pure computing on bytes, meant for a process that may die.

Invariant: how many pixels a file has is known and checked before a single one is decoded, and nothing of the source's
metadata (place, camera, owner, embedded previews) gets into a rendition.
"""

import struct
import warnings
import zlib
from collections.abc import Iterator
from io import BytesIO
from typing import Final

from PIL import ExifTags, Image, ImageCms, UnidentifiedImageError

from domain.media.errors import ImageRefused
from domain.media.ports import Rendered, Rendition
from domain.media.recipe import rendition_sizes
from domain.media.refusals import IMAGE_PIXELS_MAX, IMAGE_SIDE_MAX, RefusalReason

FORMATS: Final = ("JPEG", "PNG", "WEBP")
QUALITY: Final = 80
EFFORT: Final = 4
"""WebP's own scale from 0 (fast) to 6 (small)."""
UNREADABLE: Final = (OSError, SyntaxError, ValueError, EOFError, IndexError, KeyError, struct.error, zlib.error)
"""What Pillow's decoders raise for files that are cut off or malformed."""
OTHER_IMAGES: Final = (
    b"GIF8", b"BM", b"II*\x00", b"MM\x00*", b"\x00\x00\x01\x00", b"8BPS", b"<svg", b"<?xml", b"\x00\x00\x00\x0cjP",
)  # fmt: skip
ISO_BRANDS: Final = (b"heic", b"heix", b"hevc", b"mif1", b"msf1", b"avif", b"avis")
TURNS: Final = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""What puts an image upright, by its EXIF orientation."""
LYING: Final = frozenset({5, 6, 7, 8})
_SRGB: Final = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))

Image.MAX_IMAGE_PIXELS = IMAGE_PIXELS_MAX


def render(source: bytes) -> Rendered:
    """All renditions of a file. Raises ImageRefused."""
    image = _opened(source)
    try:
        orientation = _orientation(image)
        width, height = image.size[::-1] if orientation in LYING else image.size
        sizes = rendition_sizes(width, height)
        largest = _presentable(image, sizes[-1], orientation)
        return Rendered(width, height, tuple(_renditions(largest, sizes)))
    except UNREADABLE as fault:
        raise ImageRefused(RefusalReason.DAMAGED) from fault


def _opened(source: bytes) -> Image.Image:
    """With its header read and its size checked, and no pixel decoded."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            image: Image.Image = Image.open(BytesIO(source), formats=FORMATS)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as fault:
        raise ImageRefused(RefusalReason.TOO_MANY_PIXELS) from fault
    except UnidentifiedImageError as fault:
        raise ImageRefused(_unknown(source)) from fault
    except UNREADABLE as fault:
        raise ImageRefused(RefusalReason.DAMAGED) from fault
    if image.width * image.height > IMAGE_PIXELS_MAX or max(image.size) > IMAGE_SIDE_MAX:
        raise ImageRefused(RefusalReason.TOO_MANY_PIXELS)
    return image


def _unknown(source: bytes) -> RefusalReason:
    """Why a file was not recognised: a picture of another format, or no picture."""
    head = source[:512].lstrip()
    if head.startswith(OTHER_IMAGES) or (source[4:8] == b"ftyp" and source[8:12] in ISO_BRANDS):
        return RefusalReason.UNSUPPORTED_FORMAT
    if head.startswith((b"\xff\xd8\xff", b"\x89PNG", b"RIFF")):
        return RefusalReason.DAMAGED
    return RefusalReason.NOT_AN_IMAGE


def _orientation(image: Image.Image) -> int:
    try:
        found = image.getexif().get(ExifTags.Base.Orientation, 1)
    except UNREADABLE:
        return 1
    return found if isinstance(found, int) else 1


def _presentable(image: Image.Image, largest: tuple[int, int], orientation: int) -> Image.Image:
    """As large as the largest rendition, upright, in sRGB. Made small first: what follows then costs little memory."""
    profile = image.info.get("icc_profile")
    wanted = largest[::-1] if orientation in LYING else largest
    # JPEG can be decoded at a half, a quarter or an eighth of its size.
    image.draft(None, wanted)
    image.load()
    image = _eight_bits(image)
    if image.size != wanted:
        image = image.resize(wanted, Image.Resampling.LANCZOS, reducing_gap=3.0)
    if orientation in TURNS:
        image = image.transpose(TURNS[orientation])
    return _in_srgb(image, profile)


def _eight_bits(image: Image.Image) -> Image.Image:
    """One of the modes L, RGB, RGBA or CMYK: what can be scaled and has 8 bits a channel."""
    if image.has_transparency_data:
        return image.convert("RGBA")
    if image.mode.startswith("I"):
        # 16 bits of grey: the upper eight.
        return image.point(lambda value: value * (1 / 256)).convert("L")
    return image if image.mode in {"L", "RGB", "CMYK"} else image.convert("RGB")


def _in_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    target = "RGBA" if image.mode == "RGBA" else "RGB"
    if profile:
        try:
            source = ImageCms.ImageCmsProfile(BytesIO(profile))
            changed = ImageCms.profileToProfile(image, source, _SRGB, outputMode=target)
        except (ImageCms.PyCMSError, *UNREADABLE):
            # A broken profile, or one of another kind of image: shown as if it had none.
            return image.convert(target)
        assert changed is not None, "not in place"
        return changed
    return image.convert(target)


def _renditions(largest: Image.Image, sizes: list[tuple[int, int]]) -> Iterator[Rendition]:
    """The narrowest first. What is given to the encoder is pixels alone: nothing of `info` goes along."""
    for size in sizes:
        image = largest if largest.size == size else largest.resize(size, Image.Resampling.LANCZOS, reducing_gap=3.0)
        out = BytesIO()
        image.save(out, "WEBP", quality=QUALITY, method=EFFORT, icc_profile=None, exif=b"", xmp=b"")
        yield Rendition(size[0], out.getvalue())
