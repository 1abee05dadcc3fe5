"""Alpine IQ, the external loyalty programme: asked about a shop's members, told of sales and opt-outs."""
