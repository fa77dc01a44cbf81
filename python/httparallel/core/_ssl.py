"""The TLS configuration that is used where a program gives none."""

from __future__ import annotations

from ._public import public

TYPE_CHECKING = False
if TYPE_CHECKING:
    import ssl

__all__ = ["default_ssl_context"]


# Where distributions keep the authorities in one file. An OpenSSL built elsewhere does not find them.
USUAL_FILES = (
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
)


@public
def default_ssl_context() -> ssl.SSLContext:
    """A context that verifies with the system's certificate authorities, or with those that
    `SSL_CERT_FILE` or `SSL_CERT_DIR` name. ALPN is left to the connection that uses it.
    """
    import os
    import ssl
    from os.path import isfile

    file, directory = os.environ.get("SSL_CERT_FILE"), os.environ.get("SSL_CERT_DIR")
    if file:
        return ssl.create_default_context(cafile=file)
    if directory:
        return ssl.create_default_context(capath=directory)
    context = ssl.create_default_context()
    if not context.cert_store_stats()["x509_ca"] and not _has_directory_of_authorities():
        found = next(filter(isfile, USUAL_FILES), None)
        if found is not None:
            context.load_verify_locations(cafile=found)
    return context


def _has_directory_of_authorities() -> bool:
    """Whether OpenSSL looks certificates up, at each handshake, in a directory where there are some."""
    import os
    import ssl

    directory = ssl.get_default_verify_paths().capath
    return directory is not None and any(name.endswith(".0") for name in os.listdir(directory))
