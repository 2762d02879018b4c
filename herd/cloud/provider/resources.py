"""The provider behind the protocol: configuration, and each operation on plain property values."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from herd.cloud.provider import check, diff, execute
from herd.cloud.provider.client import Cloud, Patience
from herd.cloud.provider.compare import covers, same
from herd.cloud.provider.errors import CloudError, RefusedError
from herd.cloud.provider.reading import echoed, read, reports
from herd.cloud.provider.row import Row
from herd.cloud.provider.rows import ROWS
from herd.cloud.provider.schema import schema
from herd.cloud.provider.scope import Scope
from herd.cloud.provider.shapes import input_shape, match
from herd.cloud.provider.tags import TagConfig
from herd.cloud.provider.wire import DEFAULTS, UNKNOWN, plain, secret_again

DEFAULT_REGION = "us-east-1"
Props = dict[str, Any]


def type_of(urn: str) -> str:
    """The type in a URN."""
    return urn.split("::")[2].rsplit("$", maxsplit=1)[-1]


def name_of(urn: str) -> str:
    """The resource's name in a URN."""
    return urn.split("::", 3)[3]


def _value(config: Mapping[str, Any], key: str) -> Any:
    """A configured value; the SDK sends everything but strings as JSON text."""
    value = plain(config.get(key))
    if isinstance(value, str) and value[:1] in {"[", "{"}:
        return json.loads(value)
    return value


@dataclass
class Provider:
    """The stand-in for the `aws` provider.

    Attributes:
        environment: Where AWS_ENDPOINT_URL, keys and region come from.
        patience: How long things are waited for.
        warn: Told (urn, text) when something isn't as in AWS.
    """

    environment: Mapping[str, str]
    patience: Patience = field(default_factory=Patience)
    warn: Callable[[str, str], None] = lambda _urn, _text: None
    cloud: Cloud | None = None
    account: str = ""
    region: str = DEFAULT_REGION
    tags: TagConfig = field(default_factory=TagConfig)

    def configure(self, config: Mapping[str, Any]) -> None:
        """Connect as the provider's configuration says.

        Raises:
            CloudError: No endpoint, nobody there, or an account that isn't allowed.
        """
        env = self.environment
        self.region = (
            _value(config, "region") or env.get("AWS_REGION") or env.get("AWS_DEFAULT_REGION") or DEFAULT_REGION
        )
        overrides = {
            key: value
            for key, value in (
                ("AWS_ACCESS_KEY_ID", _value(config, "accessKey")),
                ("AWS_SECRET_ACCESS_KEY", _value(config, "secretKey")),
                ("AWS_SESSION_TOKEN", _value(config, "token")),
            )
            if value
        }
        cloud = Cloud({**env, **overrides}, self.patience)
        roles = _value(config, "assumeRoles") or [r for r in [_value(config, "assumeRole")] if r]
        for role in roles:
            answer = cloud.call(
                "sts",
                "assume_role",
                {"RoleArn": role["roleArn"], "RoleSessionName": role.get("sessionName", "herd")},
                region=self.region,
            )["Credentials"]
            keys = (answer["AccessKeyId"], answer["SecretAccessKey"], answer["SessionToken"])
            cloud = Cloud(env, self.patience, keys)
        self.account = cloud.call("sts", "get_caller_identity", {}, region=self.region)["Account"]
        allowed, forbidden = (_value(config, key) or [] for key in ("allowedAccountIds", "forbiddenAccountIds"))
        if (allowed and self.account not in allowed) or self.account in forbidden:
            text = f"AWS account ID not allowed: {self.account}; allowed are {', '.join(allowed) or 'others'}"
            raise RefusedError("configure", "AccountNotAllowed", text)
        self.tags = TagConfig.of(config)
        self.cloud = cloud

    def _scope(self, row: Row, urn: str, id_: str = "", **values: Props) -> Scope:
        if self.cloud is None:
            raise RefusedError("configure", "NotConfigured", "the provider was used before it was configured")
        cleaned = {key: plain(value) for key, value in values.items()}
        region = cleaned.get("inputs", {}).get("region") or cleaned.get("state", {}).get("region")
        if not isinstance(region, str):
            region = self.region
        return Scope(row, self.cloud, self.account, region, name_of(urn), id_, urn=urn, **cleaned)

    def check(
        self, urn: str, olds: Props, news: Props, seed: bytes, autonaming: Mapping[str, Any] | None
    ) -> check.Checked:
        """Inputs as they will be used, and what AWS would refuse of them."""
        row = ROWS.get(type_of(urn))
        if row is None:
            return check.Checked(news)
        cloud = self.cloud or Cloud({**self.environment, "AWS_ENDPOINT_URL": "http://127.0.0.1:1"}, self.patience)
        scope = Scope(row, cloud, self.account or "000000000000", self.region, name_of(urn))
        return check.check(row, scope, olds, news, seed=seed, autonaming=autonaming, config=self.tags)

    def diff(self, urn: str, old: Props, news: Props, ignore: Iterable[str]) -> diff.Difference:
        """What changed, and whether it replaces."""
        token = type_of(urn)
        found = diff.compare(token, ROWS.get(token), old, news, region=self.region, ignore=ignore)
        if found.uncertain:
            paths = ", ".join(found.uncertain)
            self.warn(urn, f"{token}: a change of {paths} may replace: it isn't known whether AWS can do it in place")
        return found

    def create(self, urn: str, inputs: Props, *, preview: bool) -> tuple[str, Props]:
        """Make a resource; in a preview, say what can be known of it."""
        row = ROWS.get(type_of(urn))
        if preview:
            return "", self._planned(row, inputs, {})
        if row is None:
            self.warn(urn, f"{type_of(urn)} has no row in the stand-in provider: it is only recorded, no call is made")
            return recorded_id(urn, inputs), {k: v for k, v in inputs.items() if k != DEFAULTS}
        scope = self._scope(row, urn, inputs=inputs)
        self._say_unmodelled(row, urn, inputs)
        outputs = execute.create(scope, self.tags)
        self._say_unlike(scope, outputs)
        return scope.id, secret_again(outputs, inputs)

    def _say_unmodelled(self, row: Row, urn: str, inputs: Props) -> None:
        kept = sorted(k for k in inputs if k in unmodelled(row))
        if kept:
            self.warn(urn, f"{row.type}: {', '.join(kept)} is only recorded: the stand-in doesn't send it to its cloud")

    def _say_unlike(self, scope: Scope, outputs: Props) -> None:
        """Where the stand-in cloud accepts a value and then holds another, a silent pass would be a lie."""
        row, inputs = scope.row, scope.inputs
        held = drifted(row, inputs, {}, outputs)
        for name in sorted(inputs.keys() & diff.compare(row.type, row, inputs, held, region=self.region).changed):
            text = f"{row.type}: {scope.id} took {name} but holds {held.get(name)!r}: a gap in the stand-in cloud"
            self.warn(scope.urn, text)

    def _planned(self, row: Row | None, inputs: Props, state: Props, *, tags_alone: bool = False) -> Props:
        """Outputs as far as a preview knows them; a change of tags alone makes no new version of anything."""
        given = {k: v for k, v in inputs.items() if k != DEFAULTS}
        if row is None:
            return {**state, **given}
        if not state:
            return {**dict.fromkeys(schema(row.type).outputs, UNKNOWN), **given} | (
                {"tagsAll": given.get("tags", {})} if "tagsAll" in schema(row.type).outputs else {}
            )
        kept = {k: v for k, v in state.items() if k not in schema(row.type).inputs or k in given or k not in inputs}
        return {**kept, **given, **dict.fromkeys(() if tags_alone else row.volatile, UNKNOWN)} | (
            {"tagsAll": given.get("tags", {})} if "tagsAll" in schema(row.type).outputs else {}
        )

    def update(self, urn: str, id_: str, state: Props, old: Props, news: Props, *, preview: bool) -> Props:
        """Change a resource in place."""
        row = ROWS.get(type_of(urn))
        if preview:
            moved = execute.changed_inputs(row, plain(old), plain(news)) if row else set()
            return self._planned(row, news, state, tags_alone=moved == {"tags"})
        if row is None:
            return {k: v for k, v in news.items() if k != DEFAULTS}
        scope = self._scope(row, urn, id_, inputs=news, old=old, state=state)
        outputs = execute.update(scope, self.tags)
        self._say_unlike(scope, outputs)
        return secret_again(outputs, news)

    def delete(self, urn: str, id_: str, state: Props, old: Props) -> None:
        """Take a resource away."""
        row = ROWS.get(type_of(urn))
        if row is not None:
            execute.delete(self._scope(row, urn, id_, inputs=old, old=old, state=state), self.tags)

    def read(self, urn: str, id_: str, state: Props, inputs: Props) -> tuple[str, Props, Props]:
        """What the cloud holds: (id, outputs, inputs); an empty id if it isn't there."""
        row = ROWS.get(type_of(urn))
        if row is None:
            if not state:
                text = "the type has no row in the stand-in provider, so nothing can be read from its cloud"
                raise RefusedError(type_of(urn), "Unsupported", text)
            return id_, state, inputs
        bare, _, region = id_.partition("@") if not state and "@" in id_ else (id_, "", "")
        known = state or {**(row.parse(bare) if row.parse else {}), **({"region": region} if region else {})}
        scope = self._scope(row, urn, bare, inputs=inputs, state=known)
        outputs = read(scope, self.tags)
        if outputs is None:
            return "", {}, {}
        held = echoed(scope, outputs)
        kept = {k: v for k, v in plain(state).items() if k not in held and k not in reports(row)}
        seen = drifted(row, inputs, plain(state), held) if inputs else imported(row, held)
        return bare, secret_again({**kept, **held}, inputs, state), secret_again(seen, inputs)


def recorded_id(urn: str, inputs: Props) -> str:
    """The id of a thing that is only recorded."""
    name = inputs.get("name")
    return name if isinstance(name, str) and name else f"{name_of(urn)}-recorded"


def unmodelled(row: Row) -> frozenset[str]:
    """The inputs of a type that no call of its row carries or reports."""
    used = {"tags", "region", "timeouts", *row.fixed, *row.tells}
    for call in [row.create, *(c for change in row.updates if not callable(change.calls) for c in change.calls)]:
        used |= _carried(row, call)
    for change in row.updates:
        used |= set(change.inputs)
    for step in row.reads:
        used |= set(step.names)
    return frozenset(schema(row.type).inputs) - used


def _carried(row: Row, call: Any) -> set[str]:
    shape = input_shape(call.service or row.service, call.operation)
    takes = schema(row.type).inputs if call.takes is None else call.takes
    carried = {name for name in takes if row.names.get(name) or match(shape, name)}
    text = repr(dict(call.params))
    named = {name for name in schema(row.type).inputs if f"inputs.{name}'" in text or f"inputs.{name}." in text}
    return carried | named | {name for name in schema(row.type).inputs if f"input_of(name='{name}')" in text}


def imported(row: Row, held: Props) -> Props:
    """Inputs that would give what is there."""
    known = schema(row.type).inputs
    return {k: v for k, v in held.items() if k in known and v not in (None, "", [], {})}


def drifted(row: Row, inputs: Props, state: Props, held: Props) -> Props:
    """The old inputs, with what the cloud now holds where that differs from what was given."""
    told, seen = reports(row), dict(inputs)
    names = [k for k in inputs if k in told and k != DEFAULTS] + [k for k in row.watched if k not in inputs]
    if row.tags and "tags" not in inputs:
        names.append("tags")
    for name in names:
        given, actual = plain(inputs.get(name)), held.get(name)
        document, ordered = name in row.documents, name in row.ordered
        if document:
            unchanged = same(given, actual, is_document=True)
        elif name in inputs:
            unchanged = covers(given, actual, ordered=ordered) and (
                state.get(name) is None or same(state[name], actual) or same(given, actual, ordered=ordered)
            )
        else:
            unchanged = same(state.get(name), actual, ordered=ordered)
        if unchanged:
            continue
        if actual is None:
            seen.pop(name, None)
        else:
            seen[name] = actual
    return seen


__all__ = ["CloudError", "Provider", "type_of"]
