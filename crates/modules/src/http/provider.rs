//! The cryptography of TLS: ring's, but for P-256, whose table there is a tenth of the helper, and without
//! `ChaCha20`, whose code is large there; every server has AES.

use std::sync::Arc;

use rustls::{
    Error, SignatureScheme, SupportedCipherSuite,
    crypto::{
        CryptoProvider, GetRandomFailed, KeyProvider, SecureRandom, WebPkiSupportedAlgorithms,
        ring::{
            cipher_suite, kx_group,
            sign::{RsaSigningKey, any_eddsa_type},
        },
    },
    pki_types::PrivateKeyDer,
    sign::SigningKey,
};
use webpki::ring as algorithms;

use super::{ec_key, p256, random};

/// What a client or a server of ours does TLS with.
pub fn provider() -> CryptoProvider {
    CryptoProvider {
        cipher_suites: CIPHER_SUITES.to_vec(),
        kx_groups: vec![kx_group::X25519, &p256::KeyExchange, kx_group::SECP384R1],
        signature_verification_algorithms: SIGNATURES,
        secure_random: &Random,
        key_provider: &Keys,
    }
}

const CIPHER_SUITES: [SupportedCipherSuite; 6] = [
    cipher_suite::TLS13_AES_256_GCM_SHA384,
    cipher_suite::TLS13_AES_128_GCM_SHA256,
    cipher_suite::TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
    cipher_suite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
    cipher_suite::TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
    cipher_suite::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
];

const SIGNATURES: WebPkiSupportedAlgorithms = WebPkiSupportedAlgorithms {
    all: &[
        p256::SHA256,
        p256::SHA384,
        algorithms::ECDSA_P384_SHA256,
        algorithms::ECDSA_P384_SHA384,
        algorithms::ED25519,
        algorithms::RSA_PSS_2048_8192_SHA256_LEGACY_KEY,
        algorithms::RSA_PSS_2048_8192_SHA384_LEGACY_KEY,
        algorithms::RSA_PSS_2048_8192_SHA512_LEGACY_KEY,
        algorithms::RSA_PKCS1_2048_8192_SHA256,
        algorithms::RSA_PKCS1_2048_8192_SHA384,
        algorithms::RSA_PKCS1_2048_8192_SHA512,
        algorithms::RSA_PKCS1_2048_8192_SHA256_ABSENT_PARAMS,
        algorithms::RSA_PKCS1_2048_8192_SHA384_ABSENT_PARAMS,
        algorithms::RSA_PKCS1_2048_8192_SHA512_ABSENT_PARAMS,
    ],
    // TLS 1.2 leaves the curve open, TLS 1.3 takes the first one of each row.
    mapping: &[
        (SignatureScheme::ECDSA_NISTP384_SHA384, &[algorithms::ECDSA_P384_SHA384, p256::SHA384]),
        (SignatureScheme::ECDSA_NISTP256_SHA256, &[p256::SHA256, algorithms::ECDSA_P384_SHA256]),
        (SignatureScheme::ED25519, &[algorithms::ED25519]),
        (SignatureScheme::RSA_PSS_SHA512, &[algorithms::RSA_PSS_2048_8192_SHA512_LEGACY_KEY]),
        (SignatureScheme::RSA_PSS_SHA384, &[algorithms::RSA_PSS_2048_8192_SHA384_LEGACY_KEY]),
        (SignatureScheme::RSA_PSS_SHA256, &[algorithms::RSA_PSS_2048_8192_SHA256_LEGACY_KEY]),
        (SignatureScheme::RSA_PKCS1_SHA512, &[algorithms::RSA_PKCS1_2048_8192_SHA512]),
        (SignatureScheme::RSA_PKCS1_SHA384, &[algorithms::RSA_PKCS1_2048_8192_SHA384]),
        (SignatureScheme::RSA_PKCS1_SHA256, &[algorithms::RSA_PKCS1_2048_8192_SHA256]),
    ],
};

/// The kernel's random numbers.
#[derive(Debug)]
struct Random;

impl SecureRandom for Random {
    fn fill(&self, buffer: &mut [u8]) -> Result<(), GetRandomFailed> {
        random::fill(buffer).ok_or(GetRandomFailed)
    }
}

/// The private keys of client certificates.
#[derive(Debug)]
struct Keys;

impl KeyProvider for Keys {
    fn load_private_key(&self, key: PrivateKeyDer<'static>) -> Result<Arc<dyn SigningKey>, Error> {
        if let Ok(rsa) = RsaSigningKey::new(&key) {
            return Ok(Arc::new(rsa));
        }
        if let Some(key) = ec_key::load(key.secret_der()) {
            return Ok(key);
        }
        match &key {
            PrivateKeyDer::Pkcs8(key) => any_eddsa_type(key),
            _ => Err(Error::General("failed to parse private key as RSA, ECDSA, or EdDSA".into())),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use rustls::{
        ClientConfig, ClientConnection, NamedGroup, RootCertStore, ServerConfig, ServerConnection,
        pki_types::{CertificateDer, pem::PemObject},
        server::WebPkiClientVerifier,
    };

    use super::*;
    use rustls::crypto::ring;

    const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cases/tls");

    fn certificate(name: &str) -> CertificateDer<'static> {
        CertificateDer::from_pem_file(Path::new(FOLDER).join(name)).unwrap()
    }

    fn key(name: &str) -> PrivateKeyDer<'static> {
        PrivateKeyDer::from_pem_file(Path::new(FOLDER).join(name)).unwrap()
    }

    fn roots(names: &[&str]) -> Arc<RootCertStore> {
        let mut roots = RootCertStore::empty();
        names.iter().for_each(|name| roots.add(certificate(name)).unwrap());
        Arc::new(roots)
    }

    /// Shakes hands with ring's own provider over memory; the group they agreed on.
    fn shake_hands(provider: CryptoProvider, client: (&str, &str)) -> Result<NamedGroup, Error> {
        let ours = Arc::new(provider);
        let theirs = Arc::new(ring::default_provider());
        let verifier = WebPkiClientVerifier::builder_with_provider(roots(&["ca.pem", "p384.pem"]), Arc::clone(&theirs));
        let server = ServerConfig::builder_with_provider(theirs)
            .with_safe_default_protocol_versions()?
            .with_client_cert_verifier(verifier.build().unwrap())
            .with_single_cert(vec![certificate("server.pem")], key("server.key"))?;
        let config = ClientConfig::builder_with_provider(ours)
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots(&["ca.pem"]))
            .with_client_auth_cert(vec![certificate(client.0)], key(client.1))?;
        let mut client = ClientConnection::new(Arc::new(config), "localhost".try_into().unwrap())?;
        let mut server = ServerConnection::new(Arc::new(server))?;
        let mut wire = Vec::new();
        while client.is_handshaking() || server.is_handshaking() {
            wire.clear();
            client.write_tls(&mut wire).unwrap();
            server.read_tls(&mut wire.as_slice()).unwrap();
            server.process_new_packets()?;
            wire.clear();
            server.write_tls(&mut wire).unwrap();
            client.read_tls(&mut wire.as_slice()).unwrap();
            client.process_new_packets()?;
        }
        Ok(client.negotiated_key_exchange_group().unwrap().name())
    }

    #[test]
    fn shakes_hands_with_every_group_and_kind_of_key() {
        for (client, key) in [
            ("client.pem", "client.key"),
            ("client.pem", "client-sec1.key"),
            ("p384.pem", "p384.key"),
            ("p384.pem", "p384-sec1.key"),
        ] {
            assert_eq!(shake_hands(provider(), (client, key)), Ok(NamedGroup::X25519), "{key}");
        }
        for group in provider().kx_groups {
            let only = CryptoProvider { kx_groups: vec![group], ..provider() };
            assert_eq!(shake_hands(only, ("client.pem", "client.key")), Ok(group.name()));
        }
    }

    #[test]
    fn a_foreign_key_is_refused() {
        let error = shake_hands(provider(), ("client.pem", "p384.key"));
        assert!(error.is_err(), "{error:?}");
    }
}
