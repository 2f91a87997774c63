"""What two sides of a split must not share, and what gives the class away without listening."""

from speechsent.auditing.recipe import audit, audit_clips, audit_origins, audit_split
from speechsent.auditing.report import AuditReport, Finding

__all__ = ["AuditReport", "Finding", "audit", "audit_clips", "audit_origins", "audit_split"]
