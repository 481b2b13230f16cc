"""What the graph tells of one name, as a document of triples: the same in every syntax.

A name is an IRI under the base, and its path is the rest of it: `id/badoglio` is a person,
`rule/office/shared-handover` a rule, `graph/why` a named graph. What follows a `#` is told in the
document of what stands before it.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pyoxigraph as ox

from kg import paths, questions, words
from kg.errors import UnknownName, did_you_mean
from kg.proof.render import clause_of, names_of
from kg.proof.tree import recorded
from kg.rules import Comparison, Rule, read_comparisons, read_rules
from kg.store import Graph, Term, kept
from kg.terms import BASE, CAS, DCT, OA, PREFIXES, RDF, RDFS, SKOS, XSD, expand

SH = "http://www.w3.org/ns/shacl#"
VOID = "http://rdfs.org/ns/void#"
_PREFIXES = {**PREFIXES, "sh": SH, "void": VOID}
RL_SOURCE = "https://www.w3.org/TR/owl2-profiles/#Reasoning_in_OWL_2_RL_and_RDF_Graphs_using_Rules"
_DEFAULT, _WHY, _CLAIMS = ox.DefaultGraph(), expand("g:why"), expand("g:claims")
_DISAGREEMENTS = expand("g:disagreements")
# Whose triples tell something of what they point at; a proof or an instance of a class does not.
_TELLING = tuple(BASE + part for part in ("id/", "text/", "handover/", "disagreement/"))
_OF_CLAIM = frozenset(
    {
        RDF.type,
        CAS.statedIn,
        CAS.quote,
        CAS.reading,
        CAS.asserted,
        CAS.inSentence,
        CAS.perspective,
        CAS.alternativeTo,
        DCT.source,
        RDFS.comment,
    }
)
_LABELS = (RDFS.label, SKOS.prefLabel)


@dataclass(frozen=True, slots=True)
class Resource:
    """One name with its document.

    Attributes:
        iri: the name, without what follows a `#`.
        kind: where its path begins, or what stands in the middle of it: `id`, `text`, `claim`,
            `sentence`, `time`, `interval`, `handover`, `fact`, `disagreement`, `rule`, `shape`,
            `questions`, `graph`, `ontology`, `shapes` or `alignments`.
        triples: of the document, sorted, each once.
        prefixes: those that they need, by name.
    """

    iri: ox.NamedNode
    kind: str
    triples: tuple[ox.Triple, ...]
    prefixes: dict[str, str]

    @property
    def path(self) -> str:
        """Return the name without the base."""
        return self.iri.value.removeprefix(BASE)

    @property
    def types(self) -> list[ox.NamedNode]:
        """Return the classes that the document says it is of, sorted."""
        own = (t for t in self.triples if t.subject == self.iri and t.predicate == RDF.type)
        return sorted({t.object for t in own if isinstance(t.object, ox.NamedNode)}, key=str)


def kind_of(path: str) -> str:
    """Return the kind of the name with a path.

    >>> kind_of("text/italy-1943/claim/s01-4"), kind_of("rule/office/shared-handover")
    ('claim', 'rule')
    """
    parts = path.split("/")
    return parts[2] if parts[0] == "text" and len(parts) > 3 else parts[0]


def find(graph: Graph, path: str) -> Resource:
    """Return the resource with that path.

    Raises: UnknownName, with the nearest names.
    """
    found = _found(graph, path)
    if found is None:
        raise UnknownName(f"there is nothing named {path!r} here", hint=_nearest(graph, path))
    return found


@kept(50)  # whoever reads a page often wants its data too, and each comes in six forms
def _found(graph: Graph, path: str) -> Resource | None:
    iri, kind = _named(path), kind_of(path)
    triples = set(_MAKERS.get(kind, _of_any)(graph, iri)) if iri else set()
    if iri is None or not triples:
        return None
    triples.update(_labels(graph, triples))
    lines = {str(triple): triple for triple in triples}
    found = tuple(lines[line] for line in sorted(lines))
    written = "\n".join(lines)
    used = {prefix: iri for prefix, iri in _PREFIXES.items() if f"<{iri}" in written}
    return Resource(iri, kind, found, used)


def is_known(graph: Graph, path: str) -> bool:
    """Return whether a name has a document, much faster than making it."""
    iri = _named(path)
    if iri is None:
        return False
    if kind_of(path) in {"rule", "questions", "graph"}:
        return bool([*_MAKERS[kind_of(path)](graph, iri)])
    return any(True for _ in graph.store.quads_for_pattern(iri, None, None))


@kept(1)
def names(graph: Graph) -> list[str]:
    """Return the paths of all names that have a document, sorted: what a crawler finds."""
    # Asked of the engine, since to look at each quad here takes ten times as long.
    rows = graph.store.query("SELECT DISTINCT ?s { GRAPH ?g { ?s ?p ?o } }")
    assert isinstance(rows, ox.QuerySolutions), "SELECT gives solutions"
    found = {row[0].value for row in rows if isinstance(row[0], ox.NamedNode)}
    found |= {g.value for g in graph.store.named_graphs() if isinstance(g, ox.NamedNode)}
    own = {iri.partition("#")[0].removeprefix(BASE) for iri in found if iri.startswith(BASE)}
    own |= {f"rule/{name}" for name in _rule_names(graph)}
    own |= {f"questions/{path.stem}" for path in (paths.ONTOLOGY / "questions").glob("*.rq")}
    return sorted(own)


@cache
def relations() -> frozenset[ox.NamedNode]:
    """Return the Allen relations between occurrences, certain and possible.

    There are hundreds to each, so that the document of the other side tells them.
    """
    from kg import chronology  # noqa: PLC0415 a fifth of a second that a start need not spend

    return chronology.CERTAIN | chronology.POSSIBLE


def _named(path: str) -> ox.NamedNode | None:
    try:
        return ox.NamedNode(BASE + path) if path else None
    except ValueError:
        return None


def _nearest(graph: Graph, path: str) -> str:
    """Return the nearest names of the same folder."""
    folder = path.rpartition("/")[0]
    known = [name for name in names(graph) if name.rpartition("/")[0] == folder]
    return did_you_mean(path, known) or did_you_mean(path, names(graph))


# What a document holds


def _of_any(graph: Graph, iri: ox.NamedNode) -> Iterator[ox.Triple]:
    """Yield what is said of a name, and what names under the base say with it as object.

    As the default graph says it; of what is not there, as all other graphs do.
    """
    places = [_DEFAULT] if _has(graph, iri, _DEFAULT) else [None]
    seen: set[Term] = set()
    pending: list[Term] = [iri]
    while pending:
        subject = pending.pop()
        if subject in seen:
            continue
        seen.add(subject)
        for place in places:
            for quad in graph.store.quads_for_pattern(subject, None, None, place):  # type: ignore[arg-type]
                yield quad.triple
                if _is_inside(quad.object, iri):
                    pending.append(quad.object)
            for quad in graph.store.quads_for_pattern(None, None, subject, place):
                if _is_inside(quad.subject, iri) and quad.subject not in seen:
                    pending.append(quad.subject)
                elif quad.subject.value.startswith(_TELLING) and quad.predicate not in relations():  # type: ignore[union-attr]
                    yield quad.triple


def _of_entity(graph: Graph, iri: ox.NamedNode) -> Iterator[ox.Triple]:
    """Yield the same, with each fact about it, the claims that state it, and what is disputed.

    A fact says which perspective holds it; those of reference works are told as facts alone.
    """
    yield from _of_any(graph, iri)
    claims: set[Term] = set()
    for fact in facts_about(graph, iri):
        yield from _recorded(graph, fact)
        claims.update(recorded(graph).about(fact).get(CAS.statedBy, ()))
    for claim in {*claims, *readings_about(graph, iri)}:
        for quad in graph.store.quads_for_pattern(claim, None, None, _CLAIMS):  # type: ignore[arg-type]
            if quad.predicate in _OF_CLAIM:
                yield quad.triple
    for quad in graph.store.quads_for_pattern(None, CAS.disputes, iri, _DISAGREEMENTS):
        yield from _described(graph, quad.subject, _DISAGREEMENTS)


def facts_about(graph: Graph, iri: ox.NamedNode) -> list[ox.NamedNode]:
    """Return the recorded facts of which a name is subject or object, sorted."""
    found = {
        quad.subject
        for side in (RDF.subject, RDF.object)
        for quad in graph.store.quads_for_pattern(None, side, iri, _WHY)
    }
    return sorted((fact for fact in found if isinstance(fact, ox.NamedNode)), key=str)


def readings_about(graph: Graph, iri: ox.NamedNode) -> list[ox.NamedNode]:
    """Return the claims of other readings that speak of a name, sorted."""
    others = graph.store.quads_for_pattern(None, CAS.alternativeTo, None, _CLAIMS)
    claims = {quad.subject for quad in others if isinstance(quad.subject, ox.NamedNode)}
    return sorted((c for c in claims if _speaks_of(graph.store, c, iri)), key=str)


def _speaks_of(store: ox.Store, claim: ox.NamedNode, iri: ox.NamedNode) -> bool:
    sides = (iri, None), (None, iri)
    return any(True for s, o in sides for _ in store.quads_for_pattern(s, None, o, claim))


def _of_claim(graph: Graph, iri: ox.NamedNode) -> Iterator[ox.Triple]:
    """Yield the claim with its evidence, and each triple it states as a fact of its own.

    What is asserted is a fact of its perspective; of another reading, which nobody holds, the
    statements are named after the claim.
    """
    for quad in graph.store.quads_for_pattern(iri, None, None, _CLAIMS):
        yield quad.triple
        if quad.predicate == CAS.evidence:
            for told in _described(graph, quad.object, _CLAIMS):
                yield told
                if told.predicate == OA.hasSelector:
                    yield from _described(graph, told.object, _CLAIMS)
    for quad in graph.store.quads_for_pattern(None, None, iri, _CLAIMS):
        yield quad.triple
    facts = [quad.subject for quad in graph.store.quads_for_pattern(None, CAS.statedBy, iri, _WHY)]
    for fact in facts:
        yield from _recorded(graph, fact)
    if not facts:
        stated = [q.triple for q in graph.store.quads_for_pattern(None, None, None, iri)]
        for number, triple in enumerate(sorted(stated, key=str), 1):
            statement = ox.NamedNode(f"{iri.value}#t{number}")
            yield ox.Triple(statement, RDF.type, RDF.Statement)
            for side, term in zip((RDF.subject, RDF.predicate, RDF.object), triple, strict=True):
                yield ox.Triple(statement, side, term)
            yield ox.Triple(statement, CAS.statedBy, iri)


def _of_fact(graph: Graph, iri: ox.NamedNode) -> Iterator[ox.Triple]:
    """Yield what a fact says, and the inferences that conclude it."""
    yield from _recorded(graph, iri)
    for step in recorded(graph).steps(iri):
        yield from _recorded(graph, step.name)


def _of_rule(graph: Graph, iri: ox.NamedNode) -> Iterator[ox.Triple]:
    """Yield title, source and query of a rule; of one of the engine, what it says in words."""
    name = iri.value.removeprefix(PREFIXES["rule"])
    if rule := _rule_files().get(name):
        yield ox.Triple(iri, RDF.type, ox.NamedNode(f"{SH}SPARQLRule"))
        for language, title in rule.titles.items():
            yield ox.Triple(iri, RDFS.label, ox.Literal(title, language=language))
        yield ox.Triple(iri, DCT.source, ox.NamedNode(rule.source))
        yield ox.Triple(iri, ox.NamedNode(f"{SH}construct"), ox.Literal(rule.construct))
    elif name in _rule_names(graph):
        yield ox.Triple(iri, RDF.type, ox.NamedNode(f"{SH}Rule"))
        if name.startswith("owl-rl/"):
            yield ox.Triple(iri, DCT.source, ox.NamedNode(RL_SOURCE))
            yield ox.Triple(iri, RDFS.label, ox.Literal(name.removeprefix("owl-rl/")))
        else:
            for language in words.languages():
                said = clause_of(name, (), names_of(graph, language))
                yield ox.Triple(iri, RDFS.label, ox.Literal(said, language=language))


@cache
def _rule_files() -> dict[str, Rule | Comparison]:
    folder = paths.ONTOLOGY / "rules"
    rules: list[Rule | Comparison] = [*read_rules(folder), *read_comparisons(folder)]
    return {rule.name: rule for rule in rules}


@kept(1)
def _rule_names(graph: Graph) -> set[str]:
    """Return the names of all rules: of files, of OWL 2 RL, and those that proofs go by."""
    from kg.reason import rl  # noqa: PLC0415 as above

    used = {q.object.value for q in graph.store.quads_for_pattern(None, CAS.byRule, None, _WHY)}  # type: ignore[union-attr]
    names = {iri.removeprefix(PREFIXES["rule"]) for iri in used}
    return {*names, *_rule_files(), *(f"owl-rl/{name}" for name in rl.names())}


def _of_question(_: Graph, iri: ox.NamedNode) -> Iterator[ox.Triple]:
    name = iri.value.removeprefix(f"{BASE}questions/")
    path = paths.ONTOLOGY / "questions" / f"{name}.rq"
    if path.parent / Path(name).name != path.with_suffix("") or not path.is_file():
        return
    question = questions.read_question(path)
    yield ox.Triple(iri, RDF.type, ox.NamedNode(f"{SH}SPARQLSelectExecutable"))
    for language, title in question.titles.items():
        yield ox.Triple(iri, RDFS.label, ox.Literal(title, language=language))
    yield ox.Triple(iri, ox.NamedNode(f"{SH}select"), ox.Literal(question.query))


def _of_graph(graph: Graph, iri: ox.NamedNode) -> Iterator[ox.Triple]:
    """Yield how many triples a named graph has, and what it holds in words."""
    count = _size(graph, iri)
    if not count:
        return
    yield ox.Triple(iri, RDF.type, ox.NamedNode(f"{VOID}Dataset"))
    number = ox.Literal(str(count), datatype=XSD.integer)
    yield ox.Triple(iri, ox.NamedNode(f"{VOID}triples"), number)
    holds = iri.value.removeprefix(PREFIXES["g"]).partition("/")[0]
    for language in words.languages():
        said = words.say(language, f"graph/{holds}")
        yield ox.Triple(iri, RDFS.comment, ox.Literal(said, language=language))


@kept(1000)
def _size(graph: Graph, iri: ox.NamedNode) -> int:
    rows = graph.store.query(f"SELECT (COUNT(*) AS ?n) {{ GRAPH {iri} {{ ?s ?p ?o }} }}")
    assert isinstance(rows, ox.QuerySolutions), "SELECT gives solutions"
    return int(next(rows)["n"].value)


def _of_vocabulary(graph: Graph, iri: ox.NamedNode) -> Iterator[ox.Triple]:
    """Yield the whole file: a vocabulary is the document of its terms."""
    return _described(graph, None, expand(f"g:{kind_of(iri.value.removeprefix(BASE))}"))


_Maker = Callable[[Graph, ox.NamedNode], Iterator[ox.Triple]]
_MAKERS: dict[str, _Maker] = {
    "id": _of_entity,
    "claim": _of_claim,
    "fact": _of_fact,
    "rule": _of_rule,
    "questions": _of_question,
    "graph": _of_graph,
    "ontology": _of_vocabulary,
    "shapes": _of_vocabulary,
    "alignments": _of_vocabulary,
}


def _labels(graph: Graph, triples: Iterable[ox.Triple]) -> Iterator[ox.Triple]:
    """Yield the names of what triples speak of, so that a document can be read by itself."""
    named = {term for triple in triples for term in (triple.subject, triple.object)}
    for term in named:
        if isinstance(term, ox.NamedNode) and _may_have_a_name(term.value):
            yield from _names_of(graph, term)


def _may_have_a_name(iri: str) -> bool:
    """Return whether a term is ours, and no fact or step of a proof, which are many."""
    return iri.startswith(BASE) and not iri.startswith(PREFIXES["fact"])


@kept(5_000)  # the same terms come in many documents
def _names_of(graph: Graph, term: ox.NamedNode) -> tuple[ox.Triple, ...]:
    return tuple(
        quad.triple
        for label in _LABELS
        for quad in graph.store.quads_for_pattern(term, label, None, _DEFAULT)
    )


def _described(graph: Graph, name: Term | None, place: ox.NamedNode) -> Iterator[ox.Triple]:
    return (q.triple for q in graph.store.quads_for_pattern(name, None, None, place))  # type: ignore[arg-type]


def _recorded(graph: Graph, name: ox.NamedNode | ox.BlankNode | ox.Triple) -> Iterator[ox.Triple]:
    """Yield what is recorded of a fact or an inference, which proofs read too."""
    for predicate, values in recorded(graph).about(name).items():
        for value in values:
            yield ox.Triple(name, predicate, value)


def _has(graph: Graph, iri: ox.NamedNode, place: ox.DefaultGraph) -> bool:
    return any(True for _ in graph.store.quads_for_pattern(iri, None, None, place))


def _is_inside(term: Term, iri: ox.NamedNode) -> bool:
    """Return whether a term is told in the document of a name: by a `#`, or without a name."""
    if isinstance(term, ox.NamedNode):
        return term.value.startswith(f"{iri.value}#")
    return isinstance(term, ox.BlankNode)
