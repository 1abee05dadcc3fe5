"""A local Cloud Tasks: the gRPC API of google.cloud.tasks.v2 and queues that dispatch to HTTP targets."""
