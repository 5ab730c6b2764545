"""What `spark-submit` runs: a mapping, on the cluster that it is submitted to.

    spark-submit --master ... $(python -m geotriples.spark_job --where) mapping.ttl out

Settings of Spark, jars of Sedona among them, are those of spark-submit.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from engines.spark.session import SEDONA
from geotriples.reports import RunReport
from geotriples.run_spark import run
from geotriples.spark.parts import PartFormat
from ontologies.errors import PytheasError
from ontologies.namespaces import ID


def main(arguments: Sequence[str]) -> RunReport:
    """Run the mapping that the arguments name.

    Raises:
        PytheasError: What `run_spark.run` raises.
    """
    parser = argparse.ArgumentParser("spark_job", description="Run a mapping on Spark.")
    parser.add_argument("mapping", type=Path, help="the mapping")
    parser.add_argument("output", help="a file, a folder, or the URL of a folder")
    parser.add_argument("--source", action="append", default=[], metavar="NAME=PATH")
    parser.add_argument("--param", action="append", default=[], metavar="KEY=VALUE")
    parser.add_argument("--base", default=ID, help="what relative IRIs start with")
    parser.add_argument("--partitions", type=int, help="parts of sources and shuffles")
    parser.add_argument("--parts", type=PartFormat, default=PartFormat.N_QUADS)
    given = parser.parse_args(arguments)
    sources = {name: Path(path) for name, path in map(_pair, given.source)}
    return run(
        given.mapping,
        given.output,
        sources=sources,
        parameters=dict(map(_pair, given.param)),
        base=given.base,
        partitions=given.partitions,
        part_format=given.parts,
    )


def _pair(text: str) -> tuple[str, str]:
    name, _, value = text.partition("=")
    return name, value


def options() -> str:
    """What spark-submit must be told: the jars of Sedona, and this file."""
    conf = "spark.sql.extensions=org.apache.sedona.sql.SedonaSqlExtensions"
    return f"--packages {','.join(SEDONA)} --conf {conf} {Path(__file__).resolve()}"


if __name__ == "__main__":
    if sys.argv[1:] == ["--where"]:
        print(options())  # noqa: T201 - a program
        sys.exit()
    try:
        print(main(sys.argv[1:]))  # noqa: T201 - a program
    except PytheasError as error:
        sys.exit(f"spark_job: {error}")
