"""The file tree is the flow: imports follow it, and every module is tested."""

import ast
import pathlib
import re

import pytest

ROOT = pathlib.Path(__file__).parent.parent
PACKAGES = ("pipeline", "trainer")
# What serving and scoring must share with the job that made the records.
SHARED = {"records", "manifest", "vocabulary", "images", "encoders", "grammar"}
SHARED |= {"splits"}
SHARED |= {"pages.axes", "pages.bars", "pages.document", "pages.style"}
SHARED |= {"scoring.tokens", "scoring.ngrams"}
SHARED |= {"scoring.cider", "scoring.constant"}
SHARED |= {"card.finding", "card.facts", "card.data_card", "card.wording"}
BEAM = {
    "storage",
    "lock",
    "request",
    "origin",
    "audit",
    "inspection",
    "rehearsal",
    "side_file",
    "progress",
    "survey",
    "encoding",
    "shards",
    "readers",
    "transforms",
    "runner",
    "main",
}
GIN = {"config", "experiment"}


def flow(folder: pathlib.Path, prefix: str = "") -> list[str]:
    """Dotted module names in the order of the packages' docstrings."""
    text = ast.get_docstring(ast.parse((folder / "__init__.py").read_text()))
    names = re.findall(r"^  (\w+) {2,}\S", text or "", re.MULTILINE)
    order: list[str] = []
    for name in names:
        inner = folder / name
        dotted = f"{prefix}{name}"
        order += flow(inner, f"{dotted}.") if inner.is_dir() else [dotted]
    return order


def modules(package: str) -> list[str]:
    """Dotted module names, those of inner packages too."""
    files = (ROOT / package).rglob("*.py")
    names = [file.relative_to(ROOT / package).with_suffix("") for file in files]
    return sorted(
        ".".join(name.parts) for name in names if name.stem != "__init__"
    )


def is_module(name: str) -> bool:
    return ROOT.joinpath(*name.split(".")).with_suffix(".py").exists()


def imports(package: str, module: str) -> set[str]:
    """Dotted names of what a module imports."""
    file = ROOT.joinpath(package, *module.split(".")).with_suffix(".py")
    tree = ast.parse(file.read_text())
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            source = node.module or ""
            names = {f"{source}.{alias.name}" for alias in node.names}
            inside = source.split(".")[0] in PACKAGES
            found |= {n for n in names if is_module(n)} if inside else set()
            found |= {source} if not inside or is_module(source) else set()
    return found


EVERY = [(package, name) for package in PACKAGES for name in modules(package)]


@pytest.mark.parametrize("package", PACKAGES)
def test_docstring_lists_every_module(package):
    assert sorted(flow(ROOT / package)) == modules(package)


@pytest.mark.parametrize("package", PACKAGES)
def test_init_is_a_docstring_only(package):
    for file in (ROOT / package).rglob("__init__.py"):
        tree = ast.parse(file.read_text())
        assert [type(node) for node in tree.body] == [ast.Expr], file


@pytest.mark.parametrize(("package", "module"), EVERY)
def test_imports_point_up_the_flow(package, module):
    order = flow(ROOT / package)
    for name in imports(package, module):
        if name.split(".")[0] == package and "." in name:
            above = name.split(".", 1)[1]
            assert order.index(above) < order.index(module), (
                f"{package}.{module} imports {name}, which stands below it"
            )


@pytest.mark.parametrize("module", modules("pipeline"))
def test_pipeline_knows_no_trainer_and_no_gin(module):
    roots = {name.split(".")[0] for name in imports("pipeline", module)}
    assert not roots & {"trainer", "gin"}
    assert "apache_beam" not in roots or module.split(".")[0] in BEAM


@pytest.mark.parametrize("module", modules("trainer"))
def test_trainer_takes_only_the_contract_from_the_pipeline(module):
    names = imports("trainer", module)
    taken = {n.split(".", 1)[1] for n in names if n.startswith("pipeline.")}
    assert taken <= SHARED
    roots = {name.split(".")[0] for name in names}
    assert "apache_beam" not in roots
    assert "gin" not in roots or module in GIN


@pytest.mark.parametrize(("package", "module"), EVERY)
def test_every_module_has_a_test_that_asserts(package, module):
    folder = ROOT.joinpath("tests", package, *module.split("."))
    test = folder.with_name(f"{folder.name}_test.py")
    assert test.exists(), f"{package}.{module} has no {test.name}"
    assert "def test_" in test.read_text()


@pytest.mark.parametrize("package", PACKAGES)
def test_every_test_has_its_module(package):
    folder = ROOT / "tests" / package
    tests = [test.relative_to(folder) for test in folder.rglob("*_test.py")]
    names = {
        ".".join((*test.parts[:-1], test.stem.removesuffix("_test")))
        for test in tests
    }
    assert names == set(modules(package))


def test_no_file_is_named_for_nothing():
    bags = {"util", "utils", "helper", "helpers", "common", "misc", "lib"}
    named = {file.stem for file in ROOT.glob("[a-z]*/**/*.py")}
    assert not named & bags


def test_gin_folder_holds_no_python():
    assert not list((ROOT / "gin").rglob("*.py"))
