"""Modules of ours as one script: what is understood, and that all else is refused."""

import pytest

from cclaunch.web.assets import HERE
from cclaunch.web.joined import NotJoined, joined

SOURCES = {
    "first.js": 'import { two, Three } from "/assets/second.js";\nimport { four } from "/assets/third.js";\ntwo(Three, four);\n',
    "second.js": 'import { four } from "/assets/third.js";\nconst own = four;\nexport function two() {}\nexport class Three {}\n',
    "third.js": "const own = 1;\nexport const four = own;\nexport async function five() {}\n",
}


def test_what_is_needed_comes_first_and_once() -> None:
    """Each module in a scope of its own, in which it is strict."""
    made = joined("first.js", SOURCES)
    places = [made.index(f"const {name} = (() => {{") for name in ("$third", "$second", "$first")]
    assert places == sorted(places)
    assert made.count("(() => {") == made.count('"use strict";') == 3
    assert "const { two, Three } = $second;" in made
    assert "return { four, five };" in made
    assert "export" not in made
    assert "import" not in made


def test_a_module_may_be_wanted_for_what_it_does() -> None:
    """Without a name of it."""
    made = joined("first.js", {**SOURCES, "first.js": 'import "/assets/third.js";\nlater();\n'})
    assert made.index("$third") < made.index("later();")
    assert "= $third" not in made


@pytest.mark.parametrize(
    "line",
    [
        'import * as all from "/assets/third.js";',
        'import { four as other } from "/assets/third.js";',
        'import five from "/assets/third.js";',
        'import "third.js";',
        'import { four } from "./third.js";',
        'import { four } from "https://elsewhere.example/third.js";',
        '  import { four } from "/assets/third.js";',
        'import { four } from "/assets/third.js"; four();',
        'import { nobody } from "/assets/third.js";',
        'import { four } from "/assets/absent.js";',
        'import { two } from "/assets/first.js";',
        "export default four;",
        "export { four };",
        'export * from "/assets/third.js";',
        "export let four = 1;",
        "export function* four() {}",
        'const late = await import("/assets/third.js");',
        "const here = import.meta.url;",
        'const text = "</SCRIPT>";',
        'const text = "<!--";',
    ],
)
def test_what_is_not_understood_is_refused(line: str) -> None:
    """With the file and the line."""
    with pytest.raises(NotJoined, match=r"first\.js"):
        joined("first.js", {**SOURCES, "first.js": f"// first\n{line}\n"})


def test_our_modules_keep_to_the_forms_that_are_understood() -> None:
    """All of them, not only those that a file has today."""
    modules = {path.name: path.read_text("utf-8") for path in HERE.glob("*.js")}
    for name in modules:
        if name != "open.js":  # which is no module
            joined(name, modules)
