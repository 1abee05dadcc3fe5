"""Where the functions of this deployment are, and as whom Google's services call them; read from the environment."""

import os
import re

REGION = "us-central1"
"""Of the functions and of their queues, which are where their functions are."""


def project() -> str:
    """The project's id. Raises KeyError outside a deployment that names none in GOOGLE_CLOUD_PROJECT."""
    return os.environ["GOOGLE_CLOUD_PROJECT"]


def tasks_emulator() -> str | None:
    """host:port of a local Cloud Tasks (CLOUD_TASKS_EMULATOR_HOST); None in production, where it must never be set."""
    return os.environ.get("CLOUD_TASKS_EMULATOR_HOST") or None


def functions_emulated() -> bool:
    """Whether a local functions host runs this: FUNCTIONS_EMULATOR, as Firebase's own sets it; never in production."""
    return os.environ.get("FUNCTIONS_EMULATOR") == "true"


def function_url(name: str) -> str:
    """The address of a function: at the functions host FUNCTIONS_EMULATOR_HOST (host:port) names, else deployed.

    The deployed one is that of Cloud Functions, which needs no look-up, unlike the function's own at Cloud Run; Google
    accepts it as the audience of a call too.
    """
    host = os.environ.get("FUNCTIONS_EMULATOR_HOST")
    if host:
        return f"http://{host}/{project()}/{REGION}/{name}"
    return f"https://{REGION}-{project()}.cloudfunctions.net/{name}"


def is_address_of(name: str, url: str) -> bool:
    """Whether a URL is a function's: `function_url`, or one of the two that Cloud Run gives to its service.

    Those are `{service}-{hash}-{region code}.a.run.app` and `{service}-{project number}.{region}.run.app` (Cloud Run,
    "Invoke with an HTTPS request"); neither can be told without a look-up, so hash and number may be any. The service
    is named as the function, but for underscores and capitals, which it may not have.
    """
    service = re.escape(name.replace("_", "-").lower())
    host = rf"{service}-(?:[a-z0-9]{{10}}-[a-z]{{2,4}}\.a|[0-9]+\.{re.escape(REGION)})\.run\.app"
    return url == function_url(name) or re.fullmatch(rf"https://{host}/?", url) is not None


def tasks_account() -> str:
    """The email of the service account that queues call as: TASKS_SERVICE_ACCOUNT, which may be left out locally.

    Raises KeyError in production when it is not set: a queue without an identity must not be able to call.
    """
    if tasks_emulator() and not os.environ.get("TASKS_SERVICE_ACCOUNT"):
        return f"tasks@{project()}.iam.gserviceaccount.com"
    return os.environ["TASKS_SERVICE_ACCOUNT"]


def scheduler_account() -> str:
    """The email of the service account that schedules call as: SCHEDULER_SERVICE_ACCOUNT; may be left out locally.

    Raises KeyError in production when it is not set: then nobody is known to be the scheduler.
    """
    if functions_emulated() and not os.environ.get("SCHEDULER_SERVICE_ACCOUNT"):
        return f"scheduler@{project()}.iam.gserviceaccount.com"
    return os.environ["SCHEDULER_SERVICE_ACCOUNT"]


def cron_secret() -> str | None:
    """What callers of the old cron addresses prove themselves with: CRON_SECRET; None shuts those addresses."""
    return os.environ.get("CRON_SECRET") or None
