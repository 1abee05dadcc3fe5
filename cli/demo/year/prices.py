"""List prices of what a year costs on Google Cloud, and when they were read.

Firestore Standard in nam5 (a single region costs about half), Cloud Tasks, Cloud Scheduler, and Cloud Run functions
billed by request, tier 1. Free quotas are not deducted, so a small shop pays less than this. Sources:
cloud.google.com/firestore/pricing, /tasks/docs/pricing, /scheduler/pricing, /run/pricing.
"""

from fractions import Fraction

READ_ON = "2026-11"

READ = Fraction("0.06") / 100_000
WRITE = Fraction("0.18") / 100_000
DELETE = Fraction("0.02") / 100_000
GIB_MONTH = Fraction("0.18")
TASK_OPERATION = Fraction("0.40") / 1_000_000
SCHEDULER_JOB_MONTH = Fraction("0.10")
INVOCATION = Fraction("0.40") / 1_000_000
VCPU_SECOND = Fraction("0.000024")
GIB_SECOND = Fraction("0.0000025")
