//! TLS settings, made once per client and only when it first meets an `https` URL.

use std::ffi::OsString;
use std::sync::Arc;
use std::time::{Duration, Instant};

use httparallel_proto::{Error, Kind, Phase, Result};
use parking_lot::Mutex;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{VerifierBuilderError, WebPkiServerVerifier};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, KeyLogFile, RootCertStore, SignatureScheme};
use rustls_platform_verifier::Verifier;

use crate::config::{Protocols, Verify};

/// The rustls settings for these settings of a client.
pub(super) fn client_config(
    verify: &Verify,
    client_cert: Option<&(Vec<u8>, Vec<u8>)>,
    trust_env: bool,
) -> Result<Arc<ClientConfig>> {
    let provider = Arc::new(ring::default_provider());
    let verifier = verifier(verify, &provider, trust_env)?;
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| unusable("the TLS versions", error))?
        .dangerous()
        .with_custom_certificate_verifier(verifier);
    let mut tls = match client_cert {
        None => builder.with_no_client_auth(),
        Some((chain, key)) => {
            let key = PrivateKeyDer::from_pem_slice(key).map_err(|e| unusable("the client's key", e))?;
            builder
                .with_client_auth_cert(certificates(chain, "the client's certificate")?, key)
                .map_err(|error| unusable("the client's certificate", error))?
        }
    };
    if trust_env && names_key_log() {
        // One that cannot be opened or written stays without keys, and the connections go on.
        tls.key_log = Arc::new(KeyLogFile::new());
    }
    Ok(Arc::new(tls))
}

/// Whether the environment wants the keys of connections. An empty name is none, as for OpenSSL's users.
fn names_key_log() -> bool {
    std::env::var_os("SSLKEYLOGFILE").is_some_and(|path| !path.is_empty())
}

/// The protocols to offer, the preferred one first.
pub(super) fn alpn(protocols: Protocols) -> Vec<Vec<u8>> {
    let mut offered = Vec::new();
    if protocols.http2 {
        offered.push(b"h2".to_vec());
    }
    if protocols.http1 {
        offered.push(b"http/1.1".to_vec());
    }
    offered
}

fn verifier(
    verify: &Verify,
    provider: &Arc<CryptoProvider>,
    trust_env: bool,
) -> Result<Arc<dyn ServerCertVerifier>> {
    match verify {
        Verify::Platform => platform_verifier(trust_env),
        Verify::Roots(pem) => {
            let mut roots = RootCertStore::empty();
            for certificate in certificates(pem, "the CA file")? {
                roots.add(certificate).map_err(|error| unusable("the CA file", error))?;
            }
            Ok(trusting(roots, provider).map_err(|error| unusable("the CA file", error))?)
        }
        Verify::DangerousNone => Ok(Arc::new(NoVerification(provider.clone()))),
    }
}

fn trusting(
    roots: RootCertStore,
    provider: &Arc<CryptoProvider>,
) -> Result<Arc<WebPkiServerVerifier>, VerifierBuilderError> {
    WebPkiServerVerifier::builder_with_provider(roots.into(), provider.clone()).build()
}

/// The verifier of all clients that trust the platform, so that its roots are read once and not per client.
/// It verifies each certificate anew: clients that share it share no session.
#[derive(Debug)]
struct Platform {
    /// What names the roots, beside the system's own places.
    named: [Option<OsString>; 2],
    read: Instant,
    verifier: Arc<dyn ServerCertVerifier>,
}

static PLATFORM: Mutex<Option<Platform>> = Mutex::new(None);

/// Roots are read again after this time, for they change with the system's updates.
const MAX_AGE: Duration = Duration::from_secs(600);

fn platform_verifier(trust_env: bool) -> Result<Arc<dyn ServerCertVerifier>> {
    let named = ["SSL_CERT_FILE", "SSL_CERT_DIR"].map(std::env::var_os);
    let provider = Arc::new(ring::default_provider());
    #[cfg(all(unix, not(target_vendor = "apple"), not(target_os = "android")))]
    if !trust_env && named.iter().any(Option::is_some) {
        return Ok(trusting(system_roots(), &provider).map_err(platform_unusable)?);
    }
    // Never waited for: in a forked child, the thread that holds it may not exist.
    let mut kept = PLATFORM.try_lock();
    if let Some(Some(kept)) = kept.as_deref()
        && kept.named == named
        && kept.read.elapsed() < MAX_AGE
    {
        return Ok(kept.verifier.clone());
    }
    let verifier: Arc<dyn ServerCertVerifier> = Arc::new(Verifier::new(provider).map_err(platform_unusable)?);
    if let Some(kept) = kept.as_deref_mut() {
        *kept = Some(Platform { named, read: Instant::now(), verifier: verifier.clone() });
    }
    Ok(verifier)
}

/// The roots in the system's own places, whatever the environment says: the platform's verifier does not look there
/// if that names others.
#[cfg(all(unix, not(target_vendor = "apple"), not(target_os = "android")))]
fn system_roots() -> RootCertStore {
    let mut roots = RootCertStore::empty();
    for place in openssl_probe::candidate_cert_dirs() {
        let found = rustls_native_certs::load_certs_from_paths(None, Some(place));
        roots.add_parsable_certificates(found.certs);
    }
    roots
}

fn platform_unusable(error: impl std::error::Error + Send + Sync + 'static) -> Error {
    unusable("the platform's certificates", error)
}

fn certificates(pem: &[u8], what: &str) -> Result<Vec<CertificateDer<'static>>> {
    let parsed: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    let parsed = parsed.map_err(|error| unusable(what, error))?;
    if parsed.is_empty() {
        return Err(Error::new(Kind::Tls, Phase::Build, format!("{what} holds no certificate in PEM form")));
    }
    Ok(parsed)
}

fn unusable(what: &str, error: impl std::error::Error + Send + Sync + 'static) -> Error {
    let message = format!("cannot use {what}: {error}");
    Error::new(Kind::Tls, Phase::Build, message).with_source(error)
}

/// Accepts every certificate. Signatures are still checked, so that the peer at least holds the key it shows.
#[derive(Debug)]
struct NoVerification(Arc<CryptoProvider>);

impl ServerCertVerifier for NoVerification {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, cert, dss, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, cert, dss, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

    use super::*;

    /// Tests that read or hold what is kept.
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

    #[test]
    fn clients_share_the_platforms_roots_and_nothing_else() {
        let _alone = ONE_AT_A_TIME.lock();
        let (one, other) = (platform_verifier(true).unwrap(), platform_verifier(true).unwrap());
        assert!(Arc::ptr_eq(&one, &other));
        let config = || client_config(&Verify::Platform, None, true).unwrap();
        assert!(!Arc::ptr_eq(&config(), &config()));
    }

    #[test]
    fn roots_are_read_although_their_lock_is_never_released() {
        let _alone = ONE_AT_A_TIME.lock();
        let _held = PLATFORM.lock();
        assert!(platform_verifier(true).is_ok());
    }
}
