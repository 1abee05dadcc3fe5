"""Which runs are to be started now: once a day where it is an org's hour, and once for keys that are missing or were
made by another country or time zone than the org's."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

from lib.domain import pauses
from lib.domain.automations import looked, with_keys_by
from lib.platform import clock, logs
from lib.store import automations as store
from lib.store import settings as settings_store
from lib.store.org import OrgStore
from lib.usecases.automations import JOB, KEYS_JOB
from lib.usecases.automations.dated import params_of

# Whoever has no key yet is not found; what is found late for that reason is found an hour later.
_KEYS_TAKE = timedelta(minutes=30)


def due() -> Iterator[tuple[str, str, str, dict[str, Any]]]:
    """(org id, job, key, parameters) of the runs to start; asking twice names the same ones.

    What an org was to look for is taken down when the next one is asked for, so that whoever dies in between finds it
    again. A paused programme is asked again every time, and makes up for what still makes sense when it goes on.
    Billed: one read if no org's hour has come; else four reads an org that looks, and one write.
    """
    now = clock.now()
    for schedule in store.due(now, logs.schedule_damaged):
        org = OrgStore(schedule.org_id)
        settings = settings_store.load(org)
        if pauses.takes_nothing(settings):
            continue
        place = f"{settings.country} {settings.time_zone}"
        if keys_for := with_keys_by(schedule, place).keys_for:
            yield org.org_id, KEYS_JOB, keys_for, {}
            after = replace(schedule, keys_for="", keyed_by=place, next_at=now + _KEYS_TAKE)
        else:
            after, searches = looked(schedule, now, settings.time_zone)
            for search in searches:
                yield org.org_id, JOB, f"{search.kind}:{search.span.last.isoformat()}", params_of(search)
        store.replace_if_unchanged(org, schedule, after, now)
