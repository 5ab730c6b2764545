"""The STAC item of a map: valid by the schemas of the specification, and true."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import jsonschema
import pystac
import pytest
from affine import Affine
from pyproj import CRS
from referencing import Registry, Resource

from ml.map_product import write_map_product
from ml.maps import ClassMap, Generalization
from tests.ml.class_maps import GRID, POLAR, SOURCE, class_map, smooth_classes

Write = Callable[[ClassMap], dict[str, Any]]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write a map product, and read its item."""
    scene = tmp_path / "scenes" / "scene-1.nc"
    scene.parent.mkdir()
    scene.write_bytes(b"a scene")

    def written(made: ClassMap) -> dict[str, Any]:
        here = replace(made, source=replace(made.source, path=scene))
        product = write_map_product(here, tmp_path / "map", Generalization())
        document: dict[str, Any] = json.loads(product.item.read_text(encoding="utf-8"))
        return document

    return written


BUNDLED = Path(pystac.__file__).parent / "validation" / "jsonschemas"


@pytest.fixture(scope="module", params=["1.1.0", "1.1.0-beta.1"])
def validator(request: pytest.FixtureRequest) -> jsonschema.Draft7Validator:
    """The item schema of STAC: 1.1.0 as pystac brings it, and the suite's draft."""
    if request.param == "1.1.0":
        folder = BUNDLED / "stac-spec" / "v1.1.0"
    else:
        suites = request.getfixturevalue("suites")
        folder = suites / "stac-spec" / "item-spec" / "json-schema"
    files = [*folder.glob("*.json"), *(BUNDLED / "geojson").glob("*.json")]
    documents = {f.name: json.loads(f.read_text(encoding="utf-8")) for f in files}
    item = documents["item.json"]
    assert _version(item)["const"] == request.param
    # The draft is asked about the item as if it were one.
    _version(item)["const"] = "1.1.0"
    # By file name and not by $id: that of common.json is misspelled in the suite.
    registry: Registry[Any] = Registry().with_resources(
        (
            urljoin(item["$id"] if "stacspec" in d["$id"] else d["$id"], name),
            Resource.from_contents(d),
        )
        for name, d in documents.items()
    )
    return jsonschema.Draft7Validator(item, registry=registry)


def _version(item_schema: dict[str, Any]) -> dict[str, Any]:
    core = item_schema["definitions"]["core"]["allOf"]
    found: dict[str, Any] = next(
        part["properties"]["stac_version"]
        for part in core
        if "stac_version" in part.get("properties", {})
    )
    return found


MAPS = {
    "at 80 north": class_map(smooth_classes((40, 50))),
    "over the antimeridian": class_map(
        smooth_classes((40, 50)), transform=Affine(400, 0, -8e5, 0, -400, 8e5)
    ),
    "around the pole": class_map(
        smooth_classes((40, 50)), transform=Affine(4000, 0, -8e4, 0, -4000, 8e4)
    ),
    "in a CRS without a code": class_map(
        smooth_classes((40, 50)),
        crs=CRS("+proj=stere +lat_0=90 +lon_0=10 +lat_ts=71 +ellps=WGS84"),
    ),
    "of unknown date": class_map(
        smooth_classes((40, 50)),
        source=replace(SOURCE, time_start=None, time_end=None),
    ),
    "of one instant": class_map(
        smooth_classes((40, 50)),
        source=replace(SOURCE, time_end=SOURCE.time_start),
    ),
}


@pytest.mark.parametrize("name", MAPS)
def test_the_item_is_valid(
    name: str, write: Write, validator: jsonschema.Draft7Validator
) -> None:
    assert [e.message for e in validator.iter_errors(write(MAPS[name]))] == []


@pytest.mark.parametrize(
    "damage",
    [
        lambda item: item.pop("links"),
        lambda item: item["properties"].pop("datetime"),
        lambda item: item["geometry"].update(type="Circle"),
        lambda item: item["assets"]["polygons"].pop("href"),
        lambda item: item["links"][0].pop("rel"),
    ],
)
def test_the_schema_would_refuse_a_broken_item(
    damage: Callable[[dict[str, Any]], object],
    write: Write,
    validator: jsonschema.Draft7Validator,
) -> None:
    item = write(MAPS["at 80 north"])
    damage(item)
    assert not validator.is_valid(item)


def test_the_projection_is_that_of_the_rasters(write: Write) -> None:
    properties = write(MAPS["at 80 north"])["properties"]
    assert properties["proj:code"] == "EPSG:3413"
    assert properties["proj:shape"] == [40, 50]
    assert properties["proj:transform"] == list(GRID[:6])
    assert properties["proj:bbox"] == [-200_000, -1_001_600, -198_000, -1_000_000]
    assert properties["pytheas:crs_source"] == "file"


def test_a_crs_without_a_code_is_written_in_full(write: Write) -> None:
    properties = write(MAPS["in a CRS without a code"])["properties"]
    assert properties["proj:code"] is None
    assert CRS.from_json_dict(properties["proj:projjson"]) != POLAR


def test_the_period_is_that_of_the_scene(write: Write) -> None:
    properties = write(MAPS["at 80 north"])["properties"]
    assert properties["datetime"] is None
    assert properties["start_datetime"] == "2022-04-21T07:31:05Z"
    assert properties["end_datetime"] == "2022-04-21T07:32:05Z"
    instant = write(MAPS["of one instant"])["properties"]
    assert instant["datetime"] == "2022-04-21T07:31:05Z"
    assert "start_datetime" not in instant


def test_an_unknown_period_is_called_unknown(write: Write) -> None:
    properties = write(MAPS["of unknown date"])["properties"]
    assert properties["pytheas:observed_period"] == "unknown"
    assert properties["datetime"].endswith("Z")
    known = write(MAPS["at 80 north"])["properties"]
    assert "pytheas:observed_period" not in known


def test_classes_carry_concept_colour_and_count(write: Write) -> None:
    made = MAPS["at 80 north"]
    classes = write(made)["assets"]["class_map"]["classification:classes"]
    assert [c["value"] for c in classes] == [1, 2, 3, 4]
    assert classes[0]["pytheas:concept"] == "https://example.org/c1"
    assert classes[0]["color_hint"] == "1020FF"
    counts = [int((made.classes_HW == c["value"]).sum()) for c in classes]
    assert [c["count"] for c in classes] == counts


def test_assets_lie_beside_the_item_and_have_their_checksum(
    write: Write, tmp_path: Path
) -> None:
    assets = write(MAPS["at 80 north"])["assets"]
    assert sorted(assets) == ["class_map", "polygons", "probabilities"]
    for asset in assets.values():
        content = (tmp_path / "map" / asset["href"]).read_bytes()
        assert asset["file:size"] == len(content)
        assert asset["file:checksum"] == "1220" + hashlib.sha256(content).hexdigest()
        assert "data" in asset["roles"]
    assert assets["class_map"]["type"].startswith("image/tiff; application=geotiff")
    assert assets["polygons"]["type"] == "application/vnd.apache.parquet"


def test_the_link_leads_back_to_the_scene(write: Write, tmp_path: Path) -> None:
    (link,) = write(MAPS["at 80 north"])["links"]
    assert (link["rel"], link["title"]) == ("derived_from", "scene-1")
    assert link["type"] == "application/netcdf"
    assert (tmp_path / "map" / link["href"]).read_bytes() == b"a scene"


def test_pystac_reads_it(write: Write, tmp_path: Path) -> None:
    write(MAPS["at 80 north"])
    item = pystac.Item.from_file(str(tmp_path / "map" / "item.json"))
    assert item.id == "scene-1"
    href = item.assets["polygons"].get_absolute_href()
    assert href == str(tmp_path / "map" / "polygons.parquet")
