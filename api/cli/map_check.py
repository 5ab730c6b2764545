"""`pytheas map check`: everything that is wrong with a mapping."""

# ruff: noqa: PLC0415 - `pytheas --help` must not wait for what only commands need

from api.cli.console import Console
from api.cli.map_options import (
    AllowedBuckets,
    AllowedFolders,
    AllowedHosts,
    Base,
    Database,
    Mapping,
    Parameters,
    Sources,
    database_access,
    pairs,
    source_paths,
)
from api.cli.options import Json, Quiet


def check(  # noqa: PLR0913 - every one is an option of the command
    mapping: Mapping,
    *,
    source: Sources = None,
    param: Parameters = None,
    base: Base = None,
    database: Database = None,
    allow_host: AllowedHosts = None,
    allow_folder: AllowedFolders = None,
    allow_bucket: AllowedBuckets = None,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Tell all that is wrong with a mapping and its fit to the sources; exit code 1."""
    from api.mapping_sources import permissions
    from geotriples.reports import prepare_run
    from ontologies.namespaces import ID

    prepared = prepare_run(
        mapping,
        source_paths(source),
        pairs("--param", param),
        base or ID,
        database_access(database),
        permissions(allow_host, allow_folder, allow_bucket),
    )
    prepared.catalog.close()
    document = {
        "mapping": str(mapping),
        "iri": prepared.mapping_iri,
        "partitions": len(prepared.partitions),
    }
    text = f"{mapping}: nothing is wrong ({len(prepared.partitions)} partitions)"
    Console(json=json, quiet=quiet).report(document, text)
