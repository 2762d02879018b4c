"""Images of the device layer that the stack mirrors: nodes pull those, by digest, instead of the charts' own by tag."""

from __future__ import annotations

import re
from collections.abc import Iterator

from components.base.context import StackContext
from components.base.validation import FieldPath
from components.k8s_platform.devices.derive import UPSTREAM_IMAGES
from components.k8s_platform.pins import parse
from components.registry.derive import own_image
from components.registry.references import Reference
from components.release.spec import ReleaseSpec
from infra.settings import Settings


def device_images(settings: Settings, context: StackContext, release: ReleaseSpec) -> dict[str, str]:
    """References in the stack's registry by chart, of what is mirrored and whose digest somebody has read."""
    found = {
        chart: own_image(settings.registry, context, image)
        for _, chart, image in _mirrored(settings)
        if image.resolved and chart in release.charts and _fits(release.charts[chart], image)
    }
    return {chart: reference for chart, reference in found.items() if reference}


def stale(settings: Settings, release: ReleaseSpec | None) -> Iterator[tuple[FieldPath, str, str]]:
    """Mirrored images that are not of the version that the release's chart is of: nodes would get another one."""
    charts = release.charts if release and settings.cluster else {}
    rows = [row for row in _mirrored(settings) if row[1] in charts]
    for chart in dict.fromkeys(chart for _, chart, _ in rows):
        mine = [(at, image) for at, of, image in rows if of == chart]
        if not any(_fits(charts[chart], image) for _, image in mine):
            at, image = mine[0]
            text = f"{image} isn't of the chart {chart} {parse(charts[chart]).version} that the release installs"
            yield ("registry", "mirror", "images", at), text, "mirror the image of that version"


def _mirrored(settings: Settings) -> Iterator[tuple[int, str, Reference]]:
    charts = {upstream: chart for chart, upstream in UPSTREAM_IMAGES.items()}
    for at, image in enumerate(settings.registry.mirror.references if settings.registry.mirror else ()):
        if chart := charts.get(f"{image.host}/{image.path}"):
            yield at, chart, image


def _fits(pinned: str, image: Reference) -> bool:
    # v0.20.0 of the chart 0.20.0, 4.6.0-4.8.3-distroless of 4.8.3; whoever writes no tag knows what the digest is.
    return image.tag is None or parse(pinned).version in re.split("[v-]", image.tag)
