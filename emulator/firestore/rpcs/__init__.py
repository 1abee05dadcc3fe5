"""The methods of google.firestore.v1.Firestore on raw messages, free of the transport that carries them."""
