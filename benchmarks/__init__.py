"""Speed beside the peer in the same run: each runtime alone in its own process, interleaved, medians, ratios."""
