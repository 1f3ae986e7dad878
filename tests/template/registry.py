"""The checks of a deployed template: each with mutations of template.yaml that it must reject."""

from collections.abc import Callable
from dataclasses import dataclass

from mutation import Mutation
from stack import Stack


@dataclass(frozen=True)
class Check:
    """Raises AssertionError where a stack is not as it should be."""

    run: Callable[[Stack], None]
    mutations: tuple[Mutation, ...]

    @property
    def name(self) -> str:
        return self.run.__name__


CHECKS: list[Check] = []


def check(*mutations: Mutation):
    """Registers a check. At least one scenario of each mutated template must fail it."""
    assert mutations, "a check that nothing fails is none"

    def register(run: Callable[[Stack], None]):
        CHECKS.append(Check(run, mutations))
        return run

    return register
