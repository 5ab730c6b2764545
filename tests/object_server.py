"""A server of the S3 protocol in a process of its own, with one bucket `maps`."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from unittest.mock import patch

import boto3

KEY: Final = "key-of-the-tests"
SECRET: Final = "s3cr3t-of-the-tests"  # noqa: S105 - of a server that only tests reach
BUCKET: Final = "maps"


@dataclass(frozen=True, slots=True)
class ObjectServer:
    """The running server, as another client sees it."""

    client: Any

    def put(self, key: str, content: bytes | Path) -> None:
        """Make an object of bytes or a file."""
        body = content.read_bytes() if isinstance(content, Path) else content
        self.client.put_object(Bucket=BUCKET, Key=key, Body=body)

    def get(self, key: str) -> bytes:
        """What an object holds."""
        found: bytes = self.client.get_object(Bucket=BUCKET, Key=key)["Body"].read()
        return found

    def keys(self, prefix: str = "") -> list[str]:
        """The keys that begin so."""
        found = self.client.list_objects_v2(Bucket=BUCKET, Prefix=prefix)
        return [one["Key"] for one in found.get("Contents", [])]


def environment(endpoint: str) -> dict[str, str]:
    """The variables that say where a server is, and who asks."""
    return {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": KEY,
        "AWS_SECRET_ACCESS_KEY": SECRET,
    }


@contextmanager
def object_server() -> Iterator[ObjectServer]:
    """The server, with the environment that leads to it."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", port]
    quiet = subprocess.DEVNULL
    with subprocess.Popen(command, stdout=quiet, stderr=quiet) as process:
        try:
            _wait(int(port))
            with patch.dict(os.environ, environment(f"http://127.0.0.1:{port}")):
                client = boto3.client("s3")
                client.create_bucket(Bucket=BUCKET)
                yield ObjectServer(client)
        finally:
            process.send_signal(signal.SIGTERM)


def _wait(port: int) -> None:
    until = time.monotonic() + 60
    while True:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except OSError:
            if time.monotonic() > until:
                raise
            time.sleep(0.05)
        else:
            return
