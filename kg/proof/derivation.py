"""One step of a proof, and what cannot all hold."""

from dataclasses import dataclass

import pyoxigraph as ox


@dataclass(frozen=True, slots=True)
class Derivation:
    """One firing of a rule.

    Attributes:
        conclusion: what follows.
        rule: `owl-rl/prp-trp`, or the path of a rule file, `office/shared-handover`.
        premises: from which, in the order of the rule; of a list, its rdf:first and rdf:rest.
    """

    conclusion: ox.Triple
    rule: str
    premises: tuple[ox.Triple, ...]


@dataclass(frozen=True, slots=True)
class Contradiction:
    """A firing of a rule that concludes false.

    Attributes:
        rule: as above.
        premises: what cannot all hold.
        detail: more in words, where the premises alone do not tell; may be empty.
    """

    rule: str
    premises: tuple[ox.Triple, ...]
    detail: str = ""
