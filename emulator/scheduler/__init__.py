"""A local Cloud Scheduler: calls the schedule functions by the stack's clock, or one of them by name."""
