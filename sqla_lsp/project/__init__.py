"""All files together: discovery, cache, imports, the revision graph and the schema that it builds."""
