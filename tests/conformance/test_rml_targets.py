"""RML-IO's test cases of logical targets, read from their metadata where they lie."""

import gzip
import io
import json
import lzma
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pyoxigraph as ox
import pytest

from geotriples.run_local import run
from tests.conformance.rml_suite import BASE, read_suite
from tests.expected_failures import assert_all_known, load, parametrize

SUITE = read_suite("rml-io")
CASES = [case for case in SUITE.cases if case.startswith("RMLTTC")]
EXPECTED = load(
    Path(__file__).with_name("rml_targets_expected_failures.toml"), [AssertionError]
)
FORMATS = {
    ".nq": ox.RdfFormat.N_QUADS,
    ".nt": ox.RdfFormat.N_TRIPLES,
    ".ttl": ox.RdfFormat.TURTLE,
    ".n3": ox.RdfFormat.N3,
    ".jsonld": ox.RdfFormat.JSON_LD,
    ".rdfxml": ox.RdfFormat.RDF_XML,
}


@pytest.mark.parametrize("case", parametrize(CASES or EXPECTED, EXPECTED))
def test_rml_targets(case: str, suites: Path, tmp_path: Path) -> None:
    del suites  # skips, or fails in CI, where the suites are absent
    row, folder = SUITE.cases[case], SUITE.folder / case
    assert row["error"] == "false"
    run(folder / row["mapping"], tmp_path / "default.nq", base=BASE)
    wanted = [row[name] for name in ("output1", "output2", "output3") if row[name]]
    wanted += [one.name for one in folder.glob("dump*") if one.name not in wanted]
    assert sorted(one.name for one in tmp_path.iterdir()) == sorted(wanted)
    for name in wanted:
        assert sorted(map(str, _quads(tmp_path / name))) == sorted(
            map(str, _quads(folder / name))
        ), name


@pytest.mark.parametrize("case", sorted(EXPECTED))
def test_a_case_with_a_wrong_file_gives_what_its_mapping_gives_elsewhere(
    case: str, suites: Path, tmp_path: Path
) -> None:
    del suites
    run(SUITE.folder / case / "mapping.ttl", tmp_path / "default.nq", base=BASE)
    (name,) = (one.name for one in tmp_path.glob("dump*"))
    right = _quads(SUITE.folder / "RMLTTC0001a" / "dump1.nq")
    assert _quads(tmp_path / name) == right


def test_every_expected_failure_names_a_case(suites: Path) -> None:
    del suites
    assert len(CASES) == 41
    assert_all_known(EXPECTED, CASES)


def _quads(path: Path) -> ox.Dataset:
    data, name = _unpacked(path)
    if data[:2] in {b"\xff\xfe", b"\xfe\xff"}:
        data = data.decode("utf-16").encode()
    ending = Path(name).suffix
    quads = _rdf_json(data) if ending == ".rdfjson" else ox.parse(data, FORMATS[ending])
    dataset = ox.Dataset(quads)
    dataset.canonicalize(ox.CanonicalizationAlgorithm.RDFC_1_0)
    return dataset


def _unpacked(path: Path) -> tuple[bytes, str]:
    """The bytes of the file within, and its name, by other code than ours."""
    data = path.read_bytes()
    if path.suffix == ".zip":
        with zipfile.ZipFile(path) as archive:
            (name,) = archive.namelist()
            return archive.read(name), name
    if ".tar" in path.suffixes:
        plain = lzma.decompress(data) if path.suffix == ".xz" else gzip.decompress(data)
        with tarfile.open(fileobj=io.BytesIO(plain)) as tar:
            (name,) = tar.getnames()
            found = tar.extractfile(name)
            assert found is not None
            return found.read(), name
    if path.suffix == ".gz":
        return gzip.decompress(data), path.stem
    return data, path.name


def _rdf_json(data: bytes) -> Iterator[ox.Quad]:
    for subject, predicates in json.loads(data).items():
        for predicate, values in predicates.items():
            for value in values:
                literal = ox.Literal(
                    value["value"],
                    datatype=ox.NamedNode(value["datatype"])
                    if "datatype" in value
                    else None,
                )
                yield ox.Quad(ox.NamedNode(subject), ox.NamedNode(predicate), literal)
