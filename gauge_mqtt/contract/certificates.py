"""Why a server's certificate was not accepted, in words with the cure that fits. Pure."""

NOT_YET_VALID, EXPIRED, WRONG_NAME, WRONG_ADDRESS = 9, 10, 62, 64
"""`SSLCertVerificationError.verify_code`: X509_V_ERR_* of OpenSSL's x509_vfy.h."""
NO_AUTHORITY_HELPS = frozenset({NOT_YET_VALID, EXPIRED, WRONG_NAME, WRONG_ADDRESS})
"""What trusting somebody else does not change."""


def certificate_trouble(url: str, code: int, said: str, *, url_setting: str, ca_setting: str) -> tuple[str, str]:
    """What is wrong and what to do, of the certificate that `url` showed.

    `code`, `said`: OpenSSL's result and its text. `url_setting`, `ca_setting`: the variables that set where the server
    is and whom to trust. Another authority helps only where the authority is what is wrong.
    """
    said = said.rstrip(".")
    if code == EXPIRED:
        wrong, cure = (
            "is no longer valid",
            "renew it (or its authority's) there; if it is new, set this machine's clock",
        )
    elif code == NOT_YET_VALID:
        wrong, cure = "is not valid yet", "compare the clocks of both machines"
    elif code in {WRONG_NAME, WRONG_ADDRESS}:
        wrong, cure = "is for another name", f"set {url_setting} to a name that is in it, or make one with this name"
    else:
        wrong, cure = "is not trusted", f"set {ca_setting} to the authority that signed it"
    return f"the certificate of {url} {wrong}: {said}", cure
