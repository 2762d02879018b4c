"""The program Pulumi runs: settings, providers, the foundation, then the release if the stack names one."""

from pathlib import Path

import pulumi
from pulumi.runtime.config import CONFIG, get_config_env, get_config_secret_keys_env

from components.base.problems import InvalidInputError
from infra.foundation import build_foundation
from infra.loading import StackSource, load_fidelity, load_settings
from infra.providers import make_providers


def main() -> None:
    """Register the stack.

    Raises:
        pulumi.RunError: The stack file or the release lock is wrong; the message lists every problem.
    """
    # pulumi.Config can't list its keys, and an unknown key must be found: this is the map it reads from.
    config = {**get_config_env(), **CONFIG.get()}
    source = StackSource(Path(pulumi.get_root_directory()), pulumi.get_project(), pulumi.get_stack())
    try:
        load_fidelity(config, source)
        settings = load_settings(config, source, tuple(get_config_secret_keys_env()))
    except InvalidInputError as error:
        raise pulumi.RunError(f"{source.shown} can't be used:\n{error}") from None
    context = settings.context(source.project, source.stack)
    outputs = build_foundation(settings, context, make_providers(context, settings.replica_region))
    for name, value in outputs.items():
        pulumi.export(name, value)


main()
