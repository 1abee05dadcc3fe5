"""A Firestore in one Python process: the real gRPC protocol, in memory, multi-version."""
