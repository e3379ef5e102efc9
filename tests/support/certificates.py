"""A certificate authority and certificates signed by it, made with openssl: files in one directory."""

import subprocess
from pathlib import Path


def authority(directory: Path, name: str) -> Path:
    """Its certificate; the key lies beside it."""
    _openssl(
        directory, f"req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN={name} -keyout {name}.key -out {name}.pem"
    )
    return directory / f"{name}.pem"


def certificate(directory: Path, name: str, ca: str, san: str, *, days: int = 2) -> None:
    """`name`.pem and `name`.key, signed by the authority `ca`, good from now for `days`. `san`: `IP:...,DNS:...`."""
    (directory / f"{name}.ext").write_text(f"subjectAltName={san}\n")
    _openssl(directory, f"req -newkey rsa:2048 -nodes -subj /CN={name} -keyout {name}.key -out {name}.csr")
    signed = f"-CA {ca}.pem -CAkey {ca}.key -CAcreateserial -days {days} -extfile {name}.ext -out {name}.pem"
    _openssl(directory, f"x509 -req -in {name}.csr {signed}")


def _openssl(directory: Path, command: str) -> None:
    subprocess.run(["openssl", *command.split()], cwd=directory, check=True, capture_output=True)
