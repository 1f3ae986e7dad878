"""Every check holds for the template, in every scenario, and fails for each of its mutations."""

import pytest

import checks_data  # noqa: F401  registers its checks, as the others do
import checks_front_door  # noqa: F401
import checks_functions  # noqa: F401
import checks_permissions  # noqa: F401
import checks_rollout  # noqa: F401
import checks_whole  # noqa: F401
from registry import CHECKS
from stack import SCENARIOS, Stack, source

MUTATIONS = [(check, mutation) for check in CHECKS for mutation in check.mutations]


@pytest.fixture(scope="session")
def stacks() -> dict[str, Stack]:
    return {name: Stack(source(), given) for name, given in SCENARIOS.items()}


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.name)
@pytest.mark.parametrize("scenario", SCENARIOS)
def test_the_template(check, scenario, stacks):
    check.run(stacks[scenario])


@pytest.mark.parametrize(("check", "mutation"), MUTATIONS, ids=[f"{check.name}: {mutation.__name__[:90]}" for check, mutation in MUTATIONS])
def test_a_broken_template_is_rejected(check, mutation):
    broken = source()
    mutation(broken)
    with pytest.raises((AssertionError, KeyError, IndexError, StopIteration, ValueError)):
        for given in SCENARIOS.values():
            check.run(Stack(broken, given))


@pytest.mark.parametrize("parameter", source()["Parameters"])
def test_every_parameter_is_given_another_value_in_some_scenario(parameter, stacks):
    default = stacks["as it comes"].parameters[parameter]
    assert any(stack.parameters[parameter] != default for stack in stacks.values())
