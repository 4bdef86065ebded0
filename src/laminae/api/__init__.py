"""`Model` and `Trace` as users hold them: thin, each method one call into a room below."""
