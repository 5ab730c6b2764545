"""Updates, one at a time, where whoever runs the service allows them."""

import asyncio
import logging
from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Protocol, runtime_checkable
from urllib.parse import urlsplit

from api.errors import UpdatesForbidden
from api.sparql.protocol import UpdateRequest
from strabon_store.algebra.queries import Dataset
from strabon_store.errors import StoreBusy
from strabon_store.updating import UpdateReport

_log = logging.getLogger(__name__)


@runtime_checkable
class Updatable(Protocol):
    """Something that runs SPARQL updates."""

    def update(
        self,
        text: str,
        timeout_s: float | None = None,
        *,
        base: str | None = None,
        dataset: Dataset | None = None,
        query_id: str | None = None,
    ) -> UpdateReport:
        """Run all operations of a request, or none.

        Raises:
            PytheasError: Nothing was changed.
        """
        ...


class UpdateService:
    """Runs updates on one thread; the others wait, for a bounded time."""

    def __init__(
        self, target: Updatable, *, timeout_s: float, queue_timeout_s: float
    ) -> None:
        """Over what is changed.

        Args:
            target: What is changed.
            timeout_s: How long one update may take.
            queue_timeout_s: How long an update waits for its turn.
        """
        self._target = target
        self._timeout_s = timeout_s
        self._queue_timeout_s = queue_timeout_s
        self._turn = asyncio.Semaphore(1)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="update")

    async def run(
        self, request: UpdateRequest, base: str, query_id: str
    ) -> UpdateReport:
        """Run an update to its end, even if its client does not wait.

        Args:
            request: The update.
            base: What its relative IRIs are resolved against.
            query_id: Names it, in the log and for who wants to cancel it.

        Raises:
            StoreBusy: Its turn did not come in time.
            PytheasError: The update is wrong, or took too long; nothing was changed.
        """
        try:
            async with asyncio.timeout(self._queue_timeout_s):
                await self._turn.acquire()
        except TimeoutError as error:
            raise StoreBusy(self._queue_timeout_s) from error
        loop = asyncio.get_running_loop()
        work = partial(
            self._target.update,
            request.text,
            self._timeout_s,
            base=base,
            dataset=request.dataset,
            query_id=query_id,
        )
        running = self._thread.submit(work)
        running.add_done_callback(
            lambda _: loop.call_soon_threadsafe(self._turn.release)
        )
        report = await asyncio.wrap_future(running)
        _log.info("update %s: %s", query_id, report)
        return report

    def close(self) -> None:
        """Wait for the update that runs, and take no more."""
        self._thread.shutdown()


def check_origin(origin: str | None, address: str, allowed: Collection[str]) -> None:
    """Refuse updates that a page of another site sends from its visitor's browser.

    A browser sends a form from any page to any server, one behind the visitor's
    firewall included, and asks nobody before. It says where the page is from, though.

    Args:
        origin: The header `Origin`; only browsers send it.
        address: The address of the request.
        allowed: Origins that may send updates; `*` means nothing here.

    Raises:
        UpdatesForbidden: The page is from elsewhere.

    Examples:
        >>> check_origin("http://localhost:80", "http://localhost:80/update", ())
    """
    parts = urlsplit(address)
    if origin in {None, f"{parts.scheme}://{parts.netloc}"} or origin in allowed:
        return
    raise UpdatesForbidden(
        f"pages of {origin} may not send updates; whoever runs the service can name "
        "their site in PYTHEAS_CORS_ORIGINS"
    )
