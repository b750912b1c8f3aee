"""authsvc: one service that signs a company's people in."""

__version__ = "0.1.0"
