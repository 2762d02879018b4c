"""What the expressions and hooks of a row can see and do while one resource is being worked on."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import jmespath
import jmespath.parser

from herd.cloud.provider.client import Cloud
from herd.cloud.provider.errors import AbsentError, CloudError, RefusedError
from herd.cloud.provider.row import Call, Row
from herd.cloud.provider.shapes import NOTHING, ToParams, operation_model, place
from herd.cloud.provider.wire import UNKNOWN, holds

GLOBAL_REGION = "us-east-1"


@functools.cache
def _compile(expression: str) -> jmespath.parser.ParsedResult:
    return jmespath.compile(expression)


def refuse_partly_done(name: str, answer: Mapping[str, Any]) -> None:
    """Raise what an answer of status 200 says went wrong.

    Raises:
        RefusedError: EC2's `Unsuccessful` items, EventBridge's `FailedEntries`, Cost Explorer's `Errors`.
    """
    for item in answer.get("Unsuccessful") or ():
        error = item.get("Error", item)
        kind = AbsentError if "NotFound" in str(error.get("Code")) else RefusedError
        raise kind(name, str(error.get("Code")), str(error.get("Message")))
    for item in answer.get("Errors") or ():
        if isinstance(item, Mapping) and "Code" in item:
            raise RefusedError(name, str(item["Code"]), str(item.get("Message")))
    for item in answer.get("FailedEntries") or ():
        raise RefusedError(name, str(item.get("ErrorCode")), str(item.get("ErrorMessage")))


@dataclass
class Scope:
    """One resource at one moment.

    Attributes:
        row: Its row.
        cloud: The account's calls.
        account, region: Where it is.
        name: Its name in the program.
        id: Its id, empty until it has one.
        inputs: Its inputs without secret wrappers.
        old: Its inputs before the change.
        state: Its outputs as last known.
        result: The answer to the create call.
        outputs: The outputs that a read is putting together.
        found: The thing in the first read's answer.
        settles: Whether "not found" is waited out (while making and changing things).
        reading: Whether a read is under way, in which "not found" is an answer.
        checking: Whether parameters are only put together to be validated.
        urn: Its URN, for messages.
    """

    row: Row
    cloud: Cloud
    account: str
    region: str
    name: str = ""
    id: str = ""
    inputs: dict[str, Any] = field(default_factory=dict)
    old: dict[str, Any] = field(default_factory=dict)
    state: dict[str, Any] = field(default_factory=dict)
    result: dict[str, Any] = field(default_factory=dict)
    outputs: dict[str, Any] = field(default_factory=dict)
    found: dict[str, Any] = field(default_factory=dict)
    settles: bool = False
    reading: bool = False
    checking: bool = False
    urn: str = ""

    @property
    def partition(self) -> str:
        """``aws``, or the partition of China's or the US government's regions."""
        if self.region.startswith("cn-"):
            return "aws-cn"
        return "aws-us-gov" if self.region.startswith("us-gov-") else "aws"

    def arn(self, service: str, resource: str, *, region: bool = True, account: bool = True) -> str:
        """An ARN in this region and account."""
        where = (self.region if region else "", self.account if account else "")
        return f"arn:{self.partition}:{service}:{where[0]}:{where[1]}:{resource}"

    def evaluate(self, value: Any) -> Any:
        """A literal, a ``$`` expression, or what a function of the scope returns; lists and maps in depth."""
        if callable(value):
            return self._called(value)
        if isinstance(value, str) and value.startswith("$"):
            return self._expression(value[1:])
        if isinstance(value, Mapping):
            return {key: self.evaluate(item) for key, item in value.items()}
        return [self.evaluate(item) for item in value] if isinstance(value, list) else value

    def _called(self, function: Callable[[Scope], Any]) -> Any:
        if not self.checking:
            return function(self)
        try:
            return function(self)
        except (AttributeError, KeyError, TypeError, ValueError):
            # In a check, ids aren't known yet and neither may inputs be: what can't be worked out is unknown.
            return UNKNOWN

    def _expression(self, expression: str) -> Any:
        given = self.inputs
        root, _, rest = expression.partition(".")
        if root == "inputs" and rest.partition(".")[0] and holds(given.get(rest.partition(".")[0]), type(UNKNOWN)):
            return UNKNOWN
        view = {
            "id": UNKNOWN if self.checking else self.id,
            "name": self.name,
            "inputs": given,
            "old": self.old,
            "state": self.state,
            "result": self.result,
            "found": self.found,
            "outputs": self.outputs,
            "account": self.account,
            "region": self.region,
            "partition": self.partition,
        }
        return _compile(expression).search(view)

    def given(self, name: str) -> Any:
        """An input, or what the state last said about it."""
        value = self.inputs.get(name)
        return self.state.get(name) if value is None else value

    def changed(self, *names: str) -> bool:
        """Whether any of the inputs differs from before."""
        return any(self.inputs.get(n) != self.old.get(n) for n in names)

    def params(self, call: Call) -> tuple[dict[str, Any], dict[str, str]]:
        """The parameters of a call, and the input each came from (by the validator's path)."""
        model = operation_model(call.service or self.row.service, call.operation)
        builder = ToParams(self.row.names)
        params: dict[str, Any] = {}
        if call.takes is None or call.takes:
            wire = {k: v for k, v in self.inputs.items() if k != "tags" and (call.takes is None or k in call.takes)}
            if call.only_changed:
                wire = {k: v for k, v in wire.items() if self.changed(k)}
            params = builder.structure(model.input_shape or NOTHING, wire, at=model.name)
        for path, value in call.params.items():
            evaluated = self.evaluate(value)
            if evaluated is not None:
                place(params, path, evaluated)
                if isinstance(value, str) and value.startswith("$inputs."):
                    builder.origin[f"{model.name}.{path}"] = value.removeprefix("$inputs.")
        if call.finish is not None:
            call.finish(self, params)
        return params, builder.origin

    def do(
        self,
        call: Call,
        extra: Mapping[str, Any] | None = None,
        *,
        repeatable: bool = True,
        waits_for: frozenset[str] = frozenset(),
    ) -> dict[str, Any]:
        """Make a call of the row.

        Raises:
            CloudError: The call failed with a code that it doesn't accept.
        """
        if call.when is not None and not call.when(self):
            return {}
        params = {**self.params(call)[0], **(extra or {})}
        region = call.region or (GLOBAL_REGION if self.row.is_global else self.region)
        service = call.service or self.row.service
        try:
            answer = self.cloud.call(
                service,
                call.operation,
                params,
                region=region,
                waits_for=(call.waits_for | waits_for) - call.accepts,
                settles=self.settles and not self.reading,
                repeatable=repeatable,
            )
            refuse_partly_done(f"{service}.{call.operation}", answer)
        except CloudError as error:
            if error.code in call.accepts:
                return {}
            raise
        return answer

    def run(self, operation: str, /, *, service: str = "", **params: Any) -> dict[str, Any]:
        """Make a call with parameters at hand; those that are None are left out."""
        kept = {key: value for key, value in params.items() if value is not None}
        return self.do(Call(operation, service=service), kept)
