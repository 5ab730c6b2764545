"""Parse tree to algebra: the query forms (section 16).

Patterns, triples, expressions, terms and solution modifiers have modules of their own;
`context.py` holds what they share.
"""

from collections.abc import Iterable
from itertools import chain

from strabon_store.algebra.nodes import Pattern, Project, TriplePattern
from strabon_store.algebra.queries import (
    AskQuery,
    ConstructQuery,
    Dataset,
    DescribeQuery,
    Prefixes,
    Query,
    SelectQuery,
)
from strabon_store.algebra.terms import IRI, BlankNode, TermOrVar, Var
from strabon_store.algebra.traverse import sources
from strabon_store.algebra.variables import in_scope, triple_variables
from strabon_store.errors import InternalError, QuerySyntaxError
from strabon_store.frontend.context import Context, syntax_error
from strabon_store.frontend.prologue import Prologue
from strabon_store.frontend.syntax import Node, Token, tokens
from strabon_store.frontend.translate_patterns import translate_group
from strabon_store.frontend.translate_select import (
    Selection,
    translate_selection,
    translate_sub_select,
)
from strabon_store.frontend.translate_terms import translate_term
from strabon_store.frontend.translate_triples import TriplesBlock
from strabon_store.frontend.valid_times import timed_template


def translate_query(tree: Node, text: str, base: str | None) -> Query:
    """The algebra of a `query` node.

    Args:
        tree: The parse tree.
        text: What it was parsed from, for error messages.
        base: The IRI against which relative IRIs are resolved, or None.

    Raises:
        QuerySyntaxError: The query breaks a rule beside the grammar (19.8, notes).
        UnsupportedFeature: The query is right, with an operator that we do not compile.
    """

    def error(token: Token, problem: str) -> QuerySyntaxError:
        return syntax_error(text, token, problem)

    prologue = Prologue(error, base)
    context = Context(text, prologue, translate_group, translate_sub_select)
    match tree.children:
        case [Node("prologue") as declarations, Node() as form, *rest]:
            prologue.declare(declarations)
            values = next((node for node in rest if isinstance(node, Node)), None)
            return _translate_form(form, values, context)
        case _:
            raise InternalError(f"{tree.rule} is no query")


def _translate_form(form: Node, values: Node | None, context: Context) -> Query:
    short = form.find("construct_short")
    group = form.find("group_graph_pattern") or short
    selection = Selection(
        form.find("select_clause"), group, form.find("solution_modifier"), values
    )
    pattern = translate_selection(selection, context)
    dataset = _dataset(form.find("dataset"), context)
    match form.rule:
        case "select_query":
            return SelectQuery(pattern, _projected(pattern), dataset)
        case "ask_query":
            return AskQuery(pattern, dataset)
        case "construct_query":
            template = _template(short or form.find("construct_template"), context)
            read = (term for each in template for term in triple_variables(each))
            pattern = _narrowed(pattern, read)
            return ConstructQuery(template, pattern, dataset, _prefixes(context))
        case "describe_query":
            targets = _targets(form, pattern, context)
            pattern = _narrowed(pattern, targets)
            return DescribeQuery(targets, pattern, dataset, _prefixes(context))
        case rule:
            raise InternalError(f"{rule} is no query form")


def _narrowed(pattern: Pattern, read: Iterable[Var | IRI]) -> Pattern:
    """The pattern without the variables that the query form does not read."""
    scope, wanted = in_scope(pattern), set(read)
    kept = tuple(variable for variable in scope if variable in wanted)
    return pattern if kept == scope else Project(pattern, kept)


def _prefixes(context: Context) -> Prefixes:
    return tuple(context.prologue.prefixes.items())


def _projected(pattern: Pattern) -> tuple[Var, ...]:
    while not isinstance(pattern, Project):
        (pattern,) = sources(pattern)
    return pattern.variables


def _dataset(node: Node | None, context: Context) -> Dataset:
    graphs: dict[str, list[IRI]] = {"default_graph": [], "named_graph": []}
    for clause in () if node is None else node.children:
        if isinstance(clause, Node):
            graphs[clause.rule].append(context.prologue.iri(next(tokens(clause))))
    return Dataset(tuple(graphs["default_graph"]), tuple(graphs["named_graph"]))


def _template(node: Node | None, context: Context) -> tuple[TriplePattern, ...]:
    """The triples of a template; its blank nodes are new ones per solution (16.2.1)."""
    block = TriplesBlock(context.for_template())
    for triples in () if node is None else node.children:
        if isinstance(triples, Node):
            block.add(triples)
    timed = (timed_template(each, block.context) for each in block.timed)
    triples_of = (*block.patterns, *chain.from_iterable(timed))
    return tuple(
        TriplePattern(
            _template_term(triple.subject),
            _template_term(triple.predicate),
            _template_term(triple.object),
        )
        for triple in triples_of
    )


def _template_term(term: TermOrVar) -> TermOrVar:
    if isinstance(term, Var) and term.is_blank:
        return BlankNode(term.name.removeprefix("_:"))
    return term


def _targets(form: Node, pattern: Pattern, context: Context) -> tuple[IRI | Var, ...]:
    targets = form.find("describe_targets")
    if targets is None or targets.has("STAR"):
        return tuple(v for v in in_scope(pattern) if not v.is_blank)
    terms = [translate_term(child, context) for child in targets.children]
    return tuple(term for term in terms if isinstance(term, IRI | Var))
