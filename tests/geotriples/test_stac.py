"""STAC as a source: what pystac finds in a catalogue is what there are rows for."""

import json
import shutil
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pystac
import pytest
import shapely

from api.mapping_sources import permissions
from geotriples.errors import SourceError
from geotriples.mapping.model import WebAccess
from geotriples.sources.base import Kind
from geotriples.sources.places import Permissions
from tests.geotriples.logical_sources import column, opened, rows

CATALOG = "pystac-data/catalogs/test-case-1"


def _item(name: str, **more: Any) -> dict[str, Any]:
    return {
        "type": "Feature",
        "stac_version": "1.1.0",
        "id": name,
        "geometry": {"type": "Point", "coordinates": [20.0, 70.0]},
        "bbox": [20.0, 70.0, 20.0, 70.0],
        "properties": {"datetime": "2026-01-01T00:00:00Z", "eo:cloud_cover": 12.5},
        "links": [],
        "assets": {"b1": {"href": "./b1.tif", "roles": ["data", "overview"]}},
        **more,
    }


def test_items_are_those_that_pystac_finds(suites: Path) -> None:
    folder = suites / CATALOG
    catalog = pystac.Catalog.from_file(str(folder / "catalog.json"))
    expected = {
        item.id: (item.collection_id, item.geometry, item.properties["datetime"])
        for item in catalog.get_items(recursive=True)
    }
    with opened(folder, "catalog.json", "pyrml:STAC") as source:
        assert source.column("geometry").kind is Kind.GEOMETRY
        assert source.column("geometry").crs == "OGC:CRS84"
        found = rows(source, "id", "collection", "geometry", "datetime")
        again = column(source, "id")
    assert [one for one, *_ in found] == again
    assert len(found) == len(expected) == 8
    for name, collection, wkb, time in found:
        assert (collection, time) == (expected[name][0], expected[name][2])
        shape = shapely.from_geojson(json.dumps(expected[name][1]))
        assert shapely.equals_exact(shapely.from_wkb(wkb), shape)


def test_assets_and_collections_are_those_that_pystac_finds(suites: Path) -> None:
    folder = suites / CATALOG
    catalog = pystac.Catalog.from_file(str(folder / "catalog.json"))
    assets = {
        (item.id, key, asset.href)
        for item in catalog.get_items(recursive=True)
        for key, asset in item.assets.items()
    }
    with opened(folder, "catalog.json", "pyrml:STAC", "assets") as source:
        assert set(rows(source, "item", "key", "href")) == assets
    boxes = {
        one.id: one.extent.spatial.bboxes[0] for one in catalog.get_all_collections()
    }
    with opened(folder, "catalog.json", "pyrml:STAC", "collections") as source:
        found = rows(source, "id", "geometry")
    for name, wkb in found:
        assert (wkb is None) == (name not in boxes)
        if wkb is not None:
            assert list(shapely.from_wkb(wkb).bounds) == pytest.approx(boxes[name])
    assert {name for name, _ in found} >= set(boxes)


def test_versions_of_old_read_as_the_current(suites: Path) -> None:
    folder = suites / "pystac-data/examples/1.0.0-beta.2/extensions/sar/examples"
    with opened(folder, "sentinel1.json", "pyrml:STAC") as source:
        assert column(source, "stac_version") == [pystac.get_stac_version()]


def test_references_are_members_properties_and_paths(tmp_path: Path) -> None:
    (tmp_path / "i.json").write_text(json.dumps(_item("a")))
    with opened(tmp_path, "i.json", "pyrml:STAC") as source:
        found = rows(
            source, "id", "eo:cloud_cover", "$.bbox[1]", "$.assets.b1.roles[*]"
        )
        assert found == [("a", "1.25E1", "7.0E1", ["data", "overview"])]
        with pytest.raises(SourceError, match="leads nowhere in any row"):
            rows(source, "none")


def test_a_box_over_the_antimeridian_is_two(tmp_path: Path) -> None:
    extent = {
        "spatial": {"bbox": [[170, -20, 0, -170, -10, 9]]},
        "temporal": {"interval": [[None, None]]},
    }
    collection = {
        "type": "Collection",
        "stac_version": "1.1.0",
        "id": "fiji",
        "description": "d",
        "license": "other",
        "extent": extent,
        "links": [],
    }
    (tmp_path / "c.json").write_text(json.dumps(collection))
    with opened(tmp_path, "c.json", "pyrml:STAC", "collections") as source:
        (wkb,) = column(source, "geometry")
    parts = shapely.from_wkb(wkb).geoms
    bounds = [part.bounds for part in parts]
    assert bounds == [(170, -20, 180, -10), (-180, -20, -170, -10)]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("{", "is not JSON"),
        ("[]", "it is not a JSON object"),
        ('{"type": "FeatureCollection", "features": [{"type": "Feature"}]}', "no item"),
        ('{"type": "Sensor"}', "its type is 'Sensor'"),
        (json.dumps(_item("a", geometry={"type": "Nothing"})), "is no GeoJSON"),
    ],
)
def test_what_is_no_stac_is_told(tmp_path: Path, content: str, reason: str) -> None:
    (tmp_path / "c.json").write_text(content)
    with (
        pytest.raises(SourceError, match=reason),
        opened(tmp_path, "c.json", "pyrml:STAC") as source,
    ):
        rows(source, "geometry")


def test_links_do_not_lead_out_of_the_catalogue(tmp_path: Path) -> None:
    (tmp_path / "i.json").write_text(json.dumps(_item("secret")))
    folder = tmp_path / "catalog"
    folder.mkdir()
    for href, reason in (
        ("../i.json", "leads out of the folders"),
        ("gone.json", "does not exist"),
        ("http://elsewhere.example/i.json", "may not ask any host"),
    ):
        catalog = {
            "type": "Catalog",
            "stac_version": "1.1.0",
            "id": "c",
            "description": "d",
            "links": [{"rel": "item", "href": href}],
        }
        (folder / "c.json").write_text(json.dumps(catalog))
        with (
            opened(folder, "c.json", "pyrml:STAC") as source,
            pytest.raises(SourceError, match=reason),
        ):
            column(source, "id")


class _Quiet(SimpleHTTPRequestHandler):
    """Files of a folder, and pages of items as the item search has them."""

    def do_GET(self) -> None:
        if not self.path.startswith("/search"):
            super().do_GET()
            return
        page = int(self.path.partition("page=")[2] or 1)
        following = [] if page == 3 else [{"rel": "next", "href": f"?page={page + 1}"}]
        if self.path.startswith("/search-post"):
            following = [{"rel": "next", "href": "/search-post", "method": "POST"}]
        body = json.dumps(
            {
                "type": "FeatureCollection",
                "features": [_item(f"{page}-{number}") for number in range(2)],
                "links": following,
            }
        ).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def server(suites: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("web")
    shutil.copytree(suites / CATALOG, folder / "catalog")
    handler = partial(_Quiet, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{running.server_port}"
        running.shutdown()


def _allowed() -> Permissions:
    return permissions(["127.0.0.1"], [])


def test_a_catalogue_on_the_web_is_the_same(
    server: str, suites: Path, tmp_path: Path
) -> None:
    with opened(suites / CATALOG, "catalog.json", "pyrml:STAC") as source:
        expected = rows(source, "id", "geometry")
    url = f"{server}/catalog/catalog.json"
    with opened(
        tmp_path, WebAccess(url), "pyrml:STAC", permissions=_allowed()
    ) as source:
        assert rows(source, "id", "geometry") == expected


def test_pages_are_followed_to_the_last(server: str, tmp_path: Path) -> None:
    url = f"{server}/search?page=1"
    with opened(
        tmp_path, WebAccess(url), "pyrml:STAC", permissions=_allowed()
    ) as source:
        found = column(source, "id")
    assert found == [f"{page}-{number}" for page in (1, 2, 3) for number in range(2)]
    with opened(
        tmp_path, WebAccess(url), "pyrml:STAC", "assets", permissions=_allowed()
    ) as source:
        assert set(column(source, "href")) == {f"{server}/b1.tif"}


def test_pages_that_are_not_had_by_get_are_told(server: str, tmp_path: Path) -> None:
    access = WebAccess(f"{server}/search-post")
    with (
        opened(tmp_path, access, "pyrml:STAC", permissions=_allowed()) as source,
        pytest.raises(SourceError, match="by POST; ask for pages by GET"),
    ):
        column(source, "id")
