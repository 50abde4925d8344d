"""Demo pictures: a few illustrations for each leaf of the tree, shared by all its listings.

Invariant: a picture's content has a name of its own in every run, so files that are there are not drawn again, and a
listing's pictures are drawn from its number alone.
"""

import asyncio
import colorsys
import io
import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import asyncpg
from PIL import Image, ImageDraw, ImageFont, ImageOps

from app.demo.categories import Leaf
from app.demo.copying import Row, copy_rows
from app.demo.ids import demo_id, draws
from app.demo.listings import DemoListing
from app.demo.rows import Rows
from app.demo.rules import LEAVES
from domain.media.model import AssetState, ContentState, MediaAsset, MediaContent, OwnerKind
from domain.media.ports import ObjectStorage, public_key
from domain.media.recipe import content_key, rendition_sizes

FORM: Final = "demo picture 1"
"""Renew it when pictures are drawn otherwise."""
WIDTH: Final = 480
HEIGHT: Final = 480
WIDTHS: Final = [width for width, _ in rendition_sizes(WIDTH, HEIGHT)]
STYLES: Final = 4
PICTURES_MAX: Final = 3
FILES_AT_ONCE: Final = 8
WEBP: Final = "image/webp"


@dataclass(frozen=True, slots=True)
class DemoPicture:
    """Illustration number `style` of a leaf."""

    leaf: Leaf
    style: int

    @property
    def content(self) -> str:
        return content_key(f"{FORM}: {self.leaf.path} {self.style}".encode())


def all_pictures() -> Iterator[DemoPicture]:
    for leaf in LEAVES:
        for style in range(STYLES):
            yield DemoPicture(leaf, style)


async def store_pictures(storage: ObjectStorage) -> int:
    """Put every rendition that is missing into the storage; how many pictures were drawn."""
    at_once = asyncio.Semaphore(FILES_AT_ONCE)

    async def store(picture: DemoPicture) -> int:
        async with at_once:
            # The largest is put last: where it is, all are.
            if await storage.head(public_key(picture.content, WIDTHS[-1])) is not None:
                return 0
            for width, content in await asyncio.to_thread(lambda: list(renditions(picture))):
                await storage.put(public_key(picture.content, width), content, content_type=WEBP)
            return 1

    return sum(await asyncio.gather(*(store(picture) for picture in all_pictures())))


def renditions(picture: DemoPicture) -> Iterator[tuple[int, bytes]]:
    """(width, WebP), the narrowest first."""
    image = drawn(picture)
    for size in rendition_sizes(WIDTH, HEIGHT):
        file = io.BytesIO()
        image.resize(size, Image.Resampling.LANCZOS).save(file, "WEBP", quality=80, method=2)
        yield size[0], file.getvalue()


def drawn(picture: DemoPicture) -> Image.Image:
    """A gradient in the leaf's colour, some shapes, and its name."""
    draw = random.Random(f"{FORM}:{picture.leaf.path}:{picture.style}")  # noqa: S311  # demo data, no secret
    hue = (LEAVES.index(picture.leaf) * 0.618 + picture.style * 0.04) % 1
    gradient = Image.linear_gradient("L").resize((WIDTH, HEIGHT)).rotate(90 * picture.style)
    image = ImageOps.colorize(gradient, _colour(hue, 0.25, 0.97), _colour(hue + 0.08, 0.6, 0.7)).convert("RGB")
    shapes = ImageDraw.Draw(image, "RGBA")
    for _ in range(5):
        x, y, size = draw.randrange(WIDTH), draw.randrange(HEIGHT), draw.randrange(60, 240)
        colour = (*_colour(hue + draw.uniform(-0.1, 0.1), 0.5, 0.95), 90)
        box = (x - size // 2, y - size // 2, x + size // 2, y + size // 2)
        if draw.random() < 0.5:
            shapes.ellipse(box, fill=colour)
        else:
            shapes.rounded_rectangle(box, radius=size // 6, fill=colour)
    font = ImageFont.load_default(44)
    shapes.text((WIDTH / 2, HEIGHT / 2), picture.leaf.name, font=font, fill=(255, 255, 255, 240), anchor="mm")
    return image


def _colour(hue: float, saturation: float, value: float) -> tuple[int, int, int]:
    red, green, blue = colorsys.hsv_to_rgb(hue % 1, saturation, value)
    return int(red * 255), int(green * 255), int(blue * 255)


async def write_contents(connection: asyncpg.Connection) -> None:
    """The rows of all contents, for pictures to refer to."""
    known = {row["key"] for row in await connection.fetch("SELECT key FROM media_content")}
    rows = [_content(picture) for picture in all_pictures() if picture.content not in known]
    await copy_rows(connection, MediaContent, rows)


def _content(picture: DemoPicture) -> Row:
    return {"key": picture.content, "state": ContentState.READY, "width": WIDTH, "height": HEIGHT, "widths": WIDTHS}


def add_pictures(rows: Rows, listing: DemoListing) -> None:
    """One to three of its leaf's."""
    draw = draws("pictures", listing.number)
    styles = draw.sample(range(STYLES), draw.randrange(1, PICTURES_MAX + 1))
    for position, style in enumerate(styles):
        rows.add(
            MediaAsset,
            {
                "id": demo_id("picture", listing.number, position),
                "uploader_id": listing.shop.owner_id,
                "owner_kind": OwnerKind.LISTING,
                "owner_id": listing.id,
                "position": position,
                "alt_text": f"{listing.product.title}, picture {position + 1}",
                "state": AssetState.READY,
                "content_key": DemoPicture(listing.product.leaf, style).content,
                "width": WIDTH,
                "height": HEIGHT,
                "widths": WIDTHS,
                "created_at": listing.published_at,
                "touched_at": listing.published_at,
            },
        )
