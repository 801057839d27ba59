"""The quality score as a grid."""

from sdmigrate.model.profile import Quality
from sdmigrate.tui.views.grid import Detail, Grid, GridRow, Heading, Shown


def quality_grid(quality: Quality) -> Grid:
    """The score's five dimensions, and what cost points."""
    rows = tuple(
        GridRow(
            (
                Shown(part.name.capitalize()),
                Shown(f"{part.score:.1f}", "", part.score),
                Shown(f"{part.weight:g}" if part.weight else "no rule", "muted", part.weight),
                Shown(part.costs[0] if part.costs else "nothing lost"),
            ),
            Detail(
                part.name.capitalize(),
                (("Score", f"{part.score:.1f} of {part.weight:g}"),),
                (("What cost points", part.costs or ("Nothing.",)),),
            ),
            preview="\n".join(part.costs[:2]),
        )
        for part in quality.parts
    )
    headings = (
        Heading("Dimension"),
        Heading("Points", right=True),
        Heading("Of", right=True),
        Heading("What cost most", flexible=True),
    )
    return Grid(f"Quality {quality.score:.1f}", headings, rows, numbered=False)
