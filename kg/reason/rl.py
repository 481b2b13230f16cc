"""The OWL 2 RL/RDF rules of the W3C recommendation, as data, under their own names.

Each row is written as a CONSTRUCT would be: premises, then conclusions; no conclusion is false.
Lists of any length are read beforehand (kg/reason/lists.py): `?l list:member ?c` holds for each
member, `?l list:twice ?c` for one that occurs more than once, and a row with `each` stands for one
rule a list, with the pattern repeated for its members in order.

Source: https://www.w3.org/TR/owl2-profiles/#Reasoning_in_OWL_2_RL_and_RDF_Graphs_using_Rules
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Literal

import pyoxigraph as ox

from kg.rules import Pattern, patterns
from kg.terms import PREFIXES

LIST = "urn:x-list:"
MEMBER = ox.NamedNode(f"{LIST}member")
TWICE = ox.NamedNode(f"{LIST}twice")
SEQUENCE = ox.NamedNode(f"{LIST}sequence")

Group = Literal["", "equality", "trivial"]


@dataclass(frozen=True, slots=True)
class Row:
    """One rule of Tables 4 to 9, or one of several forms of it.

    Attributes:
        name: the W3C's, `prp-dom`.
        where: the premises.
        then: the conclusions; empty for false.
        each: premises repeated for each member of the list `?l`: `{i}` is its place from 0, `{j}`
            the next, and `?e{i}` the member.
        distinct: two variables that differ in code, where the rule would else say `x sameAs x`.
        least: a variable of one premise, of which the least match is enough: the equalities of all
            the others with that one give the rest by eq-trans, and there is one for each value
            and not for each pair of values.
        group: "equality" for what representatives of equal terms do instead; "trivial" for what
            says nothing and is left out by default.
    """

    name: str
    where: str
    then: str = ""
    each: str = ""
    distinct: tuple[str, str] | None = None
    least: str = ""
    group: Group = ""


# fmt: off
ROWS: tuple[Row, ...] = (
    # Table 4: equality
    Row("eq-ref", "?s ?p ?o", "?s owl:sameAs ?s . ?p owl:sameAs ?p . ?o owl:sameAs ?o",
        group="trivial"),
    Row("eq-sym", "?x owl:sameAs ?y", "?y owl:sameAs ?x", group="equality"),
    Row("eq-trans", "?x owl:sameAs ?y . ?y owl:sameAs ?z", "?x owl:sameAs ?z", group="equality"),
    Row("eq-rep-s", "?s owl:sameAs ?t . ?s ?p ?o", "?t ?p ?o", group="equality"),
    Row("eq-rep-p", "?p owl:sameAs ?q . ?s ?p ?o", "?s ?q ?o", group="equality"),
    Row("eq-rep-o", "?o owl:sameAs ?r . ?s ?p ?o", "?s ?p ?r", group="equality"),
    Row("eq-diff1", "?x owl:sameAs ?y . ?x owl:differentFrom ?y"),
    Row("eq-diff1", "?x owl:differentFrom ?x"),  # with eq-ref, which is not written out
    Row("eq-diff2", "?x a owl:AllDifferent ; owl:members ?l . ?l list:member ?y , ?z . ?y owl:sameAs ?z",
        distinct=("y", "z")),
    Row("eq-diff2", "?x a owl:AllDifferent ; owl:members ?l . ?l list:twice ?y"),
    Row("eq-diff3", "?x a owl:AllDifferent ; owl:distinctMembers ?l . ?l list:member ?y , ?z . ?y owl:sameAs ?z",
        distinct=("y", "z")),
    Row("eq-diff3", "?x a owl:AllDifferent ; owl:distinctMembers ?l . ?l list:twice ?y"),
    # Table 5: properties (prp-ap: kg/reason/datatypes.py has the axioms)
    Row("prp-dom", "?p rdfs:domain ?c . ?x ?p ?y", "?x a ?c"),
    Row("prp-rng", "?p rdfs:range ?c . ?x ?p ?y", "?y a ?c"),
    Row("prp-fp", "?p a owl:FunctionalProperty . ?x ?p ?y , ?z", "?y owl:sameAs ?z",
        distinct=("y", "z"), least="z"),
    Row("prp-ifp", "?p a owl:InverseFunctionalProperty . ?x ?p ?z . ?y ?p ?z", "?x owl:sameAs ?y",
        distinct=("x", "y"), least="y"),
    Row("prp-irp", "?p a owl:IrreflexiveProperty . ?x ?p ?x"),
    Row("prp-symp", "?p a owl:SymmetricProperty . ?x ?p ?y", "?y ?p ?x"),
    Row("prp-asyp", "?p a owl:AsymmetricProperty . ?x ?p ?y . ?y ?p ?x"),
    Row("prp-trp", "?p a owl:TransitiveProperty . ?x ?p ?y . ?y ?p ?z", "?x ?p ?z"),
    Row("prp-spo1", "?p rdfs:subPropertyOf ?q . ?x ?p ?y", "?x ?q ?y"),
    Row("prp-spo2", "?p owl:propertyChainAxiom ?l", "?u0 ?p ?u{n}", each="?u{i} ?e{i} ?u{j}"),
    Row("prp-eqp1", "?p owl:equivalentProperty ?q . ?x ?p ?y", "?x ?q ?y"),
    Row("prp-eqp2", "?p owl:equivalentProperty ?q . ?x ?q ?y", "?x ?p ?y"),
    Row("prp-pdw", "?p owl:propertyDisjointWith ?q . ?x ?p ?y . ?x ?q ?y"),
    Row("prp-adp", "?a a owl:AllDisjointProperties ; owl:members ?l . ?l list:member ?p , ?q . ?x ?p ?y . ?x ?q ?y",
        distinct=("p", "q")),
    Row("prp-adp", "?a a owl:AllDisjointProperties ; owl:members ?l . ?l list:twice ?p . ?x ?p ?y"),
    Row("prp-inv1", "?p owl:inverseOf ?q . ?x ?p ?y", "?y ?q ?x"),
    Row("prp-inv2", "?p owl:inverseOf ?q . ?x ?q ?y", "?y ?p ?x"),
    Row("prp-key", "?c owl:hasKey ?l . ?x a ?c . ?y a ?c", "?x owl:sameAs ?y",
        each="?x ?e{i} ?z{i} . ?y ?e{i} ?z{i}", distinct=("x", "y")),
    Row("prp-npa1", "?a owl:sourceIndividual ?x ; owl:assertionProperty ?p ; owl:targetIndividual ?y . ?x ?p ?y"),
    Row("prp-npa2", "?a owl:sourceIndividual ?x ; owl:assertionProperty ?p ; owl:targetValue ?y . ?x ?p ?y"),
    # Table 6: classes (cls-thing and cls-nothing1: as prp-ap)
    Row("cls-nothing2", "?x a owl:Nothing"),
    Row("cls-int1", "?c owl:intersectionOf ?l", "?y a ?c", each="?y a ?e{i}"),
    Row("cls-int2", "?c owl:intersectionOf ?l . ?l list:member ?d . ?y a ?c", "?y a ?d"),
    Row("cls-uni", "?c owl:unionOf ?l . ?l list:member ?d . ?y a ?d", "?y a ?c"),
    Row("cls-com", "?c owl:complementOf ?d . ?x a ?c , ?d"),
    Row("cls-svf1", "?c owl:someValuesFrom ?d ; owl:onProperty ?p . ?x ?p ?y . ?y a ?d", "?x a ?c"),
    Row("cls-svf2", "?c owl:someValuesFrom owl:Thing ; owl:onProperty ?p . ?x ?p ?y", "?x a ?c"),
    Row("cls-avf", "?c owl:allValuesFrom ?d ; owl:onProperty ?p . ?x a ?c ; ?p ?y", "?y a ?d"),
    Row("cls-hv1", "?c owl:hasValue ?y ; owl:onProperty ?p . ?x a ?c", "?x ?p ?y"),
    Row("cls-hv2", "?c owl:hasValue ?y ; owl:onProperty ?p . ?x ?p ?y", "?x a ?c"),
    Row("cls-maxc1", "?c owl:maxCardinality 0 ; owl:onProperty ?p . ?x a ?c ; ?p ?y"),
    Row("cls-maxc2", "?c owl:maxCardinality 1 ; owl:onProperty ?p . ?x a ?c ; ?p ?y , ?z",
        "?y owl:sameAs ?z", distinct=("y", "z"), least="z"),
    Row("cls-maxqc1", "?c owl:maxQualifiedCardinality 0 ; owl:onProperty ?p ; owl:onClass ?d . ?x a ?c ; ?p ?y . ?y a ?d"),
    Row("cls-maxqc2", "?c owl:maxQualifiedCardinality 0 ; owl:onProperty ?p ; owl:onClass owl:Thing . ?x a ?c ; ?p ?y"),
    Row("cls-maxqc3", "?c owl:maxQualifiedCardinality 1 ; owl:onProperty ?p ; owl:onClass ?d . ?x a ?c ; ?p ?y , ?z . ?y a ?d . ?z a ?d",
        "?y owl:sameAs ?z", distinct=("y", "z")),
    Row("cls-maxqc4", "?c owl:maxQualifiedCardinality 1 ; owl:onProperty ?p ; owl:onClass owl:Thing . ?x a ?c ; ?p ?y , ?z",
        "?y owl:sameAs ?z", distinct=("y", "z"), least="z"),
    Row("cls-oo", "?c owl:oneOf ?l . ?l list:member ?y", "?y a ?c"),
    # Table 7: class axioms
    Row("cax-sco", "?c rdfs:subClassOf ?d . ?x a ?c", "?x a ?d"),
    Row("cax-eqc1", "?c owl:equivalentClass ?d . ?x a ?c", "?x a ?d"),
    Row("cax-eqc2", "?c owl:equivalentClass ?d . ?x a ?d", "?x a ?c"),
    Row("cax-dw", "?c owl:disjointWith ?d . ?x a ?c , ?d"),
    Row("cax-adc", "?a a owl:AllDisjointClasses ; owl:members ?l . ?l list:member ?c , ?d . ?x a ?c , ?d",
        distinct=("c", "d")),
    Row("cax-adc", "?a a owl:AllDisjointClasses ; owl:members ?l . ?l list:twice ?c . ?x a ?c"),
    # Table 8, datatypes: kg/reason/datatypes.py
    # Table 9: schema
    Row("scm-cls", "?c a owl:Class",
        "?c rdfs:subClassOf ?c , owl:Thing ; owl:equivalentClass ?c . owl:Nothing rdfs:subClassOf ?c"),
    Row("scm-sco", "?c rdfs:subClassOf ?d . ?d rdfs:subClassOf ?e", "?c rdfs:subClassOf ?e"),
    Row("scm-eqc1", "?c owl:equivalentClass ?d", "?c rdfs:subClassOf ?d . ?d rdfs:subClassOf ?c"),
    Row("scm-eqc2", "?c rdfs:subClassOf ?d . ?d rdfs:subClassOf ?c", "?c owl:equivalentClass ?d"),
    Row("scm-op", "?p a owl:ObjectProperty", "?p rdfs:subPropertyOf ?p ; owl:equivalentProperty ?p"),
    Row("scm-dp", "?p a owl:DatatypeProperty", "?p rdfs:subPropertyOf ?p ; owl:equivalentProperty ?p"),
    Row("scm-spo", "?p rdfs:subPropertyOf ?q . ?q rdfs:subPropertyOf ?r", "?p rdfs:subPropertyOf ?r"),
    Row("scm-eqp1", "?p owl:equivalentProperty ?q", "?p rdfs:subPropertyOf ?q . ?q rdfs:subPropertyOf ?p"),
    Row("scm-eqp2", "?p rdfs:subPropertyOf ?q . ?q rdfs:subPropertyOf ?p", "?p owl:equivalentProperty ?q"),
    Row("scm-dom1", "?p rdfs:domain ?c . ?c rdfs:subClassOf ?d", "?p rdfs:domain ?d"),
    Row("scm-dom2", "?q rdfs:domain ?c . ?p rdfs:subPropertyOf ?q", "?p rdfs:domain ?c"),
    Row("scm-rng1", "?p rdfs:range ?c . ?c rdfs:subClassOf ?d", "?p rdfs:range ?d"),
    Row("scm-rng2", "?q rdfs:range ?c . ?p rdfs:subPropertyOf ?q", "?p rdfs:range ?c"),
    Row("scm-hv", "?c owl:hasValue ?i ; owl:onProperty ?p . ?d owl:hasValue ?i ; owl:onProperty ?q . ?p rdfs:subPropertyOf ?q",
        "?c rdfs:subClassOf ?d"),
    Row("scm-svf1", "?c owl:someValuesFrom ?y ; owl:onProperty ?p . ?d owl:someValuesFrom ?z ; owl:onProperty ?p . ?y rdfs:subClassOf ?z",
        "?c rdfs:subClassOf ?d"),
    Row("scm-svf2", "?c owl:someValuesFrom ?y ; owl:onProperty ?p . ?d owl:someValuesFrom ?y ; owl:onProperty ?q . ?p rdfs:subPropertyOf ?q",
        "?c rdfs:subClassOf ?d"),
    Row("scm-avf1", "?c owl:allValuesFrom ?y ; owl:onProperty ?p . ?d owl:allValuesFrom ?z ; owl:onProperty ?p . ?y rdfs:subClassOf ?z",
        "?c rdfs:subClassOf ?d"),
    Row("scm-avf2", "?c owl:allValuesFrom ?y ; owl:onProperty ?p . ?d owl:allValuesFrom ?y ; owl:onProperty ?q . ?p rdfs:subPropertyOf ?q",
        "?d rdfs:subClassOf ?c"),
    Row("scm-int", "?c owl:intersectionOf ?l . ?l list:member ?d", "?c rdfs:subClassOf ?d"),
    Row("scm-uni", "?c owl:unionOf ?l . ?l list:member ?d", "?d rdfs:subClassOf ?c"),
)
# fmt: on

# Rules that no pattern over triples expresses; see kg/reason/datatypes.py.
PROCEDURAL = ("prp-ap", "cls-thing", "cls-nothing1", "dt-type1", "dt-type2", "dt-eq", "dt-diff",
              "dt-not-type")  # fmt: skip
_PREFIXES = "".join(
    f"PREFIX {prefix}: <{iri}>\n"
    for prefix, iri in {
        "list": LIST,
        **{name: PREFIXES[name] for name in ("owl", "rdf", "rdfs", "xsd")},
    }.items()
)


def names() -> tuple[str, ...]:
    """Return the names of all rules, in the order of the tables, procedural ones last."""
    return tuple(dict.fromkeys([*(row.name for row in ROWS), *PROCEDURAL]))


@cache
def read(text: str) -> tuple[Pattern, ...]:
    """Return the patterns of a row."""
    # 0 and 1 in a cardinality are of type xsd:nonNegativeInteger; the value is what counts, and
    # the engine finds literals by value.
    return tuple(patterns(text, _PREFIXES))


def repeated(row: Row, members: int) -> Iterator[Pattern]:
    """Yield the pattern of a row that is repeated for each member of a list."""
    for i in range(members):
        yield from read(row.each.format(i=i, j=i + 1))
