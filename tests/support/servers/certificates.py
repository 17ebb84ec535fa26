"""Make certificates of every kind, good and bad, for servers of the tests."""

import datetime
from ipaddress import ip_address
from pathlib import Path
from typing import NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

__all__ = ["Authority", "Pair", "self_signed"]

_DAY = datetime.timedelta(days=1)

_USAGES = (
    "digital_signature",
    "content_commitment",
    "key_encipherment",
    "data_encipherment",
    "key_agreement",
    "key_cert_sign",
    "crl_sign",
    "encipher_only",
    "decipher_only",
)


class Pair(NamedTuple):
    """The files of a certificate (with its chain) and of its key."""

    certificate: Path
    key: Path


class Authority:
    """An authority whose own certificate is in the file ``path``.

    Args:
        above: who has signed this authority's certificate. None: itself.
    """

    def __init__(self, folder: Path, name: str, above: "Authority | None" = None) -> None:
        self._folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self.subject = _name(name)
        self.above = above
        signer, issuer = (self._key, self.subject) if above is None else (above._key, above.subject)
        built = _begun(self.subject, issuer, self._key, -_DAY, 30 * _DAY, signer)
        built = built.add_extension(x509.BasicConstraints(True, None), critical=True)
        usage = dict.fromkeys(_USAGES, False) | {"key_cert_sign": True, "crl_sign": True}
        self.certificate = built.add_extension(x509.KeyUsage(**usage), critical=True).sign(signer, hashes.SHA256())
        self.path = folder / f"{name}.pem"
        self.path.write_bytes(_pem(self.certificate))

    def issue(
        self,
        *names: str,
        begins: datetime.timedelta = -_DAY,
        ends: datetime.timedelta = 10 * _DAY,
        chain: bool = True,
        file: str = "server",
    ) -> Pair:
        """Write a certificate for these names and addresses, valid from and until these times from now."""
        key = ec.generate_private_key(ec.SECP256R1())
        built = _begun(_name(names[0]), self.subject, key, begins, ends, self._key)
        built = built.add_extension(_names(names), critical=False)
        text = _pem(built.sign(self._key, hashes.SHA256()))
        if chain and self.above is not None:
            text += _pem(self.certificate)
        return _written(self._folder, file, text, key)


def self_signed(folder: Path, *names: str, file: str = "server") -> Pair:
    """Write a certificate that nobody else has signed."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = _name(names[0])
    built = _begun(name, name, key, -_DAY, 10 * _DAY, key).add_extension(_names(names), critical=False)
    return _written(folder, file, _pem(built.sign(key, hashes.SHA256())), key)


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _names(names: tuple[str, ...]) -> x509.SubjectAlternativeName:
    def general(name: str) -> x509.GeneralName:
        try:
            return x509.IPAddress(ip_address(name))
        except ValueError:
            return x509.DNSName(name)

    return x509.SubjectAlternativeName([general(name) for name in names])


def _begun(
    subject: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePrivateKey,
    begins: datetime.timedelta,
    ends: datetime.timedelta,
    signer: ec.EllipticCurvePrivateKey,
) -> x509.CertificateBuilder:
    now = datetime.datetime.now(datetime.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + begins)
        .not_valid_after(now + ends)
        # Python 3.13 trusts no certificate without these.
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False)
    )


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def _written(folder: Path, file: str, text: bytes, key: ec.EllipticCurvePrivateKey) -> Pair:
    pair = Pair(folder / f"{file}.crt", folder / f"{file}.key")
    pair.certificate.write_bytes(text)
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    pair.key.write_bytes(secret)
    return pair
