"""Fixtures of the HTTP service over sources that the tests know."""

import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from fastapi.testclient import TestClient

from api.main import create_app
from api.settings import Settings
from federation.sources import Source
from tests.api.sources import Oxigraph

Connect = Callable[..., TestClient]


@pytest.fixture
def connect() -> Iterator[Connect]:
    """Makes a client of the service over a source, in this process."""
    with ExitStack() as stack:

        def connected(source: Source | None = None, **settings: Any) -> TestClient:
            app = create_app(Settings(**settings), source or Oxigraph())
            client = TestClient(app, raise_server_exceptions=False)
            return stack.enter_context(client)

        yield connected


@pytest.fixture
def taken_port() -> Iterator[int]:
    """A port at which somebody else listens."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        yield taken.getsockname()[1]


@pytest.fixture
def unused_port() -> int:
    """A port at which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as freed:
        port: int = freed.getsockname()[1]
    return port
