"""Each fault of a certificate has the cure that fits."""

import pytest

from gauge_mqtt.contract.certificates import EXPIRED, NOT_YET_VALID, WRONG_ADDRESS, WRONG_NAME, certificate_trouble

SELF_SIGNED = 18


@pytest.mark.parametrize(
    ("code", "wrong", "cure"),
    [
        (EXPIRED, "no longer valid", "renew it"),
        (NOT_YET_VALID, "not valid yet", "clocks"),
        (WRONG_NAME, "another name", "set THE_URL"),
        (WRONG_ADDRESS, "another name", "set THE_URL"),
        (SELF_SIGNED, "not trusted", "set THE_CA"),
    ],
)
def test_the_cure_fits_the_fault(code: int, wrong: str, cure: str) -> None:
    trouble, advice = certificate_trouble("mqtts://b", code, "said so.", url_setting="THE_URL", ca_setting="THE_CA")
    assert trouble.startswith("the certificate of mqtts://b")
    assert wrong in trouble
    assert trouble.endswith(": said so")
    assert cure in advice
    assert ("THE_CA" in advice) == (code == SELF_SIGNED)
