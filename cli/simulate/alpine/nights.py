"""What is done about Alpine IQ in a simulated shop: nightly syncs, syncs on request, looks at a till, decisions."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from random import Random
from typing import Any

from cli.simulate import almanac
from cli.simulate.alpine.account import LyingAccount
from cli.simulate.alpine.judge import Judge
from cli.simulate.alpine.terms import ShopTerms
from cli.simulate.books import Deserves, Phase
from cli.simulate.chores import Chores
from cli.simulate.faults import Crash, Faults
from cli.simulate.front import Answer, Busy
from cli.simulate.orders import SimOrder
from cli.simulate.people import ORGS, Person
from cli.simulate.rewards import Till
from cli.simulate.world import World
from emulator.vendors.client import SandboxClient
from lib.domain.ledger import Actor
from lib.platform.transient import TRANSIENT
from lib.store.org import OrgStore
from lib.usecases import points, reconciliation, runs
from lib.usecases.points import Who

_STAFF = Actor("staff", "manager")
_CALLS_MAX = 50
_PASSES_MAX = 3
_PATIENCE_MAX = timedelta(hours=49)
_WISHES = 3
_REWARD_POINTS, _BASKET_CENTS = 20, 20_000
_NIGHTLY = timedelta(hours=2, minutes=41)


@dataclass(slots=True)
class Nights:
    """Safe for one thread. `touched`: whose customers the last step has written."""

    world: World
    faults: Faults
    chores: Chores
    chance: Random
    judge: Judge
    touched: set[str] = field(default_factory=set)
    _till: Till = field(init=False)
    _done: int = 0

    def __post_init__(self) -> None:
        self._till = Till(self.world, self.faults, self.chance, "till-alpine")

    def step(self) -> None:
        """Time has passed: they have heard of sales; then one thing happens, here or there."""
        self.touched = set()
        for account in self._accounts:
            account.hear_of_sales()
        account, roll = self.chance.choice(self._accounts), self.chance.random()
        steps: tuple[tuple[float, Callable[[LyingAccount], None]], ...] = (
            (0.24, lambda account: account.lie()),
            (0.34, lambda account: account.fail_soon()),
            (0.38, lambda account: account.behave()),
            (0.52, self._sync_one),
            (0.62, self._look_at_one),
            (0.70, self._decide_one),
            (0.88, self._redeem_one),
            (0.92, self._sync_all),
            (0.95, self._change_terms),
            (1.00, lambda _: self._sleep()),
        )
        next(act for share, act in steps if roll < share)(account)

    def wait(self) -> None:
        """Mostly until no figure is waited for any more."""
        if self.chance.random() < 0.7:
            self.world.timeline.advance(_PATIENCE_MAX)

    def settle(self) -> set[str]:
        """Has everybody compared while nothing fails and nothing else happens; nobody who differs may be silent. Whose
        customers that has written."""
        touched: set[str] = set()
        for account in self._accounts:
            account.behave()
            account.hear_of_sales()
        for _ in range(_PASSES_MAX):
            before = [account.contacts() for account in self._accounts]
            for org_id in ORGS:
                touched |= self._compare_all(org_id)
            if [account.contacts() for account in self._accounts] == before:
                self.judge.find_silent()
                break
        for org_id in ORGS:
            if again := self._compare_all(org_id):
                self.world.problem(f"compared once more with nothing new, these were given other points: {again}")
        return touched

    @property
    def _accounts(self) -> list[LyingAccount]:
        return [self.judge.accounts[org_id] for org_id in ORGS]

    def _compare_all(self, org_id: str) -> set[str]:
        self._done += 1
        org, after = OrgStore(org_id), None
        with self.faults.watching() as written:
            params = reconciliation.begin(org_id, f"settled-{self._done}")
            while blocks := reconciliation.members(org, params, after, 5):
                for block in blocks:
                    counts = reconciliation.visit(org, params, block)
                    for name in ("agreed", "open", "waiting", "overridden", "kept", "notMembers", "unknown"):
                        self.world.count(f"alpine: compared, {name}", counts.get(name, 0))
                after = blocks[-1]
        return self.judge.entered(written)

    def _sleep(self) -> None:
        """Until it is two o'clock at night in one of the shops, where a schedule starts the sync then."""
        shop = self.chance.choice([self.world.shops[org_id] for org_id in ORGS])
        now = self.world.timeline.now
        day, night = almanac.day_of(now, shop.zone), now
        while night <= now:
            night = almanac.midnight(day, shop.zone) + _NIGHTLY
            day += timedelta(days=1)
        self.world.timeline.advance(night - now)
        for account in self._accounts:
            account.hear_of_sales()
        if self.chores.carried_out("nightly_sync", self._nightly_sync):
            state = self._document("tenants", shop.org_id, "integrations", "alpine_iq_sync")
            run = self._document("tenants", shop.org_id, "runs", state.get("runId", "none"))
            if not run or run["createdAt"] < night:
                self.world.problem(f"{shop.org_id}: no sync was begun in the night to {night}")
        self.world.count("alpine: nights")

    def _nightly_sync(self) -> None:
        for org_id, key, params in reconciliation.due():
            runs.start(org_id, reconciliation.JOB, key, params, _STAFF)
        reconciliation.report()

    def _sync_all(self, account: LyingAccount) -> None:
        self._done += 1
        org_id, key = account.org_id, f"asked-{self._done}"

        def start() -> None:
            runs.start(org_id, reconciliation.JOB, key, reconciliation.begin(org_id, key), _STAFF)

        self.chores.carried_out("sync_loyalty of an org", start)

    def _sync_one(self, account: LyingAccount) -> None:
        if person := self._somebody(account):
            data = {"orgId": account.org_id, "customerId": self.world.customer_ids[person.key]}
            answer, written = self._answered("sync_loyalty", data)
            self.world.count(f"sync_loyalty: {answer.get('state', answer.get('reason'))}")
            self.touched |= self.judge.entered(written)

    def _look_at_one(self, account: LyingAccount) -> None:
        """Looking changes nothing, shows ours as what can be spent, and as theirs only what they have said."""
        if not (person := self._somebody(account)):
            return
        with self.faults.watching() as written:
            ours = points.check(account.org_id, Who(customer_id=self.world.customer_ids[person.key]))
            told = reconciliation.beside(account.org_id, ours)
        theirs = told["alpine"]
        if written or told["points"] != ours["points"] or not (theirs or told["alpineReason"]):
            self.world.problem(f"{person.key}: a look at {ours['points']} points showed {told} and wrote {written}")
        if theirs and not self.judge.was_told(person, theirs["points"]):
            self.world.problem(f"{person.key}: Alpine IQ never said {theirs['points']}")
        self.world.count(f"check_points: {told['alpineReason'] or told['source']}")

    def _decide_one(self, account: LyingAccount) -> None:
        """Somebody looks at the queue and decides the first one or another."""
        queue = reconciliation.listing(account.org_id, None, None, 50)["discrepancies"]
        people = {self.world.customer_ids.get(person.key): person for person in self.world.people}
        unresolved = [each for each in queue if each["state"] != "resolved" and each["customerId"] in people]
        if not unresolved:
            return
        customer_id = self.chance.choice(unresolved)["customerId"]
        resolution = self.chance.choice(("review", "accept_alpine", "keep_ours", "split"))
        data = {"orgId": account.org_id, "customerId": customer_id, "resolution": resolution, "reason": "simulated"}
        if resolution == "split":
            data["points"] = self.chance.randrange(600)
        theirs = self._document("customers", customer_id)["alpine"]["points"]
        answer, written = self._answered("resolve_discrepancy", data)
        person = people[customer_id]
        if not answer["ok"]:
            self.world.problem(f"{person.key}: {resolution} of an open discrepancy was refused: {answer}")
        elif resolution != "review":
            wanted = {"accept_alpine": theirs, "split": data.get("points")}.get(resolution)
            self.judge.decided(person, customer_id, wanted, answer["discrepancy"]["remaining"], written)
            self.touched.add(person.key)
        self.world.count(f"resolve_discrepancy: {resolution}")

    def _redeem_one(self, account: LyingAccount) -> None:
        """Somebody is given a reward, of which nobody tells Alpine IQ; some think better of it."""
        known = [it for it in self._known(account) if self._free(it) >= _REWARD_POINTS]
        if not known:
            return
        person = self.chance.choice(known)
        state = Deserves(Phase.EARNING, person.key, _BASKET_CENTS, self.world.timeline.now)
        # Not every amount is one of the shop's rewards.
        for _ in range(_WISHES):
            self._done += 1
            order = SimOrder(f"order-reward-{self._done}", state, {})
            self._till.hold(person, self.world.customer_ids[person.key], order)
            redeemed = self._till.go_on()
            self.touched |= {person.key, redeemed.key if redeemed else person.key}

    def _free(self, person: Person) -> int:
        return self.world.oracle.expected([person.key])[person.key].available

    def _change_terms(self, account: LyingAccount) -> None:
        self.judge.terms[account.org_id].change(self.chance)
        connect(self.world, account, self.judge.terms[account.org_id])
        self.world.count("alpine: changes of terms")

    def _somebody(self, account: LyingAccount) -> Person | None:
        known = self._known(account)
        return self.chance.choice(known) if known else None

    def _known(self, account: LyingAccount) -> list[Person]:
        return [it for it in self.world.people if it.org_id == account.org_id and it.key in self.world.customer_ids]

    def _answered(self, function: str, data: Answer) -> tuple[Answer, set[str]]:
        """The answer, asked for with one key until there is one, and all that has been written on the way."""
        self._done += 1
        keyed, everything = {**data, "idempotencyKey": f"alpine-{self._done}"}, set[str]()
        for _ in range(_CALLS_MAX):
            written: set[str] = set()
            try:
                with self.faults.on(self.chance) as written:
                    return self.world.front.call(function, keyed, at=self.world.timeline.now), everything
            except (Crash, Busy, *TRANSIENT):
                self.world.count("calls sent again after no answer")
            finally:
                everything |= written
        raise RuntimeError(f"{function} was not answered in {_CALLS_MAX} attempts")

    def _document(self, *path: str) -> dict[str, Any]:
        return self.world.client.document(*path).get().to_dict() or {}


def open_accounts(world: World, sandbox: SandboxClient, chance: Random, keys: dict[str, str]) -> Judge:
    """An account for each shop, to which it is connected."""
    accounts, terms = {}, {}
    for number, org_id in enumerate(ORGS):
        account = accounts[org_id] = LyingAccount(world, org_id, sandbox, chance, str(7001 + number), keys[org_id])
        terms[org_id] = ShopTerms()
        account.open()
        connect(world, account, terms[org_id])
    return Judge(world, accounts, terms)


def connect(world: World, account: LyingAccount, terms: ShopTerms) -> None:
    """Writes a shop's connection, as staff do."""
    fields = {**terms.document(account.uid), "orgId": account.org_id}
    world.client.document("tenants", account.org_id, "integrations", "alpine_iq").set(fields)
