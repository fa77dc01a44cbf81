//! Certificates made for one run, and what each TLS endpoint shows with them.

use std::io;
use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, date_time_ymd,
};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio_rustls::rustls::server::WebPkiClientVerifier;
use tokio_rustls::rustls::{self, RootCertStore, ServerConfig};

/// The names in every good certificate.
const NAMES: [&str; 4] = ["localhost", "127.0.0.1", "::1", "example.test"];

/// A TLS endpoint of its own kind. [`TestServer::https_url_of`] gives its address.
///
/// [`TestServer::https_url_of`]: crate::TestServer::https_url_of
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Certificate {
    /// Signed by the server's authority for `localhost`, `127.0.0.1`, `::1` and `example.test`.
    Good,
    /// As [`Certificate::Good`], but no longer valid.
    Expired,
    /// As [`Certificate::Good`], but for `other.test` only.
    WrongHost,
    /// For the right names, signed with its own key.
    SelfSigned,
    /// For the right names, signed by an authority that nobody is told about.
    Untrusted,
    /// As [`Certificate::Good`], and asks for a client certificate of the same authority.
    ClientRequired,
    /// As [`Certificate::Good`], but speaks TLS 1.2 only.
    Tls12,
    /// As [`Certificate::Good`], but offers `http/1.1` alone in ALPN.
    Http1Only,
}

impl Certificate {
    /// Every kind, the good one first.
    pub const ALL: [Self; 8] = [
        Self::Good,
        Self::Expired,
        Self::WrongHost,
        Self::SelfSigned,
        Self::Untrusted,
        Self::ClientRequired,
        Self::Tls12,
        Self::Http1Only,
    ];

    /// The name under which the program prints the endpoint's address.
    pub fn name(self) -> &'static str {
        match self {
            Self::Good => "https",
            Self::Expired => "https_expired",
            Self::WrongHost => "https_wrong_host",
            Self::SelfSigned => "https_self_signed",
            Self::Untrusted => "https_untrusted",
            Self::ClientRequired => "https_client_required",
            Self::Tls12 => "https_tls12",
            Self::Http1Only => "https_http1_only",
        }
    }
}

/// A certificate authority, and the key that signs with it.
#[derive(Debug)]
pub(crate) struct Authority {
    issuer: Issuer<'static, KeyPair>,
    certificate: rcgen::Certificate,
}

/// A certificate with its key, in both encodings.
#[derive(Debug)]
pub(crate) struct Identity {
    certificate: rcgen::Certificate,
    key: KeyPair,
}

impl Authority {
    pub(crate) fn new(name: &str) -> io::Result<Self> {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let key = KeyPair::generate().map_err(io::Error::other)?;
        let certificate = params.self_signed(&key).map_err(io::Error::other)?;
        Ok(Self { issuer: Issuer::new(params, key), certificate })
    }

    pub(crate) fn pem(&self) -> String {
        self.certificate.pem()
    }

    pub(crate) fn der(&self) -> &CertificateDer<'static> {
        self.certificate.der()
    }

    /// A client certificate with the common name `client`.
    pub(crate) fn client(&self) -> io::Result<Identity> {
        let mut params = leaf(&["client.test"], ExtendedKeyUsagePurpose::ClientAuth)?;
        params.distinguished_name.push(DnType::CommonName, "client");
        self.sign(&params)
    }

    fn sign(&self, params: &CertificateParams) -> io::Result<Identity> {
        let key = KeyPair::generate().map_err(io::Error::other)?;
        let certificate = params.signed_by(&key, &self.issuer).map_err(io::Error::other)?;
        Ok(Identity { certificate, key })
    }

    fn server(&self, kind: Certificate) -> io::Result<Identity> {
        let mut params = leaf(&NAMES, ExtendedKeyUsagePurpose::ServerAuth)?;
        match kind {
            Certificate::WrongHost => params = leaf(&["other.test"], ExtendedKeyUsagePurpose::ServerAuth)?,
            Certificate::Expired => params.not_after = date_time_ymd(2001, 1, 1),
            Certificate::SelfSigned => {
                let key = KeyPair::generate().map_err(io::Error::other)?;
                let certificate = params.self_signed(&key).map_err(io::Error::other)?;
                return Ok(Identity { certificate, key });
            }
            Certificate::Untrusted => return Self::new("nobody's authority")?.sign(&params),
            _ => {}
        }
        self.sign(&params)
    }

    /// The configuration of an endpoint of this kind.
    pub(crate) fn config(&self, kind: Certificate) -> io::Result<Arc<ServerConfig>> {
        let versions: &[&rustls::SupportedProtocolVersion] =
            if kind == Certificate::Tls12 { &[&rustls::version::TLS12] } else { rustls::ALL_VERSIONS };
        let provider = Arc::new(ring::default_provider());
        let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_protocol_versions(versions)
            .map_err(io::Error::other)?;
        let builder = if kind == Certificate::ClientRequired {
            let mut roots = RootCertStore::empty();
            roots.add(self.der().clone()).map_err(io::Error::other)?;
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build();
            builder.with_client_cert_verifier(verifier.map_err(io::Error::other)?)
        } else {
            builder.with_no_client_auth()
        };
        let identity = self.server(kind)?;
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(identity.key.serialize_der()));
        let chain = vec![identity.certificate.der().clone()];
        let mut config = builder.with_single_cert(chain, key).map_err(io::Error::other)?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        if kind != Certificate::Http1Only {
            config.alpn_protocols.insert(0, b"h2".to_vec());
        }
        Ok(Arc::new(config))
    }

    pub(crate) fn acceptor(&self, kind: Certificate) -> io::Result<TlsAcceptor> {
        self.config(kind).map(TlsAcceptor::from)
    }
}

impl Identity {
    /// The certificate and its key, one after the other.
    pub(crate) fn pem(&self) -> String {
        self.certificate.pem() + &self.key.serialize_pem()
    }
}

fn leaf(names: &[&str], usage: ExtendedKeyUsagePurpose) -> io::Result<CertificateParams> {
    let names: Vec<String> = names.iter().map(ToString::to_string).collect();
    let mut params = CertificateParams::new(names).map_err(io::Error::other)?;
    params.distinguished_name.push(DnType::CommonName, "httparallel test");
    params.extended_key_usages = vec![usage];
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.use_authority_key_identifier_extension = true;
    Ok(params)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_a_configuration_and_a_name() {
        let authority = Authority::new("test authority").expect("an authority");
        let mut names: Vec<_> = Certificate::ALL.iter().map(|kind| kind.name()).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), Certificate::ALL.len());
        for kind in Certificate::ALL {
            assert!(authority.config(kind).is_ok(), "{kind:?}");
        }
    }

    #[test]
    fn a_client_identity_holds_both_parts() {
        let pem =
            Authority::new("test authority").and_then(|authority| authority.client()).expect("a client");
        assert!(pem.pem().contains("BEGIN CERTIFICATE") && pem.pem().contains("BEGIN PRIVATE KEY"));
    }
}
