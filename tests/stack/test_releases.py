"""The stack's images are the releases that the tests build and run."""

from tests.support.engines import COLLECTOR, PROMETHEUS
from tests.support.stack import ROOT, read_yaml

SERVICES = read_yaml(ROOT / "docker-compose.yml")["services"]


def test_the_stacks_images_are_of_the_releases_that_are_tested() -> None:
    assert SERVICES["otel-collector"]["image"] == f"otel/opentelemetry-collector-contrib:{COLLECTOR}"
    assert SERVICES["prometheus"]["image"] == f"prom/prometheus:v{PROMETHEUS}"
