"""The imports of arkit point one way, and each outside power has one room.

A rule takes the parsed modules of a package and returns its violations, so that each is tried below on
a package that breaks it.
"""

import ast
import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

import arkit

LAYERS = (
    {"errors", "money", "keyrings", "settings", "registers", "memos"},
    {"identifiers", "columns", "frames", "outputs", "progress"},
    {"wire"},
    {"resources", "client"},
    {"corrections", "reconciliation", "receivables"},
    {"reports", "charts", "terminal", "documents", "doctor"},
    {"widgets", "cli", "demo", "__main__", "arkit"},
)
LEVEL = {room: level for level, layer in enumerate(LAYERS) for room in layer}

# Methods such as `client.customers.plan` and `recon.to_html` hand over to a later layer. They import it
# inside the function, so that loading still goes one way.
HANDED_OVER = {
    "client": {"corrections"},
    "resources": {"corrections"},
    "corrections": {"reports"},
    "reconciliation": {"reports"},
    "receivables": {"reports", "charts"},
}
PURE = {"reconciliation", "receivables"}
SANDBOX_STARTERS = {"cli", "client", "demo"}
POWERS = {
    ("wire.transport", "wire.exchanges", "wire.dialing"): {
        "requests",
        "urllib3",
        "urllib.request",
        "socket",
        "http.client",
        "httpx",
        "aiohttp",
    },
    ("corrections.journal",): {"sqlite3"},
}
READS = {"open", "read_text", "read_bytes", "read_csv", "read_excel", "read_parquet", "load_workbook"}
USERS_FILES = {"corrections.files", "resources.bulk", "reconciliation.statements"}
OWN_FILES = {
    "settings",
    "registers",
    "wire.interrupted",
    "wire.log_ins",
    "corrections.journal",
    "corrections.mappings",
    "reconciliation.decisions",
}
# What takes bytes or a standard input and not a file, though it is called as if it did.
PARSERS = {
    "corrections.delimited": {"read_csv"},
    "corrections.packages": {"open"},
    "corrections.reading_child": {"read_excel"},
}
VAGUE = {"utils", "util", "helpers", "helper", "core", "common"}
HEAVY = {"plotly", "ipywidgets", "flask", "openpyxl", "scipy", "arkit.sandbox"}


@dataclass(frozen=True)
class Import:
    """One import of a module by its full name; ``deferred`` if it stands in a function."""

    name: str
    line: int
    deferred: bool


@dataclass(frozen=True)
class Module:
    """One module, named from within the package: ``wire.pages``; ``arkit`` is the package's own file."""

    name: str
    tree: ast.Module
    imports: tuple[Import, ...]

    @property
    def room(self) -> str:
        return self.name.split(".")[0]


def read_modules(package: Path) -> list[Module]:
    parts = {file: file.relative_to(package.parent).with_suffix("").parts for file in package.rglob("*.py")}
    full = {".".join(name[:-1] if name[-1] == "__init__" else name) for name in parts.values()}
    modules = []
    for file, name in sorted(parts.items()):
        tree = ast.parse(file.read_text(encoding="utf-8"))
        inner = name[1:-1] if name[-1] == "__init__" else name[1:]
        imports = tuple(imports_of(tree, name[:-1], full))
        modules.append(Module(".".join(inner) or package.name, tree, imports))
    return modules


def imports_of(tree: ast.Module, folder: Sequence[str], modules: set[str]) -> Iterator[Import]:
    for node, deferred in walk(tree):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            above = folder[: len(folder) - node.level + 1] if node.level else ()
            base = ".".join([*above, *([node.module] if node.module else [])])
            members = [f"{base}.{alias.name}" for alias in node.names]
            outside = base.split(".")[0] != folder[0]
            names = [member if outside or member in modules else base for member in members]
        elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith(("import_module", "__import__")):
            names = [word.value for word in node.args[:1] if isinstance(word, ast.Constant)]
        else:
            continue
        yield from (Import(str(name), node.lineno, deferred) for name in names)


def walk(node: ast.AST, deferred: bool = False) -> Iterator[tuple[ast.AST, bool]]:
    """Every node, and whether it runs later than the import of its module."""
    for child in ast.iter_child_nodes(node):
        late = deferred or isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        late = late or (isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test))
        yield child, late
        yield from walk(child, late)


def rooms_imported(modules: Sequence[Module]) -> Iterator[tuple[Module, Import, str]]:
    for module in modules:
        for imported in module.imports:
            top, *inner = imported.name.split(".")
            if top == "arkit":
                yield module, imported, inner[0] if inner else "arkit"


def upward(modules: Sequence[Module]) -> list[str]:
    """Imports of a later layer; only a hand-over may do so, inside a function."""
    found = [
        f"{module.name}: has no layer yet, give it one in LAYERS"
        for module in modules
        if module.room not in LEVEL and module.room != "sandbox"
    ]
    for module, imported, room in rooms_imported(modules):
        if "sandbox" in {module.room, room} or module.room not in LEVEL:
            continue
        handed_over = imported.deferred and room in HANDED_OVER.get(module.room, ())
        if LEVEL.get(room, len(LAYERS)) > LEVEL[module.room] and not handed_over:
            found.append(f"{module.name}:{imported.line}: imports {imported.name}, of a later layer")
    return found


def impure(modules: Sequence[Module]) -> list[str]:
    return [
        f"{module.name}:{imported.line}: imports {imported.name}, though it takes frames and returns results"
        for module, imported, room in rooms_imported(modules)
        if module.room in PURE and room in {"wire", "client", "resources"}
    ]


def sandbox_crossed(modules: Sequence[Module]) -> list[str]:
    return [
        f"{module.name}:{imported.line}: imports {imported.name} across the wall of the sandbox"
        for module, imported, room in rooms_imported(modules)
        if (module.room == "sandbox") != (room == "sandbox") and module.room not in SANDBOX_STARTERS
    ]


def powers_misplaced(modules: Sequence[Module]) -> list[str]:
    return [
        f"{module.name}:{imported.line}: imports {imported.name}, which belongs to {owners[0]}"
        for module in modules
        for imported in module.imports
        for owners, names in POWERS.items()
        if module.room != "sandbox" and module.name not in owners and within(imported.name, names)
    ]


def within(name: str, packages: set[str]) -> bool:
    return any(name == package or name.startswith(f"{package}.") for package in packages)


def files_opened(modules: Sequence[Module]) -> list[str]:
    return [
        f"{module.name}:{node.lineno}: {ast.unparse(node.func)}() reads a file, as only {USERS_FILES} may"
        for module in modules
        if module.room != "sandbox" and module.name not in USERS_FILES | OWN_FILES
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Call) and reads_a_file(node, PARSERS.get(module.name, set()))
    ]


def reads_a_file(call: ast.Call, parsers: set[str]) -> bool:
    name = call.func.id if isinstance(call.func, ast.Name) else getattr(call.func, "attr", "")
    if name not in READS - parsers:
        return False
    if name == "open":
        if isinstance(call.func, ast.Attribute) and ast.unparse(call.func.value) in {"os", "webbrowser"}:
            return False
        given = [*call.args, *(word.value for word in call.keywords if word.arg == "mode")]
        modes = {str(value.value) for value in given if isinstance(value, ast.Constant)}
        return not modes & {"w", "wb", "a", "ab", "x", "xb"}
    return True


def vague_names(modules: Sequence[Module]) -> list[str]:
    return [f"{module.name}: says nothing" for module in modules if VAGUE & set(module.name.split("."))]


RULES = (upward, impure, sandbox_crossed, powers_misplaced, files_opened, vague_names)


def heavy_modules_loaded(folder: Path) -> list[str]:
    """Which of the slow packages a bare ``import arkit`` loads, from the package in that folder."""
    code = "import json, sys, arkit; print(json.dumps([arkit.__path__[0], sorted(sys.modules)]))"
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True, timeout=120)
    path, loaded = json.loads(done.stdout)
    assert Path(path).parent == folder
    return sorted(HEAVY & set(loaded))


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_arkit_keeps_its_layers(rule) -> None:
    assert rule(read_modules(Path(arkit.__file__).parent)) == []


def test_import_arkit_stays_quick() -> None:
    assert heavy_modules_loaded(Path(arkit.__file__).parent.parent) == []


def package(folder: Path, files: dict[str, str]) -> Path:
    for name, text in {"__init__.py": "", **files}.items():
        file = folder / "arkit" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    return folder / "arkit"


BREAKS = [
    (upward, "errors.py", "from arkit.frames import check"),
    (upward, "frames.py", "def late():\n    import arkit.wire.pages"),
    (upward, "wire/pages.py", "from ..client import Client"),
    (upward, "wire/pages.py", "from .. import client"),
    (upward, "wire/__init__.py", "from ..client import Client"),
    (upward, "client.py", "from arkit.corrections import plans"),
    (upward, "money.py", "from arkit import connect"),
    (upward, "money.py", "import importlib\nimportlib.import_module('arkit.frames')"),
    (upward, "charts.py", "from arkit.novelty import draw"),
    (upward, "novelty.py", ""),
    (impure, "reconciliation/subsets.py", "from arkit.wire import pages"),
    (impure, "receivables/kpis.py", "def late():\n    from arkit import client"),
    (impure, "receivables/kpis.py", "from ..resources import Customers"),
    (sandbox_crossed, "sandbox/app.py", "from arkit.money import to_paise"),
    (sandbox_crossed, "sandbox/app.py", "from .. import money"),
    (sandbox_crossed, "widgets/connect.py", "from arkit.sandbox import Sandbox"),
    (sandbox_crossed, "__init__.py", "def __getattr__(name):\n    from arkit.sandbox import Sandbox"),
    (powers_misplaced, "client.py", "import requests"),
    (powers_misplaced, "wire/retries.py", "from requests.exceptions import Timeout"),
    (powers_misplaced, "wire/tokens.py", "from http import client"),
    (powers_misplaced, "cli.py", "def late():\n    import socket"),
    (powers_misplaced, "corrections/uploads.py", "import sqlite3"),
    (powers_misplaced, "reconciliation/decisions.py", "from sqlite3 import connect"),
    (files_opened, "corrections/checks.py", "def f(path):\n    return open(path)"),
    (files_opened, "cli.py", "def f(path):\n    return path.open('rb')"),
    (files_opened, "cli.py", "import pandas as pd\ndef f(path):\n    return pd.read_csv(path)"),
    (files_opened, "corrections/workbook.py", "from openpyxl import load_workbook\nload_workbook('a')"),
    (files_opened, "widgets/correct.py", "def f(path):\n    return path.read_bytes()"),
    (files_opened, "corrections/delimited.py", "def f(path):\n    return path.read_bytes()"),
    (files_opened, "corrections/texts.py", "import pyarrow.csv as csv\ndef f(data):\n    csv.read_csv(data)"),
    (vague_names, "utils.py", ""),
    (vague_names, "wire/helpers.py", ""),
    (vague_names, "corrections/core/__init__.py", ""),
    (vague_names, "common/words.py", ""),
]


@pytest.mark.parametrize(("rule", "name", "text"), BREAKS, ids=[f"{r.__name__}-{n}" for r, n, _ in BREAKS])
def test_a_broken_layer_is_seen(rule, name: str, text: str, tmp_path: Path) -> None:
    tree = package(tmp_path, {"client.py": "", "wire/pages.py": "", "money.py": "", name: text})
    assert len(rule(read_modules(tree))) == 1


KEPT = {
    "frames.py": "from arkit import money\nfrom arkit.errors import ContractError",
    "errors.py": "",
    "money.py": "import pandas",
    "wire/transport.py": "import socket, requests, http.client\nfrom . import pages",
    "wire/pages.py": "from http import HTTPStatus\nfrom ..frames import check",
    "client.py": (
        "from arkit.wire import transport\n"
        "def connect():\n    from arkit.sandbox import Sandbox\n"
        "def plan():\n    from arkit.corrections import plans"
    ),
    "corrections/plans.py": "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import arkit.client",
    "corrections/journal.py": "import sqlite3",
    "corrections/files.py": "def read(path):\n    return path.read_bytes()",
    "corrections/delimited.py": "import pyarrow.csv\ndef cut(data):\n    return pyarrow.csv.read_csv(data)",
    "reports/xlsx.py": "import os\ndef write(path):\n    os.open(path, 1)\n    return open(path, 'wb')",
    "cli.py": "import arkit\nfrom arkit.sandbox import Sandbox",
    "sandbox/app.py": "import sqlite3, socket\nfrom .store import Store\nopen('contract.json')",
    "sandbox/store.py": "from arkit.sandbox import app",
}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_a_package_that_keeps_the_layers_passes(rule, tmp_path: Path) -> None:
    assert rule(read_modules(package(tmp_path, KEPT))) == []


@pytest.mark.parametrize("name", ["flask", "openpyxl"])
def test_a_slow_import_is_seen(name: str, tmp_path: Path) -> None:
    assert name in heavy_modules_loaded(package(tmp_path, {"__init__.py": f"import {name}"}).parent)
