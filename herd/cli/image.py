"""`herd image`: what is in an image, what would be built and why, looking values up, locking what was built."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from herd.image.builds import Built
    from herd.image.plan import Row
    from herd.image.stack import StackImages

app = typer.Typer(
    no_args_is_help=True, add_completion=False, help="Golden images: recipes, builds, locks that name them."
)

StackArgument = Annotated[str, typer.Argument(metavar="STACK", help="A stack with `images` in its file.")]
RecipeArgument = Annotated[str, typer.Argument(metavar="RECIPE", help="A recipe's name, or its file.")]
JsonOption = Annotated[bool, typer.Option("--json", help="As JSON.")]
AwsOption = Annotated[
    bool | None,
    typer.Option(
        "--aws/--no-aws",
        help="Ask Image Builder what it has built. Default: if the environment names credentials.",
        show_default=False,
    ),
]
# What the AWS SDK takes credentials or an endpoint from. A look at the instance metadata service would take seconds.
CREDENTIALS = (
    "AWS_ENDPOINT_URL",
    "AWS_ACCESS_KEY_ID",
    "AWS_PROFILE",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
)


@app.command("list")
def list_recipes(*, as_json: JsonOption = False) -> None:
    """List the recipes, what they start from and what nobody has looked up yet."""
    from components.images.load import known_recipes, load_recipe

    root = _root()
    rows = [load_recipe(root, name) for name in known_recipes(root)]
    if as_json:
        _print_json([_described(row) for row in rows])
        return
    for row in rows:
        sys.stdout.write(f"{row.name}  {row.recipe.description}\n  from {row.recipe.parent.source}\n")
        left = [what for region in row.recipe.parent.ids for _, what in row.recipe.unresolved(region)]
        sys.stdout.writelines(f"  unresolved: {what}\n" for what in dict.fromkeys(left))


@app.command()
def show(
    recipe: RecipeArgument,
    *,
    documents: Annotated[bool, typer.Option("--documents", help="Print the component documents too.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Show what is in an image, its recipe hash a region, and the documents that Image Builder runs."""
    from components.images.load import load_recipe

    loaded = load_recipe(_root(), recipe)
    described = _described(loaded)
    if as_json:
        _print_json({**described, "documents": loaded.documents} if documents else described)
        return
    sys.stdout.write(f"{loaded.name}  {loaded.recipe.description}\nfrom {loaded.recipe.parent.source}\n")
    for region, digest in described["recipeHashes"].items():
        sys.stdout.write(f"recipe hash in {region}  {digest}\n")
    for name, version in loaded.bill_of_materials.items():
        origin = loaded.recipe.bill_of_materials[name].origin
        sys.stdout.write(f"  {name} {version}  {'from the parent' if origin == 'parent' else 'installed'}\n")
    for part, text in loaded.documents.items() if documents else ():
        sys.stdout.write(f"\n# {part}\n{text}")


@app.command()
def plan(
    stack: StackArgument,
    *,
    aws: AwsOption = None,
    exit_code: Annotated[
        bool, typer.Option("--exit-code", help="Exit with 1 if an image would be built, like `git diff`.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Show which images would be built and why: against the locks and, with credentials, what was built before."""
    from herd.image.plan import plan as make_plan
    from herd.image.stack import load_images

    root = _root()
    images = load_images(root, stack)
    built = _built(images, aws)
    rows = make_plan(images, _releases(root, images), built)
    if as_json:
        asked = built.origin.value if built else None
        _print_json(
            {"stack": stack, "region": images.region, "asked": asked, "images": [row.to_json() for row in rows]}
        )
    else:
        for row in rows:
            _print_row(row)
        if built is None:
            sys.stdout.write("Image Builder was not asked: compared with the locks alone\n")
    if exit_code and any(row.verdict in {"build", "by-hand"} for row in rows):
        raise typer.Exit(1)


@app.command()
def lock(
    stack: StackArgument,
    *,
    base: Annotated[
        str | None, typer.Option("--from", metavar="LOCK", help="The lock to start from. Default: the stack's.")
    ] = None,
    alias: Annotated[
        str | None, typer.Option(metavar="NAME", help="What people call the new lock. Default: as the one before.")
    ] = None,
    only: Annotated[list[str] | None, typer.Option(metavar="RECIPE", help="Take this image only; repeatable.")] = None,
    out: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Default: stacks/releases for AWS's images, .herd/releases for a stand-in's."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Write a new lock that names the images built from today's recipes, with recipe hash and bill of materials."""
    from components.base.problems import InvalidInputError
    from components.base.validation import plain, validate
    from components.base.yaml_file import YamlFile
    from components.release.load import load_release, lock_path
    from components.release.spec import Lock, Origin
    from herd.image.builds import read_builds
    from herd.image.lock import locked_content
    from herd.image.stack import load_images
    from herd.release.files import write_lock
    from herd.release.lookup import sessions

    root = _root()
    images = load_images(root, stack)
    named = _given(root, base) if base else images.release
    release = load_release(root, named) if named else None
    name = alias or (release.alias if release else None)
    if name is None:
        raise InvalidInputError.one("the stack has no release to start from", field="--alias", fix="name the new lock")
    before = plain(YamlFile.load(lock_path(root, named)).data)["content"] if release else None
    built = read_builds(sessions(), images.account, images.region)
    content = locked_content(images, built, before, only or ())
    validate(Lock, content, file=f"the new lock {name}")
    folder = out or root / ("stacks/releases" if built.origin is Origin.AWS else ".herd/releases")
    shown = os.path.relpath(write_lock(folder, name, content))
    taken = {recipe: content["amis"][recipe] for recipe in only or images.recipes}
    if as_json:
        _print_json({"lock": shown, "from": built.origin.value, "images": taken})
        return
    for recipe, ami in taken.items():
        for region, identifier in ami["ids"].items():
            sys.stdout.write(f"{recipe} {ami['recipe_hash'][:12]}  {region}  {identifier}\n")
    sys.stdout.write(f"wrote {shown}\n")
    if built.origin is Origin.STAND_IN:
        sys.stdout.write("its images exist on the stand-in only: a real `pulumi up` refuses them\n")


@app.command()
def resolve(
    recipe: RecipeArgument,
    *,
    checksums: Annotated[
        bool, typer.Option("--checksums", help="Also download what the recipe downloads, and write its SHA-256.")
    ] = False,
    out: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Write a copy there. Default: the recipe itself, for AWS's values."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Look up the ids of a recipe's parent (and checksums) and write them into its file.

    They are read with the AWS credentials of the environment; with AWS_ENDPOINT_URL set, on the stand-in there.
    """
    from components.images.load import load_recipe
    from components.release.spec import Origin
    from herd.image.resolve import LiveParents, look_up, write
    from herd.release.lookup import origin, sessions

    root = _root()
    loaded = load_recipe(root, recipe)
    clients = sessions()
    here = origin(clients("ssm", next(iter(loaded.recipe.parent.ids))))
    found = look_up(loaded, LiveParents(clients), here, checksums=checksums)
    folder = out or (None if here is Origin.AWS else root / ".herd/recipes")
    if found and folder:
        folder.mkdir(parents=True, exist_ok=True)
    shown = os.path.relpath(write(root, recipe, found, folder)) if found else loaded.shown
    if as_json:
        values = [{"path": list(item.path), "value": item.value, "from": item.origin.value} for item in found]
        _print_json({"recipe": shown, "values": values})
        return
    for item in found:
        sys.stdout.write(f"{'.'.join(map(str, item.path))}  {item.value}  from {item.origin.value}\n")
    if any(item.path[-1] == "sha256" for item in found):
        sys.stdout.write("compare each SHA-256 with the one its publisher states: a download alone proves nothing\n")
    sys.stdout.write(f"wrote {shown}\n" if found else f"{loaded.name}: nothing to look up\n")


def _root() -> Path:
    from herd.root import project_root

    return project_root(Path.cwd())


def _given(root: Path, lock: str) -> str:
    from components.release.canonical import SUFFIX

    return os.path.relpath(Path(lock).resolve(), root) if lock.endswith(SUFFIX) else lock


def _built(images: StackImages, aws: bool | None) -> Built | None:
    if aws is False or (aws is None and not any(os.environ.get(name) for name in CREDENTIALS)):
        return None
    from herd.image.builds import read_builds
    from herd.release.lookup import sessions

    return read_builds(sessions(), images.account, images.region)


def _releases(root: Path, images: StackImages) -> list[Any]:
    """The locks to compare with: the stack's own first, then all others."""
    from components.release.load import known_locks, load_release

    names = [*filter(None, [images.release]), *(name for name in known_locks(root) if name != images.release)]
    return [load_release(root, name) for name in names]


def _described(loaded: Any) -> dict[str, Any]:
    from components.images.hashing import recipe_hash

    recipe = loaded.recipe
    return {
        "recipe": loaded.name,
        "description": recipe.description,
        "file": loaded.shown,
        "architecture": recipe.architecture.value,
        "system": recipe.system.value,
        "parent": {"source": str(recipe.parent.source), "ids": recipe.parent.ids},
        "billOfMaterials": loaded.bill_of_materials,
        "recipeHashes": {region: recipe_hash(loaded, region) for region in recipe.parent.ids},
        "unresolved": {region: [what for _, what in recipe.unresolved(region)] for region in recipe.parent.ids},
    }


def _print_row(row: Row) -> None:
    said = {
        "nothing": "nothing to build",
        "build": "built by the next `pulumi up`",
        "by-hand": "built once somebody starts its pipeline",
        "under-way": "being built",
    }
    sys.stdout.write(f"{row.recipe} {row.recipe_hash[:12]}: {said[row.verdict]}\n")
    sys.stdout.writelines(f"  {reason}\n" for reason in row.reasons)
    sys.stdout.writelines(f"  {region}  {identifier}\n" for region, identifier in row.ami_ids.items())
    sys.stdout.writelines(f"  a real run refuses it without {what}\n" for what in row.unresolved)


def _print_json(value: Any) -> None:
    sys.stdout.write(json.dumps(value, indent=2) + "\n")
