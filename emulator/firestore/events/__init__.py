"""Document events: what Firestore and Eventarc do between a commit and a function's HTTP endpoint."""
