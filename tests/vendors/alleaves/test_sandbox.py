"""The client against the sandbox: pages, tokens that are revoked, and each failure, one by one."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from lib.vendors.errors import Malformed, Refused, Unavailable
from tests.vendors.alleaves.shop import DAY, Shop, ids


@pytest.mark.parametrize("shape", ["named", "array", "data", "numbered"])
def test_all_customers_in_every_shape(shop: Shop, shape: str) -> None:
    shop.behave(shape=shape)
    shop.seed(120)
    assert shop.customers() == ids(120)
    assert shop.asked("POST /customer/search") == 3


def test_a_list_that_fills_its_last_page(shop: Shop) -> None:
    shop.seed(100)
    assert shop.orders() == ids(100)
    assert shop.asked("GET /order") == 2


def test_orders_of_the_days_asked_for(shop: Shop) -> None:
    shop.seed(1, date(2026, 11, 18), first=1)
    shop.seed(1, date(2026, 11, 19), first=2)
    shop.seed(1, date(2026, 11, 20), first=3)
    shop.seed(1, date(2026, 11, 21), first=4)
    assert shop.orders(date(2026, 11, 19), date(2026, 11, 20)) == ["2", "3"]


def test_one_log_in_serves_all_clients_of_the_account(shop: Shop) -> None:
    shop.customers()
    list(shop.another_client().customers())
    assert shop.asked("POST /auth") == 1


def test_threads_that_start_together_log_in_once(shop: Shop) -> None:
    threads = [threading.Thread(target=shop.customers) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (shop.asked("POST /auth"), shop.asked("POST /customer/search")) == (1, 4)


def test_a_token_that_is_no_longer_accepted_is_replaced_in_the_middle_of_a_list(shop: Shop) -> None:
    shop.seed(250)
    pages = shop.client.customers()
    found = list(next(pages))
    shop.revoke()
    found += [customer for page in pages for customer in page]
    assert [customer.customer_id for customer in found] == ids(250)
    assert shop.asked("POST /auth") == 2


def test_a_new_token_that_is_refused_too_is_the_end(shop: Shop) -> None:
    shop.sandbox.fail("status", status=401, path="/customer/search", times=None)
    with pytest.raises(Refused) as raised:
        shop.customers()
    assert raised.value.reason == "credentials"
    assert (shop.asked("POST /auth"), shop.asked("POST /customer/search")) == (2, 2)


def test_a_wrong_password_is_refused_and_tried_once(shop: Shop) -> None:
    shop.behave(pin="0000")
    with pytest.raises(Refused) as raised:
        shop.customers()
    assert (raised.value.reason, shop.asked("POST /auth")) == ("credentials", 1)


def test_tokens_that_last_for_a_minute_still_serve(shop: Shop) -> None:
    shop.behave(tokenSeconds=60)
    shop.seed(1)
    assert shop.customers() == ["1"]


READS: dict[str, Callable[[Shop], object]] = {"/customer/search": Shop.customers, "/order": Shop.orders}
PASSING: dict[str, dict[str, Any]] = {
    "429": {"kind": "status", "status": 429, "retryAfter": 0},
    "500": {"kind": "status", "status": 500},
    "502 of a gateway": {"kind": "status", "status": 502, "html": True},
    "HTML": {"kind": "html"},
    "cut body": {"kind": "cut_body"},
    "cut JSON": {"kind": "cut_json"},
    "hang": {"kind": "hang"},
}


@pytest.mark.parametrize("fault", PASSING)
@pytest.mark.parametrize("path", [*READS, "/auth"])
def test_what_passes_is_asked_again(shop: Shop, path: str, fault: str) -> None:
    shop.seed(1)
    shop.sandbox.fail(**PASSING[fault], path=path)
    assert READS.get(path, Shop.customers)(shop) == ["1"]


@pytest.mark.parametrize("fault", PASSING)
def test_what_stays_is_never_an_empty_list(shop: Shop, fault: str) -> None:
    shop.seed(1)
    shop.sandbox.fail(**PASSING[fault], path="/order", times=None)
    with pytest.raises((Unavailable, Malformed)):
        shop.orders()


@pytest.mark.parametrize("kind", ["half_page", "same_page"])
def test_pages_that_lie_are_a_fault(shop: Shop, kind: str) -> None:
    shop.seed(150)
    shop.sandbox.fail(kind, path="/order", times=None)
    with pytest.raises(Malformed):
        shop.orders()


def test_half_a_page_is_asked_for_again(shop: Shop) -> None:
    shop.seed(150)
    shop.sandbox.fail("half_page", path="/order", times=1)
    assert shop.orders() == ids(150)


def test_a_failure_in_the_middle_ends_a_list_with_an_error(shop: Shop) -> None:
    shop.seed(250)
    shop.sandbox.fail("status", path="/order", skip=2, times=None)
    pages = shop.client.orders(DAY, DAY)
    assert [len(next(pages)), len(next(pages))] == [100, 100]
    with pytest.raises(Unavailable):
        next(pages)


def test_a_total_of_a_wrong_type_is_named(shop: Shop) -> None:
    shop.seed(1)
    shop.sandbox.fail("wrong_types", field="total", path="/order", times=None)
    ((order,), *_) = shop.client.orders(DAY, DAY)
    assert order.total_cents is None
    assert order.unreadable == {"total"}
