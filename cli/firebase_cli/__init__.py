"""Runs the Firebase CLI's own emulators around the local Firestore: ./dev test-firebase-cli."""
