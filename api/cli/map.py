"""`pytheas map`: sources become RDF as a mapping says."""

import typer

from api.cli.map_check import check
from api.cli.map_generate import generate
from api.cli.map_run import run

map_ = typer.Typer(
    no_args_is_help=True, help="Turn any source into RDF as a mapping says."
)
map_.command()(run)
map_.command()(generate)
map_.command()(check)
