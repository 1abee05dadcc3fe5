"""The public menu of an org over HTTP: what anybody may read of its programme."""

import hashlib

from flask import Request, Response, json

from functions import edge
from lib.domain.ids import check_org_id
from lib.usecases import menu

# A shop's change shows within a minute; for five more a cache may answer while it asks again.
_CACHE_CONTROL = "public, max-age=60, stale-while-revalidate=300"


@edge.on_get
def public_menu(request: Request) -> Response:
    """`GET ?orgId=…`: the menu as JSON, with an ETag; 304 when the caller has it already."""
    body = json.dumps(menu.public(check_org_id(request.args.get("orgId"))), sort_keys=True)
    response = Response(body, content_type="application/json", headers={"Cache-Control": _CACHE_CONTROL})
    response.set_etag(hashlib.sha256(body.encode()).hexdigest()[:32])
    response.make_conditional(request)
    return response
