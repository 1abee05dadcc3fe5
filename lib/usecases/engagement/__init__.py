"""What comes back of messages: receipts, opens, clicks, bounces, complaints, and what people write to the shop.

A webhook's events are stored once and answered (`receive_blackleaf`, `receive_mailjet`); a task works each (`work`).
"""

from lib.usecases.engagement.clicking import follow_link
from lib.usecases.engagement.receiving import receive_blackleaf, receive_mailjet, sweep
from lib.usecases.engagement.working import work_all

__all__ = ["follow_link", "receive_blackleaf", "receive_mailjet", "sweep", "work_all"]
