"""`musebots rate`: ask listeners which of two clips is more creative, or better; learn from it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from ensembles.cli.options import AsJson

__all__ = ["app"]

app = typer.Typer(
    no_args_is_help=True, help="Ask listeners for pairs, and learn what they find creative."
)

Database = Annotated[
    Path, typer.Option("--ratings", help="The SQLite table of all answers.", dir_okay=False)
]
KeyFile = Annotated[Path, typer.Option("--key", help="key.json, as 'rate export' wrote it.")]

DATABASE = Path("ratings.sqlite")
KEY = Path("rating") / "key.json"
TASTE = Path("taste.json")


@app.command("export")
def export(
    out: Annotated[Path, typer.Option("-o", "--out", help="The folder.")] = Path("rating"),
    n_pairs: Annotated[int, typer.Option("--pairs", min=1, help="Pairs to be heard.")] = 20,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Of clips and order.")] = 0,
    with_sound: Annotated[
        bool, typer.Option("--wav", help="Write WAV clips, too, for 'musebots listen'.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Write MIDI clips, a blind CSV sheet to fill in, and the key that listeners must not see."""
    from ensembles.rating import export_pairs

    found = export_pairs(out, n_pairs=n_pairs, seed=seed, with_sound=with_sound)
    if as_json:
        typer.echo(json.dumps({"sheet": str(found.sheet), "key": str(found.key)}))
    else:
        typer.echo(
            f"{found.sheet}: {found.n_lines} pairs of {found.n_clips} clips to be rated, "
            "two questions each"
        )


@app.command("fit")
def fit(
    sheets: Annotated[
        list[Path] | None, typer.Argument(help="Filled-in CSV sheets, to be added.")
    ] = None,
    database: Database = DATABASE,
    key: KeyFile = KEY,
    out: Annotated[
        Path,
        typer.Option("-o", "--out", help="The taste; 'play' and 'render' look for taste.json."),
    ] = TASTE,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Of the folds.")] = 0,
    as_json: AsJson = False,
) -> None:
    """Add answers, learn a taste from all of them, and say how far it is to be trusted."""
    from ensembles.rating import fit_taste

    trusts = fit_taste(sheets or [], database, key, out, seed=seed)
    if as_json:
        typer.echo(json.dumps(trusts, indent=2))
        return
    for question, trust in trusts.items():
        typer.echo(f"'{question}': w = {trust['weight']:.2f}: {trust['reason']}")


@app.command("report")
def report(
    database: Database = DATABASE,
    key: KeyFile = KEY,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Of the folds.")] = 0,
    as_json: AsJson = False,
) -> None:
    """Say what listeners answered, the human score against alpha, and the weights w."""
    from ensembles.rating import report_ratings

    found = report_ratings(database, key, seed=seed)
    if as_json:
        typer.echo(json.dumps(found, indent=2))
        return
    for line in found["lines"]:
        typer.echo(line)
