"""The sandbox stands alone: client and server cannot share a mistake."""

import ast
import subprocess
import sys
from pathlib import Path

import arkit

PACKAGE = Path(arkit.__file__).parent / "sandbox"


def test_the_sandbox_names_no_other_module_of_arkit() -> None:
    foreign = []
    for file in PACKAGE.glob("**/*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom):
                names = ["arkit" * (node.level > 1) + (node.module or "")]
            foreign += [f"{file.name}: {name}" for name in names if name.split(".")[0] == "arkit"]
    assert foreign == []


def test_running_the_sandbox_loads_no_other_module_of_arkit() -> None:
    code = (
        "import sys, types\n"
        "package = types.ModuleType('arkit'); package.__path__ = [sys.argv[1]]\n"
        "sys.modules['arkit'] = package\n"
        "from arkit.sandbox import Sandbox\n"
        "with Sandbox(customers=2, invoices=2): pass\n"
        "print([n for n in sys.modules if n.startswith('arkit.') and not n.startswith('arkit.sandbox')])\n"
        "print([n for n in ('pandas', 'requests', 'openpyxl') if n in sys.modules])\n"
    )
    command = [sys.executable, "-c", code, str(PACKAGE.parent)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.split() == ["[]", "[]"]
