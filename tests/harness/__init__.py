"""What every end-to-end test and benchmark starts from: the real program, its credentials, a TLS authority."""
