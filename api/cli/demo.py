"""`pytheas demo`: a simulated scene becomes a map, RDF, and three answers."""

# ruff: noqa: PLC0415 - `pytheas --help` must not wait for what only commands need

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from api.cli.console import Console
from api.cli.options import Host, Json, Port, Quiet

if TYPE_CHECKING:
    from api.demo.examples import Example
    from api.pipeline import ProductReport
    from strabon_store.store import Store

SEED: Final = 20220421


def demo(
    *,
    workdir: Annotated[
        Path, typer.Option(help="Where everything is written.", file_okay=False)
    ] = Path("demo"),
    serve: Annotated[
        bool, typer.Option(help="Serve the page and the endpoint at the end.")
    ] = True,
    host: Host = "127.0.0.1",
    port: Port = 7878,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Simulate a Sentinel-1 scene, classify it, load it, and ask three questions."""
    from api.cli.serve import serve_store
    from strabon_store.store import Store

    console = Console(json=json, quiet=quiet)
    started = time.monotonic()
    scene, location = workdir / "scene", workdir / "store"
    product = _make_map(scene, location, console)
    with Store.open(location, read_only=True) as store:
        answers = _ask_all(store, console)
        seconds = round(time.monotonic() - started, 1)
        document = {
            "scene": str(scene),
            "location": str(location),
            "product": product.as_json(),
            "answers": answers,
            "seconds": seconds,
        }
        people = f"{product}\nscene in {scene}\nstore in {location}\n{seconds} s in all"
        if not serve:
            console.report(document, people)
            return
        serve_store(
            store,
            (host, port),
            lambda urls: console.report(
                {**document, **urls.as_json()}, f"{people}\n\n{urls}"
            ),
            quiet=quiet,
        )


def _make_map(scene: Path, location: Path, console: Console) -> "ProductReport":
    from api.kinds import Kind
    from api.pipeline import run_product
    from ml.sim.ice import write_scene

    with console.progress() as progress:
        if scene.exists():
            console.message(f"{scene} is already there")
        else:
            write_scene(scene, seed=SEED, progress=progress)
        return run_product(Kind.SEAICE, scene, location, progress=progress)


def _ask_all(store: "Store", console: Console) -> list[dict[str, Any]]:
    from api.demo.examples import examples
    from api.kinds import Kind

    return [_ask(store, example, console) for example in examples(Kind.SEAICE)]


def _ask(store: "Store", example: "Example", console: Console) -> dict[str, Any]:
    if console.json:
        return {
            "title": example.title,
            "query": example.text,
            "result": _as_json(store, example.text),
        }
    from api.cli.table import print_table

    typer.echo(f"\n{example.text.strip()}\n")
    print_table(store.query(example.text))
    return {}


def _as_json(store: "Store", text: str) -> Any:
    import json

    from strabon_store.results.json import serialize_json
    from strabon_store.results.solutions import Solutions

    result = store.query(text)
    assert isinstance(result, Solutions), "the demo selects"  # noqa: S101
    return json.loads(b"".join(serialize_json(result)))
