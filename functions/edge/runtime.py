"""Where and how every function runs: read once, before the first one is declared."""

from firebase_functions import options

REGION = "us-central1"


def configure() -> None:
    """Sets the options all functions share.

    One instance serves many requests at once: they wait for Firestore, not for the processor. `min_instances` is 0 so
    that an idle shop costs nothing; a shop that wants no cold start at the till raises it.
    """
    options.set_global_options(
        region=REGION,
        memory=options.MemoryOption.MB_512,
        min_instances=0,
        max_instances=20,
        concurrency=40,
    )
