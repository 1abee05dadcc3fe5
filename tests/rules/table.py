"""Who may do what to which document: the table that firestore.rules is held to, and the cases it stands for."""

from collections.abc import Iterator
from dataclasses import dataclass

from tests.rules.shop import COLUMNS, Person

# g get, l list, c create, u update, d delete. `list where`: how the list is asked for, `*` without a filter.
# `writes`: what is created or changed (shop.py). A column is everybody who stands there in shop.py:
#   nobody    not signed in, or not approved            self   the shopper Kim
#   stranger  signed in, of no role or no org we know   named  a user that documents name as their ownerId
#   outsider  staff, admins and owner of another shop   till, staff, admin: of this shop
TABLE = """
path                                      list where            writes     nobody stranger outsider self  named till staff admin super
customers/green_kim                       orgId=green           notes      -      -        -        g     -     g    glu   glu   glu
customers/green_kim                       orgId=green&limit=20  profile    -      -        -        gu    -     gl   gl    gl    gl
customers/green_5678                      *                     profile    -      -        -        gu    -     g    g     g     gl
customers/kim                             orgId=red             profile    -      -        -        gu    -     g    g     g     gl
customers/green_lee                       phoneLast4=2671       profile    -      -        -        -     -     g    g     g     gl
customers/green_lee                       orgId=green&limit=21  anything   -      -        -        -     -     g    gl    gl    gl
customers/green_kim/ledger/0000000001     *                     anything   -      -        -        gl    -     gl   gl    gl    gl
customers/green_5678/ledger/0000000001    *                     anything   -      -        -        gl    -     gl   gl    gl    gl
customers/green_lee/ledger/0000000001     *                     anything   -      -        -        -     -     gl   gl    gl    gl
customer_activities/row                   orgId=green           anything   -      -        -        -     -     -    gl    gl    gl
customer_communications/sms               orgId=green           anything   -      -        -        -     -     -    gl    gl    gl
orders/by_kim                             orgId=green           own order  -      c        c        gc    c     glc  glc   glc   glc
orders/by_kim                             userId=kim            own order  -      c        c        glc   c     gc   gc    gc    glc
orders/by_lee                             retailerId=green      own order  -      c        c        c     c     glc  glc   glc   glc
orders/legacy                             customer.uid=kim      own order  -      c        c        glc   c     gc   gc    gc    glc
orders/by_kim                             *                     anything   -      -        -        g     -     g    g     g     gl
orders/of_brand                           brandId=green         own order  -      c        c        c     c     glc  glc   glc   glc
orders/of_chain                           organizationId=green  own order  -      c        c        c     c     glc  glc   glc   glc
orders/elsewhere                          retailerId=red        own order  -      c        c        c     c     c    c     c     glc
tenants/green                             ownerId=olga          anything   -      -        -        -     gl    -    -     g     gl
tenants/green/public/menu                 *                     anything   gl     gl       gl       gl    gl    gl   gl    gl    gl
tenants/green/settings/loyalty            *                     settings   -      -        -        -     -     -    g     gcu   gcu
tenants/green/settings/messaging          *                     anything   -      -        -        -     -     -    g     g     g
tenants/green/message_templates/t         *                     anything   -      -        -        -     -     -    gl    gl    gl
tenants/green/campaign_plans/p            *                     anything   -      -        -        -     -     -    gl    gl    gl
tenants/green/recent_messages/sms:h       *                     anything   -      -        -        -     -     -    -     -     -
tenants/green/message_batches/b           *                     anything   -      -        -        -     -     -    -     -     -
tenants/green/settings/email_warmup       *                     settings   -      -        -        -     -     -    -     -     -
tenants/green/settings_history/change     *                     anything   -      -        -        -     -     -    -     gl    gl
tenants/green/redemptions/by_kim          customerId=green_kim  anything   -      -        -        gl    -     gl   gl    gl    gl
tenants/green/redemptions/by_lee          *                     anything   -      -        -        -     -     gl   gl    gl    gl
tenants/green/accruals/by_kim             *                     anything   -      -        -        -     -     -    gl    gl    gl
tenants/green/notices/of_kim              *                     anything   -      -        -        -     -     -    gl    gl    gl
tenants/green/discrepancies/green_kim     *                     anything   -      -        -        -     -     -    gl    gl    gl
tenants/green/runs/sync                   *                     anything   -      -        -        -     -     -    gl    gl    gl
tenants/green/runs/sync/shards/one        *                     anything   -      -        -        -     -     -    gl    gl    gl
tenants/green/customer_spending/kim@example.com  *              anything   -      -        -        -     -     -    gl    gl    gl
tenants/green/audits/2026-11-21           *                     anything   -      -        -        -     -     -    gl    gl    gl
tenants/green/alerts/a                    *                     anything   -      -        -        -     -     -    -     -     -
tenants/_system/sweeps/orders             *                     anything   -      -        -        -     -     -    -     -     -
tenants/green/inbox/order:x               *                     anything   -      -        -        -     -     -    -     gl    gl
tenants/green/identities/x                *                     anything   -      -        -        -     -     -    -     -     -
tenants/green/receipts/r                  *                     anything   -      -        -        -     -     -    -     -     -
tenants/green/consents/sms:h              *                     anything   -      -        -        -     -     -    gl    gl    gl
tenants/green/consents/sms:h/events/e     *                     anything   -      -        -        -     -     -    gl    gl    gl
tenants/green/integrations/pos            *                     anything   -      -        -        -     -     -    -     -     -
tenants/green/integrations/alpine_iq      *                     anything   -      -        -        -     -     -    -     -     -
tenants/green/alpine_exports/e            *                     anything   -      -        -        -     -     -    -     -     -
tenants/green/alpine_exports/e/parts/p    *                     anything   -      -        -        -     -     -    -     -     -
tenants/green/alpine_contacts/c           *                     anything   -      -        -        -     -     -    -     -     -
tenants/green/alpine_pushes/p             *                     anything   -      -        -        -     -     -    gl    gl    gl
tenants/green/pos_pulls/main              *                     anything   -      -        -        -     -     -    gl    gl    gl
tenants/green/pos_pulls/main/pos_marks/m  *                     anything   -      -        -        -     -     -    -     -     -
tenants/green/insights/i                  *                     anything   -      -        -        -     -     -    -     -     -
loyalty_settings/green                    *                     settings   -      -        -        -     -     -    g     gcu   gcu
campaigns/spring                          orgId=green           anything   -      -        -        -     -     -    gl    gl    gl
campaigns/spring/recipients/r             *                     anything   -      -        -        -     -     -    gl    gl    gl
campaigns/spring/attributions/by_kim      *                     anything   -      -        -        -     -     -    gl    gl    gl
visit_sessions/visit                      organizationId=green  anything   -      -        -        -     -     gl   gl    gl    gl
organizations/green                       ownerId=olga          anything   -      -        -        -     gl    -    -     -     gl
locations/main                            ownerId=olga          anything   -      -        -        -     gl    -    -     -     gl
dispensaries/green                        ownerId=olga          anything   -      g        g        g     gl    g    g     g     gl
users/kim                                 *                     account    -      -        -        gu    -     -    -     -     -
users/lee                                 *                     account    -      -        -        -     -     -    -     -     -
analytics_events/seen                     *                     anything   -      c        c        c     c     c    c     c     c
points_ledger/ple_1                       organizationId=green  anything   -      -        -        -     -     -    -     -     -
api_keys/key                              orgId=green           anything   -      -        -        -     -     -    -     -     -
email_suppressions/kim@example.com        *                     anything   -      -        -        -     -     -    -     -     -
whatever/else                             orgId=green           anything   -      -        -        -     -     -    -     -     -
"""  # noqa: E501

OPERATIONS = {"g": "get", "l": "list", "c": "create", "u": "update", "d": "delete"}


@dataclass(frozen=True)
class Row:
    """One line of the table: `allowed` holds the letters of each column."""

    path: str
    where: str
    writes: str
    allowed: dict[str, str]

    def __str__(self) -> str:
        return f"{self.path} {self.where} {self.writes}"

    def cases(self) -> Iterator[tuple[str, str, Person, bool]]:
        """(operation, column, person, whether it is allowed) for every operation and everybody in every column."""
        for column, people in COLUMNS.items():
            for letter, operation in OPERATIONS.items():
                for person in people:
                    yield operation, column, person, letter in self.allowed[column]


def rows() -> list[Row]:
    """The table."""
    head, *lines = [
        line.replace("own order", "own_order").replace("list where", "list_where").split()
        for line in TABLE.strip().splitlines()
    ]
    assert head[3:] == list(COLUMNS)
    return [
        Row(path, where, writes.replace("_", " "), dict(zip(head[3:], cells, strict=True)))
        for path, where, writes, *cells in lines
    ]


ROWS = rows()
