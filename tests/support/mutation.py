"""Ways to break a template, so that every check can show that it would notice."""

import copy
from collections.abc import Callable

Mutation = Callable[[dict], None]
DELETED = object()


def put(path: str, value) -> Mutation:
    """Sets what stands at a path of keys and indices, `Resources.Api.Properties.Name`."""

    def mutate(template: dict) -> None:
        *way, last = path.split(".")
        for step in way:
            template = template[_key(template, step)]
        key = _key(template, last)
        before = template[key] if isinstance(template, list) else template.get(key, DELETED)
        assert before is DELETED or before != value, f"{path} is {value} already"
        template[key] = copy.deepcopy(value)

    mutate.__name__ = f"{path} = {value}"
    return mutate


def drop(path: str) -> Mutation:
    """Takes away what stands at a path."""

    def mutate(template: dict) -> None:
        *way, last = path.split(".")
        for step in way:
            template = template[_key(template, step)]
        del template[_key(template, last)]

    mutate.__name__ = f"without {path}"
    return mutate


def add(path: str, value) -> Mutation:
    """Appends to the list at a path."""

    def mutate(template: dict) -> None:
        for step in path.split("."):
            template = template[_key(template, step)]
        template.append(copy.deepcopy(value))

    mutate.__name__ = f"{path} and {value}"
    return mutate


def _key(container, step: str):
    return int(step) if isinstance(container, list) else step
