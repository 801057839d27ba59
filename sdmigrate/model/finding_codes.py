"""Every finding's code and what it means, in one line; docs/findings.md is this table.

Invariant: a Finding whose code is not here does not exist (tested), and a code once released keeps its
meaning.
"""

FINDING_CODES: dict[str, str] = {
    # preflight and backup
    # profile
    # plan and blueprint
    "name-changed": "A table has another name in PostgreSQL",
    "columns-renamed": "Columns of a table have other names in PostgreSQL",
    "duplicates-decided": "Rows share a declared key; the plan's duplicates says which stay",
    "empty-to-null": "Empty text in a column that is not text becomes NULL",
    "empty-refused": "Empty text in a column that is not text and must not be NULL",
    "misfits": "Values that the planned type cannot hold; the plan's misfit says what becomes of them",
    "null-refused": "NULLs in a key or NOT NULL column; their rows go to quarantine",
    "ambiguous-dates": "Dates that may be read day first or month first keep their column text",
    "type-as-declared": "The evidence does not override the declared type, which every value fits",
    "kept-as-text": "The evidence settles no type, so the column stays text",
    "type-by-reference": "A column takes the type of the key that a foreign key ties it to",
    "nul-bytes-decided": "Texts with NUL bytes; the plan's nul_bytes says what becomes of them",
    "invalid-utf8-decided": "Texts that are not UTF-8; the plan's invalid_utf8 says what becomes of them",
    "plan-drift-gone": "The plan names a table or column that the source no longer has",
    "plan-drift-new": "The source has a table or column that the complete plan does not name",
    # clean
    "null-in-key": "Rows with NULL in the primary key are in quarantine",
    "null-in-not-null": "Rows with NULL in a column declared NOT NULL are in quarantine",
    "null-not-allowed": "Rows whose value means NULL where none may be are in quarantine",
    "empty-text": "Rows with empty text that the column's type cannot hold are in quarantine",
    "default-unfit": "The plan's default does not fit the column's type",
    "ambiguous-date": "Dates whose day and month can be taken for each other",
    "impossible-date": "Dates that no calendar has",
    "zero-date": "Dates of zeros",
    "implausible-date": "Numbers that are no plausible date",
    "not-a-date": "Values that are no date in any known form",
    "blob-in-date": "BLOBs in a column of dates",
    "skipped-local-time": "Times that the column's zone skips",
    "time-of-day-lost": "Timestamps with a time of day in a column of dates",
    "not-a-time": "Values that are no time of day",
    "not-an-interval": "Values that are no duration",
    "not-an-integer": "Values that are no whole number",
    "integer-out-of-range": "Whole numbers beyond the column's type",
    "rounded-integer": "REALs beyond 2^53 in a column of whole numbers, already rounded by SQLite",
    "not-a-number": "Values that are no number",
    "infinite": "Infinities that the column's type cannot hold",
    "numeric-too-long": "Decimals with more digits than PostgreSQL holds",
    "precision-exceeded": "Decimals with more digits than the column's precision",
    "scale-exceeded": "Decimals with more digits after the point than the column's scale",
    "inexact-double": "Numbers that a double cannot hold exactly",
    "not-boolean": "Values that are neither yes nor no",
    "blob-in-text": "BLOBs in a column of text",
    "invalid-utf8": "Texts whose bytes are not UTF-8",
    "nul-byte": "Texts with a NUL character, where the plan does not strip it",
    "varchar-too-long": "Texts longer than the column's length",
    "not-a-uuid": "Values that are no UUID",
    "not-json": "Values that are no JSON, or none that jsonb can hold",
    "number-in-blob": "Numbers in a column of bytes",
    "not-inet": "Values that are no internet address as PostgreSQL prints it",
    "duplicate-key": "Rows share a key with another row",
    "duplicates-removed": "Rows that share a key with a row that stays, whole in the audit trail",
    "rows-excluded": "Rows are left out by the plan, whole in the audit trail",
    "parent-in-quarantine": "Rows point at rows that are in quarantine",
    "values-changed": "Values were changed by a rule; each is in the audit trail",
    "generated-unreadable": "A generated column whose expression fails; its values are NULL",
    # canary, load, verify
    # cutover and rollback
}
