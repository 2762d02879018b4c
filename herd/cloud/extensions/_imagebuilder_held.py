"""What Image Builder holds: things by ARN, whose names AWS compares in one normal form; their tags; their lists."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from datetime import UTC
from typing import Any

from herd.cloud import world
from herd.cloud.errors import AwsError
from herd.cloud.state import store
from herd.cloud.wire import Call

Thing = dict[str, Any]
Answer = Mapping[str, Any]
COMPONENT, RECIPE, IMAGE, PIPELINE = "component", "image-recipe", "image", "image-pipeline"
INFRASTRUCTURE, DISTRIBUTION = "infrastructure-configuration", "distribution-configuration"
KINDS = (COMPONENT, RECIPE, INFRASTRUCTURE, DISTRIBUTION, IMAGE, PIPELINE)


def normal(name: str) -> str:
    """A name as it stands in ARNs: names that differ in case, spaces or underscores alone are the same."""
    return name.lower().replace(" ", "-").replace("_", "-")


def arn(call: Call, kind: str, name: str, *versions: str) -> str:
    """The ARN of a thing in the call's account and region."""
    return world.arn(call, "imagebuilder", "/".join((kind, normal(name), *versions)))


def now() -> str:
    """The present, as Image Builder writes it."""
    return world.now().astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def invalid(parameter: str, reason: str) -> AwsError:
    """A value that Image Builder refuses."""
    text = f"The value supplied for parameter '{parameter}' is not valid. {reason}"
    return AwsError("InvalidParameterValueException", text)


def combination(message: str) -> AwsError:
    """Parameters that don't go together."""
    return AwsError("InvalidParameterCombinationException", message)


def idempotent(make: Callable[[Call], Answer]) -> Callable[[Call], Answer]:
    """A request that is sent again with its client token gets the same answer, and makes no second thing."""

    @functools.wraps(make)
    def once(call: Call) -> Answer:
        answers, key = call.objects("tokens"), f"{call.operation} {call.params['clientToken']}"
        if key not in answers:
            answers[key] = call.params, make(call)
        params, answer = answers[key]
        if params != call.params:
            text = f"The client token '{call.params['clientToken']}' was used with other parameters before."
            raise AwsError("IdempotentParameterMismatchException", text)
        return dict(answer)

    return once


def held(call: Call, kind: str) -> dict[str, Thing]:
    """The things of a kind in the call's account and region, by ARN."""
    return call.objects(kind)


def find(call: Call, kind: str, identifier: str, refuse: Callable[[str], AwsError] | None = None) -> Thing:
    """A thing by its ARN; an ARN without a build number stands for the newest build.

    Raises:
        AwsError: There is no such thing.
    """
    things = held(call, kind)
    builds = [each for key, each in things.items() if key.rpartition("/")[0] == identifier]
    found = things.get(identifier) or (builds[-1] if builds else None)
    if found is None:
        text = f"The resource ARN '{identifier}' does not exist."
        raise (refuse or (lambda message: AwsError("ResourceNotFoundException", message)))(text)
    return found


def referenced(call: Call, parameter: str, kind: str) -> Thing:
    """What a parameter of the request names.

    Raises:
        AwsError: It names nothing.
    """
    return find(call, kind, call.params[parameter], lambda text: invalid(parameter, text))


def keep(call: Call, kind: str, identifier: str, thing: Mapping[str, Any]) -> Thing:
    """Remember a new thing under its ARN.

    Raises:
        AwsError: There is one of this name (and version) already.
    """
    things = held(call, kind)
    if identifier in things:
        raise AwsError("ResourceAlreadyExistsException", f"The following resource '{identifier}' already exists.")
    things[identifier] = {**thing, "arn": identifier, "dateCreated": now(), "tags": dict(call.get("tags") or {})}
    return things[identifier]


def given(call: Call, *without: str) -> dict[str, Any]:
    """The parameters that become the thing."""
    left_out = {"clientToken", "tags", "dryRun", *without}
    return {name: value for name, value in call.params.items() if name not in left_out}


def drop(call: Call, kind: str, identifier: str, users: Mapping[str, list[str]]) -> None:
    """Forget a thing that nothing uses.

    Args:
        call: The request.
        kind: Its kind.
        identifier: Its ARN.
        users: What uses it: words for the message to ARNs.

    Raises:
        AwsError: There is no such thing, or something uses it.
    """
    found = find(call, kind, identifier)
    for what, arns in users.items():
        if arns:
            raise AwsError(
                "ResourceDependencyException",
                f"The resource ARN '{found['arn']}' has others that depend on it: {what} {', '.join(sorted(arns))}",
            )
    del held(call, kind)[found["arn"]]


def users(call: Call, kind: str, member: str, identifier: str) -> list[str]:
    """The things of a kind that name another in one of their members."""
    return [key for key, each in held(call, kind).items() if each.get(member) == identifier]


def page(call: Call, items: list[Any]) -> tuple[list[Any], str | None]:
    """One page of a list; Image Builder gives 25 at a time if nobody says how many."""
    return world.page(items, call.get("nextToken"), call.get("maxResults") or 25)


def tagged(call: Call, identifier: str) -> dict[str, str]:
    """The tags of a thing of any kind.

    Raises:
        AwsError: There is no such thing.
    """
    for kind in KINDS:
        things = store(f"imagebuilder.{kind}", call.account, call.region)
        if identifier in things:
            tags: dict[str, str] = things[identifier]["tags"]
            return tags
    raise AwsError("ResourceNotFoundException", f"The resource ARN '{identifier}' does not exist.")


def matches(call: Call, thing: Thing) -> bool:
    """Whether a thing passes the request's filters (each a member with the values it may have)."""
    return all(str(thing.get(each["name"])) in each["values"] for each in call.get("filters") or [])


def builds(call: Call, kind: str, parameter: str, member: str) -> dict[str, Any]:
    """A page of the builds of a version, or of all where the request names none."""
    version = call.get(parameter)
    found = [
        each
        for key, each in held(call, kind).items()
        if (not version or key.rpartition("/")[0] == version) and matches(call, each)
    ]
    shown, token = page(call, found)
    return {member: shown, "nextToken": token}


def replace(thing: Thing, values: Mapping[str, Any]) -> None:
    """An update replaces the whole: what isn't given is gone. Builds that are over keep what they were made with."""
    fixed = {name: thing[name] for name in ("arn", "name", "dateCreated", "tags")}
    thing.clear()
    thing.update({**values, **fixed, "dateUpdated": now()})
