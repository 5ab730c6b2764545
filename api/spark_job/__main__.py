"""What `spark-submit` runs: `pytheas map run`, on the cluster that it is submitted to.

    spark-submit --master ... $(python -m api.spark_job --where) MAPPING.ttl -o OUT

What comes after the mapping are options of `pytheas map run`; the master, and all else
that is Spark's, is what spark-submit was told.
"""

import sys
from collections.abc import Sequence
from pathlib import Path

from api.cli.main import app
from engines.spark.session import submit_options


def main(arguments: Sequence[str]) -> None:
    """Run the mapping that the arguments name, or tell what spark-submit needs."""
    if list(arguments) == ["--where"]:
        options = " ".join(submit_options())
        print(f"{options} {Path(__file__).resolve()}")  # noqa: T201 - a program
        return
    app(["map", "run", "--engine", "spark", *arguments])


if __name__ == "__main__":
    main(sys.argv[1:])
