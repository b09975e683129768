"""What Postgres does: identifiers, types and their changes, locks, and raw SQL read with its own grammar."""
