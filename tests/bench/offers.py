"""Products that fifty shops offer, made out of a demo catalogue that has at most a few offers of each."""

from typing import Final

import asyncpg

from domain.shared.ids import encode_id

PRODUCTS: Final = 10
SELLERS: Final = 50

_PRODUCTS: Final = "SELECT id FROM product WHERE merged_into_id IS NULL ORDER BY id LIMIT $1"
_CLEAR: Final = "UPDATE listing SET product_id = NULL WHERE product_id = ANY($1::uuid[])"
_OFFER: Final = """
WITH ranked AS (
    SELECT id, row_number() OVER (PARTITION BY seller_id ORDER BY id) AS nth,
        dense_rank() OVER (ORDER BY seller_id) AS shop
    FROM listing WHERE status = 'active' AND visibility = 'public'
)
UPDATE listing SET product_id = ($1::uuid[])[ranked.nth]
FROM ranked WHERE ranked.id = listing.id AND ranked.shop <= $2 AND ranked.nth <= cardinality($1::uuid[])
"""
_COUNTS: Final = "SELECT count(DISTINCT seller_id) AS shops FROM listing WHERE product_id = ANY($1) GROUP BY product_id"


async def products_of_many(url: str) -> list[str]:
    """Their ids. Each has one listing of each of the same fifty shops."""
    connection = await asyncpg.connect(url)
    try:
        ids = [row["id"] for row in await connection.fetch(_PRODUCTS, PRODUCTS)]
        async with connection.transaction():
            await connection.execute(_CLEAR, ids)
            await connection.execute(_OFFER, ids, SELLERS)
        counts = [row["shops"] for row in await connection.fetch(_COUNTS, ids)]
    finally:
        await connection.close()
    assert counts == [SELLERS] * PRODUCTS, f"the catalogue is too small for {SELLERS} offers of a product: {counts}"
    return [encode_id("product", id_) for id_ in ids]
