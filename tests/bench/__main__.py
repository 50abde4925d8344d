"""`python -m tests.bench`: the product against a hand-written endpoint that asks the same SQL, in the same run.

Rounds are interleaved: the product, then the other, over the same database, in turn; the medians are shown. With
`--url` a product that runs elsewhere is measured alone, over its public queries.
"""

import argparse
import asyncio
import itertools
import pickle
import shutil
import sys
import tempfile
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import httpx
import uvloop
from rich.console import Console
from rich.progress import Progress

from app.demo.seeding import seed_demo
from app.settings import Settings
from tests.bench.crowd import crowd
from tests.bench.importing import importing
from tests.bench.load import measure, request
from tests.bench.report import Comparison, print_comparisons, print_faults, print_machine
from tests.bench.scenarios import FACETED_SEARCH, LISTING_PAGE, PRODUCT_PAGE, Catalogue, CheckingOut, scenarios
from tests.bench.tape import recorder
from tests.journeys.running import Part, Product, free_port

CONNECTIONS: Final = (1, 16, 64)
WARM_SECONDS: Final = 0.5
UNLIMITED: Final = {
    "COST_CAPACITY": "1000000000000",
    "COST_REFILL_PER_SECOND": "1000000000",
    # As on every machine that a worker shares with those who answer.
    "WORKER_NICENESS": "5",
}


@dataclass(frozen=True)
class Options:
    quick: bool
    url: str | None
    listings: int
    buyers: int
    rows: int
    only: str | None

    @property
    def rounds(self) -> int:
        return 1 if self.quick else 3

    @property
    def seconds(self) -> float:
        return 0.7 if self.quick else 2.0


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="one short round")
    parser.add_argument("--url", help="measure a running product alone, as http://127.0.0.1:8000")
    parser.add_argument("--listings", type=int, default=5_000)
    parser.add_argument("--buyers", type=int, default=1_000, help="how many want the hundred units; 0: nobody")
    parser.add_argument("--rows", type=int, default=10_000, help="how many rows are imported; 0: none")
    parser.add_argument("--only", help="scenarios whose name contains this")
    options = Options(**vars(parser.parse_args()))
    console = Console(width=140)
    if options.url is not None:
        uvloop.run(measure_elsewhere(options, options.url, console))
        return
    with ExitStack() as stack:
        directory = Path(tempfile.mkdtemp(prefix="market-bench-"))
        stack.callback(shutil.rmtree, directory, ignore_errors=True)
        product = Product(directory, apis=1, workers=1, settings=UNLIMITED)
        console.print(f"starting a product with {options.listings:,} listings ...")
        product.start()
        stack.callback(product.stop)
        right = uvloop.run(measure_here(options, product, console))
    sys.exit(0 if right else 1)


async def measure_here(options: Options, product: Product, console: Console) -> bool:
    settings = settings_of(product)
    await seed_demo(settings, options.listings)
    catalogue = await Catalogue.of(product.database_url)
    right = True
    if options.buyers:
        # First: afterwards the other side has written its own purchases, which no provider knows by their ids.
        right = await crowd(product.apis[0].port, product.database_url, options.buyers, console)
        catalogue = await Catalogue.of(product.database_url)
    chosen = [each for each in scenarios() if options.only is None or options.only in each.name]
    async with recorder(settings) as recording:
        for scenario in chosen:
            await scenario.record(recording, catalogue)
    tapes = {name: tape for scenario in chosen for name, tape in scenario.tapes.items()}
    baseline = await asyncio.to_thread(start_baseline, product, tapes)
    comparisons = [Comparison(each.name, connections) for each in chosen for connections in CONNECTIONS]
    try:
        with Progress(console=console, transient=True) as progress:
            task = progress.add_task("measuring", total=len(comparisons) * options.rounds * 2)
            for number in range(options.rounds):
                for comparison, (scenario, connections) in zip(
                    comparisons, itertools.product(chosen, CONNECTIONS), strict=True
                ):
                    if isinstance(scenario, CheckingOut):
                        scenario.count = 60 if options.quick else 300
                    # Who goes first changes, so that neither always finds the caches warm.
                    for ours in (True, False) if number % 2 == 0 else (False, True):
                        port = product.apis[0].port if ours else baseline.port
                        requests = await scenario.requests(catalogue, product=ours)
                        seconds = 60.0 if isinstance(scenario, CheckingOut) else options.seconds
                        if number == 0 and not isinstance(scenario, CheckingOut):
                            await measure(port, requests, connections=connections, seconds=WARM_SECONDS)
                        measured = await measure(port, requests, connections=connections, seconds=seconds)
                        (comparison.product if ours else comparison.baseline).append(measured)
                        progress.advance(task)
    finally:
        await asyncio.to_thread(baseline.stop)
    print_comparisons(comparisons, console)
    if options.rows:
        # Last: the catalogue is another one afterwards.
        right = await importing(settings, 2_000 if options.quick else options.rows, console) and right
    print_machine(console)
    return print_faults(comparisons, console) == 0 and right


def settings_of(product: Product) -> Settings:
    """Those of the product's processes, for what is done in this one."""
    given = {name.lower(): value for name, value in product.environment.items()}
    return Settings.model_validate({name: value for name, value in given.items() if name in Settings.model_fields})


def start_baseline(product: Product, tapes: object) -> Part:
    """As a process of its own, like the product."""
    path = product.directory / "tapes"
    path.write_bytes(pickle.dumps(tapes))
    port = free_port()
    command = (sys.executable, "-m", "tests.bench.baseline", "--port", str(port), "--tapes", str(path))
    part = Part("hand-written", command, port, product.environment, product.directory)
    part.start()
    part.wait()
    return part


async def measure_elsewhere(options: Options, url: str, console: Console) -> None:
    """The public queries of a product that runs already, whatever it has on sale."""
    parts = urlsplit(url)
    assert parts.hostname == "127.0.0.1", "the client speaks plain HTTP to this machine"
    port = parts.port or 80
    async with httpx.AsyncClient(base_url=url, trust_env=False) as client:
        asked = {"query": "{ search(first: 50) { nodes { listingId title categoryPath } } }"}
        nodes = (await client.post("/graphql", json=asked)).json()["data"]["search"]["nodes"]
    values = {
        "product page": (PRODUCT_PAGE, "id", [node["listingId"] for node in nodes]),
        "listing page of 20": (LISTING_PAGE, "path", sorted({node["categoryPath"] for node in nodes})),
        "faceted search": (FACETED_SEARCH, "text", [node["title"].split()[0] for node in nodes]),
    }
    comparisons = []
    for (name, (document, variable, texts)), connections in itertools.product(values.items(), CONNECTIONS):
        bodies = [{"query": document, "variables": {variable: text}} for text in texts]
        requests = itertools.cycle([request("/graphql", body) for body in bodies])
        comparison = Comparison(name, connections)
        for _ in range(options.rounds):
            measured = await measure(port, requests, connections=connections, seconds=options.seconds)
            comparison.product.append(measured)
        comparisons.append(comparison)
    print_comparisons(comparisons, console)
    print_faults(comparisons, console)


if __name__ == "__main__":
    main()
