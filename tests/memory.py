"""The most memory that this process has held, for tests that measure in a process of their own.

Invariant: counted from the start of the program; ``ru_maxrss`` begins with what the process that started it
held at that moment, and so hides whatever grows below that.
"""

from pathlib import Path


def peak_bytes() -> int:
    """Resident at the most until now; Linux only."""
    lines = Path("/proc/self/status").read_text(encoding="ascii", errors="replace").splitlines()
    (kibibytes,) = [line.split()[1] for line in lines if line.startswith("VmHWM:")]
    return int(kibibytes) * 1024
