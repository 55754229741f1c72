"""Names: a function is a verb or a noun, and a class has its name to itself."""

import ast
import re
from collections import defaultdict
from functools import cache
from pathlib import Path

PARTICIPLES = re.compile(r"[a-z]+ed")
#: Those that do not end in -ed; ones that are verbs as well, such as `run`, `read`, `put` and `cut`, are left out.
IRREGULAR = re.compile(
    "begun|bent|bitten|blown|born|bought|bound|bred|broken|brought|built|burnt|caught|chosen|clung|dealt|"
    "done|drawn|driven|drunk|dug|eaten|fallen|fed|felt|forgotten|fought|found|frozen|given|gone|grown|"
    "heard|held|hidden|hung|kept|known|laid|led|left|lent|lit|lost|made|meant|met|paid|proven|ridden|"
    "risen|rung|said|seen|sent|shaken|shot|shown|shrunk|sold|sought|spent|spoken|spun|stolen|stood|"
    "struck|stuck|sung|sunk|swept|sworn|swum|taken|taught|thought|thrown|told|torn|understood|undone|"
    "unknown|woken|won|worn|wound|woven|written"
)
#: Verbs that end in -ed, and the words of the check language, which reads as a sentence.
ALLOWED = {"feed", "need", "seed", "shed", "speed", "embed", "shuffled", "cancelled"}


@cache
def trees(checkout: Path) -> list[tuple[str, ast.Module]]:
    files = [path.relative_to(checkout / "grader") for path in sorted((checkout / "grader").rglob("*.py"))]
    return [
        (path.as_posix(), ast.parse((checkout / "grader" / path).read_text(encoding="utf-8")))
        for path in files
        if path.parts[0] != "hidden"
    ]


def test_no_function_is_named_by_a_bare_participle(checkout):
    assert [
        f"{name}:{node.lineno}: {node.name}"
        for name, tree in trees(checkout)
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and not is_property(node)
        if is_participle(node.name.strip("_"))
    ] == []


def test_no_class_has_the_name_of_another(checkout):
    found = defaultdict(list)
    for name, tree in trees(checkout):
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                found[node.name].append(f"{name}:{node.lineno}")
    assert {name: places for name, places in found.items() if len(places) > 1} == {}


def test_no_file_has_the_name_of_another(checkout):
    found = defaultdict(list)
    for name, _ in trees(checkout):
        if (stem := Path(name).stem) not in ("__init__", "__main__"):
            found[stem].append(name)
    assert {stem: names for stem, names in found.items() if len(names) > 1} == {}


def is_participle(name: str) -> bool:
    return name not in ALLOWED and any(words.fullmatch(name) for words in (PARTICIPLES, IRREGULAR))


def is_property(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Whether a function is read as an attribute, for which a participle says how the object is."""
    return any("property" in ast.unparse(decorator) for decorator in node.decorator_list)
