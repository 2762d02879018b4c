"""What a row of the provider's table says about a resource type."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from herd.cloud.provider.naming import AutoName

if TYPE_CHECKING:
    from herd.cloud.provider.scope import Scope

Hook = Callable[["Scope"], None]
Outputs = dict[str, Any]


@dataclass(frozen=True)
class Call:
    """One API call.

    Attributes:
        operation: boto3's name of the operation.
        params: Parameter (dotted where nested) to a literal, a ``$`` expression over the scope, or a function of the
            scope. An expression that finds nothing leaves the parameter out.
        takes: Wire inputs that are converted by name; None takes every input the operation has a parameter for.
        service: boto3's name of the service, where it isn't the row's.
        waits_for: Error codes that go away by themselves.
        accepts: Error codes that mean the thing is already as wanted.
        when: A function of the scope; the call is left out when it says no.
        region: Region to call, where it isn't the resource's.
        finish: Mends the parameters once they are put together.
        only_changed: Of the inputs in `takes`, send those that differ from before.
    """

    operation: str
    params: Mapping[str, Any] = field(default_factory=dict)
    takes: tuple[str, ...] | None = ()
    service: str = ""
    waits_for: frozenset[str] = frozenset()
    accepts: frozenset[str] = frozenset()
    when: Callable[[Scope], Any] | None = None
    region: str = ""
    finish: Callable[[Scope, dict[str, Any]], None] | None = None
    only_changed: bool = False


@dataclass(frozen=True)
class Read:
    """A call whose answer says what the thing is.

    Attributes:
        call: The call.
        found: Dotted path of the thing in the answer; empty for the answer itself.
        names: Wire names of this answer that don't match by themselves; "" for one that must not match.
        optional: Whether absence says nothing about the thing itself (a bucket without tags).
        only: Take these outputs alone; None takes all that match in the first read, those in `names` in further ones.
        select: Picks the thing out of the answer where a path can't; `found` then only says where its shape stands.
    """

    call: Call
    found: str = ""
    names: Mapping[str, str] = field(default_factory=dict)
    optional: bool = False
    only: tuple[str, ...] | None = None
    select: Callable[[Scope, Mapping[str, Any]], Any] | None = None


@dataclass(frozen=True)
class Change:
    """What to call when any of some inputs changes.

    Attributes:
        inputs: The inputs.
        calls: The calls, in order, or one function of the scope.
        at_create: Also after a create, when one of the inputs is given: the create call can't take them.
    """

    inputs: tuple[str, ...]
    calls: tuple[Call, ...] | Hook
    at_create: bool = False


@dataclass(frozen=True)
class Tags:
    """How a service spells tags.

    Attributes:
        create: Parameter of the create call that takes tags; empty if it takes none.
        form: ``list`` of key and value members, or ``map``.
        key, value: Names of those members.
        tag, untag: Operations that add and take away; empty where another change does it.
        owner: Parameter and expression that name the tagged thing, in both operations.
        tags_param, keys_param: Parameters of tags and of keys to take away.
        keys_form: ``names``, or ``pairs`` (EC2 takes {"Key": ...}).
        read: Where the tags are in the first read's thing (dotted path), or a `Read` of its own.
        spec: EC2's ResourceType: tags go in as TagSpecifications.
        extra: Further parameters of the tag and untag calls.
        hook: Sets all tags of the thing, where a service has no add and take away.
    """

    create: str = "Tags"
    form: str = "list"
    key: str = "Key"
    value: str = "Value"
    tag: str = "tag_resource"
    untag: str = "untag_resource"
    owner: tuple[str, Any] = ("ResourceArn", "$state.arn")
    tags_param: str = "Tags"
    keys_param: str = "TagKeys"
    keys_form: str = "names"
    read: str | Read = "Tags"
    spec: str = ""
    extra: Mapping[str, Any] = field(default_factory=dict)
    hook: Hook | None = None

    def adopting(self) -> Tags:
        """The same tags for a thing that is there already: put on after it was adopted."""
        return replace(self, create="", spec="")


@dataclass(frozen=True)
class Find:
    """Looks for things like the one being made, in case the answer to its creation was lost.

    Attributes:
        call: A listing.
        ids: jmespath from the answer to the ids.
    """

    call: Call
    ids: str


@dataclass(frozen=True)
class Wait:
    """A thing that takes a while: where its state stands and what the state means.

    Attributes:
        path: Dotted path of the state in the first read's thing.
        ready: States in which it can be used.
        failed: States from which it never gets there.
        after_update: Whether an update waits for it too; where updates are things of their own, it doesn't.
        reason: Why, from the thing, when it ends in a failed state.
    """

    path: str
    ready: frozenset[str]
    failed: frozenset[str] = frozenset({"failed", "FAILED", "error", "MISCONFIGURED"})
    after_update: bool = True
    reason: Callable[[Mapping[str, Any]], str] | None = None


@dataclass(frozen=True, eq=False)
class Row:
    """A resource type, as data; functions only where AWS is irregular.

    Attributes:
        type: Type token.
        service: boto3's name of the service.
        create: The call that makes it.
        id: Expression or function for the id; `result` is the answer to `create`.
        reads: What is asked to know it; the first decides whether it exists.
        updates: What to call when inputs change.
        delete: The calls that take it away; empty if nothing is to be done.
        names: Wire names (nested ones dotted) to parameters, where they don't match by themselves; "" for never.
        outputs: Outputs that no answer holds: expression, or function of the scope.
        defaults: Inputs that the bridged provider or AWS fills in; dotted ones inside blocks that are given.
        name: How the name is made up.
        tags: How tags are spelled.
        documents: Inputs that hold JSON, compared by meaning.
        ordered: Inputs that are lists whose order matters; others are compared as sets.
        never_read: Inputs that reads don't report or report in another form; their drift isn't seen.
        watched: Inputs without a default whose drift is seen although the program doesn't give them.
        volatile: Outputs that an update changes.
        token: Parameter of the create call that makes it safe to repeat.
        natural: Whether a repeated create can't make a second thing (names, puts).
        find: How to find what was made when the answer was lost.
        wait: The state to wait for after create and update.
        gone: Whether what a read found counts as gone (pending deletion).
        after_read: Adds to or mends the outputs (`scope.outputs`).
        tells: Inputs that `after_read` reports.
        parse: Properties that an id alone tells, for reading what isn't in the state.
        before_delete: Runs before the delete calls.
        is_global: The service has one endpoint for all regions.
        delete_before_replace: Set by the bridged provider itself.
        fixed: Inputs that matter to Pulumi alone (forceDestroy): kept in state, never sent.
        marks_failed_updates: Whether an update that fails is remembered even if it changed nothing, as the bridge does
            with every update that fails: the next one is made even without a difference.
    """

    type: str
    service: str
    create: Call
    id: Any
    reads: tuple[Read, ...]
    updates: tuple[Change, ...] = ()
    delete: tuple[Call, ...] = ()
    names: Mapping[str, str] = field(default_factory=dict)
    outputs: Mapping[str, Any] = field(default_factory=dict)
    defaults: Mapping[str, Any] = field(default_factory=dict)
    name: AutoName | None = None
    tags: Tags | None = None
    documents: tuple[str, ...] = ()
    ordered: tuple[str, ...] = ()
    never_read: tuple[str, ...] = ()
    watched: tuple[str, ...] = ()
    volatile: tuple[str, ...] = ()
    token: str = ""
    natural: bool = False
    find: Find | None = None
    wait: Wait | None = None
    gone: Callable[[Mapping[str, Any]], bool] | None = None
    after_read: Hook | None = None
    tells: tuple[str, ...] = ()
    parse: Callable[[str], dict[str, Any]] | None = None
    before_delete: Hook | None = None
    is_global: bool = False
    delete_before_replace: bool = False
    fixed: tuple[str, ...] = ()
    marks_failed_updates: bool = False
