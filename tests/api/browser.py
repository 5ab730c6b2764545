"""A headless Chromium that shows the page, and tells what went wrong in it."""

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import pytest
from selenium.webdriver import Chrome, ChromeOptions
from selenium.webdriver.chrome.service import Service

# Chromium looks for updates and hosts of its maker's at every start without these;
# MapLibre needs WebGL, which SwiftShader draws without a graphics card.
_FLAGS: Final = (
    "--headless=new",
    "--no-sandbox",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
    "--force-device-scale-factor=1",
    "--window-size=1400,900",
)


_PROGRAMS: Final = ("chromium", "chromedriver")


def missing_browser() -> None:
    """Skip the test at a desk without a browser, and fail it in CI."""
    absent = [name for name in _PROGRAMS if shutil.which(name) is None]
    if absent:
        message = f"no {' and no '.join(absent)}; scripts/install-browser brings both"
        if os.environ.get("CI") == "true":
            pytest.fail(message)
        pytest.skip(message)


@contextmanager
def browser(profile: Path, *, is_dark: bool = False) -> Iterator[Chrome]:
    """A browser with an empty profile, closed at the end."""
    options = ChromeOptions()
    options.binary_location = shutil.which("chromium") or ""
    for flag in (*_FLAGS, f"--user-data-dir={profile}"):
        options.add_argument(flag)
    if is_dark:
        options.add_argument("--blink-settings=preferredColorScheme=0")
    options.set_capability(
        "goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"}
    )
    driver = Chrome(options=options, service=Service(shutil.which("chromedriver")))
    driver.set_script_timeout(60)
    try:
        yield driver
    finally:
        driver.quit()


def call(driver: Chrome, expression: str, *arguments: Any) -> Any:
    """The value to which a JavaScript expression resolves; `args` are its arguments."""
    script = (
        "const done = arguments[arguments.length - 1], args = [...arguments];"
        f"(async () => {expression})().then(done, e => done({{failure: String(e)}}));"
    )
    answer = driver.execute_async_script(script, *arguments)
    assert not (isinstance(answer, dict) and "failure" in answer), answer
    return answer


def log(driver: Chrome, kind: str = "browser") -> list[dict[str, Any]]:
    """What the browser has logged since this was asked last; the console by default."""
    entries: list[dict[str, Any]] = driver.get_log(kind)  # type: ignore[no-untyped-call]
    return entries


def requested(driver: Chrome) -> list[str]:
    """The URL of every request that the page made."""
    entries = log(driver, "performance")
    messages = (json.loads(entry["message"])["message"] for entry in entries)
    return [
        message["params"]["request"]["url"]
        for message in messages
        if message["method"] == "Network.requestWillBeSent"
    ]
