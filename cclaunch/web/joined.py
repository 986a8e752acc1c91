"""
Modules of ours made one script, for a page that is a file: a browser loads no module beside a file.

The problem it owns: this is no bundler. It knows the few forms in which our modules are written, an ``import { a, b } from
"/assets/x.js";`` (or of what a module does alone) and an ``export`` of a const, a function or a class, to a line, and refuses
whatever else begins so: a script that means something else than its modules must not come about. Each module keeps its names
to itself, as it does in a browser.
"""

import re
from collections.abc import Mapping

IMPORT = re.compile(r'import (?:\{ ([\w$]+(?:, [\w$]+)*) \} from )?"/assets/([\w-]+\.js)";')
EXPORT = re.compile(r"export ((?:const|class|function|async function) ([\w$]+)\b.*)")
STATEMENT = re.compile(r"\s*(?:import|export)\b")
UNKNOWN = re.compile(r"\bimport\s*(?:\(|\.)|</script|<!--", re.IGNORECASE)
"""What no module may say: it loads while it runs, or ends the element that the script stands in."""


class NotJoined(Exception):
    """A module says what is not understood here; the message names it."""


def joined(first: str, sources: Mapping[str, str]) -> str:
    """
    Return one script that does what the module called *first* does with those that it imports.

    Args:
        sources: File name -> text.

    Raises:
        NotJoined: A form that is not known, a name that is not exported, a module that is not there or comes back to itself.
    """
    done: dict[str, list[str]] = {}
    parts: list[str] = []
    _take(first, sources, [], done, parts)
    return "\n".join(parts)


def _take(name: str, sources: Mapping[str, str], above: list[str], done: dict[str, list[str]], parts: list[str]) -> None:
    """Put the module *name* behind those that it needs; *done*: file name -> what it exports."""
    if name in above:
        raise NotJoined(f"{name} imports itself, by {' and '.join(above)}")
    if name not in sources:
        raise NotJoined(f"{above[-1] if above else 'nobody'} imports {name}, which is not there")
    lines, exports = ['"use strict";'], []
    for number, line in enumerate(sources[name].split("\n"), 1):
        where = f"{name}:{number}: `{line.strip()[:80]}`"
        if UNKNOWN.search(line):
            raise NotJoined(f"{where} cannot stand in a page")
        if found := IMPORT.fullmatch(line):
            wanted, other = found[1].split(", ") if found[1] else [], found[2]
            if other not in done:
                _take(other, sources, [*above, name], done, parts)
            if unknown := set(wanted) - set(done[other]):
                raise NotJoined(f"{where}: {other} does not export {', '.join(sorted(unknown))}")
            if wanted:
                lines.append(f"const {{ {found[1]} }} = {_called(other)};")
        elif found := EXPORT.fullmatch(line):
            exports.append(found[2])
            lines.append(found[1])
        elif STATEMENT.match(line):
            raise NotJoined(f"{where} is no import or export as we write them")
        else:
            lines.append(line)
    done[name] = exports
    parts.append("\n".join([f"const {_called(name)} = (() => {{", *lines, f"return {{ {', '.join(exports)} }};", "})();"]))


def _called(name: str) -> str:
    return "$" + name.removesuffix(".js").replace("-", "_")
