"""Every error has a place in the tree that its docstring draws, and a status in HTTP."""

from kg import errors
from server.problems import STATUS


def kinds(of: type[errors.KgError]) -> set[type[errors.KgError]]:
    return {of}.union(*map(kinds, of.__subclasses__()))


def test_every_error_has_a_status() -> None:
    assert set(STATUS) == kinds(errors.KgError) - {errors.KgError}


def test_every_error_is_drawn_in_the_tree() -> None:
    assert errors.__doc__ is not None
    for kind in kinds(errors.KgError):
        assert kind.__name__ in errors.__doc__
