"""What strangers send as pictures: whatever it is, it becomes a clean rendition or a refusal with a reason."""

import pytest
from PIL import Image, ImageCms

from domain.media.errors import ImageRefused
from domain.media.recipe import content_key, height_at, rendition_sizes
from domain.media.refusals import RefusalReason
from infra.pillow.rendering import render
from tests.pictures import (
    OWNER,
    a_bomb,
    a_phone_jpeg,
    a_picture,
    a_png,
    a_webp,
    looks_red,
    opened,
    saved,
)


def reason_of(source: bytes) -> RefusalReason:
    with pytest.raises(ImageRefused) as refused:
        render(source)
    return refused.value.reason


def test_a_phones_picture_stands_upright_and_tells_nothing() -> None:
    source = a_phone_jpeg(2400, 1800)
    assert OWNER.encode() in source
    assert b"Exif" in source
    rendered = render(source)
    assert (rendered.width, rendered.height) == (1800, 2400)
    assert [each.width for each in rendered.renditions] == [160, 480, 960, 1600]
    for each in rendered.renditions:
        image = opened(each.content)
        assert image.format == "WEBP"
        assert image.size == (each.width, height_at(1800, 2400, each.width))
        assert looks_red(image, 0.25, 0.25)
        assert not looks_red(image, 0.75, 0.25)
        assert not looks_red(image, 0.25, 0.75)
        assert not image.getexif()
        assert {"exif", "xmp", "icc_profile"}.isdisjoint(image.info)
        assert OWNER.encode() not in each.content


@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_orientation_is_put_upright(orientation: int) -> None:
    lies = {
        1: None, 2: Image.Transpose.FLIP_LEFT_RIGHT, 3: Image.Transpose.ROTATE_180, 4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE, 6: Image.Transpose.ROTATE_90, 7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }[orientation]  # fmt: skip
    upright = a_picture(300, 200)
    exif = Image.Exif()
    exif[0x0112] = orientation
    rendered = render(saved(upright.transpose(lies) if lies is not None else upright, "PNG", exif=exif))
    assert (rendered.width, rendered.height) == (300, 200)
    image = opened(rendered.renditions[-1].content)
    assert [looks_red(image, x, y) for y in (0.2, 0.8) for x in (0.2, 0.8)] == [True, False, False, False]


def test_what_can_be_seen_through_stays_so() -> None:
    assert opened(render(a_png()).renditions[-1].content).mode == "RGBA"


def test_nothing_is_blown_up() -> None:
    assert [each.width for each in render(a_webp(300, 200)).renditions] == [160, 300]
    assert [each.width for each in render(a_webp(100, 80)).renditions] == [100]


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16"])
def test_every_kind_of_pixel_is_taken(mode: str) -> None:
    source = Image.new("I;16", (40, 30), 0x8000) if mode == "I;16" else a_picture(40, 30).convert(mode)
    image = opened(render(saved(source, "PNG")).renditions[0].content)
    assert image.mode in {"RGB", "RGBA"}
    if mode == "I;16":
        pixel = image.getpixel((5, 5))
        assert isinstance(pixel, tuple)
        assert 120 < pixel[0] < 136


def test_print_colours_become_screen_colours() -> None:
    image = opened(render(saved(Image.new("CMYK", (40, 30), (0, 255, 255, 0)), "JPEG")).renditions[0].content)
    assert looks_red(image, 0.5, 0.5)


def test_a_colour_profile_is_applied_and_a_broken_one_ignored() -> None:
    """A profile that says red and means green: what is shown is what is meant."""
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    swapped = srgb.replace(b"rXYZ", b"----").replace(b"gXYZ", b"rXYZ").replace(b"----", b"gXYZ")

    def shown(profile: bytes) -> Image.Image:
        return opened(render(saved(a_picture(64, 64), "JPEG", icc_profile=profile)).renditions[0].content)

    for profile in (srgb, b"no profile at all"):
        assert looks_red(shown(profile), 0.2, 0.2)
    pixel = shown(swapped).getpixel((12, 12))
    assert isinstance(pixel, tuple)
    assert pixel[1] > 150 > pixel[0]


def test_the_first_of_moving_pictures_is_taken() -> None:
    moving = saved(a_picture(60, 40), "PNG", save_all=True, append_images=[Image.new("RGB", (60, 40))])
    rendered = render(moving)
    image = opened(rendered.renditions[0].content)
    assert looks_red(image, 0.2, 0.2)
    assert getattr(image, "n_frames", 1) == 1


def test_a_bomb_is_refused_by_its_header() -> None:
    bomb = a_bomb()
    assert len(bomb) < 10 * 1024 * 1024
    assert reason_of(bomb) is RefusalReason.TOO_MANY_PIXELS


@pytest.mark.parametrize("size", [(8_000, 5_001), (16_001, 1), (1, 16_001)])
def test_more_pixels_than_allowed_are_refused(size: tuple[int, int]) -> None:
    assert reason_of(saved(Image.new("1", size), "PNG")) is RefusalReason.TOO_MANY_PIXELS


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        (b"Dear buyer, this is no picture.\n" * 50, RefusalReason.NOT_AN_IMAGE),
        (b"", RefusalReason.NOT_AN_IMAGE),
        (b"%PDF-1.7\n", RefusalReason.NOT_AN_IMAGE),
        (b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", RefusalReason.UNSUPPORTED_FORMAT),
        (b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic", RefusalReason.UNSUPPORTED_FORMAT),
        (saved(a_picture(9, 9), "GIF"), RefusalReason.UNSUPPORTED_FORMAT),
        (saved(a_picture(9, 9), "BMP"), RefusalReason.UNSUPPORTED_FORMAT),
        (saved(a_picture(9, 9), "TIFF"), RefusalReason.UNSUPPORTED_FORMAT),
        (saved(a_picture(9, 9), "AVIF"), RefusalReason.UNSUPPORTED_FORMAT),
        (a_phone_jpeg()[:15], RefusalReason.DAMAGED),
        (a_phone_jpeg()[:5_000], RefusalReason.DAMAGED),
        (a_png()[:200], RefusalReason.DAMAGED),
        (a_webp()[:200], RefusalReason.DAMAGED),
    ],
)
def test_what_is_no_whole_picture_of_ours_is_refused_with_the_reason(source: bytes, reason: RefusalReason) -> None:
    assert reason_of(source) is reason


def outcome_of(source: bytes) -> RefusalReason | None:
    try:
        render(source)
    except ImageRefused as refused:
        return refused.reason
    return None


def test_a_flipped_byte_anywhere_is_a_picture_or_a_refusal() -> None:
    """Whatever is broken in a file, nothing but a refusal comes out of it."""
    source = a_png(60, 40)
    outcomes = set()
    for place in range(0, len(source), 3):
        broken = bytearray(source)
        broken[place] ^= 0xFF
        outcomes.add(outcome_of(bytes(broken)))
    expected = {None, RefusalReason.DAMAGED, RefusalReason.TOO_MANY_PIXELS, RefusalReason.NOT_AN_IMAGE}
    assert RefusalReason.DAMAGED in outcomes
    assert outcomes <= expected


@pytest.mark.parametrize("size", [(1, 1), (1, 16_000), (16_000, 1), (6_000, 6_000), (800, 4_000), (1_601, 1_200)])
def test_renditions_fit_whatever_the_shape(size: tuple[int, int]) -> None:
    width, height = size
    sizes = rendition_sizes(width, height)
    assert 1 <= len(sizes) <= 4
    assert sizes == sorted(sizes)
    for wide, high in sizes:
        assert 1 <= wide <= min(width, 1_600)
        assert 1 <= high <= 16_000
        assert high == height_at(width, height, wide)


def test_keys_come_from_the_content_alone() -> None:
    assert content_key(b"one") == content_key(b"one") != content_key(b"two")
