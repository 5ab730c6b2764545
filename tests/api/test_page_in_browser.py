"""The page in a real browser: what people see, not what the code says.

Two squares of 20 km, made with geodesics, lie at 79 and 81 degrees north. On the globe
both are squares, and equally large; web Mercator would draw the northern one larger by
22 %.
"""

import math
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import rasterio
from geographiclib.geodesic import Geodesic
from selenium.webdriver import ActionChains, Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from api.main import create_app
from api.settings import Settings
from strabon_store.store import Store
from tests.api.browser import browser, call, log, missing_browser, requested
from tests.api.serving import serving

pytestmark = [pytest.mark.browser, pytest.mark.slow]

SIDE_M = 20_000.0
LONGITUDE = 175.0
LATITUDES = (79.0, 81.0)
PREFIXES = """
@prefix geo: <http://www.opengis.net/ont/geosparql#> .
@prefix ice: <https://w3id.org/pytheas/ontology/seaice#> .
@prefix icetype: <https://w3id.org/pytheas/code/icetype/> .
"""
SQUARES = """
PREFIX geo: <http://www.opengis.net/ont/geosparql#>
PREFIX ice: <https://w3id.org/pytheas/ontology/seaice#>
SELECT ?square ?ice ?geometry WHERE {
  ?square ice:iceType ?ice ; geo:hasDefaultGeometry/geo:asWKT ?geometry .
} ORDER BY ?square
"""


POINTS = """
PREFIX geo: <http://www.opengis.net/ont/geosparql#>
SELECT ?point {
  VALUES ?point { "POINT (179 80)"^^geo:wktLiteral "POINT (-179 80)"^^geo:wktLiteral }
}
"""


def corners(longitude: float, latitude: float) -> list[tuple[float, float]]:
    """The corners of a square around a point, each at half a diagonal's distance."""
    half_diagonal = SIDE_M / math.sqrt(2)
    found = []
    for azimuth in (45.0, 135.0, 225.0, 315.0):
        end = Geodesic.WGS84.Direct(latitude, longitude, azimuth, half_diagonal)
        found.append((end["lon2"], end["lat2"]))
    return found


def turtle() -> str:
    lines = [PREFIXES]
    for i, latitude in enumerate(LATITUDES):
        ring = corners(LONGITUDE, latitude)
        text = ", ".join(f"{x!r} {y!r}" for x, y in [*ring, ring[0]])
        ice = ("level", "deformed")[i]
        lines.append(f"<urn:square:{i}> geo:hasDefaultGeometry <urn:geometry:{i}> .")
        lines.append(f"<urn:square:{i}> ice:iceType icetype:{ice} .")
        lines.append(
            f"<urn:geometry:{i}> geo:asWKT 'POLYGON (({text}))'^^geo:wktLiteral ."
        )
    return "\n".join(lines)


@pytest.fixture(scope="module")
def origin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("page")
    (folder / "squares.ttl").write_text(turtle())
    with Store.open(folder / "store") as store:
        store.load([folder / "squares.ttl"])
        with serving(create_app(Settings(), store)) as url:
            yield url


@pytest.fixture(scope="module")
def chromium(origin: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chrome]:
    missing_browser()
    with browser(tmp_path_factory.mktemp("profile")) as driver:
        driver.get(f"{origin}/")
        wait_for(driver, "!!window.pytheas")
        yield driver


def wait_for(driver: Chrome, expression: str, timeout_s: float = 30.0) -> None:
    deadline = time.monotonic() + timeout_s
    while not call(driver, expression):
        assert time.monotonic() < deadline, f"{expression} stays false"
        time.sleep(0.05)


def run(driver: Chrome, query: str) -> bool:
    has_answer = call(driver, "window.pytheas.run(args[0])", query)
    call(driver, "window.pytheas.idle()")
    return bool(has_answer)


def on_screen(driver: Chrome, places: list[tuple[float, float]]) -> list[complex]:
    """Where places are drawn, in pixels."""
    points: list[dict[str, Any]] = call(
        driver, "args[0].map((place) => window.pytheas.map.project(place))", places
    )
    return [complex(point["x"], point["y"]) for point in points]


def sides(points: list[complex]) -> list[float]:
    return [abs(points[i] - points[i - 1]) for i in range(len(points))]


@pytest.mark.filterwarnings("ignore::rasterio.errors.NotGeoreferencedWarning")
def test_polygons_at_80_degrees_north_are_drawn(
    chromium: Chrome, tmp_path: Path
) -> None:
    assert run(chromium, SQUARES)
    drawn = call(
        chromium,
        "window.pytheas.map.queryRenderedFeatures({layers: ['answer-fill']})"
        ".map((f) => f.properties.square)",
    )
    assert set(drawn) == {"urn:square:0", "urn:square:1"}
    picture = tmp_path / "page.png"
    assert chromium.save_screenshot(str(picture))
    # Level ice is drawn in its colour, which is yellow, and nothing else here is.
    with rasterio.open(picture) as image:
        red, green, blue = image.read((1, 2, 3))
    assert ((red > 200) & (green > 200) & (blue < 150)).sum() > 200


def test_squares_are_squares_and_equally_large(chromium: Chrome) -> None:
    run(chromium, SQUARES)
    lengths = [sides(on_screen(chromium, corners(LONGITUDE, y))) for y in LATITUDES]
    for four in lengths:
        assert max(four) / min(four) < 1.02
    south, north = (sum(four) for four in lengths)
    assert north / south == pytest.approx(1.0, abs=0.05)
    mercator = math.cos(math.radians(LATITUDES[0])) / math.cos(
        math.radians(LATITUDES[1])
    )
    assert mercator > 1.2


def test_the_table_the_legend_and_the_downloads_show_the_answer(
    chromium: Chrome,
) -> None:
    run(chromium, SQUARES)
    rows = chromium.find_elements(By.CSS_SELECTOR, "#table tbody tr")
    assert len(rows) == 2
    assert "Level ice" in rows[0].text
    legend = chromium.find_element(By.ID, "legend").text
    assert "Level ice" in legend
    assert "Deformed ice" in legend
    links = chromium.find_elements(By.CSS_SELECTOR, "#downloads a")
    assert [link.text for link in links] == ["CSV", "JSON", "GeoJSON"]


def test_the_keyboard_runs_the_query(chromium: Chrome) -> None:
    editor = chromium.find_element(By.ID, "query")
    editor.clear()
    editor.send_keys("SELECT (1 AS ?one) {}", Keys.CONTROL, Keys.ENTER)
    wait_for(chromium, "document.querySelector('#table td')?.textContent === '1'")


def test_a_syntax_error_shows_where_it_is(chromium: Chrome) -> None:
    assert not run(chromium, "SELECT *\n{ ?a ?b }")
    alert = chromium.find_element(By.ID, "error")
    assert alert.is_displayed()
    assert "line 2" in alert.text
    alert.find_element(By.TAG_NAME, "button").click()
    start = call(chromium, "document.getElementById('query').selectionStart")
    assert start > len("SELECT *\n")
    # The browser's own message about status 400 is the only one.
    assert [e for e in log(chromium) if "400" not in e["message"]] == []


def test_a_click_on_a_polygon_shows_its_values(chromium: Chrome) -> None:
    run(chromium, SQUARES)
    (place,) = on_screen(chromium, [(LONGITUDE, LATITUDES[1])])
    globe = chromium.find_element(By.ID, "map")
    middle = complex(globe.size["width"], globe.size["height"]) / 2
    offset = place - middle
    mouse = ActionChains(chromium)
    mouse.move_to_element_with_offset(globe, int(offset.real), int(offset.imag))
    mouse.click().perform()
    popup = chromium.find_element(By.CLASS_NAME, "maplibregl-popup").text
    assert "urn:square:1" in popup
    assert "Deformed ice" in popup


def test_the_fit_finds_data_on_both_sides_of_the_antimeridian(chromium: Chrome) -> None:
    assert run(chromium, POINTS)
    longitude = call(chromium, "window.pytheas.map.getCenter().lng")
    assert abs(abs(longitude) - 180) < 0.1
    places = on_screen(chromium, [(179, 80), (-179, 80)])
    assert 50 < abs(places[0] - places[1]) < 1400


def test_nothing_is_asked_of_anybody_else_and_nothing_complains(
    origin: str, tmp_path: Path
) -> None:
    missing_browser()
    with browser(tmp_path) as driver:
        driver.get(f"{origin}/")
        wait_for(driver, "!!window.pytheas")
        run(driver, SQUARES)
        urls = [url for url in requested(driver) if url.startswith(("http", "ws"))]
        assert urls
        assert [url for url in urls if not url.startswith(f"{origin}/")] == []
        assert log(driver) == []
