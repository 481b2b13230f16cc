"""What is counted of a running copy, for Prometheus.

Source: https://prometheus.io/docs/instrumenting/exposition_formats/
"""

from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_SECONDS = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0)


class Metrics:
    """The counters of one running copy."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._requests = Counter(
            "kg_requests",
            "Requests answered, by endpoint, status and outcome.",
            ["endpoint", "status", "outcome"],
            registry=self._registry,
        )
        self._seconds = Histogram(
            "kg_request_seconds",
            "Seconds from request to the end of its answer.",
            ["endpoint"],
            buckets=_SECONDS,
            registry=self._registry,
        )
        self._bytes = Counter(
            "kg_answer_bytes", "Bytes of answers sent.", ["endpoint"], registry=self._registry
        )
        self._children: dict[tuple[str, int, str], tuple[Counter, Histogram, Counter]] = {}

    def count(self, endpoint: str, status: int, outcome: str, seconds: float, sent: int) -> None:
        """Count a request."""
        key = endpoint, status, outcome
        if key not in self._children:  # looking one up by its labels takes longer than counting
            self._children[key] = (
                self._requests.labels(endpoint, str(status), outcome),
                self._seconds.labels(endpoint),
                self._bytes.labels(endpoint),
            )
        requests, times, amount = self._children[key]
        requests.inc()
        times.observe(seconds)
        amount.inc(sent)

    def gauge(self, name: str, told: str, value: Callable[[], float]) -> None:
        """Add a figure that is asked for when the metrics are read."""
        Gauge(name, told, registry=self._registry).set_function(value)

    def written(self) -> bytes:
        """Return all figures as text."""
        return generate_latest(self._registry)
