"""`pytheas map check`: everything that is wrong with a mapping."""

# ruff: noqa: PLC0415 - `pytheas --help` must not wait for what only commands need

from api.cli.console import Console
from api.cli.map_options import Mapping, MappingOptions
from api.cli.option_groups import with_options_of
from api.cli.options import Json, Quiet


@with_options_of(options=MappingOptions)
def check(
    mapping: Mapping,
    *,
    options: MappingOptions,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Tell all that is wrong with a mapping and its fit to the sources; exit code 1."""
    from geotriples.reports import prepare_run

    prepared = prepare_run(mapping, **options.told())
    prepared.catalog.close()
    document = {
        "mapping": str(mapping),
        "iri": prepared.mapping_iri,
        "partitions": len(prepared.partitions),
    }
    text = f"{mapping}: nothing is wrong ({len(prepared.partitions)} partitions)"
    Console(json=json, quiet=quiet).report(document, text)
