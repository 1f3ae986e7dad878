"""Whose certificates a function believes: those of the authority that `SSL_CERT_FILE` names, and no unknown one's."""

import datetime
import ipaddress
import ssl
from contextlib import contextmanager

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from events import request
from lambda_runtime import running
from server import HttpHandler, serving

NOW = datetime.datetime.now(datetime.UTC)
NAMES = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
SETTINGS = {
    "BOARD_SECRET": "s" * 32, "MEDIA_BUCKET": "media", "PUBLIC_BASE_URL": "", "DATABASE_URL": "mysql://board:password@127.0.0.1:1/board",
    "AWS_ACCESS_KEY_ID": "none", "AWS_SECRET_ACCESS_KEY": "none",
}


class WithoutObjects(HttpHandler):
    """An S3 in which nothing is."""

    def do_GET(self) -> None:
        self.answer(404, b"<Error><Code>NoSuchKey</Code></Error>")


def certificate(name: str, key, issuer_key, issuer: str, *, of_authority: bool) -> bytes:
    def named(text: str) -> x509.Name:
        return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])

    made = x509.CertificateBuilder().subject_name(named(name)).issuer_name(named(issuer)).public_key(key.public_key())
    made = made.serial_number(x509.random_serial_number()).not_valid_before(NOW - datetime.timedelta(days=1))
    made = made.not_valid_after(NOW + datetime.timedelta(days=1)).add_extension(x509.BasicConstraints(of_authority, None), critical=True)
    made = made if of_authority else made.add_extension(NAMES, critical=False)
    return made.sign(issuer_key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


@contextmanager
def s3(folder):
    """Its address, and the file of the authority that it is certified by."""
    authority_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    authority = folder / "authority.pem"
    authority.write_bytes(certificate("authority", authority_key, authority_key, "authority", of_authority=True))
    chain = folder / "server.pem"
    chain.write_bytes(certificate("server", key, authority_key, "authority", of_authority=False) + key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(chain)
    with serving(WithoutObjects, context) as port:
        yield f"https://127.0.0.1:{port}", authority


@pytest.mark.parametrize(("is_named", "status"), [(True, 200), (False, 502)])
def test_a_certificate_is_believed_where_its_authority_is_named(is_named, status, tmp_path):
    with s3(tmp_path) as (endpoint, authority):
        named = {"SSL_CERT_FILE": str(authority)} if is_named else {}
        with running("message-board", SETTINGS | {"AWS_ENDPOINT_URL_S3": endpoint} | named) as function:
            assert function.invoke(request("GET", "/api/carrousel.json"))["statusCode"] == status
