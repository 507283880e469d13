"""The order of the files is the flow: imports follow it; each has a test.

The order stands in the docstrings of the packages. A room, which is a package
inside `pipeline` or `trainer`, imports only rooms above it, and a module only
modules above it in its own room.
"""

import ast
import pathlib
import re

import pytest

ROOT = pathlib.Path(__file__).parents[2]
PACKAGES = ("pipeline", "trainer")
# Apache Beam begins here: the rooms above are what the trainer may take.
FIRST_WITH_BEAM = "pipeline.files"
GIN = {"trainer.config", "trainer.configurable"}


def listed(package: str) -> list[str]:
    """Names in the order of a package's docstring."""
    file = ROOT.joinpath(*package.split("."), "__init__.py")
    text = ast.get_docstring(ast.parse(file.read_text())) or ""
    return re.findall(r"^  (\w+) {2,}\S", text, re.MULTILINE)


def flow(package: str) -> list[str]:
    """Dotted module names, those of inner packages in their place."""
    order: list[str] = []
    for name in listed(package):
        inner = f"{package}.{name}"
        is_room = ROOT.joinpath(*inner.split(".")).is_dir()
        order += flow(inner) if is_room else [inner]
    return order


def modules(package: str) -> list[str]:
    """Dotted names of all modules of a package."""
    names = (
        file.relative_to(ROOT).with_suffix("")
        for file in (ROOT / package).rglob("*.py")
    )
    return sorted(".".join(n.parts) for n in names if n.stem != "__init__")


def is_module(name: str) -> bool:
    return ROOT.joinpath(*name.split(".")).with_suffix(".py").exists()


def imports(module: str) -> set[str]:
    """Dotted names of the modules that a module imports."""
    file = ROOT.joinpath(*module.split(".")).with_suffix(".py")
    found = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            source = node.module or ""
            names = {f"{source}.{alias.name}" for alias in node.names}
            inside = {name for name in names if is_module(name)}
            found |= inside or {source}
    return found


def room(module: str) -> str:
    """`pipeline.scoring` of `pipeline.scoring.cider`."""
    return ".".join(module.split(".")[:2])


def beam_free() -> set[str]:
    """The rooms above the first that knows Beam."""
    rooms = [f"pipeline.{name}" for name in listed("pipeline")]
    return set(rooms[: rooms.index(FIRST_WITH_BEAM)])


def faults(module: str, imported: set[str], order: list[str]) -> list[str]:
    """What the law says against a module's imports, a line each."""
    return [
        f"{module} imports {name}, which {why}"
        for name in sorted(imported)
        if (why := fault(module, name, order))
    ]


def fault(module: str, name: str, order: list[str]) -> str:
    """What the law says against one import; nothing where it allows it."""
    package, root = module.split(".")[0], name.split(".")[0]
    if root == package and name not in order:
        return "is no module that its package's docstring lists"
    if root == package and order.index(name) >= order.index(module):
        return f"stands below it in the order of `{package}`"
    if (package, root) == ("pipeline", "trainer"):
        return "belongs to the trainer, which the job never knows"
    needs_beam = root == "pipeline" and room(name) not in beam_free()
    if package == "trainer" and needs_beam:
        return "is in a room that needs Beam"
    if root == "apache_beam" and package == "trainer":
        return "belongs to the pipeline"
    if root == "apache_beam" and room(module) in beam_free():
        return f"begins at {FIRST_WITH_BEAM}, below this room"
    if root == "gin" and module not in GIN:
        return f"is for {' and '.join(sorted(GIN))} alone"
    return ""


EVERY = [name for package in PACKAGES for name in modules(package)]
ORDER = [name for package in PACKAGES for name in flow(package)]


@pytest.mark.parametrize("package", PACKAGES)
def test_docstrings_list_every_module(package: str) -> None:
    assert sorted(flow(package)) == modules(package)


@pytest.mark.parametrize("package", PACKAGES)
def test_every_init_is_a_docstring_only(package: str) -> None:
    for file in (ROOT / package).rglob("__init__.py"):
        tree = ast.parse(file.read_text())
        assert [type(node) for node in tree.body] == [ast.Expr], file


@pytest.mark.parametrize("module", EVERY)
def test_imports_obey_the_law(module: str) -> None:
    assert faults(module, imports(module), ORDER) == []


@pytest.mark.parametrize(
    ("module", "imported", "fault"),
    [
        (
            "trainer.data.batches",
            "pipeline.readers.coco",
            (
                "trainer.data.batches imports pipeline.readers.coco, which "
                "is in a room that needs Beam"
            ),
        ),
        (
            "trainer.loop.loop",
            "trainer.training.train_step",
            (
                "trainer.loop.loop imports trainer.training.train_step, which "
                "stands below it in the order of `trainer`"
            ),
        ),
        (
            "pipeline.scoring.cider",
            "apache_beam",
            (
                "pipeline.scoring.cider imports apache_beam, which begins at "
                "pipeline.files, below this room"
            ),
        ),
        (
            "trainer.training.loss",
            "gin",
            (
                "trainer.training.loss imports gin, which is for "
                "trainer.config and trainer.configurable alone"
            ),
        ),
        (
            "pipeline.main",
            "trainer.config",
            (
                "pipeline.main imports trainer.config, which belongs to the "
                "trainer, which the job never knows"
            ),
        ),
    ],
)
def test_an_offending_import_is_named_with_the_rule(
    module: str, imported: str, fault: str
) -> None:
    assert faults(module, {imported}, ORDER) == [fault]


@pytest.mark.parametrize("module", EVERY)
def test_every_module_has_a_test_that_asserts(module: str) -> None:
    folder = ROOT.joinpath("tests", *module.split("."))
    test = folder.with_name(f"{folder.name}_test.py")
    assert test.exists(), f"{module} has no {test.relative_to(ROOT)}"
    assert "def test_" in test.read_text()


@pytest.mark.parametrize("package", PACKAGES)
def test_every_test_has_its_module(package: str) -> None:
    tests = (ROOT / "tests" / package).rglob("*_test.py")
    names = (test.relative_to(ROOT / "tests").with_suffix("") for test in tests)
    tested = {".".join(name.parts).removesuffix("_test") for name in names}
    assert tested == set(modules(package))


def test_no_file_is_named_for_nothing() -> None:
    bags = {"util", "utils", "helper", "helpers", "common", "misc", "lib"}
    named = {file.stem for file in ROOT.glob("[a-z]*/**/*.py")}
    assert not named & bags


def test_gin_folder_holds_no_python() -> None:
    assert not list((ROOT / "gin").rglob("*.py"))
