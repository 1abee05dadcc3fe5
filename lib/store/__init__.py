"""Firestore documents: paths, codecs, the transaction runner, queries. The only place that knows Firestore."""
