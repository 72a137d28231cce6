"""arkit: accounts receivable in notebooks."""
