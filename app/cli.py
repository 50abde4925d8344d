"""The command line: each command reads the settings and calls one function elsewhere.

Commands that need the tables or the whole product name their function as text and load it when they run, as ASGI
servers do. Those modules compute for up to 2.5 seconds: imported here, they would make `market --help`, the launcher
and the containers' health checks (`market check`) more than five times as slow. Everything else is imported.
"""

import asyncio
import gc
from collections.abc import Awaitable, Callable
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from asyncpg import PostgresError
from rich.console import Console
from rich.progress import Progress, TaskID
from rich.table import Table

from app.checking import check as ask_well
from app.dev import DevOptions
from app.dev import run as run_dev
from app.doctor.findings import exit_code
from app.doctor.place import settings_of_place
from app.doctor.screen import screen
from app.serving import serve as start_serving
from app.settings import Settings, SettingsRefused, load_settings
from app.settings_table import settings_table, with_settings_table
from domain.shared.actor import Role
from domain.shared.errors import DomainError
from infra.telemetry.logs import configure_logs

FUNCTIONS: Final = {
    "worker": "app.worker:work",
    "migrate": "infra.postgres.migrate:migrate",
    "seed": "app.demo.seeding:seed_demo",
    "roles": "app.roles:set_roles",
    "reindex": "app.reindexing:reindex",
    "audit": "app.auditing:audit",
    "parcel": "app.parcels:report_parcel",
    "dead letters": "app.dead_letters:list_dead_letters",
    "replay": "app.dead_letters:replay_dead_letters",
    "schema": "app.printing:print_schema",
    "import": "app.importing:import_file",
    "export": "app.exporting:export_file",
    "import options": "app.importing:options_of",
    "docs drift": "app.reference.writing:drifted",
    "write docs": "app.reference.writing:write_reference",
    "doctor": "app.doctor.visit:visit",
}

DATA: Final = Path(".data")
Data = Annotated[Path, typer.Option(help="Data directory of `market dev`, where no DATABASE_URL is set.")]

app = typer.Typer(name="market", help="The marketplace.", no_args_is_help=True, add_completion=False)
jobs = typer.Typer(help="Jobs that failed for good.", no_args_is_help=True)
app.add_typer(jobs, name="jobs")
out = Console()
err = Console(stderr=True)


def main() -> None:
    """The entry point `market`."""
    app()


@app.command()
def serve() -> None:
    """Serve the API."""
    settings = settings_or_exit()
    exit_on_fault(lambda: start_serving(settings))


@app.command()
def worker() -> None:
    """Work jobs and the schedule."""
    settings = settings_or_exit()
    exit_on_fault(lambda: load("worker")(settings))


@app.command()
def dev(
    data: Annotated[Path, typer.Option(help="Where everything is kept.")] = DATA,
    port: Annotated[int, typer.Option(help="Port of the API.")] = 8000,
    sandbox_port: Annotated[int, typer.Option(help="Port of the payment sandbox.")] = 12111,
    seed: Annotated[bool, typer.Option(help="Fill an empty database with the demo catalogue.")] = True,
) -> None:
    """Run the whole product on embedded servers with demo data."""
    options = DevOptions(data=data, port=port, sandbox_port=sandbox_port, seed=seed)
    raise typer.Exit(run_dev(options))


@app.command()
def migrate() -> None:
    """Bring the database to the newest schema."""
    settings = settings_or_exit()
    with err.status("migrating ..."):
        migrated = run(load("migrate")(settings.database_url))
    out.print(
        "the database has the newest schema"
        if migrated
        else "a newer release has migrated this database: nothing was done, this release works on it too"
    )


@app.command()
def seed(
    listings: Annotated[int, typer.Option(min=0, max=1_000_000, help="How many listings there are to be.")] = 5_000,
    data: Data = DATA,
) -> None:
    """Fill a migrated database with the demo catalogue; what is there stays."""
    settings = settings_here(data)
    with Progress(console=err, transient=True) as bar:
        tasks: dict[str, TaskID] = {}

        def tell(what: str, done: int, total: int) -> None:
            if what not in tasks:
                tasks[what] = bar.add_task(what)
            bar.update(tasks[what], completed=done, total=total)

        report = run(load("seed")(settings, listings, tell))
    out.print(f"{report.listings} listings, {report.listings_added} of them new")


@app.command()
def roles(
    email: Annotated[str, typer.Argument(help="The user's e-mail address.")],
    names: Annotated[list[Role] | None, typer.Argument(help="All roles from now on; none for a plain user.")] = None,
    data: Data = DATA,
) -> None:
    """Set a user's roles: the way to the first administrator."""
    settings = settings_here(data)
    given = sorted(set(names or ()))
    if not run(load("roles")(settings, email, given)):
        err.print(f"there is no user {email}", highlight=False)
        raise typer.Exit(1)
    out.print(f"{email}: {', '.join(given) or 'no roles'}", highlight=False)


@app.command()
def reindex(data: Data = DATA) -> None:
    """Build the search index again from the catalogue; searches go on meanwhile."""
    settings = settings_here(data)
    with err.status("indexing ...") as status:
        count = run(load("reindex")(settings, lambda done: status.update(f"indexing ... {done} listings")))
    out.print(f"{count} listings in the index")


@app.command()
def audit(data: Data = DATA) -> None:
    """Check the books: the tamper-evident chain, and that every currency sums to zero."""
    sound, line = run(load("audit")(settings_here(data)))
    (out if sound else err).print(line, highlight=False, soft_wrap=True)
    raise typer.Exit(0 if sound else 1)


@app.command()
def parcel(
    number: Annotated[str, typer.Argument(help="The tracking number.")],
    status: Annotated[str, typer.Argument(help="in_transit, delivered, lost or returned.")] = "delivered",
    carrier: Annotated[str, typer.Option(help="As the seller wrote it.")] = "sandbox",
    data: Data = DATA,
) -> None:
    """Report on a parcel as its carrier would; for development."""
    fault = run(load("parcel")(settings_here(data), carrier, number, status))
    if fault is not None:
        err.print(fault, highlight=False, soft_wrap=True)
        raise typer.Exit(1)


@app.command("import")
def import_(
    file: Annotated[Path, typer.Argument(help="CSV or JSON Lines in UTF-8; may be packed with gzip.")],
    seller: Annotated[str, typer.Option(help="The shop's slug.")],
    map_: Annotated[list[str] | None, typer.Option("--map", help="column=name in the file, as title=name.")] = None,
    set_: Annotated[list[str] | None, typer.Option("--set", help="column=value for rows that say nothing.")] = None,
    ignore: Annotated[list[str] | None, typer.Option(help="A column of the file to pass over.")] = None,
    unknown_attributes: Annotated[
        str, typer.Option(help="Those that the category does not have: refuse, describe (in the text) or ignore.")
    ] = "refuse",
    submit: Annotated[bool, typer.Option(help="Submit new listings; else they are drafts.")] = False,
    pictures: Annotated[Path | None, typer.Option(help="The folder of the pictures that the file names.")] = None,
    data: Data = DATA,
) -> None:
    """Import listings of a shop; after an interruption the same command goes on where it stopped."""
    renames, constants = pairs(map_, "--map"), pairs(set_, "--set")
    given = (renames, constants, ignore or [], unknown_attributes)
    options = exit_on_fault(lambda: load("import options")(*given, submit=submit))
    settings = settings_here(data)
    with Progress(console=err, transient=True) as bar:
        task = bar.add_task("importing")
        work = load("import")(
            settings, file, seller, options, lambda done, of: bar.update(task, completed=done, total=of), pictures
        )
        report = run(work)
    if report is None:
        err.print(f"there is no shop {seller}", highlight=False)
        raise typer.Exit(1)
    view = report.view
    for fault in report.faults:
        place = f" {fault.place}" if fault.place else ""
        line = f"line {fault.line}{place}: {fault.message} ({fault.code})"
        err.print(line, highlight=False, markup=False, soft_wrap=True)
    if report.has_more_faults:
        read = f'seller {{ import(id: "{report.id}") {{ faults {{ nodes {{ line column message }} }} }} }}'
        err.print(f"... and more; the shop reads them with {read}", highlight=False, markup=False, soft_wrap=True)
    out.print(
        f"{view.status.value}: {view.rows_created} rows new, {view.rows_updated} changed, "
        f"{view.rows_unchanged} as they were, {view.rows_faulty} faulty {view.failure_message}".rstrip(),
        highlight=False,
        soft_wrap=True,
    )
    raise typer.Exit(0 if report.completed else 1)


@app.command("export")
def export(
    file: Annotated[Path, typer.Argument(help="To be written: something.csv or something.jsonl.")],
    seller: Annotated[str, typer.Option(help="The shop's slug.")],
    data: Data = DATA,
) -> None:
    """Write a shop's listings in the format that `import` reads."""
    if not run(load("export")(settings_here(data), seller, file)):
        err.print(f"there is no shop {seller}", highlight=False)
        raise typer.Exit(1)


def pairs(texts: list[str] | None, option: str) -> dict[str, str]:
    """`name=value` of a repeated option."""
    split = [text.partition("=") for text in texts or ()]
    if not all(name and equals for name, equals, _ in split):
        raise typer.BadParameter("write column=value", param_hint=option)
    return {name: value for name, _, value in split}


@app.command("export-schema")
def export_schema(path: Annotated[Path | None, typer.Argument(help="File to write; else printed.")] = None) -> None:
    """Print the GraphQL schema."""
    printed: str = load("schema")()
    if path is None:
        out.out(printed, end="")
    else:
        path.write_text(printed)


@app.command("settings")
def show_settings(
    write: Annotated[Path | None, typer.Option(help="Document whose settings table is to be renewed.")] = None,
) -> None:
    """Print the settings as a Markdown table."""
    if write is None:
        out.out(settings_table())
    else:
        write.write_text(with_settings_table(write.read_text()))


@app.command()
def docs(
    write: Annotated[bool, typer.Option("--write", help="Bring them in step instead of only looking.")] = False,
) -> None:
    """Compare docs/reference with the code it is drawn from; exit code 1 when it drifted."""
    names = load("write docs" if write else "docs drift")()
    out.print(", ".join(names) + (" written" if write else " drifted: run `make docs`") if names else "docs are true")
    raise typer.Exit(1 if names and not write else 0)


@app.command()
def check(url: Annotated[str, typer.Argument(help="Address that must answer 200.")]) -> None:
    """Ask a running process whether it is well; for health checks of containers."""
    fault = ask_well(url)
    if fault is not None:
        err.print(fault, highlight=False, soft_wrap=True)
        raise typer.Exit(1)


@app.command()
def doctor(
    data: Data = DATA,
    every: Annotated[bool, typer.Option("--all", help="Show what is well line by line too.")] = False,
) -> None:
    """Check servers, settings, keys, migrations and waiting work; exit code 0 well, 1 warnings, 2 faults."""
    configure_logs(json=False, level="ERROR")
    with err.status("looking ..."):
        findings = asyncio.run(load("doctor")(data))
    out.print(screen(findings, every=every), highlight=False)
    raise typer.Exit(exit_code(findings))


@jobs.command()
def dead(limit: Annotated[int, typer.Option(min=1, max=1000)] = 100, data: Data = DATA) -> None:
    """List the jobs that failed for good, the newest first."""
    settings = settings_here(data)
    table = Table("id", "job", "attempts", "created", "payload")
    letters = run(load("dead letters")(settings.database_url, limit))
    for letter in letters:
        payload = " ".join(f"{name}={value}" for name, value in letter.payload.items())
        table.add_row(str(letter.id), letter.handler, str(letter.attempts), f"{letter.created_at:%F %T}", payload)
    out.print(table if letters else "no dead jobs")


@jobs.command()
def replay(
    ids: Annotated[list[int] | None, typer.Argument(help="Ids as listed by `jobs dead`.")] = None,
    all_: Annotated[bool, typer.Option("--all", help="All of them, up to 1,000.")] = False,
    data: Data = DATA,
) -> None:
    """Queue dead jobs again, with all their attempts."""
    if bool(ids) == all_:
        raise typer.BadParameter("give ids, or --all")
    settings = settings_here(data)
    count = run(load("replay")(settings.database_url, None if all_ else ids))
    out.print(f"{count} queued again")


def load(name: str) -> Callable[..., Any]:
    """The function that FUNCTIONS names. Its code stays to the end: no garbage is looked for while it is loaded."""
    module, _, function = FUNCTIONS[name].partition(":")
    gc.disable()
    found: Callable[..., Any] = getattr(import_module(module), function)
    gc.freeze()
    gc.enable()
    return found


def settings_here(data: Path) -> Settings:
    """For commands beside a running product: where no DATABASE_URL is set, that of `market dev` on this directory."""
    return settings_or_exit(lambda: settings_of_place(data))


def settings_or_exit(read: Callable[[], Settings] = load_settings) -> Settings:
    try:
        settings = read()
    except SettingsRefused as refused:
        err.print(f"[red]cannot start:[/red] {refused}", highlight=False, soft_wrap=True)
        raise typer.Exit(1) from None
    configure_logs(json=settings.log_as == "json", level=settings.log_level)
    return settings


def run(work: Awaitable[Any]) -> Any:
    """Run a coroutine to its end; a server that cannot be reached is one line, not a traceback."""

    async def wait() -> Any:
        return await work

    return exit_on_fault(lambda: asyncio.run(wait()))


def exit_on_fault(action: Callable[[], Any]) -> Any:
    try:
        return action()
    except (OSError, PostgresError, SettingsRefused, DomainError) as fault:
        err.print(f"[red]cannot go on:[/red] {reason_of(fault)}", highlight=False, soft_wrap=True)
        raise typer.Exit(1) from None


def reason_of(fault: Exception) -> str:
    """In one line, with the name of the file if it is about one."""
    if isinstance(fault, OSError) and fault.strerror:
        return f"{fault.filename}: {fault.strerror}" if fault.filename else fault.strerror
    return str(fault)


if __name__ == "__main__":
    main()
