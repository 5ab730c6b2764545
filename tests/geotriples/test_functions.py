"""Functions of mappings: what they give, what they refuse, and that IRIs stay IRIs."""

from pathlib import Path

import pyoxigraph as ox
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from geotriples.errors import InvalidData, InvalidMapping
from geotriples.functions.catalog import FUNCTIONS
from geotriples.run_local import run
from tests.geotriples.rml import triples_map

FNO = """
@prefix grel: <http://users.ugent.be/~bjdmeest/function/grel.ttl#> .
@prefix idlab-fn: <https://w3id.org/imec/idlab/function#> .
@prefix rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#> .
"""


def call(function: str, *arguments: str, more: str = "") -> str:
    """An object map that calls a function by place; arguments are maps or constants."""
    inputs = " , ".join(
        f"[ rml:parameter rdf:_{i} ; {_value(one)} ]"
        for i, one in enumerate(arguments, 1)
    )
    given = f"; rml:input {inputs}" if inputs else ""
    return f"[ rml:functionExecution [ rml:function {function} {given} ] {more}]"


def _value(argument: str) -> str:
    kind = "inputValueMap" if argument.startswith("[") else "inputValue"
    return f"rml:{kind} {argument}"


def _run(folder: Path, mapping: str, **options: object) -> Path:
    (folder / "m.ttl").write_text(FNO + mapping, encoding="utf-8")
    output = folder / "o.nq"
    run(folder / "m.ttl", output, **options)  # type: ignore[arg-type]
    return output


def _answers(folder: Path, *object_maps: str) -> list[list[str]]:
    """The sorted objects of each map, as they stand in N-Triples."""
    (folder / "d.csv").write_text("id,v\n1,x\n", encoding="utf-8")
    mapping = triples_map("d.csv", '[ rml:template "http://x.org/{id}" ]', *object_maps)
    found: list[list[str]] = [[] for _ in object_maps]
    for quad in ox.parse(path=_run(folder, mapping), format=ox.RdfFormat.N_QUADS):
        place = int(quad.predicate.value.rpartition("p")[2])
        found[place].append(str(quad.object))
    return [sorted(one) for one in found]


def _integer(value: int) -> list[str]:
    return [f'"{value}"^^<http://www.w3.org/2001/XMLSchema#integer>']


def _decimal(value: str) -> list[str]:
    return [f'"{value}"^^<http://www.w3.org/2001/XMLSchema#decimal>']


def _date(value: str) -> list[str]:
    return [f'"{value}"^^<http://www.w3.org/2001/XMLSchema#date>']


TRUE = ['"true"^^<http://www.w3.org/2001/XMLSchema#boolean>']
FALSE = ['"false"^^<http://www.w3.org/2001/XMLSchema#boolean>']

# Expected values are those of OpenRefine's reference, or of arithmetic.
CASES: list[tuple[str, tuple[str, ...], list[str]]] = [
    ("grel:toUpperCase", ('"Zoë"',), ['"ZOË"']),
    ("grel:toLowerCase", ('"ZOË"',), ['"zoë"']),
    (
        "grel:string_toTitlecase",
        ('"Once upon a midnight"',),
        ['"Once Upon A Midnight"'],
    ),
    ("grel:string_length", ('"雪🧊"',), _integer(2)),
    ("grel:string_trim", ('" \\t a b\\n"',), ['"a b"']),
    ("grel:string_chomp", ('"barely"', '"ly"'), ['"bare"']),
    ("grel:string_chomp", ('"bare"', '"ly"'), ['"bare"']),
    ("grel:string_substring", ('"profound"', '"3"'), ['"found"']),
    ("grel:string_substring", ('"profound"', '"2"', '"4"'), ['"of"']),
    ("grel:string_substring", ('"profound"', '"2"', '"-1"'), ['"ofoun"']),
    ("grel:string_substring", ('"profound"', '"9"'), []),
    ("grel:string_indexOf", ('"internationalization"', '"nation"'), _integer(5)),
    ("grel:string_indexOf", ('"internationalization"', '"world"'), _integer(-1)),
    ("grel:string_lastIndexOf", ('"parallel"', '"a"'), _integer(3)),
    ("grel:string_lastIndexOf", ('"parallel"', '"pi"'), _integer(-1)),
    ("grel:string_replace", ('"a.b.c"', '"."', '"-"'), ['"a-b-c"']),
    ("grel:string_replaceChars", ('"cafés"', '"és"', '"e"'), ['"cafe"']),
    ("grel:string_startsWith", ('"INCLUDE"', '"IN"'), TRUE),
    ("grel:string_endsWith", ('"INCLUDE"', '"IN"'), FALSE),
    ("grel:string_contains", ('"INCLUDE"', '"CLU"'), TRUE),
    ("grel:string_match", ('"230.22398, 12.3480"', '"[^,]+"'), []),
    (
        "grel:string_match",
        ('"10.1111/j.1"', '"(?:10)\\\\.([0-9]+)/(.*)"'),
        ['"1111"', '"j.1"'],
    ),
    ("grel:string_find", ('"abcadsfabe"', '"[e-g]"'), ['"e"', '"f"']),
    (
        "grel:string_split",
        ('"fire, water,earth"', '","'),
        ['" water"', '"earth"', '"fire"'],
    ),
    (
        "grel:string_partition",
        ('"internationality"', '"nation"'),
        ['"ality"', '"inter"', '"nation"'],
    ),
    ("grel:string_rpartition", ('"parallel"', '"a"'), ['"a"', '"llel"', '"par"']),
    ("grel:string_toNumber", ('"012.50"',), _decimal("12.5")),
    ("grel:string_toNumber", ('"twelve"',), []),
    ("grel:escape", ('"<A&B>"', '"html"'), ['"&lt;A&amp;B&gt;"']),
    ("grel:escape", ('"a/b c"', '"url"'), ['"a%2Fb%20c"']),
    ("grel:escape", ('"a"', '"morse"'), []),
    ("grel:string_unescape", ('"&amp;lt;"', '"html"'), ['"&lt;"']),
    (
        "grel:string_md5",
        ('"internationalization"',),
        ['"2c55a1626e31b4e373ceedaa9adc12a3"'],
    ),
    ("grel:array_length", (call("grel:string_split", '"a,b,a"', '","'),), _integer(3)),
    (
        "grel:array_join",
        (call("grel:array_reverse", call("grel:string_split", '"a,b"', '","')), '";"'),
        ['"b;a"'],
    ),
    ("grel:array_get", (call("grel:string_split", '"a,b,c"', '","'), '"1"'), ['"b"']),
    ("grel:array_get", (call("grel:string_split", '"a,b,c"', '","'), '"-1"'), ['"c"']),
    (
        "grel:array_slice",
        (call("grel:string_split", '"a,b,c"', '","'), '"0"', '"2"'),
        ['"a"', '"b"'],
    ),
    (
        "grel:array_join",
        (call("grel:array_sort", call("grel:string_split", '"b,a,c"', '","')), '""'),
        ['"abc"'],
    ),
    (
        "grel:array_uniques",
        (call("grel:string_split", '"a,b,a"', '","'),),
        ['"a"', '"b"'],
    ),
    ("grel:array_sum", (call("grel:string_split", '"1,2.5"', '","'),), _decimal("3.5")),
    ("grel:boolean_not", ('"true"',), FALSE),
    ("grel:boolean_and", (call("grel:string_split", '"true,false"', '","'),), FALSE),
    ("grel:boolean_or", (call("grel:string_split", '"true,false"', '","'),), TRUE),
    ("grel:boolean_xor", (call("grel:string_split", '"true,true"', '","'),), FALSE),
    ("grel:controls_if", ('"true"', '"yes"', '"no"'), ['"yes"']),
    ("grel:controls_if", ('"false"', '"yes"', '"no"'), ['"no"']),
    ("grel:controls_if", ('"false"', '"yes"'), []),
    ("grel:controls_isNumeric", ('"1e3"',), TRUE),
    ("grel:controls_isBlank", ('""',), TRUE),
    ("grel:controls_isNonBlank", ('"a"',), TRUE),
    ("grel:math_floor", ('"-2.5"',), _integer(-3)),
    ("grel:math_ceil", ('"-2.5"',), _integer(-2)),
    ("grel:math_round", ('"2.5"',), _integer(3)),
    ("grel:math_even", ('"3.2"',), _integer(4)),
    ("grel:math_odd", ('"4"',), _integer(5)),
    ("grel:math_abs", ('"-0.1"',), _decimal("0.1")),
    ("grel:math_min", ('"10"', '"9"'), _decimal("9")),
    ("grel:math_max", ('"10"', '"9"'), _decimal("10")),
    ("grel:math_pow", ('"2"', '"0.5"'), _decimal("1.4142135623730951")),
    ("grel:math_ln", ('"-1"',), []),
    ("grel:math_log", ('"1000"',), _decimal("3")),
    ("grel:math_mod", ('"74"', '"9"'), _integer(2)),
    ("grel:math_mod", ('"74"', '"0"'), []),
    ("grel:math_gcd", ('"12"', '"18"'), _integer(6)),
    ("grel:math_lcm", ('"12"', '"18"'), _integer(36)),
    ("grel:math_combin", ('"52"', '"5"'), _integer(2598960)),
    ("grel:math_fact", ('"20"',), _integer(2432902008176640000)),
    ("grel:math_fact", ('"21"',), []),
    ("grel:math_quotient", ('"7"', '"-2"'), _decimal("-3")),
    ("grel:date_toDate", ('"05/03/2020"', '"dd/MM/yyyy"'), _date("2020-03-05")),
    ("grel:date_toDate", ('"5 Mar 2020"', '"d MMM yyyy"'), _date("2020-03-05")),
    ("grel:date_toDate", ('"tomorrow"', '"yyyy"'), []),
    ("grel:date_inc", ('"2020-02-28"', '"2"', '"day"'), _date("2020-03-01")),
    ("grel:date_inc", ('"2020-01-31"', '"1"', '"month"'), _date("2020-02-29")),
    ("grel:date_diff", ('"2021-03-01"', '"2020-03-01"', '"days"'), _integer(365)),
    ("grel:date_datePart", ('"2020-03-05T10:11:12Z"', '"hour"'), _integer(10)),
    ("idlab-fn:toUpperCaseURL", ('"https://a.org"',), ['"HTTPS://A.ORG"']),
    ("idlab-fn:alwaysReturnsABC", (), ['"ABC"']),
    ("idlab-fn:equal", ('"a"', '"a"'), TRUE),
    ("idlab-fn:notEqual", ('"a"', '"a"'), FALSE),
    ("idlab-fn:isNull", ('"a"',), FALSE),
    ("idlab-fn:isNotNull", ('"a"',), TRUE),
    ("idlab-fn:trueCondition", ('"false"', '"a"'), []),
    ("idlab-fn:decide", ('"a"', '"a"', '"b"'), ['"b"']),
    ("idlab-fn:concat", ('"a"', '"b"', '"-"'), ['"a-b"']),
    ("idlab-fn:concat", ('"a"', '"b"'), ['"ab"']),
    ("idlab-fn:inRange", ('"3"', '"3"', '"4"'), TRUE),
    ("idlab-fn:inRange", ('"4"', '"3"', '"4"'), FALSE),
    ("idlab-fn:stringContainsOtherString", ('"a,b"', '"b"', '","'), TRUE),
    (
        "idlab-fn:listContainsElement",
        (call("grel:string_split", '"a,b"', '","'), '"c"'),
        FALSE,
    ),
    ("idlab-fn:slugify", ('"Zoë & Co."',), ['"zoe-co"']),
    (
        "idlab-fn:normalizeDateTime",
        ('"05.03.2020 10:11"', '"dd.MM.yyyy HH:mm"'),
        ['"2020-03-05T10:11:00"^^<http://www.w3.org/2001/XMLSchema#dateTime>'],
    ),
]


def test_every_function_gives_what_its_description_says(tmp_path: Path) -> None:
    maps = [call(function, *arguments) for function, arguments, _ in CASES]
    found = _answers(tmp_path, *maps)
    wrong = [
        (case, answer)
        for case, answer in zip(CASES, found, strict=True)
        if answer != case[2]
    ]
    assert wrong == []


def test_a_list_of_the_row_is_one_argument_and_several_terms(tmp_path: Path) -> None:
    (tmp_path / "d.json").write_text('[{"id": 1, "a": ["b", "c", 2]}, {"id": 2}]')
    values = '[ rml:reference "$.a[*]" ]'
    mapping = triples_map(
        "d.json",
        '[ rml:template "http://x.org/{$.id}" ]',
        call("grel:array_join", values, '"-"'),
        call("grel:toUpperCase", values),
        formulation='rml:JSONPath ; rml:iterator "$[*]"',
    )
    found = {
        (one.subject.value[-1], one.predicate.value[-1], one.object.value)
        for one in ox.parse(path=_run(tmp_path, mapping), format=ox.RdfFormat.N_QUADS)
    }
    assert found == {
        ("1", "0", "b-c-2"),
        ("1", "1", "B"),
        ("1", "1", "C"),
        ("1", "1", "2"),
    }


@pytest.fixture
def numbers(tmp_path: Path) -> Path:
    (tmp_path / "d.csv").write_text("id,v\n1,2.5\n2,many\n3,\n")
    return tmp_path


def test_an_argument_of_the_wrong_type_is_told_with_its_row(numbers: Path) -> None:
    rounded = call("grel:math_round", '[ rml:reference "v" ]')
    mapping = triples_map("d.csv", '[ rml:template "http://x.org/{id}" ]', rounded)
    with pytest.raises(InvalidData, match=r"row 2, .*input 1: 'many' is not a number"):
        _run(numbers, mapping)


def test_it_matters_only_where_there_is_no_other_answer(numbers: Path) -> None:
    value = '[ rml:reference "v" ]'
    either = call(
        "grel:controls_if",
        call("grel:controls_isNumeric", value),
        call("grel:math_round", value),
        '"unknown"',
    )
    mapping = triples_map("d.csv", '[ rml:template "http://x.org/{id}" ]', either)
    found = _run(numbers, mapping).read_text()
    assert sorted(line.split('"')[1] for line in found.splitlines()) == [
        "3",
        "unknown",
        "unknown",
    ]


def test_a_condition_leaves_out_terms_and_what_is_wrong_with_them(
    tmp_path: Path,
) -> None:
    (tmp_path / "d.csv").write_text("id,v\n1,http://a.org/\n2,no iri <>\n")
    is_first = call("idlab-fn:equal", '[ rml:reference "id" ]', '"1"')
    mapping = triples_map(
        "d.csv",
        '[ rml:template "http://x.org/{id}" ]',
        f'[ rml:reference "v" ; rml:termType rml:IRI ; rml:condition {is_first} ]',
    )
    assert _run(tmp_path, mapping).read_text() == (
        "<http://x.org/1> <http://example.com/p0> <http://a.org/> .\n"
    )


@pytest.mark.parametrize(
    ("object_map", "message"),
    [
        (call("grel:toUpercase", '"a"'), "near it are <.*#toUpperCase>"),
        (call("grel:math_floor"), "needs parameter <.*param_dec_n> once, has it 0"),
        (call("grel:math_floor", '"1"', '"2"'), "has no parameter <.*_2>; it has"),
        (
            call("grel:date_toDate", '"1"', '[ rml:reference "v" ]'),
            "needs parameter <.*param_string_pattern> as a constant",
        ),
        (call("grel:date_toDate", '"1"', '"QQQ"'), "'QQQ' in the pattern"),
        (call("grel:string_match", '"1"', '"("'), "no regular expression"),
    ],
)
def test_a_call_that_cannot_be_made_is_a_problem_of_the_mapping(
    tmp_path: Path, object_map: str, message: str
) -> None:
    with pytest.raises(InvalidMapping, match=message):
        _answers(tmp_path, object_map)


def test_parameters_have_two_names_each() -> None:
    known = FUNCTIONS["https://w3id.org/imec/idlab/function#toUpperCaseURL"]
    assert "https://w3id.org/imec/idlab/function#str" in known.parameters[0].names
    assert "https://w3id.org/imec/idlab/function#_str" in known.parameters[0].names


TEXTS = st.text(
    st.characters(codec="utf-8", exclude_characters="\x00\r"), min_size=1, max_size=8
)


@settings(
    max_examples=6,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(st.lists(TEXTS, min_size=1, max_size=40))
def test_iris_that_functions_make_are_iris_or_told(
    tmp_path: Path, values: list[str]
) -> None:
    """Escaped for URLs, any text fits into an IRI; raw, it is an IRI or rejected."""
    rows = "".join(
        f'{i},"{one.replace(chr(34), chr(34) * 2)}"\n' for i, one in enumerate(values)
    )
    (tmp_path / "d.csv").write_text(f"id,v\n{rows}", encoding="utf-8", newline="")
    value = '[ rml:reference "v" ]'
    escaped = call("grel:escape", value, '"url"')
    iri = "; rml:termType rml:IRI "
    mapping = triples_map(
        "d.csv",
        '[ rml:template "http://x.org/{id}" ]',
        call("idlab-fn:concat", '"http://x.org/"', escaped, more=iri),
        call("idlab-fn:toUpperCaseURL", value, more=iri),
    )
    output = _run(tmp_path, mapping, on_invalid="reject")
    quads = list(ox.parse(path=output, format=ox.RdfFormat.N_QUADS))
    made = [one for one in quads if one.predicate.value.endswith("p0")]
    assert len(made) == len(values)
