"""Every finding's code and what it means, in one line; docs/findings.md is this table.

Invariant: a Finding whose code is not here does not exist (tested), and a code once released keeps its
meaning.
"""

FINDING_CODES: dict[str, str] = {
    # preflight and backup
    # profile
    # plan and blueprint
    # clean
    # canary, load, verify
    # cutover and rollback
}
