"""The log as tools read it, at the addresses of C2SP tlog-tiles: signed head, hash tiles, entry bundles."""
