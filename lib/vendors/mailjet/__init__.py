"""Mailjet: e-mails out in batches of up to fifty, and what became of each back by its event webhook."""
