"""The three tables of the service-desk export: their columns as declared, and their share of the rows.

Invariant: names, declared types and their order are the export's, which declares no keys.
"""

from typing import Literal, TypeAlias

TableName: TypeAlias = Literal["tickets", "comments", "timesheets"]

PROPORTIONS: dict[TableName, int] = {"tickets": 10_939, "comments": 108_129, "timesheets": 141_062}
"""Rows of each table in one full export of 260,130 rows."""

_TYPED: dict[str, str] = {
    "TKT-Ticket ID": "INTEGER",
    "TKT-Parent ID": "REAL",
    "TKT-Created Time": "TIMESTAMP",
    "TKT-Account Id": "REAL",
    "TKT-Assigned To Userid": "INTEGER",
    "TKT-Modified Time": "TIMESTAMP",
    "TKT-Created By Userid": "INTEGER",
    "TKT-Related CI Ref#": "REAL",
    "TKT-SLA Closure Date": "TIMESTAMP",
    "Chg-Planned Start Date": "TIMESTAMP",
    "Chg-Planned End Date": "TIMESTAMP",
    "CT-COMMENT-ID": "INTEGER",
    "CT-TKT-ID": "INTEGER",
    "CT-DATEAMDTIME": "TIMESTAMP",
    "TS-Date": "TIMESTAMP",
    "TS-Hours": "REAL",
    "TS-Modified Time": "TIMESTAMP",
    "TS-Rate": "REAL",
}

COLUMNS: dict[TableName, tuple[str, ...]] = {
    "tickets": (
        "TKT-Ticket ID",
        "TKT-Parent ID",
        "TKT-Customer Reference",
        "TKT-Created Time",
        "TKT-Month Created",
        "TKT-SLA",
        "TKT-Account Id",
        "TKT-Account Name",
        "TKT-Site Classification",
        "TKT-Site Status",
        "TKT-Selcom Key",
        "TKT-Title",
        "TKT-Description",
        "TKT-Severity",
        "TKT-Status",
        "TKT-Assigned To Userid",
        "TKT-Assigned To User",
        "TKT-Job#/Ref#",
        "TKT-Team",
        "TKT-Modified Time",
        "TKT-Category",
        "TKT-Resolution/Change Type",
        "TKT-Root Cause Category",
        "TKT-Created By Userid",
        "TKT-Created By User",
        "TKT-Client Name",
        "TKT-Ticket Source",
        "TKT-Related CI Ref#",
        "TKT-Related CI",
        "TKT-Actual Response Date",
        "TKT-Actual Resolution Date",
        "TKT-Response Met",
        "TKT-Resolution Met",
        "TKT-SLA Met",
        "TKT-SLA Exempt",
        "TKT-Mitigated Reason",
        "TKT-SLA Clock Status",
        "TKT-SLA Breach Reason",
        "TKT-SLA Breach Comment",
        "TKT-QA Review Completed",
        "TKT-Closure Date",
        "TKT-Month Closed",
        "TKT-Solution",
        "TKT-SLA Closure Date",
        "TKT-SLA Month Closed",
        "TKT-SLA Closed - This Month",
        "TKT-SLA Closed - Last Month",
        "TKT-Actual SLA Achievement",
        "Chg-Type",
        "Chg-Risk",
        "Chg-Impact",
        "Chg-Approval Status",
        "Chg-Planned Start Date",
        "Chg-Planned End Date",
        "Chg-Implementation Plan",
        "Chg-Backout Plan",
        "TKT-Is Template",
        "TKT-Platform",
        "TKT-Group",
        "TKT-Priority",
    ),
    "comments": (
        "CT-COMMENT-ID",
        "CT-TKT-ID",
        "CT-COMMENT",
        "CT-USERID",
        "CT-USERIDNAME",
        "CT-OWNERTYPE",
        "CT-DATEAMDTIME",
        "CT-VISIBLE-CUSTOMER",
        "CT-TYPE",
        "CT-TKT-TEAM",
    ),
    "timesheets": (
        "TS-Title",
        "TS-User Full Name",
        "TS-User Username",
        "TS-Date",
        "TS-Time From",
        "TS-Time To",
        "TS-Hours",
        "TS-Category",
        "TS-Sub Category",
        "TS-Type",
        "TS-Crm ID",
        "TS-Description",
        "TS-Account Name",
        "TS-Account Selcom",
        "TS-Costcentre",
        "TS-Ticket Project Master Code",
        "TS-Modified Time",
        "TS-Approved",
        "TS-Billable",
        "TS-Rate",
        "TS-Notes",
    ),
}


def declared_type(column: str) -> str:
    """The type the export declares for that column; TEXT where the real one says nothing else."""
    return _TYPED.get(column, "TEXT")


def shared_out(rows: int) -> dict[TableName, int]:
    """That many rows over the three tables in the export's proportions, at least one each.

    Args:
        rows: all rows together, 3 or more.
    """
    whole = sum(PROPORTIONS.values())
    tickets = max(1, round(rows * PROPORTIONS["tickets"] / whole))
    comments = max(1, round(rows * PROPORTIONS["comments"] / whole))
    return {"tickets": tickets, "comments": comments, "timesheets": rows - tickets - comments}
