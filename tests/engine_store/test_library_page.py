"""The page about the library is true: its examples run, and it names what there is."""

import re
from pathlib import Path

import pytest

import flatrender
import flatrender.engine

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "library.md").read_text("utf-8")


def test_the_examples_of_the_library_page_run_one_after_the_other(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "templates").symlink_to(ROOT / "templates")
    names: dict[str, object] = {}
    blocks = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    assert len(blocks) >= 5
    for block in blocks:
        exec(compile(block, "docs/library.md", "exec"), names)  # noqa: S102  # our own page
    assert "drawing" in capsys.readouterr().out


@pytest.mark.parametrize("name", flatrender.engine.__all__)
def test_every_public_name_is_there_in_both_places(name):
    assert getattr(flatrender, name) is getattr(flatrender.engine, name)
    assert name in dir(flatrender)


def test_importing_the_package_loads_nothing_that_draws_and_a_wrong_name_is_an_attribute_error():
    import subprocess
    import sys

    code = (
        "import sys, flatrender; assert not {'numpy', 'PIL', 'thorvg_python', 'flatrender.engine'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
    for module in (flatrender, flatrender.engine):
        with pytest.raises(AttributeError, match="nothing_such"):
            _ = module.nothing_such


def test_the_page_names_what_is_public():
    functions = {name for name in flatrender.engine.__all__ if name.islower() and name != "kind_for"}
    assert not [name for name in functions if f"`{name}" not in PAGE]
