"""Turns what the program asks for into steps: what to create, update, replace, keep, read and delete.

Follows pkg/resource/deploy/step_generator.go; it is called for one registration at a time.
"""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Callable, Iterator

from herd.engine.deployment import Bail, Deployment, EngineError
from herd.engine.diff import engine_diff, replace_on_changes
from herd.engine.graph import depending_on
from herd.engine.paths import parse_path, reset_path
from herd.engine.providers import Checked, Diff, DiffUnavailableError, Provider
from herd.engine.registry import Registry
from herd.engine.state import (
    Goal,
    State,
    is_provider,
    make_urn,
    package,
    ref_urn,
    urn_name,
    urn_type,
)
from herd.engine.step import Step, deletion
from herd.engine.values import (
    UNKNOWN,
    Props,
    equal,
    has_unknowns,
    plain,
)

Done = Callable[[State], None]


class Generator:
    """What was decided so far in this run, and how to decide the rest."""

    def __init__(self, deployment: Deployment) -> None:
        self._d = deployment
        self._urns: set[str] = set()
        self._kept: set[str] = set()  # same, update or read: not to be deleted at the end
        self._created: set[str] = set()
        self._replaced: set[str] = set()
        self._deleted: set[str] = set()
        self._gone: set[State] = set()  # deleted ahead of their own registration
        self._forced: dict[str, tuple[str, ...]] = {}  # URN -> the keys that made it go with what it depends on
        self._new_urn: dict[str, str] = {}
        self._old_urn: dict[str, str] = {}
        self._providers: dict[str, State] = {}

    def _urn(self, parent: str, type_: str, name: str) -> str:
        if parent and parent not in self._urns:
            raise EngineError(f"could not find parent resource {parent}")
        urn = make_urn(self._d.stack, self._d.project, parent, type_, name)
        if urn in self._urns:
            raise self._d.bail(urn, f"Duplicate resource URN '{urn}'; try giving it a unique name")
        self._urns.add(urn)
        return urn

    # --- finding the old state

    def _alias_urn(self, alias: dict[str, str], goal: Goal) -> str:
        state = goal.state
        if "urn" in alias:
            return alias["urn"]
        parent = self._old_urn.get(alias["parent"], alias["parent"]) if alias.get("parent") else state.parent
        parent = "" if alias.get("noParent") else parent
        names = (alias.get("stack") or self._d.stack, alias.get("project") or self._d.project)
        return make_urn(*names, parent, alias.get("type") or state.type, alias.get("name") or urn_name(state.urn))

    def _aliases(self, goal: Goal) -> Iterator[str]:
        state = goal.state
        explicit = [self._alias_urn(alias, goal) for alias in goal.aliases]
        yield from explicit
        parent = self._old_urn.get(state.parent)
        if parent:
            for urn in (state.urn, *explicit):
                name, above = urn_name(urn), urn_name(state.parent)
                name = urn_name(parent) + name.removeprefix(above) if name.startswith(above) else name
                yield make_urn(self._d.stack, self._d.project, parent, urn_type(urn), name)

    def _find_old(self, goal: Goal) -> tuple[State | None, bool]:
        """The state under the URN or one of its aliases, and whether the aliases are in order."""
        urn, sound = goal.state.urn, True
        if urn in self._new_urn:
            sound = False
            message = (
                f"Duplicate resource URN '{urn}' conflicting with alias on resource with URN '{self._new_urn[urn]}'"
            )
            self._d.events.error(message, urn)
        for candidate in (urn, *self._aliases(goal)):
            old = self._d.olds.get(candidate)
            if old is None:
                continue
            if candidate != urn:
                other = urn if candidate in self._urns else self._new_urn.get(candidate)
                if other:
                    sound = False
                    message = f"Duplicate resource alias '{candidate}' applied to resource with URN '{urn}'"
                    self._d.events.error(f"{message} conflicting with resource with URN '{other}'", urn)
                self._new_urn[candidate] = urn
                self._old_urn[urn] = candidate
                self._d.registry.alias(urn, candidate)
                goal.state.aliases = [candidate]
            return old, sound
        return None, sound

    # --- registrations

    def skips(self, new: State) -> bool:
        """Whether a resource is left out because something it needs failed; it then has its URN."""
        needs = {*new.dependency_urns(parent=True), *([ref_urn(new.provider)] if new.provider else [])}
        if self._d.lost.isdisjoint(needs):
            return False
        new.urn = self._urn(new.parent, new.type, new.urn)
        return True

    async def register(self, goal: Goal, done: Done) -> list[Step]:
        """The steps for a resource the program declares.

        Raises:
            EngineError: It can't be done; nothing has been reported yet.
            Bail: Likewise, and the reason has been reported.
        """
        new = goal.state
        new.urn = urn = self._urn(new.parent, new.type, new.urn)
        old, sound = self._find_old(goal)
        if old:
            new.created, new.modified = old.created, old.modified
        if is_provider(new.type):
            self._providers |= dict.fromkeys((urn, *new.aliases), new)
        provider = await self._provider_of(new)
        recreating = urn in self._deleted
        afresh = recreating or old is None or old.external or old.taint
        asked = new.inputs
        inputs = self._ignoring(urn, asked, old.inputs, new.ignore_changes) if old else asked
        if old and provider is None:
            # Pulumi resets paths in a shallow copy: nested ones reach what is stored, top-level ones don't.
            nested = {k for k, v in asked.items() if isinstance(v, dict | list) and k not in new.ignore_changes}
            new.inputs = {k: inputs.get(k, v) if k in nested else v for k, v in asked.items()}
        if provider:
            checked = await self._check(
                provider, new, {} if afresh or not old else old.inputs, asked if afresh else inputs
            )
            sound = not self._report(new, checked) and sound
            new.inputs = inputs = checked.inputs
        if not sound:
            raise Bail
        if recreating:
            self._deleted.discard(urn)
            self._replaced.add(urn)
            keys = self._forced.get(urn, ())
            return [Step("replace", old, new), Step("create-replacement", old, new, done, keys=keys)]
        if old and old.external:
            self._created.add(urn)
            return [Step("create-replacement", old, new, done, condemns=True), Step("replace", old, new)]
        if old:
            return await self._from_diff(goal, old, inputs, asked, provider, done)
        self._created.add(urn)
        return [Step("create", None, new, done)]

    async def _provider_of(self, state: State) -> Provider | Registry | None:
        if not state.custom:
            return None
        if is_provider(state.type):
            return self._d.registry
        if state.provider.startswith("denied::"):
            message = (
                f"Default provider for '{package(state.type)}' disabled. '{state.urn}' must use an explicit provider."
            )
            raise self._d.bail(state.urn, message)
        provider = self._d.registry.get(state.provider)
        if provider is None:
            raise self._d.bail(state.urn, f"unknown provider '{state.provider}' for resource '{state.urn}'")
        return provider

    async def _check(self, provider: Provider | Registry, state: State, olds: Props, news: Props) -> Checked:
        if isinstance(provider, Registry):
            return await provider.check(state.urn, olds, news)
        return await provider.check(state.urn, olds, news, preview=self._d.preview)

    def _report(self, state: State, checked: Checked) -> bool:
        for name, reason in checked.failures:
            what = f"{state.type} resource '{urn_name(state.urn)}'"
            value = "[secret]" if plain(state.inputs.get(name)) != state.inputs.get(name) else state.inputs.get(name)
            where = f": property {name} value {value}" if name else ""
            self._d.events.error(f"{what}{where} has a problem: {reason}", state.urn)
        return bool(checked.failures)

    def _ignoring(self, urn: str, inputs: Props, olds: Props, paths: list[str]) -> Props:
        if not paths:
            return inputs
        result = copy.deepcopy(inputs)
        failed = []
        for path in paths:
            try:
                steps = parse_path(path)
            except ValueError:
                continue
            if not steps or not reset_path(steps, copy.deepcopy(olds), result):
                failed.append(path)
        if failed:
            paths_text = ", ".join(failed)
            message = f'cannot ignore changes in added or removed elements of the path: "{paths_text}"'
            self._d.events.diagnostic("info", message, urn)
        return result

    # --- comparing

    async def _from_diff(
        self, goal: Goal, old: State, inputs: Props, asked: Props, provider: Provider | Registry | None, done: Done
    ) -> list[Step]:
        new, urn = goal.state, goal.state.urn
        if not self._d.preview and has_unknowns(new.replacement_trigger):
            raise self._d.bail(urn, f"replacement trigger contains unknowns for {urn}", erred=True)
        triggered = _triggered(new.replacement_trigger, old.replacement_trigger)
        try:
            diff = Diff(some=True) if triggered else await self._diff(new, old, inputs, provider)
        except DiffUnavailableError as error:
            self._d.events.diagnostic("warning", str(error), urn)
            diff = Diff(some=True)
        diff = replace_on_changes(diff, new.replace_on_changes, init_errors=bool(old.init_errors))
        if diff.some or old.pending_replacement:
            if diff.replaces or triggered or old.pending_replacement:
                return await self._replacement(goal, old, diff, asked, provider, done)
        elif not old.init_errors:
            self._kept.add(urn)
            return [Step("same", old, new, done)]
        self._kept.add(urn)
        return [Step("update", old, new, done, dataclasses.replace(diff), ignore=new.ignore_changes)]

    async def _diff(self, new: State, old: State, inputs: Props, provider: Provider | Registry | None) -> Diff:
        causes = {
            "id": old.taint,
            "replaceWith": not self._replaced.isdisjoint(new.replace_with),
            "deletedWith": new.deleted_with in self._replaced,
        }
        cause = next((key for key, holds in causes.items() if holds), "")
        if cause or await self._provider_changed(old, new):
            return Diff(some=True, replace=(cause or "provider",))
        if provider is None:
            return Diff(some=not equal(old.inputs, inputs))
        return await self._provider_diff(provider, old, new.urn, inputs, new.ignore_changes, preview=self._d.preview)

    async def _provider_diff(
        self, provider: Provider | Registry, old: State, urn: str, inputs: Props, ignore: list[str], *, preview: bool
    ) -> Diff:
        if isinstance(provider, Registry):
            return await provider.diff(urn, old.id, old.inputs, old.outputs, inputs)
        diff = await provider.diff(urn, old.id, old.inputs, old.outputs, inputs, ignore, preview=preview)
        return engine_diff(diff, old.inputs, self._ignoring(urn, inputs, old.inputs, ignore))

    async def _provider_changed(self, old: State, new: State) -> bool:
        if old.provider == new.provider:
            return False
        if not (old.provider and new.provider):
            return True
        old_urn, new_urn = ref_urn(old.provider), ref_urn(new.provider)
        if self._new_urn.get(old_urn) == new_urn:
            return False
        provider = self._d.registry.get(new.provider)
        if provider is None:
            raise EngineError(f'failed to resolve provider reference: "{old.provider}"')
        before, after = self._d.olds[old_urn], self._providers[new_urn]
        config = {k: v for k, v in before.inputs.items() if k != "__internal"}
        news = {k: v for k, v in after.inputs.items() if k != "__internal"}
        return (await provider.diff_config(new_urn, config, before.outputs, news)).replaces

    # --- replacing

    async def _replacement(
        self, goal: Goal, old: State, diff: Diff, asked: Props, provider: Provider | Registry | None, done: Done
    ) -> list[Step]:
        new, urn = goal.state, goal.state.urn
        if new.protect and old.protect and not self._d.ignore_protect:
            message = (
                f'unable to replace resource "{urn}"\nas it is currently marked for protection. To unprotect the '
                "resource, remove the `protect` flag from the resource in your Pulumi program and run `pulumi up`"
            )
            bail = self._d.bail(urn, message, erred=self._d.preview)
            if not self._d.preview:
                raise bail
        self._replaced.add(urn)
        if provider and not old.taint:
            checked = await self._check(provider, new, {}, asked)
            if self._report(new, checked):
                raise Bail
            new.inputs = checked.inputs
        made = {"diff": diff, "keys": diff.replace}
        first = diff.delete_before_replace if goal.delete_before_replace is None else goal.delete_before_replace
        if not first:
            return [
                Step("create-replacement", old, new, done, condemns=True, **made),  # type: ignore[arg-type]
                Step("replace", old, new, **made),  # type: ignore[arg-type]
            ]
        steps = await self._take_dependents(old, urn)
        await self._d.ensure_provider(old)
        if not old.pending_replacement:
            self._deleted.add(old.urn)
            steps.append(deletion(old, replacing=True, pends=True))
        steps.append(Step("replace", old, new, **made))  # type: ignore[arg-type]
        return [*steps, Step("create-replacement", old, new, done, **made)]  # type: ignore[arg-type]

    async def _take_dependents(self, old: State, urn: str) -> list[Step]:
        """Delete what must be replaced together with a resource that is deleted before it is replaced."""
        steps = []
        dependents = await self._dependent_replacements(old) + [(s, ()) for s in self._tied_to(urn)]
        for state, keys in reversed(dependents):
            if state in self._gone or await self._orphaned(state):
                continue
            self._forced[state.urn] = keys
            if state.delete:
                steps.append(deletion(state))
            elif state.protect and not self._d.ignore_protect:
                message = (
                    f'unable to replace resource "{state.urn}" as part of replacing "{urn}" as it is currently marked '
                    "for protection. To unprotect the resource, remove the `protect` flag from the resource in your "
                    f"Pulumi program and run `pulumi up`, or use the command:\n`pulumi state unprotect '{state.urn}'`"
                )
                raise self._d.bail(urn, message, erred=True)
            else:
                steps.append(deletion(state, replacing=True, pends=True))
            self._deleted.add(state.urn)
            self._gone.add(state)
        return steps

    async def _orphaned(self, state: State) -> bool:
        """Whether it was deleted ahead of its replacement, with a provider that was replaced since."""
        if not state.pending_replacement:
            return False
        await self._d.ensure_provider(state)
        return bool(state.provider) and self._d.registry.get(state.provider) is None

    def _tied_to(self, urn: str) -> list[State]:
        tied: dict[str, State] = {}
        for state in (*self._d.news.values(), *self._d.olds.values()):
            if urn in state.replace_with or state.deleted_with == urn:
                tied.setdefault(state.urn, state)
        return list(tied.values())

    async def _dependent_replacements(self, root: State) -> list[tuple[State, tuple[str, ...]]]:
        """Dependents whose provider, asked with the values they take as unknown, answers that they'd be replaced."""
        replaced = {root.urn}
        result: list[tuple[State, tuple[str, ...]]] = []
        seen = self._kept | self._created | self._replaced | self._deleted
        for state in depending_on(self._d.prev, root, seen):
            keys = await self._must_follow(state, replaced)
            if keys is not None:
                replaced.add(state.urn)
                result.append((state, keys))
        return result

    async def _must_follow(self, state: State, replaced: set[str]) -> tuple[str, ...] | None:
        if not state.custom or state.external:
            return None
        if state.provider and ref_urn(state.provider) in replaced:
            await self._d.ensure_provider(state)
            return ()
        if state.deleted_with in replaced:
            return ()
        touched = {k for k, urns in state.property_dependencies.items() if not replaced.isdisjoint(urns)}
        if not touched & state.inputs.keys():
            return None
        inputs = {k: UNKNOWN if k in touched else v for k, v in state.inputs.items()}
        if is_provider(state.type):
            await self._d.registry.same(state, from_check=False)
        else:
            await self._d.ensure_provider(state)
        provider = await self._provider_of(state)
        assert provider is not None
        diff = await self._provider_diff(provider, state, state.urn, inputs, state.ignore_changes, preview=True)
        diff = replace_on_changes(diff, state.replace_on_changes, init_errors=False)
        return diff.replace if diff.replaces else None

    # --- reads and deletions

    async def read(self, new: State, done: Done) -> list[Step]:
        """The steps for an existing resource the program wants to look at."""
        new.urn = urn = self._urn(new.parent, new.type, new.urn)
        if not new.id:
            raise EngineError(f"Expected an ID for {urn}")
        old, _ = self._find_old(Goal(new))
        if old and not old.external and old.id != new.id:
            self._replaced.add(urn)
            return [Step("read-replacement", old, new, done, condemns=True), Step("replace", old, new)]
        self._kept.add(urn)
        return [Step("read", old, new, done)]

    async def deletions(self) -> list[Step]:
        """The steps that delete old sides of replacements and what the program no longer declares."""
        steps = []
        for state in self._d.prev:
            urn = self._new_urn.get(state.urn, state.urn)
            if state.delete:
                if state in self._gone or await self._orphaned(state):
                    continue
                steps.append(deletion(state, replacing=True))
            elif urn in self._kept or urn in self._replaced:
                continue
            elif state.pending_replacement:
                steps.append(Step("remove-pending-replace", state, None))
            else:
                steps.append(deletion(state))
            self._deleted.add(state.urn)
            await self._d.ensure_provider(state)
        return steps

    def going_too(self, urn: str) -> bool:
        """Whether a resource is deleted in this run."""
        return urn in self._deleted


def _triggered(new: object, old: object) -> bool:
    if has_unknowns(new) or has_unknowns(old):
        return True
    new, old = plain(new), plain(old)
    return new is not None and old is not None and not equal(new, old, strict=True)
