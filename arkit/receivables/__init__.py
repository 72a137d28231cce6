"""What the open invoices say: pure functions on frames."""
