"""Most of SPARQL 1.1, as pyoxigraph and the standard understand it alike.

Where pyoxigraph 0.5 deviates from the standard, or the standard leaves a choice, the
language leaves it out by construction:

* pyoxigraph keeps the values of numbers, dates and booleans and not their lexical
  forms (RDF 1.1 Concepts 3.3), so that the data have the forms that it writes; `str`
  is asked of what is stored, and of no computed decimal or double.
* `|` in a path drops what both sides find (18.4 keeps both); below `*` and `+` it does
  not matter.
* `=` of literals of two known kinds is an error or false (17.4.1.7): guarded.
* A literal with a language tag has no effective boolean value there (17.2.2): filters
  ask for the value of other terms only.
* COUNT of an expression with an error in it is an error there, and counts the others
  by 18.5.1.2.
* Division is by powers of two, so that decimals stay short.
"""

from typing import Final

from hypothesis import strategies as st

from tests.strategies import CORE, Language, fill, variables

_NODES: Final = (":a", ":b", ":c", "_:n1", "_:n2")
_PREDICATES: Final = (":p", ":q", ":r")
_NUMBERS: Final = (
    "0",
    "1",
    "-3",
    "10",
    "2.5",
    "-0.5",
    '"1.5"^^xsd:double',
    '"100"^^xsd:double',
    '"1.5"^^xsd:float',
    '"NaN"^^xsd:double',
    '"INF"^^xsd:double',
)
_STRINGS: Final = (
    '""',
    '"x"',
    '"xy"',
    '"Straße"',
    '"a b-\\"c\\""',
    '"\U0001f600日"',
    '"x"@en',
    '"xy"@en-gb',
    '"x"@de',
)
_TIMES: Final = (
    '"2020-02-29"^^xsd:date',
    '"2020-02-29Z"^^xsd:date',
    '"2020-02-29T12:30:00"^^xsd:dateTime',
    '"2020-02-29T12:30:00Z"^^xsd:dateTime',
    '"2020-02-29T14:30:00+02:00"^^xsd:dateTime',
    '"2021-12-31T23:59:59.5Z"^^xsd:dateTime',
)
_OTHERS: Final = (
    "true",
    "false",
    '"abc"^^xsd:integer',
    '"2020-13-45"^^xsd:date',
    '"maybe"^^xsd:boolean',
    '"x"^^:type',
)
_LITERALS: Final = (*_NUMBERS, *_STRINGS, *_TIMES, *_OTHERS)

_Texts = st.SearchStrategy[str]
_atoms = st.one_of(variables, variables, st.sampled_from(_LITERALS))


def _numbers(inner: _Texts, depth: int) -> _Texts:
    """Mostly numbers; a variable may be anything."""
    leaves = st.one_of(variables, st.sampled_from(_NUMBERS[:9]))
    if depth == 0:
        return leaves
    less = _numbers(inner, depth - 1)
    return st.one_of(
        leaves,
        fill(("({0} + {1})", "({0} - {1})", "({0} * {1})"), less, less),
        fill(
            (
                "(- {0})",
                "(+ {0})",
                "abs({0})",
                "ceil({0})",
                "floor({0})",
                "round({0})",
                "({0} / 2)",
                "({0} / 4)",
                "({0} / 0)",
                "xsd:integer({0})",
                "xsd:decimal({0})",
                "xsd:double({0})",
            ),
            less,
        ),
        fill(("strlen(str({0}))", "strlen({0})"), _atoms),
        fill(
            tuple(
                f"{name}({{0}})"
                for name in ("year", "month", "day", "hours", "minutes", "seconds")
            ),
            st.one_of(variables, st.sampled_from(_TIMES[2:])),
        ),
        fill(("if({0}, {1}, {1})", "coalesce({1}, {1})"), inner, less),
    )


def _strings(depth: int) -> _Texts:
    """Mostly strings with and without language tags."""
    leaves = st.one_of(
        st.sampled_from(_STRINGS), fill(("str({0})",), _atoms), variables
    )
    if depth == 0:
        return leaves
    less = _strings(depth - 1)
    return st.one_of(
        leaves,
        fill(
            (
                "ucase({0})",
                "lcase({0})",
                "encode_for_uri({0})",
                "substr({0}, 2)",
                "substr({0}, 1, 1)",
                "substr({0}, 0, 2)",
                "substr({0}, -1)",
                'replace({0}, "[xy]", "z")',
                'replace({0}, "(X)(y?)", "$2-$1", "i")',
                "md5({0})",
                "sha256({0})",
            ),
            less,
        ),
        fill(
            ("concat({0}, {1})", "strbefore({0}, {1})", "strafter({0}, {1})"),
            less,
            less,
        ),
        fill(("lang({0})", "str(datatype({0}))", "tz({0})"), _atoms),
    )


def _terms(inner: _Texts) -> _Texts:
    return st.one_of(
        _atoms,
        st.sampled_from((":a", ":b")),
        fill(("if({0}, {1}, {2})",), inner, _atoms, _atoms),
        fill(("coalesce({0}, {1})",), _atoms, _atoms),
        fill(
            (
                'iri(concat("http://example.org/", encode_for_uri({0})))',
                'strlang({0}, "en")',
                "strdt({0}, :type)",
                "datatype({0})",
            ),
            _strings(0),
        ),
    )


def _comparisons(inner: _Texts) -> _Texts:
    """Of two values of one kind; `=` also of terms that are not both literals."""
    operators = ("=", "!=", "<", "<=", ">", ">=")
    numbers = _numbers(inner, 1)
    strings = _strings(1)
    times = st.one_of(variables, st.sampled_from(_TIMES[2:]))
    by_kind = tuple(
        f"(datatype({{0}}) = {kind} && datatype({{1}}) = {kind} && {{0}} {op} {{1}})"
        for kind in ("xsd:string", "xsd:dateTime", "xsd:boolean")
        for op in operators
    )
    return st.one_of(
        fill(
            tuple(
                f"(isNumeric({{0}}) && isNumeric({{1}}) && {{0}} {op} {{1}})"
                for op in operators
            ),
            numbers,
            numbers,
        ),
        fill(
            tuple(f"(str({{0}}) {op} str({{1}}))" for op in operators), _atoms, _atoms
        ),
        fill(by_kind, strings, strings),
        fill(by_kind, times, times),
        fill(
            ("(!isLiteral({0}) && {0} = {1})", "(!isLiteral({0}) && {0} != {1})"),
            _atoms,
            _atoms,
        ),
        fill(("sameTerm({0}, {1})",), _atoms, _atoms),
    )


def _conditions(inner: _Texts) -> _Texts:
    strings = _strings(1)
    return st.one_of(
        _comparisons(inner),
        fill(("(! {0})",), inner),
        fill(("({0} && {1})", "({0} || {1})"), inner, inner),
        fill(("if({0}, {1}, {2})",), inner, inner, inner),
        fill(("coalesce({0}, {1})",), inner, inner),
        fill(("bound({0})",), variables),
        fill(
            tuple(
                f"{name}({{0}})"
                for name in ("isIRI", "isBlank", "isLiteral", "isNumeric")
            ),
            _terms(inner),
        ),
        fill(
            (
                "contains({0}, {1})",
                "strstarts({0}, {1})",
                "strends({0}, {1})",
            ),
            strings,
            strings,
        ),
        fill(
            (
                'regex({0}, "^[xX]")',
                'regex({0}, "X.?$", "i")',
                'regex({0}, "a b", "x")',
                'regex({0}, "\\\\p{{L}}+ß")',
            ),
            strings,
        ),
        fill(('langMatches(lang({0}), "en")', 'langMatches(lang({0}), "*")'), _atoms),
        fill(
            (
                "(isIRI({0}) && {0} IN (:a, ?y))",
                "(isIRI({0}) && {0} NOT IN (:a, ?y))",
                "(isNumeric({0}) && {0} IN (1, 2.5, -3))",
                "({0} IN ())",
                "xsd:boolean({0})",
                "xsd:boolean(str({0}))",
            ),
            _atoms,
        ),
    )


_CONDITIONS: Final = st.recursive(
    _conditions(fill(("bound({0})",), variables)), _conditions, max_leaves=4
)


WIDE: Final = Language(
    nodes=_NODES,
    predicates=_PREDICATES,
    literals=_LITERALS,
    tests=(
        *CORE.tests,
        "isNumeric({0}) && {0} < 2.5",
        "isNumeric({0}) && isNumeric({1}) && {0} < {1}",
        "isLiteral({0}) && isLiteral({1}) && {0} = {1}",
        "isBlank({0}) && !isBlank({1})",
        "{0} = {1}",
        "datatype({0}) = datatype({1})",
        "isNumeric({0}) && {0}",
        "datatype({0}) = xsd:string && !{0}",
        "datatype({0}) = xsd:boolean && {0}",
    ),
    expressions=st.one_of(
        _CONDITIONS,
        _numbers(_CONDITIONS, 2),
        _strings(2),
        _terms(_CONDITIONS),
    ),
    conditions=_CONDITIONS,
    paths=CORE.paths,
    aggregates=(
        *CORE.aggregates,
        "SUM(DISTINCT {0})",
        "AVG(DISTINCT {0})",
        "MIN(if(isNumeric({0}), {0}, 1/0))",
        "SUM(if(isNumeric({0}), {0}, 0))",
        'MAX(coalesce(if(isIRI({0}), str({0}), 1/0), ""))',
    ),
    orders=(
        "isIRI({0})",
        "isNumeric({0}) && {0} = {0}",
        "isIRI({0}) || (isNumeric({0}) && {0} = {0})",
        "!bound({0}) || isIRI({0})",
        "datatype({0}) = xsd:string",
        'datatype({0}) = xsd:dateTime && strends(str({0}), "Z")',
        "datatype({0}) = xsd:boolean && ({0} || !{0})",
    ),
    has_inner_exists=True,
)
