"""The REST face: the methods of google.firestore.v1.Firestore as JSON over HTTP, as google.api.http maps them."""
