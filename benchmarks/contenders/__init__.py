"""What is measured: authsvc, what it is built from, and its peers."""
