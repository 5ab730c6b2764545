"""Ask PostgreSQL; runs in an environment that has psycopg.

    python ask_postgres.py CONNECTION LIMIT_MS < lines of JSON, each a string of SQL

Answers each line by a line of JSON: seconds and rows, or an error. Rows travel as text,
as those of an endpoint do.
"""

import json
import sys
import time

import psycopg


def main(connection: str, limit_ms: str) -> None:
    """Answer line by line."""
    with psycopg.connect(connection, autocommit=True) as session:
        session.execute(f"SET statement_timeout = {int(limit_ms)}")
        for line in sys.stdin:
            print(json.dumps(answer(session, json.loads(line))), flush=True)


def answer(session: psycopg.Connection, sql: str) -> dict[str, object]:
    """Seconds until the last row was read, and how many there were."""
    started, rows = time.perf_counter(), 0
    try:
        with session.cursor().copy(f"COPY ({sql}) TO STDOUT") as copy:
            rows = sum(bytes(block).count(b"\n") for block in copy)
    except psycopg.errors.QueryCanceled:
        return {"error": "timeout"}
    except psycopg.Error as error:
        return {"error": str(error).splitlines()[0][:120]}
    return {"seconds": time.perf_counter() - started, "rows": rows}


if __name__ == "__main__":
    main(*sys.argv[1:])
