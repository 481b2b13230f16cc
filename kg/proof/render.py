"""A proof in words, as JSON, and as RDF.

In words: a fact, then the rule that gave it and its premises, indented, down to the exact words of
the claims. What was shown once is not shown again.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import pyoxigraph as ox

from kg import paths, words
from kg.evidence import Evidence, of_claim
from kg.proof.tree import Node, walk
from kg.rules import Pattern, title_of
from kg.store import Graph
from kg.terms import PREFIXES, RDF, expand, shorten

_SCHEMA = (PREFIXES["owl"], PREFIXES["rdfs"])
_LISTS = frozenset({RDF.first, RDF.rest})
_INDENT = "  "
# `bounds/before-latest` → `bounds/before`; `allen/Before` → `allen`
_DAYS = re.compile(r"(bounds/.+?)-(?:earliest|latest)(?:-start|-end)?$|(?<=allen)/\w+$")
_OPEN = ox.NamedNode("urn:x-open:")  # stands for a variable while a pattern is put into words


@dataclass(frozen=True, slots=True)
class Names:
    """How to speak of terms, claims and rules in one language.

    Attributes:
        language: of the words.
        label: the name of a term.
        evidence: the words of a claim.
        title: the clause of a rule file, by its path.
    """

    language: str
    label: Callable[[ox.NamedNode | ox.BlankNode | ox.Literal | ox.Triple], str]
    evidence: Callable[[ox.NamedNode], Evidence]
    title: Callable[[str], str]


def names_of(graph: Graph, language: str) -> Names:
    """Return how to speak of a built graph's terms in a language."""
    return Names(
        language,
        cache(lambda term: graph.label(term, language)),
        cache(lambda claim: of_claim(graph.store, claim)),
        cache(lambda rule: title_of(rule, paths.ONTOLOGY / "rules", language)),
    )


def as_text(node: Node, names: Names) -> str:
    """Return a proof as indented lines."""
    reading = words.say(names.language, "weakest", reading=names.label(node.reading))
    head = f"{sentence(node.triple, names)}  [{reading}]"
    return "\n".join([head, *_lines(node, names, 1, set())]) + "\n"


def as_json(node: Node, names: Names) -> dict[str, Any]:
    """Return a proof as nested objects: fact, words, rule, premises, claims with their words."""
    found: dict[str, Any] = {
        "fact": node.fact.value,
        "triple": [str(term) for term in node.triple],
        "words": sentence(node.triple, names),
        "weakestReading": shorten(node.reading),
    }
    if node.claims:
        found["claims"] = [_claim(claim, names) for claim in node.claims]
    if node.step:
        found["rule"] = PREFIXES["rule"] + node.step.rule
        found["because"] = clause_of(node.step.rule, axioms_of(node), names)
        found["axioms"] = [[str(term) for term in axiom] for axiom in node.step.axioms]
        found["premises"] = [as_json(premise, names) for premise in node.premises]
    return found


def as_triples(node: Node, store: ox.Store) -> Iterator[ox.Triple]:
    """Yield what is recorded of the facts and steps of a proof, and of the axioms it uses."""
    why = expand("g:why")
    for each in walk(node):
        yield from (q.triple for q in store.quads_for_pattern(each.fact, None, None, why))
        if each.step:
            quads = [*store.quads_for_pattern(each.step.name, None, None, why)]
            yield from (quad.triple for quad in quads)
            for quad in quads:
                if quad.predicate == expand("cas:usesAxiom"):
                    axiom = quad.object
                    assert isinstance(axiom, ox.NamedNode), "an axiom has a name"
                    yield from (q.triple for q in store.quads_for_pattern(axiom, None, None, why))


def sentence(triple: ox.Triple, names: Names) -> str:
    """Return a triple as words: three names, or “x is a y”."""
    s, p, o = (names.label(term) for term in triple)
    if triple.predicate == RDF.type:
        return words.say(names.language, "is-a", subject=s, object=o)
    return f"{s} {p} {o}"


def axioms_of(node: Node) -> list[ox.Triple]:
    """Return what a step goes by: axioms, and what follows from axioms."""
    followed = (premise.triple for premise in node.premises)
    stated = node.step.axioms if node.step else ()
    return [*stated, *(t for t in followed if t.predicate.value.startswith(_SCHEMA))]


def pattern_in_words(pattern: Pattern, names: Names) -> str:
    """Return a pattern as words, “something” for what it leaves open."""
    something = words.say(names.language, "something")
    open_ended = Names(
        names.language,
        lambda term: something if term == _OPEN else names.label(term),
        names.evidence,
        names.title,
    )
    terms = (_OPEN if isinstance(slot, ox.Variable) else slot for slot in pattern)
    return sentence(ox.Triple(*terms), open_ended)  # type: ignore[arg-type]


def clause_of(rule: str, axioms: Sequence[ox.Triple], names: Names) -> str:
    """Return why a rule concludes: its title, or the axiom of an OWL rule in words."""
    kind = _DAYS.sub(lambda found: found[1] or "", rule)
    if words.has(names.language, kind) and not rule.startswith("owl-rl/"):
        return words.say(names.language, kind)
    if not rule.startswith("owl-rl/"):
        return names.title(rule)
    plain = [axiom for axiom in axioms if axiom.predicate not in _LISTS]
    if plain and words.has(names.language, rule):
        axiom = plain[0]
        listed = " · ".join(_members(axioms, names))
        subject, value = names.label(axiom.subject), names.label(axiom.object)
        return words.say(names.language, rule, subject=subject, object=value, list=listed)
    return words.say(names.language, "owl-rl", name=rule.removeprefix("owl-rl/"))


def _members(axioms: Sequence[ox.Triple], names: Names) -> list[str]:
    """Return the members of the list among some axioms, in order."""
    first = {a.subject: a.object for a in axioms if a.predicate == RDF.first}
    rest = {a.subject: a.object for a in axioms if a.predicate == RDF.rest}
    node = next((head for head in first if head not in rest.values()), None)
    members = []
    while node in first:
        members.append(names.label(first[node]))
        node = rest.get(node)  # type: ignore[assignment]
    return members


def _lines(node: Node, names: Names, depth: int, seen: set[ox.NamedNode]) -> Iterator[str]:
    margin = _INDENT * depth
    for claim in node.claims:
        told = names.evidence(claim)
        yield f"{margin}{told.words}  [{told.place(names.language)}]"
    if not node.step:
        return
    because = clause_of(node.step.rule, axioms_of(node), names)
    because = words.say(names.language, "because", clause=because)
    yield f"{margin}{because}  [{node.step.rule}]"
    for premise in node.premises:
        said = sentence(premise.triple, names)
        if premise.fact in seen:
            yield f"{margin}{said}  {words.say(names.language, 'shown-above')}"
            continue
        seen.add(premise.fact)
        yield f"{margin}{said}"
        yield from _lines(premise, names, depth + 1, seen)


def _claim(claim: ox.NamedNode, names: Names) -> dict[str, Any]:
    told = names.evidence(claim)
    return {
        "claim": claim.value,
        "text": told.text,
        "sentence": told.sentence,
        "reading": shorten(told.reading),
        "quotes": [
            {"words": q.exact, "start": q.span.start, "end": q.span.end} for q in told.quotes
        ],
    }
