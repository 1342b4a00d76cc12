"""Messages on invalid TOML: the place, the text around it, and what to try."""

from __future__ import annotations

import re

# Characters that word processors insert, and what to write instead.
TYPOGRAPHIC = {
    "\u2212": "- (the minus sign of the keyboard)",
    "\u2013": "- (the minus sign of the keyboard)",
    "\u2014": "- (the minus sign of the keyboard)",
    "\u201c": 'the straight "',
    "\u201d": 'the straight "',
    "\u201e": 'the straight "',
    "\u2018": 'the straight "',
    "\u2019": 'the straight "',
    "\u00a0": "a plain space",
}
CURLY_QUOTES = re.compile("[\u201c\u201d\u201e]")
# Characters of context shown on either side of a mistake.
CONTEXT_CHARS = 30


def syntax_problem(message: str, text: str, quote: bool, kind: str) -> str:
    """The `message` of `tomllib` on `text`, which should be a `kind`, with the place first, and what to do.

    With `quote` also the text around the place.
    """
    what, _, place = message.partition(" (at ")
    place = place.removesuffix(")") or "file"
    number = re.match(r"line (\d+), column (\d+)", place)
    if not quote:
        return f"{place}: not valid TOML, and no key of {kind} is in it; check the name"
    lines = text.rstrip().split("\n")
    line = (lines[int(number[1]) - 1] if number and int(number[1]) <= len(lines) else lines[-1]).rstrip()
    column = int(number[2]) if number else 1
    if name := re.match(r"Cannot declare \((.*)\) twice", what):
        dotted = ".".join(re.findall(r"'([^']*)'", name[1]))
        return f"{place}: the table {dotted} appears twice; keep one, or rename one"
    if what == "Cannot overwrite a value":
        return (
            f"{place}: the key of {line.strip()[: 2 * CONTEXT_CHARS]!r} appears twice in its table; keep one"
        )
    return (
        f"{place}: not valid TOML: {what[:80]}, in {_around(line, column)!r}; {_advice(what, line, column)}"
    )


def _around(line: str, column: int) -> str:
    """The part of `line` around `column`, with dots where it is cut."""
    start = max(0, min(column - 1 - CONTEXT_CHARS, len(line) - 2 * CONTEXT_CHARS))
    part = line[start : start + 2 * CONTEXT_CHARS].strip()
    return f"{'...' if start else ''}{part}{'...' if start + 2 * CONTEXT_CHARS < len(line) else ''}"


def _advice(what: str, line: str, column: int) -> str:
    sign = line[column - 1 : column]
    if sign in TYPOGRAPHIC:
        named = "a no-break space" if sign == "\u00a0" else f"{sign!r}"
        return f"{named} is not valid in TOML; write {TYPOGRAPHIC[sign]}"
    if line.lstrip().startswith("[") and "|" in line:
        return 'a name that contains | must be in quotes, e.g. [interfaces."Sb|Li3Sb"]'
    if "Expected ']" in what:
        return (
            "a heading ends with as many ] as it begins with [; put a name with characters other than "
            "a-z, 0-9, - and _ in quotes"
        )
    if re.search(r"=\s*[-+]?\d*,\d", line):
        return "decimals are written with a point, e.g. 0.5"
    # A triple quote counts as three, which has the parity of one.
    if re.sub(r"\\.", "", line).count('"') % 2:
        if curled := CURLY_QUOTES.search(line):
            return f'{curled[0]!r} closes no string; write the straight "'
        return 'a closing " is missing in this line'
    if what.startswith("Unclosed"):
        end = "a }" if "table" in what else "a ]"
        where = f"before column {column}" if column > 1 else "above this line"
        return f"entries need a comma between them and {end} at the end; one of these is missing {where}"
    if what.startswith(("Unterminated", "Expected \"'")):
        return "a string is not closed; it must end with the quotes that open it, one or three"
    if sign == "}":
        return "there must be no comma before the }; remove it"
    if "Expected '='" in what:
        return "a key and its value need a = between them; put a name with characters other than a-z, 0-9, - and _ in quotes"
    return "correct the line; write a string in quotes, a number as 1.0 or 1e-3, true and false in lower case"
