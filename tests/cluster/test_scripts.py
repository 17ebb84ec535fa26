"""The scripts for Redis, as files."""

import ast
from importlib.resources import files
from pathlib import Path

from hangd.cluster.redis import cluster, layout, script_texts


def test_every_file_is_loaded_and_every_script_is_used() -> None:
    there = {
        path.name.removesuffix(".lua")
        for path in (files("hangd.cluster.redis") / "scripts").iterdir()
        if path.name.endswith(".lua")
    }
    assert there == set(script_texts.texts()) == set(script_texts.digests())
    trees = [ast.parse(Path(str(module.__file__)).read_text()) for module in (cluster, layout)]
    words = {node.value for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Constant)}
    assert there <= words


def test_every_script_begins_with_what_it_does() -> None:
    for name, text in script_texts.texts().items():
        assert text.startswith("-- "), name
        assert all(len(line) <= 120 for line in text.splitlines()), name
