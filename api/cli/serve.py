"""`pytheas serve`: the endpoint and the page over one store."""

# ruff: noqa: PLC0415 - `pytheas --help` must not wait for what only commands need

import socket
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from api.cli.console import Console
from api.cli.map_options import MappingOptions
from api.cli.mapping import Mapped, Mapping, one_place
from api.cli.option_groups import with_options_of
from api.cli.options import (
    AllowLoad,
    Axioms,
    Host,
    Json,
    MaybeStore,
    Port,
    Quiet,
    Regime,
    Rewriting,
)

if TYPE_CHECKING:
    from api.settings import Settings
    from federation.sources import Source
    from strabon_store.store import Store
    from strabon_store.virtual.store import VirtualStore


AllowUpdate = Annotated[
    bool,
    typer.Option(
        "--allow-update",
        help="Take SPARQL updates. The service knows no users: whoever reaches it "
        "can change everything.",
    ),
]
Backups = Annotated[
    Path | None,
    typer.Option(help="A folder for backups that POST to /backups makes."),
]


@dataclass(frozen=True, slots=True)
class Urls:
    """Where the service is.

    Attributes:
        page: The page for people.
        sparql: The endpoint for programs.
    """

    page: str
    sparql: str

    def as_json(self) -> dict[str, str]:
        """The same for a report."""
        return {"page": self.page, "sparql": self.sparql}

    def __str__(self) -> str:
        return f"page    {self.page}\nSPARQL  {self.sparql}\nEnd with Ctrl-C."


@with_options_of(options=MappingOptions)
def serve(  # noqa: PLR0913 - every one is an option of the command
    *,
    location: MaybeStore = None,
    mapping: Mapping = None,
    options: MappingOptions,
    host: Host = "127.0.0.1",
    port: Port = 7878,
    allow_update: AllowUpdate = False,
    allow_load: AllowLoad = None,
    entailment: Regime = None,
    geosparql_axioms: Axioms = None,
    rewrite_relations: Rewriting = None,
    backups: Backups = None,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Serve a store, or a mapping: /sparql for programs, / for people."""
    from api.settings import read_settings

    console = Console(json=json, quiet=quiet)
    chosen = read_settings()
    given = {
        "location": location,
        "backups": backups,
        "allow_update": allow_update or None,
        "allow_load": (*chosen.allow_load, *(allow_load or ())),
        "entailment": entailment,
        "geosparql_axioms": geosparql_axioms,
        "rewrite_relations": rewrite_relations,
    }
    settings = chosen.model_copy(
        update={name: each for name, each in given.items() if each is not None}
    )
    one_place(location, mapping)
    mapped = Mapped.of(mapping, options)
    with _opened(settings, mapped) as store:
        serve_store(
            store,
            (host, port),
            lambda urls: console.report(urls.as_json(), str(urls)),
            quiet=quiet,
            settings=settings,
        )


@contextmanager
def _opened(
    settings: "Settings", mapped: Mapped | None
) -> Iterator["Store | VirtualStore"]:
    """What is to be served, within the limits of the settings."""
    from api.main import open_store, services_of
    from api.virtual import VirtualEngines

    if mapped is None:
        with open_store(settings) as store:
            yield store
        return
    if settings.allow_update or settings.entailment:
        raise typer.BadParameter("a mapping takes no updates and has no regime")
    services = services_of(settings)
    with (
        closing(VirtualEngines(settings.memory_limit)) as engines,
        mapped.open(services=services, engines=engines) as virtual,
    ):
        virtual.rewrites_relations = settings.rewrite_relations
        yield virtual


def serve_store(
    source: "Source",
    address: tuple[str, int],
    announce: Callable[[Urls], None],
    *,
    quiet: bool,
    settings: "Settings | None" = None,
) -> None:
    """Serve an open store until somebody interrupts.

    Args:
        source: Who answers.
        address: Host and port; port 0 takes a free one.
        announce: Told where the service is as soon as it listens.
        quiet: Whether the log holds errors only.
        settings: The limits; those of the environment where none are given.

    Raises:
        AddressUnavailable: The server cannot listen there.
    """
    import uvicorn

    from api.main import create_app
    from api.settings import read_settings

    with _listen(*address) as listening:
        app = create_app(settings or read_settings(), source)
        announce(_urls(listening))
        level = "error" if quiet else "info"
        config = uvicorn.Config(app, log_level=level, access_log=False)
        uvicorn.Server(config).run(sockets=[listening])


def _listen(host: str, port: int) -> socket.socket:
    from api.errors import AddressUnavailable

    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family)
    except (OSError, OverflowError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise AddressUnavailable(host, port, reason) from error


def _urls(listening: socket.socket) -> Urls:
    host, port = listening.getsockname()[:2]
    url = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
    return Urls(page=f"{url}/", sparql=f"{url}/sparql")
