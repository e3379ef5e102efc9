from gauge_mqtt.core.reading import TokenCounts


def test_counts_are_added_class_by_class() -> None:
    assert TokenCounts(1, 2, 3, 4).plus(TokenCounts(10, 20, 30, 40)) == TokenCounts(11, 22, 33, 44)
