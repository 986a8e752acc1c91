"""A sheet on a terminal: columns that fit, groups with their sums, and the total below a rule."""

from collections.abc import Callable, Iterator

from cclaunch.commands.usage.sheet import MEASURES, Field, Sheet, shown
from cclaunch.console import BOLD, DIM, printable
from cclaunch.layout import GAP, Column, Table, fitted, lines
from cclaunch.reports.records import Record

Line = list[tuple[str, str]]
INDENT = "  "


def drawn(sheet: Sheet, room: int | None, width: Callable[[str], int]) -> Iterator[Line]:
    """Yield the lines of *sheet*; *room*: the columns of the terminal, or None for no bound."""
    grouped = any(part.head is not None for part in sheet.parts)
    fields = sheet.fields[1:] if grouped else sheet.fields
    columns = [Column(printable(field.title), field.right, field.fold, field.spare, field.least) for field in fields]
    if grouped:
        columns[0] = columns[0]._replace(title=printable(f"{sheet.keys[0].title} / {sheet.keys[1].title}"))
    styled = [(list(map(printable, cells)), style) for cells, style in _rows(sheet, fields, grouped=grouped)]
    table = fitted(columns, [cells for cells, _ in styled], room, width)
    if first := table.columns[0]:  # what is no row says so in a column that is there
        for cells, _ in styled[-2 if sheet.hidden else -1 :]:
            cells[first] = cells[0]
    heading = next(lines(columns, table, [column.title for column in columns], width))
    yield [(heading, BOLD)]
    for number, (cells, style) in enumerate(styled):
        if number == len(styled) - 1:
            yield [(_rule(table), "")]
        for text in lines(columns, table, cells, width):
            yield [(text, style)]


def _rule(table: Table) -> str:
    return GAP.join("-" * wide for wide in table.wide)


def _rows(sheet: Sheet, fields: tuple[Field, ...], *, grouped: bool) -> Iterator[tuple[list[str], str]]:
    """Yield (cells, style) of each row, the total last."""
    keys = len(fields) - len(MEASURES)
    for part in sheet.parts:
        if part.head is not None:
            name = sheet.keys[0].show(part.head[sheet.keys[0].name])
            yield [name, *[""] * (keys - 1), *_figures(part.head)], BOLD
        for row in part.rows:
            cells = [field.show(row[field.name]) for field in fields[:keys]]
            if grouped:
                cells[0] = INDENT + cells[0]
            yield [*cells, *_figures(row)], ""
    if sheet.hidden:
        yield [f"{sheet.hidden:,} more", *[""] * (keys - 1), *_figures(sheet.rest)], DIM
    yield ["total", *[""] * (keys - 1), *_figures(sheet.total)], BOLD


def _figures(record: Record) -> list[str]:
    return [shown(field, record) for field in MEASURES]
