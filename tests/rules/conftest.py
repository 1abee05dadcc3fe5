"""Property tests that do not depend on how busy the machine is: no deadline for an example, none for generating it."""

from hypothesis import HealthCheck, settings

settings.register_profile("rules", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("rules")
