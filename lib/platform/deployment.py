"""Where the functions of this deployment are, and as whom its queues call them; read from the environment."""

import os

REGION = "us-central1"
"""Of the functions and of their queues, which are where their functions are."""


def project() -> str:
    """The project's id. Raises KeyError outside a deployment that names none in GOOGLE_CLOUD_PROJECT."""
    return os.environ["GOOGLE_CLOUD_PROJECT"]


def tasks_emulator() -> str | None:
    """host:port of a local Cloud Tasks (CLOUD_TASKS_EMULATOR_HOST); None in production, where it must never be set."""
    return os.environ.get("CLOUD_TASKS_EMULATOR_HOST") or None


def function_url(name: str) -> str:
    """The address of a function: at the functions host FUNCTIONS_EMULATOR_HOST (host:port) names, else deployed.

    The deployed one is that of Cloud Functions, which needs no look-up, unlike the function's own at Cloud Run; Google
    accepts it as the audience of a call too.
    """
    host = os.environ.get("FUNCTIONS_EMULATOR_HOST")
    if host:
        return f"http://{host}/{project()}/{REGION}/{name}"
    return f"https://{REGION}-{project()}.cloudfunctions.net/{name}"


def tasks_account() -> str:
    """The email of the service account that queues call as: TASKS_SERVICE_ACCOUNT, which may be left out locally.

    Raises KeyError in production when it is not set: a queue without an identity must not be able to call.
    """
    if tasks_emulator() and not os.environ.get("TASKS_SERVICE_ACCOUNT"):
        return f"tasks@{project()}.iam.gserviceaccount.com"
    return os.environ["TASKS_SERVICE_ACCOUNT"]
