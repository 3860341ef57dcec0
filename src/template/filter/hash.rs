//! Digests and UUIDs.

use std::collections::HashMap;

use blake2::{Blake2b512, Blake2s256};
use md5::Md5;
use sha1::Sha1;
use sha2::{Digest, Sha224, Sha256, Sha384, Sha512, Sha512_224, Sha512_256};
use sha3::{Sha3_224, Sha3_256, Sha3_384, Sha3_512};

use super::{
    super::{Arguments, Filter, TemplateError, arguments::required},
    failed,
};
use crate::value::Value;

pub(super) fn register(table: &mut HashMap<&'static str, Filter>) {
    table.extend([
        (
            "hash",
            (|arguments| {
                let [value, kind] = arguments.bind(["data", "hashtype"])?;
                let kind = kind.map_or_else(|| "sha1".to_owned(), |kind| kind.to_str());
                digest(&required(value, "hash", "data")?, &kind)
            }) as Filter,
        ),
        ("checksum", |arguments| one(arguments, "sha1")),
        ("sha1", |arguments| one(arguments, "sha1")),
        ("md5", |arguments| one(arguments, "md5")),
        ("to_uuid", to_uuid),
    ]);
}

fn one(arguments: Arguments<'_>, kind: &str) -> Result<Value, TemplateError> {
    let [value] = arguments.bind(["data"])?;
    digest(&required(value, kind, "data")?, kind)
}

fn bytes(value: &Value) -> Vec<u8> {
    match value {
        Value::Bytes(bytes) => bytes.to_vec(),
        other => other.to_str().into_bytes(),
    }
}

fn digest(value: &Value, kind: &str) -> Result<Value, TemplateError> {
    fn hex<D: Digest>(bytes: &[u8]) -> String {
        D::digest(bytes).iter().fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"))
    }
    let bytes = bytes(value);
    Ok(match kind.to_lowercase().replace('-', "_").as_str() {
        "md5" => hex::<Md5>(&bytes),
        "sha1" => hex::<Sha1>(&bytes),
        "sha224" => hex::<Sha224>(&bytes),
        "sha256" => hex::<Sha256>(&bytes),
        "sha384" => hex::<Sha384>(&bytes),
        "sha512" => hex::<Sha512>(&bytes),
        "sha512_224" => hex::<Sha512_224>(&bytes),
        "sha512_256" => hex::<Sha512_256>(&bytes),
        "sha3_224" => hex::<Sha3_224>(&bytes),
        "sha3_256" => hex::<Sha3_256>(&bytes),
        "sha3_384" => hex::<Sha3_384>(&bytes),
        "sha3_512" => hex::<Sha3_512>(&bytes),
        "blake2b" => hex::<Blake2b512>(&bytes),
        "blake2s" => hex::<Blake2s256>(&bytes),
        _ => return Err(failed(format!("unsupported hash type {kind}")).apart()),
    }
    .into())
}

/// A name's UUID of version 5 (RFC 9562 §5.5) in Ansible's namespace, or one that is given.
fn to_uuid(arguments: Arguments<'_>) -> Result<Value, TemplateError> {
    let [value, namespace] = arguments.bind(["string", "namespace"])?;
    let namespace = namespace.map_or_else(|| "361e6d51-faec-444a-9079-341386da8e2e".to_owned(), |space| space.to_str());
    let digits: String = namespace.chars().filter(char::is_ascii_hexdigit).collect();
    let space = u128::from_str_radix(&digits, 16)
        .ok()
        .filter(|_| digits.len() == 32)
        .ok_or_else(|| failed(format!("Invalid value '{namespace}' for 'namespace'")))?;
    let mut hasher = Sha1::new();
    hasher.update(space.to_be_bytes());
    hasher.update(bytes(&required(value, "to_uuid", "string")?));
    let mut id = [0_u8; 16];
    id.copy_from_slice(&hasher.finalize()[..16]);
    id[6] = id[6] & 0x0f | 0x50;
    id[8] = id[8] & 0x3f | 0x80;
    let text: String = id.iter().fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"));
    Ok(format!("{}-{}-{}-{}-{}", &text[..8], &text[8..12], &text[12..16], &text[16..20], &text[20..]).into())
}
