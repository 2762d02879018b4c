"""What a recipe may do to a machine: a closed set of steps, every input pinned. There is no free-form shell."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from components.base.validation import FieldProblemsError
from components.images.values import Address, Checksum, Exact, FileName, Name, PackageName, Path, Pinned, Text

Mode = Annotated[str, StringConstraints(pattern=r"^0[0-7]{3}$")]
Owner = Annotated[str, StringConstraints(pattern=r"^[a-z_][a-z0-9_-]*$", max_length=32)]
Unit = Annotated[str, StringConstraints(pattern=r"^[\w@.:-]+\.(service|socket|timer|target|mount)$")]
SysctlKey = Annotated[str, StringConstraints(pattern=r"^[a-z0-9_]+([./][a-zA-Z0-9_-]+)+$")]
Module = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]*$", max_length=64)]
Argument = Annotated[Text, StringConstraints(min_length=1, max_length=256)]


class _Step(Pinned):
    """Attributes: name: what the step is called in Image Builder's logs; once a part and phase."""

    name: Name


class Download(_Step):
    """Fetches one file and refuses it unless it is the very one that was read when the recipe was written."""

    kind: Literal["download"]
    url: Address
    sha256: Checksum
    to: Path


class Packages(_Step):
    """Installs exact versions from the distribution's repositories, and downloaded package files."""

    kind: Literal["packages"]
    install: dict[PackageName, Exact] = Field(default_factory=dict)
    files: tuple[Path, ...] = ()

    @model_validator(mode="after")
    def _something(self) -> Self:
        if not self.install and not self.files:
            raise FieldProblemsError([(("install",), "nothing to install")])
        return self


class Hold(_Step):
    """Keeps packages at the version they have, whatever is installed or updated later: the kernel and its modules."""

    kind: Literal["hold"]
    packages: Annotated[tuple[PackageName, ...], Field(min_length=1)]


class Remove(_Step):
    """Takes packages, files and folders away."""

    kind: Literal["remove"]
    packages: tuple[PackageName, ...] = ()
    paths: tuple[Path, ...] = ()

    @model_validator(mode="after")
    def _something(self) -> Self:
        if not self.packages and not self.paths:
            raise FieldProblemsError([(("packages",), "nothing to remove")])
        return self


class WriteFile(_Step):
    """Writes a file: its content stands in the recipe, or in a file of the repository."""

    kind: Literal["file"]
    path: Path
    content: Text | None = None
    source: FileName | None = None
    mode: Mode = "0644"
    owner: Owner = "root"
    group: Owner = "root"

    @model_validator(mode="after")
    def _one_origin(self) -> Self:
        if (self.content is None) == (self.source is None):
            raise FieldProblemsError([(("content",), "give either content or source")])
        return self


class Script(_Step):
    """Runs a shell script that is kept in the repository, where it is read, checked and hashed."""

    kind: Literal["script"]
    source: FileName
    arguments: tuple[Argument, ...] = ()
    timeout_minutes: Annotated[int, Field(ge=1, le=240)] = 60


class Sysctl(_Step):
    """Kernel parameters, at every boot."""

    kind: Literal["sysctl"]
    values: Annotated[dict[SysctlKey, str | int], Field(min_length=1)]


class KernelModules(_Step):
    """Kernel modules that are loaded at every boot, their options, and those that never are."""

    kind: Literal["modules"]
    load: tuple[Module, ...] = ()
    options: dict[Module, Text] = Field(default_factory=dict)
    block: tuple[Module, ...] = ()

    @model_validator(mode="after")
    def _something(self) -> Self:
        found = [(("block",), f"{name} is loaded and blocked") for name in self.block if name in self.load]
        if not (self.load or self.options or self.block):
            found.append((("load",), "says nothing about any module"))
        if found:
            raise FieldProblemsError(found)
        return self


class Services(_Step):
    """Units of systemd that start at boot, and those that never do."""

    kind: Literal["services"]
    enable: tuple[Unit, ...] = ()
    mask: tuple[Unit, ...] = ()

    @model_validator(mode="after")
    def _something(self) -> Self:
        if not self.enable and not self.mask:
            raise FieldProblemsError([(("enable",), "says nothing about any unit")])
        return self


class Reboot(_Step):
    """Boots the machine anew, so that what follows runs on the kernel and modules installed."""

    kind: Literal["reboot"]


Step = Annotated[
    Download | Packages | Hold | Remove | WriteFile | Script | Sysctl | KernelModules | Services | Reboot,
    Field(discriminator="kind"),
]
