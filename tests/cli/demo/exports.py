"""Small retail exports written by hand: one line of text a row."""

from pathlib import Path

from cli.demo.retail_csv import COLUMNS


def write_export(folder: Path, *rows: str) -> Path:
    """A CSV of rows given as "invoice stock quantity day-hour:minute price customer", the month being March 2010."""
    lines = [",".join(COLUMNS)]
    for row in rows:
        invoice, stock, quantity, moment, price, customer = row.split()
        day, minute = moment.split("-")
        lines.append(f"{invoice},{stock},THING {stock},{quantity},2010-03-{day} {minute}:00,{price},{customer},France")
    path = folder / "export.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path
