"""The program Pulumi runs: settings, providers, the foundation, then the release if the stack names one."""

import os
from pathlib import Path

import pulumi
from pulumi.runtime.config import CONFIG, get_config_env, get_config_secret_keys_env

from components.base.problems import InvalidInputError
from infra.foundation import build_foundation
from infra.loading import load_fidelity, load_pinned, load_settings, unread_digests
from infra.providers import make_providers
from infra.release import build_release
from infra.settings import Fidelity
from infra.source import StackSource


def main() -> None:
    """Register the stack.

    Raises:
        pulumi.RunError: The stack file or the release lock is wrong; the message lists every problem.
    """
    # pulumi.Config can't list its keys, and an unknown key must be found: this is the map it reads from.
    config = {**get_config_env(), **CONFIG.get()}
    source = StackSource(Path(pulumi.get_root_directory()), pulumi.get_project(), pulumi.get_stack())
    try:
        fidelity = load_fidelity(config, source, os.environ.get("AWS_ENDPOINT_URL"))
        settings = load_settings(config, source, tuple(get_config_secret_keys_env()))
        pinned = load_pinned(settings, source, fidelity)
    except InvalidInputError as error:
        raise pulumi.RunError(f"{source.shown} can't be used:\n{error}") from None
    own = pinned.releases.own
    if own and fidelity is Fidelity.REHEARSE:
        pulumi.log.warn(f"rehearsal: the values of release {own.name} may come from a stand-in")
    if fidelity is Fidelity.REHEARSE and (unread := unread_digests(settings, source)):
        pulumi.log.warn("rehearsal: digests that a real run needs\n" + "\n".join(map(str, unread)))
    context = settings.context(source.project, source.stack)
    providers = make_providers(context, settings.replica_region)
    foundation = build_foundation(settings, pinned.recipes, context, providers)
    released = build_release(settings, pinned.releases, context, providers, foundation)
    for name, value in {**foundation.outputs, **released}.items():
        pulumi.export(name, value)


main()
