"""HTTP: the only folder that knows of requests and answers."""
