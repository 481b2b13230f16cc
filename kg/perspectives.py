"""Bodies of claims, each closed on its own: reasoning never runs over a union of them."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

import pyoxigraph as ox

from kg import reason
from kg.errors import UnknownName, did_you_mean
from kg.load import Source
from kg.store import Graph, kept
from kg.terms import CAS, PREFIXES, expand

REFERENCE, WIKIDATA = "reference", "wikidata"
_READING = "/reading/"
_VIEW = f"{PREFIXES['g']}view/"
_Term = ox.NamedNode | ox.BlankNode | ox.Literal | ox.Triple


@dataclass(frozen=True, slots=True)
class Perspective:
    """One body of claims.

    Attributes:
        key: `text/italy-1943`.
        claims: the triples of each asserted claim.
    """

    key: str
    claims: Mapping[ox.NamedNode, frozenset[ox.Triple]]

    @property
    def stated(self) -> dict[ox.Triple, tuple[ox.NamedNode, ...]]:
        """Return what its claims state, with the claims that state it, sorted."""
        found: dict[ox.Triple, list[ox.NamedNode]] = defaultdict(list)
        for claim in sorted(self.claims, key=str):
            for triple in self.claims[claim]:
                found[triple].append(claim)
        return {triple: tuple(found[triple]) for triple in sorted(found, key=str)}

    @property
    def view(self) -> ox.NamedNode:
        """Return the graph of all that holds in it: what is stated and what follows."""
        return expand(f"g:view/{self.key}")

    @property
    def bounds(self) -> ox.NamedNode:
        """Return the graph of its days, Allen relations and handovers."""
        return expand(f"g:bounds/{self.key}")

    @property
    def derived(self) -> ox.NamedNode:
        """Return the graph of what follows alone."""
        return expand(f"g:derived/{self.key}")

    def without(self, claims: Collection[ox.NamedNode]) -> "Perspective":
        """Return the perspective without some of its claims."""
        kept = {claim: triples for claim, triples in self.claims.items() if claim not in claims}
        return Perspective(self.key, kept)


def of_texts(sources: Iterable[Source]) -> list[Perspective]:
    """Return the perspective of each text: its preferred readings."""
    return [
        Perspective(
            f"text/{source.name}",
            {claim.iri: frozenset(claim.triples) for claim in source.claims if claim.asserted},
        )
        for source in sources
    ]


def of_readings(source: Source) -> list[Perspective]:
    """Return the perspective of a text under each other reading: one claim in place of another."""
    asserted = {c.iri: frozenset(c.triples) for c in source.claims if c.asserted}
    found = []
    for claim in source.claims:
        if claim.alternative_to is not None:
            kept = {iri: ts for iri, ts in asserted.items() if iri != claim.alternative_to}
            key = f"text/{source.name}{_READING}{claim.name}"
            found.append(Perspective(key, {**kept, claim.iri: frozenset(claim.triples)}))
    return found


def of_reference(sources: Iterable[Source]) -> list[Perspective]:
    """Return the perspectives of the reference works and of Wikidata, over all texts.

    One that has no claims is left out.
    """
    told = [claim for source in sources for claim in source.reference]
    found = []
    for key in (REFERENCE, WIKIDATA):
        claims = {c.iri: frozenset(c.triples) for c in told if c.file == key}
        found += [Perspective(key, claims)] if claims else []
    return found


def key_of(view: ox.NamedNode) -> str:
    """Return the key of the perspective whose view has that name.

    >>> key_of(ox.NamedNode("https://w3id.org/cassibile/graph/view/text/italy-1943"))
    'text/italy-1943'
    """
    return view.value.removeprefix(_VIEW)


def keys(store: ox.Store) -> list[str]:
    """Return the keys of the perspectives of a built store, texts first, sorted."""
    names = (graph.value for graph in store.named_graphs() if isinstance(graph, ox.NamedNode))
    found = (name.removeprefix(_VIEW) for name in names if name.startswith(_VIEW))
    whole = (key for key in found if _READING not in key)
    return sorted(whole, key=lambda key: (key in {REFERENCE, WIKIDATA}, key))


@kept(1)  # an answer takes half a millisecond, and pages ask several times
def keys_of(graph: Graph) -> tuple[str, ...]:
    """Return the keys of the perspectives of a graph, as `keys` does."""
    return tuple(keys(graph.store))


def readings(store: ox.Store) -> list[str]:
    """Return the keys of the other readings of a built store, `text/italy-1943/reading/s05-2b`."""
    names = (graph.value for graph in store.named_graphs() if isinstance(graph, ox.NamedNode))
    found = (name.removeprefix(_VIEW) for name in names if name.startswith(_VIEW))
    return sorted(key for key in found if _READING in key)


def reading(store: ox.Store, name: str) -> str:
    """Return the key of the reading that a claim stands for: `s05-2b`, or `italy-1943/s05-2b`.

    Raises: UnknownName, with the nearest one.
    """
    known = {key.removeprefix("text/").replace(_READING, "/"): key for key in readings(store)}
    found = [key for short, key in known.items() if name in {short, short.rpartition("/")[2]}]
    if len(found) != 1:
        names = [short.rpartition("/")[2] for short in known]
        hint = did_you_mean(name, [*names, *known]) or "`kg readings` lists them"
        raise UnknownName(f"there is no other reading {name!r}", hint=hint)
    return found[0]


def dataset(store: ox.Store, key: str) -> tuple[list[str], list[str]]:
    """Return the default and the named graphs of a query under another reading."""
    text = key.partition(_READING)[0]
    others = [each for each in keys(store) if each not in {text, REFERENCE, WIKIDATA}]
    views = [f"g:view/{each}" for each in (key, *others)]
    named = (graph.value for graph in store.named_graphs() if isinstance(graph, ox.NamedNode))
    return [*views, "g:ontology", "g:entities", "g:claims"], sorted(named)


def choose(store: ox.Store, key: str | None) -> str:
    """Return the key of a perspective, the first one of a text if none is wanted.

    Raises: UnknownName, with the perspectives that there are.
    """
    known = keys(store)
    if key is None:
        return next((each for each in known if each.startswith("text/")), known[0])
    if key not in known:
        hint = did_you_mean(key, known) or f"choose one of {', '.join(known)}"
        raise UnknownName(f"there is no perspective {key!r}", hint=hint)
    return key


def read(store: ox.Store, key: str) -> Perspective:
    """Return a perspective of a built store: the asserted claims that it is made of."""
    claims = {}
    view = expand(f"g:view/{key}")
    described = expand("g:claims")
    true = ox.Literal("true", datatype=expand("xsd:boolean"))
    for quad in store.quads_for_pattern(None, CAS.perspective, view, described):
        claim = quad.subject
        asserted = store.quads_for_pattern(claim, CAS.asserted, true, described)
        if isinstance(claim, ox.NamedNode) and any(True for _ in asserted):
            triples = store.quads_for_pattern(None, None, None, claim)
            claims[claim] = frozenset(each.triple for each in triples)
    return Perspective(key, claims)


def unasserted(store: ox.Store, key: str) -> list[ox.NamedNode]:
    """Return the claims that another reading of a perspective would make, sorted."""
    view, described = expand(f"g:view/{key}"), expand("g:claims")
    claims = [q.subject for q in store.quads_for_pattern(None, CAS.perspective, view, described)]
    others = store.quads_for_pattern(None, CAS.alternativeTo, None, described)
    rejected = {quad.subject for quad in others}
    return sorted((c for c in claims if c in rejected and isinstance(c, ox.NamedNode)), key=str)


def elsewhere(
    store: ox.Store, key: str, shape: Sequence[_Term | None]
) -> tuple[list[ox.NamedNode], list[str]]:
    """Return where a triple stands that a perspective lacks; None in it is any term.

    The claims of its other readings that state it, and the keys of the perspectives that hold it.
    """
    s, p, o = shape
    if isinstance(s, ox.Literal) or isinstance(p, ox.BlankNode | ox.Literal):
        return [], []  # generalised RDF, which no store holds

    def stands(graph: ox.NamedNode) -> bool:
        return any(True for _ in store.quads_for_pattern(s, p, o, graph))  # type: ignore[arg-type]

    others = [other for other in keys(store) if other != key]
    return (
        [claim for claim in unasserted(store, key) if stands(claim)],
        [other for other in others if stands(ox.NamedNode(_VIEW + other))],
    )


class Held:
    """The triples that hold in a perspective of a store, axioms of the ontology included."""

    def __init__(self, store: ox.Store, key: str) -> None:
        self._store = store
        # The derived graph too: the view leaves out what relates a thing to itself.
        self._graphs = [expand(n) for n in (f"g:view/{key}", f"g:derived/{key}", "g:ontology")]

    def __contains__(self, triple: ox.Triple) -> bool:
        return any(True for _ in self.match(*triple))

    def match(
        self,
        subject: ox.NamedNode | ox.BlankNode | ox.Triple | None,
        predicate: ox.NamedNode | None,
        value: ox.NamedNode | ox.BlankNode | ox.Literal | ox.Triple | None,
        /,
    ) -> list[ox.Triple]:
        """Return those with these terms, sorted; None is any term."""
        found = {
            quad.triple
            for graph in self._graphs
            for quad in self._store.quads_for_pattern(subject, predicate, value, graph)
        }
        return sorted(found, key=str)


def derived(store: ox.Store, key: str) -> set[ox.Triple]:
    """Return what follows in a perspective of a built store."""
    graph = expand(f"g:derived/{key}")
    return {quad.triple for quad in store.quads_for_pattern(None, None, None, graph)}


def holding(store: ox.Store, key: str) -> set[ox.Triple]:
    """Return what is stated in a perspective of a built store, what follows, and its days."""
    days = {CAS.earliestStart, CAS.latestStart, CAS.earliestEnd, CAS.latestEnd}
    bounds = store.quads_for_pattern(None, None, None, expand(f"g:bounds/{key}"))
    dated = {quad.triple for quad in bounds if quad.predicate in days}
    return {*read(store, key).stated, *derived(store, key), *dated}


def axioms(store: ox.Store) -> list[ox.Triple]:
    """Return the axioms of a built store: what each perspective is closed with."""
    quads = store.quads_for_pattern(None, None, None, expand("g:ontology"))
    return sorted((q.triple for q in quads if reason.is_axiom(q.triple)), key=str)
