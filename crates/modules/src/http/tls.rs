//! TLS with the host's own certificates: whom to trust, and who we are.

use std::{
    io::{Read, Write},
    net::IpAddr,
    path::{Path, PathBuf},
    sync::Arc,
};

use rustls::{
    CertificateError, ClientConfig, ClientConnection, DigitallySignedStruct, Error, RootCertStore, SignatureScheme,
    StreamOwned,
    client::{
        WebPkiServerVerifier,
        danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
        verify_server_name,
    },
    crypto::CryptoProvider,
    pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime, pem::PemObject},
    server::ParsedCertificate,
};

use super::{HttpError, provider::provider, socket::Socket};
use crate::kit::Reader;

/// Where distributions keep the certificates they trust.
const BUNDLES: [&str; 6] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/pki/tls/cacert.pem",
    "/etc/ssl/cert.pem",
];

/// How a module's arguments want TLS to be.
#[derive(Clone, Debug, Default)]
pub struct TlsOptions {
    /// Any certificate will do.
    pub insecure: bool,
    /// A file or directory of certificates to trust instead of the host's.
    pub ca_path: Option<PathBuf>,
    /// A certificate to show, with its key unless that is in a file of its own.
    pub client_cert: Option<PathBuf>,
    /// The key of the certificate to show.
    pub client_key: Option<PathBuf>,
}

/// Either side of a handshake that was done.
pub type TlsStream = StreamOwned<ClientConnection, Socket>;

impl TlsOptions {
    /// Shakes hands over a connection.
    pub fn connect(&self, reader: &Reader, socket: Socket, host: &str) -> Result<TlsStream, HttpError> {
        let name = ServerName::try_from(host.to_owned()).map_err(|e| HttpError::Tls(e.to_string()))?;
        let config = self.config(reader)?;
        let connection = ClientConnection::new(Arc::new(config), name).map_err(|e| HttpError::Tls(e.to_string()))?;
        let mut stream = StreamOwned::new(connection, socket);
        // The handshake is done with the first bytes; here, so that its errors are told apart.
        while stream.conn.is_handshaking() {
            if let Err(error) = stream.conn.complete_io(&mut stream.sock) {
                return Err(handshake_error(error, host));
            }
        }
        Ok(stream)
    }

    fn config(&self, reader: &Reader) -> Result<ClientConfig, HttpError> {
        let provider = Arc::new(provider());
        let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .map_err(|e| HttpError::Tls(e.to_string()))?;
        let verifier: Arc<dyn ServerCertVerifier> = if self.insecure {
            Arc::new(Anyone(provider))
        } else {
            Arc::new(Trusted::new(self.roots(reader)?, provider)?)
        };
        let builder = builder.dangerous().with_custom_certificate_verifier(verifier);
        let Some(certificate) = &self.client_cert else { return Ok(builder.with_no_client_auth()) };
        let failed = |path: &Path, why: String| HttpError::Tls(format!("cannot use {}: {why}", path.display()));
        let key_file = self.client_key.as_ref().unwrap_or(certificate);
        for path in [certificate, key_file] {
            std::fs::File::open(path).map_err(HttpError::Io)?;
        }
        let chain = certificates(certificate).map_err(|why| failed(certificate, why))?;
        let key = PrivateKeyDer::from_pem_file(key_file).map_err(|e| failed(key_file, e.to_string()))?;
        builder.with_client_auth_cert(chain, key).map_err(|e| failed(key_file, e.to_string()))
    }

    fn roots(&self, reader: &Reader) -> Result<Vec<CertificateDer<'static>>, HttpError> {
        let given = self.ca_path.clone().or_else(|| reader.env("SSL_CERT_FILE").map(Into::into));
        if let Some(path) = given {
            let files = if path.is_dir() { reader.list(&path).unwrap_or_default() } else { vec![path.clone()] };
            let found: Vec<_> = files.iter().filter_map(|file| certificates(file).ok()).flatten().collect();
            if found.is_empty() {
                path.metadata().map_err(HttpError::Io)?;
                return Err(HttpError::Tls(format!("there is no certificate in {}", path.display())));
            }
            return Ok(found);
        }
        let directory = reader.env("SSL_CERT_DIR").map(PathBuf::from);
        let in_directory = directory.and_then(|path| reader.list(path).ok()).unwrap_or_default();
        let mut found: Vec<_> = in_directory.iter().filter_map(|file| certificates(file).ok()).flatten().collect();
        found.extend(BUNDLES.iter().find_map(|bundle| certificates(Path::new(bundle)).ok()).unwrap_or_default());
        Ok(found)
    }
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    let found = CertificateDer::pem_file_iter(path).map_err(|e| e.to_string())?;
    let found: Vec<_> = found.filter_map(Result::ok).collect();
    if found.is_empty() { Err("there is no certificate in it".into()) } else { Ok(found) }
}

fn handshake_error(error: std::io::Error, host: &str) -> HttpError {
    match error.get_ref().and_then(|inner| inner.downcast_ref::<Error>()) {
        Some(Error::InvalidCertificate(why)) => {
            let why = match why {
                CertificateError::UnknownIssuer => "unable to get local issuer certificate".into(),
                CertificateError::Expired | CertificateError::ExpiredContext { .. } => "certificate has expired".into(),
                CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
                    let kind = if host.parse::<IpAddr>().is_ok() { "IP address" } else { "Hostname" };
                    format!("{kind} mismatch, certificate is not valid for '{host}'.")
                }
                other => other.to_string(),
            };
            HttpError::Tls(format!("[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: {why}"))
        }
        Some(other) => HttpError::Tls(other.to_string()),
        None => HttpError::Io(error),
    }
}

/// Trusts certificates that lead to a root, and those that are a root themselves: a server's
/// self-signed certificate in `ca_path` is what small installations have.
#[derive(Debug)]
struct Trusted {
    chain: Option<Arc<WebPkiServerVerifier>>,
    roots: Vec<CertificateDer<'static>>,
    provider: Arc<CryptoProvider>,
}

impl Trusted {
    fn new(roots: Vec<CertificateDer<'static>>, provider: Arc<CryptoProvider>) -> Result<Self, HttpError> {
        let mut store = RootCertStore::empty();
        store.add_parsable_certificates(roots.iter().cloned());
        let chain = if store.is_empty() {
            None
        } else {
            let builder = WebPkiServerVerifier::builder_with_provider(Arc::new(store), Arc::clone(&provider));
            Some(builder.build().map_err(|e| HttpError::Tls(e.to_string()))?)
        };
        Ok(Self { chain, roots, provider })
    }
}

impl ServerCertVerifier for Trusted {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        stapled: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let verdict = match &self.chain {
            Some(chain) => chain.verify_server_cert(end_entity, intermediates, name, stapled, now),
            None => Err(CertificateError::UnknownIssuer.into()),
        };
        let wrong_dates = matches!(
            verdict,
            Err(Error::InvalidCertificate(
                CertificateError::Expired
                    | CertificateError::ExpiredContext { .. }
                    | CertificateError::NotValidYet
                    | CertificateError::NotValidYetContext { .. }
            ))
        );
        if verdict.is_err() && !wrong_dates && self.roots.iter().any(|root| root == end_entity) {
            verify_server_name(&ParsedCertificate::try_from(end_entity)?, name)?;
            return Ok(ServerCertVerified::assertion());
        }
        verdict
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        rustls::crypto::verify_tls12_signature(message, certificate, signature, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        rustls::crypto::verify_tls13_signature(message, certificate, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

/// `validate_certs: false`.
#[derive(Debug)]
struct Anyone(Arc<CryptoProvider>);

impl ServerCertVerifier for Anyone {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

/// A connection, with or without TLS.
pub trait Wire: Read + Write + Send {}

impl Wire for Socket {}
impl Wire for TlsStream {}
