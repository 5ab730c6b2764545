"""Options that several commands share, written once: the fields of a dataclass.

Typer knows options one by one, as the parameters of a command.  So a command is given
to it with one parameter for each field in place of the dataclass.
"""

import functools
import inspect
from collections.abc import Callable
from dataclasses import fields
from inspect import Parameter
from typing import Any, get_type_hints

Command = Callable[..., None]


def with_options_of(**groups: type) -> Callable[[Command], Command]:
    """Let parameters of a command be told as the options that their fields are.

    Args:
        groups: Name of a parameter of the command to its dataclass, whose fields have
            defaults and are annotated as Typer's options are.

    Examples:
        >>> from dataclasses import dataclass
        >>> @dataclass(frozen=True)
        ... class Size:
        ...     width: int = 1
        ...     height: int = 2
        >>> @with_options_of(size=Size)
        ... def draw(*, size: Size, colour: str = "red") -> None:
        ...     print(size, colour)
        >>> inspect.signature(draw)
        <Signature (*, width: int = 1, height: int = 2, colour: str = 'red') -> None>
        >>> draw(height=3)
        Size(width=1, height=3) red
    """

    def grouped(command: Command) -> Command:
        @functools.wraps(command)
        def spread(*arguments: Any, **options: Any) -> None:
            for name, group in groups.items():
                own = {one.name for one in fields(group)} & options.keys()
                options[name] = group(**{one: options.pop(one) for one in own})
            command(*arguments, **options)

        signature = _signature(command, groups)
        hints = {name: one.annotation for name, one in signature.parameters.items()}
        # What Typer reads of a function.
        spread.__dict__["__signature__"] = signature
        spread.__annotations__ = hints
        return spread

    return grouped


def _signature(command: Command, groups: dict[str, type]) -> inspect.Signature:
    """That of the command, with fields in place of their dataclasses."""
    found: list[Parameter] = []
    signature = inspect.signature(command, eval_str=True)
    for name, parameter in signature.parameters.items():
        if name in groups:
            found += _parameters(groups[name])
        else:
            found.append(parameter)
    return signature.replace(parameters=found)


def _parameters(group: type) -> list[Parameter]:
    hints = get_type_hints(group, include_extras=True)
    return [
        Parameter(
            one.name,
            Parameter.KEYWORD_ONLY,
            default=one.default,
            annotation=hints[one.name],
        )
        for one in fields(group)
    ]
