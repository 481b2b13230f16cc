"""Why a fact holds, as plain data: each step in words, its origin, and the words it rests on.

Proofs come from what was recorded of the build. A step that was told already is named by its
number, so no page tells the same twice.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from functools import cache, partial
from itertools import islice
from weakref import proxy

import pyoxigraph as ox

from kg import Graph, disagree, perspectives, words
from kg.errors import UnknownName
from kg.falling import falls_without
from kg.proof.record import ONTOLOGY, fact_of
from kg.proof.render import Names, axioms_of, clause_of, names_of, sentence
from kg.proof.tree import Node, recorded, walk
from kg.store import Term, kept
from kg.terms import CAS, PREFIXES, RDF, RDFS, expand
from server import cards, documents
from server.cards import Ground

_TIME = re.compile(re.escape(PREFIXES["text"]) + r"[^/]+/time/[^/]+")
_BOUNDS = (CAS.earliestStart, CAS.latestStart, CAS.earliestEnd, CAS.latestEnd)
_DURATIONS = (CAS.shortestDuration, CAS.longestDuration)
_LISTS = frozenset({RDF.first, RDF.rest})
_SCHEMA = (PREFIXES["owl"], PREFIXES["rdfs"])
_KEPT = 20_000  # facts that are told once for all pages; some 500 bytes each
_FALLING = 8  # conclusions told of those that fall without a claim; the number tells the rest


@dataclass(frozen=True, slots=True)
class Link:
    """A fact as it is referred to.

    Attributes:
        words: the fact as a sentence.
        path: of its page; empty where it has none.
    """

    words: str
    path: str


@dataclass(frozen=True, slots=True, eq=False)  # told once, and known by itself
class Told:
    """One fact of a proof, wherever it stands in it.

    Attributes:
        words: the fact as a sentence.
        path: of its page.
        origin: `stated`, `derived` or `background`.
        grounds: the claims that state it.
        because: the rule in words; empty where it is stated.
        reckoning: how the days were worked out, in words; empty where none were.
        rule: name of the rule.
        rule_path: of the page of the rule.
        axioms: of the vocabulary that the step goes by.
        disputed: whether it rests on what a disagreement rests on.
        claims: names of the claims of texts that it rests on.
    """

    words: str
    path: str
    origin: str
    grounds: tuple[Ground, ...]
    because: str
    reckoning: str
    rule: str
    rule_path: str
    axioms: tuple[Link, ...]
    disputed: bool
    claims: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Step:
    """A fact at its place in a proof.

    Attributes:
        number: of the step; of one that was told before, where that was.
        told: the fact.
        premises: what its rule starts from; none where they were told before.
        shown: whether it was told before.
    """

    number: int
    told: Told
    premises: tuple["Step", ...]
    shown: bool


@dataclass(frozen=True, slots=True)
class Way:
    """Another way to a fact.

    Attributes:
        number: of the way, from 1 for the best.
        because: the rule in words.
        rule: name of the rule.
        rule_path: of the page of the rule.
        premises: what it starts from.
        claims: the number of claims that it rests on.
    """

    number: int
    because: str
    rule: str
    rule_path: str
    premises: tuple[Link, ...]
    claims: int


@dataclass(frozen=True, slots=True, eq=False)  # told once, and known by itself
class Falling:
    """What falls without a claim.

    Attributes:
        ground: the claim.
        count: the number of conclusions that have no other support.
        facts: the first of them, what is told of days and kinds last.
    """

    ground: Ground
    count: int
    facts: tuple[Link, ...]


@kept(len(documents.LANGUAGES))
def names(graph: Graph, language: str) -> Names:
    """Return how to speak of terms, claims and rules in a language."""
    held = proxy(graph)  # what a graph keeps must not keep the graph
    return replace(names_of(held, language), label=cache(partial(_label, held, language)))


def _label(graph: Graph, language: str, term: Term) -> str:
    """Return the name of a term; of an interval that no words of a text give, its date."""
    if isinstance(term, ox.NamedNode) and _TIME.fullmatch(term.value):
        quads = graph.store.quads_for_pattern(term, CAS.edtf, None, None)
        dates = sorted({q.object.value for q in quads if isinstance(q.object, ox.Literal)})
        verbatim = graph.store.quads_for_pattern(term, CAS.verbatim, None, None)
        if dates and not any(True for _ in verbatim):
            return dates[0]
    return cards.cell(graph, term, language).label


@kept(1000)
def holder(graph: Graph, key: str, language: str) -> str:
    """Return what a perspective is called."""
    return disagree.perspective_in_words(key, graph.store, language)


@kept(1)
def disputed(graph: Graph) -> frozenset[ox.NamedNode]:
    """Return the stated facts that some disagreement rests on.

    Of a claim that says two things, only the one that is in dispute; where no proof of a side is
    recorded, the claims that it rests on.
    """
    known = recorded(graph)
    found: set[ox.NamedNode] = set()
    for each in disagree.read(graph.store):
        found.update(each.claims)
        for fact in () if each.claims else (*each.here_facts, *each.there_facts):
            found.update(node.fact for node in walk(known.best(fact)) if node.claims)
    return frozenset(found)


@kept(_KEPT)
def in_words(graph: Graph, triple: ox.Triple, language: str) -> str:
    """Return a triple as a sentence: a bound by its day, an axiom by what it makes follow."""
    spoken = names(graph, language)
    day = _day(triple)
    if day is None:
        return _axiom_in_words(graph, triple, language) or sentence(triple, spoken)
    bound = triple.predicate.value.removeprefix(PREFIXES["cas"])
    thing = spoken.label(triple.subject)
    return words.say(language, f"proof/{bound}", thing=thing, day=words.day(language, day))


def _axiom_in_words(graph: Graph, triple: ox.Triple, language: str) -> str:
    """Return what an axiom says, empty of any other triple."""
    named = triple.object if triple.predicate == RDF.type else triple.predicate
    if not (isinstance(named, ox.NamedNode) and named.value.startswith(_SCHEMA)):
        return ""
    key = f"axiom/{re.sub(r'.*[#/]', '', named.value)}"
    if not words.has(language, key):
        return ""
    label = names(graph, language).label
    listed = " · ".join(label(each) for each in _members(graph, triple.object))
    said = words.say(language, key, subject="", object=label(triple.object), list=listed)
    return f"{label(triple.subject)}: {said}"


def _members(graph: Graph, node: Term) -> Iterator[Term]:
    """Yield the members of a list of the ontology."""
    while not isinstance(node, ox.Literal | ox.Triple):
        place = expand("g:ontology")
        first = next(graph.store.quads_for_pattern(node, RDF.first, None, place), None)
        rest = next(graph.store.quads_for_pattern(node, RDF.rest, None, place), None)
        if first is None or rest is None:
            return
        yield first.object
        node = rest.object


def link(graph: Graph, key: str, triple: ox.Triple, language: str) -> Link:
    """Return a triple as a fact of a perspective, with its page where its proof is recorded."""
    fact = recorded(graph).find(key, triple)
    path = documents.page_of(fact.value, language) if fact else ""
    return Link(in_words(graph, triple, language), path)


def tree(graph: Graph, node: Node, language: str) -> Step:
    """Return a proof for a reader of a language."""
    return _step(graph, node, language, {})


def other_ways(graph: Graph, node: Node, language: str, most: int) -> list[Way]:
    """Return the first recorded ways to a fact but for that of its best proof."""
    found = []
    for number, other in enumerate(ways(graph, node)[1 : most + 1], 2):
        assert other.step, "a way is a step"
        found.append(
            Way(
                number,
                clause_of(other.step.rule, axioms_of(other), names(graph, language)),
                other.step.rule,
                documents.page_of(PREFIXES["rule"] + other.step.rule, language),
                tuple(
                    Link(
                        in_words(graph, premise.triple, language),
                        documents.page_of(premise.fact.value, language),
                    )
                    for premise in other.premises
                ),
                len(other.leaves),
            )
        )
    return found


@kept(50)  # they are the same in every language
def ways(graph: Graph, node: Node) -> list[Node]:
    """Return the recorded ways to a fact, the best one first."""
    return [node, *(recorded(graph).others(node.fact) if node.step else ())]


def way(graph: Graph, node: Node, number: str) -> Node:
    """Return one way to a fact by its number.

    Raises: UnknownName, if there is none of that number.
    """
    found = ways(graph, node)
    if not (number.isascii() and number.isdigit() and 0 < int(number[:9]) <= len(found)):
        hint = f"choose a number from 1 to {len(found)}"
        raise UnknownName(f"there is no way {number!r} to this fact", hint=hint)
    return found[int(number[:9]) - 1]


@kept(5_000)
def falling(graph: Graph, claim: ox.NamedNode, language: str) -> Falling:
    """Return what falls without a claim."""
    found = falls_without(graph, claim)
    held = graph.store.quads_for_pattern(claim, CAS.perspective, None, None)
    views = (quad.object for quad in held if isinstance(quad.object, ox.NamedNode))
    key = next((perspectives.key_of(view) for view in views), "")
    told = sorted(found, key=lambda triple: (_rank(triple), str(triple)))[:_FALLING]
    return Falling(
        cards.ground(graph, claim, language),
        len(found),
        tuple(link(graph, key, triple, language) for triple in told),
    )


def _rank(triple: ox.Triple) -> int:
    """Return how late a fact is told: a kind says less than a day, a day less than a deed."""
    if triple.predicate in {RDF.type, RDFS.subClassOf}:
        return 2
    return 1 if triple.predicate in _BOUNDS else 0


def _day(triple: ox.Triple) -> date | None:
    """Return the day of a bound; None of any other triple."""
    if triple.predicate not in _BOUNDS or not isinstance(triple.object, ox.Literal):
        return None
    try:
        return date.fromisoformat(triple.object.value)
    except ValueError:
        return None


def _step(graph: Graph, node: Node, language: str, numbers: dict[str, int]) -> Step:
    """Return a proof, with the numbers of the facts that were told before it."""
    name = node.fact.value
    shown = name in numbers
    number = numbers.setdefault(name, len(numbers) + 1)
    if shown:
        return Step(number, _told(graph, node, language), (), shown)
    premises = tuple(_step(graph, each, language, numbers) for each in node.premises)
    return Step(number, _told(graph, node, language), premises, shown)


@kept(_KEPT)
def _told(graph: Graph, node: Node, language: str) -> Told:
    step = node.step
    rule = step.rule if step else ""
    grounds = (cards.ground(graph, claim, language) for claim in node.claims)
    leaves = (cards.ground(graph, claim, language) for claim in node.leaves)
    return Told(
        in_words(graph, node.triple, language),
        documents.page_of(node.fact.value, language),
        "stated" if node.claims else "derived" if node.leaves else "background",
        tuple(grounds),
        clause_of(rule, axioms_of(node), names(graph, language)) if step else "",
        _reckoning(node, language) if step else "",
        rule,
        documents.page_of(PREFIXES["rule"] + rule, language) if step else "",
        tuple(_axioms(graph, step.axioms, language)) if step else (),
        _is_disputed(graph, node),
        tuple(each.told.name for each in leaves if each.told.quotes),
    )


@kept(_KEPT)
def _is_disputed(graph: Graph, node: Node) -> bool:
    known = disputed(graph)
    own = bool(node.claims) and not known.isdisjoint((node.fact, *node.claims))
    return own or any(_is_disputed(graph, premise) for premise in node.premises)


def _axioms(graph: Graph, axioms: Iterable[ox.Triple], language: str) -> Iterator[Link]:
    """Yield the axioms that say something by themselves, as a list's links do not."""
    for axiom in axioms:
        if axiom.predicate not in _LISTS:
            path = documents.page_of(fact_of(ONTOLOGY, axiom).value, language)
            yield Link(in_words(graph, axiom, language), path)


def _reckoning(node: Node, language: str) -> str:
    """Return how a step came to its day, as a sum where it adds or takes away."""
    day = _day(node.triple)
    known = [(_day(premise.triple), premise.triple) for premise in node.premises]
    start = next((each for each, _ in known if each is not None), None)
    if day is None or start is None:
        return ""
    first, last = words.day(language, start), words.day(language, day)
    length = next((t.object for _, t in known if t.predicate in _DURATIONS), None)
    if isinstance(length, ox.Literal):
        key = "proof/plus" if day >= start else "proof/minus"
        long = _length(length.value, language)
        return words.say(language, key, start=first, end=last, length=long)
    if len(known) > 1:
        return words.say(language, "proof/same-day", start=first, end=last)
    return ""


def _length(duration: str, language: str) -> str:
    """Return a duration in words: P1Y2M3D as “1 year, 2 months, 3 days”."""
    parts = []
    digits = ""
    for character in duration:
        if character.isdigit():
            digits += character
        elif digits:
            key = f"proof/{character}{'' if int(digits) == 1 else 's'}"
            parts.append(words.say(language, key, count=str(int(digits))))
            digits = ""
    return ", ".join(parts)


# Rules


@kept(1)
def uses(graph: Graph) -> Counter[str]:
    """Return how many recorded inferences go by each rule."""
    steps = graph.store.quads_for_pattern(None, CAS.byRule, None, expand("g:why"))
    return Counter(_rule_of(quad.object) for quad in steps)


def _rule_of(term: Term) -> str:
    assert isinstance(term, ox.NamedNode), "a rule has a name"
    return term.value.removeprefix(PREFIXES["rule"])


def rule_title(graph: Graph, rule: str, language: str) -> str:
    """Return what a rule says, whatever it is applied to."""
    if rule.startswith("owl-rl/") and words.has(language, rule):
        return words.say(language, rule, subject="…", object="…", list="… · …")
    return clause_of(rule, (), names(graph, language))


def examples(graph: Graph, rule: str, language: str, most: int = 3) -> list[Link]:
    """Return facts that were concluded by a rule."""
    why = expand("g:why")
    iri = ox.NamedNode(PREFIXES["rule"] + rule)
    steps = [quad.subject for quad in graph.store.quads_for_pattern(None, CAS.byRule, iri, why)]
    concluded = dict.fromkeys(
        quad.object
        for step in sorted(steps, key=str)
        for quad in graph.store.quads_for_pattern(step, CAS.concludes, None, why)
        if isinstance(quad.object, ox.NamedNode)
    )
    return [
        Link(
            in_words(graph, recorded(graph).best(fact).triple, language),
            documents.page_of(fact.value, language),
        )
        for fact in islice(concluded, most)
    ]
