//! The `body` argument as bytes, in each `body_format`.

use std::fmt::Write as _;

use serde::Serialize as _;
use serde_json::{Value, ser::Formatter};
use sutler_protocol::Content;

use crate::{
    http::{auth::base64, random},
    kit::{
        Failure, Reader,
        args::{plain_text, python_type},
    },
};

/// JSON as Python's `json.dumps` writes it: spaces after `,` and `:`, everything beyond ASCII escaped.
pub fn json(value: &Value) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut serializer = serde_json::Serializer::with_formatter(&mut bytes, Python);
    match value.serialize(&mut serializer) {
        Ok(()) => bytes,
        Err(_) => Vec::new(),
    }
}

struct Python;

impl Formatter for Python {
    fn begin_array_value<W: ?Sized + std::io::Write>(&mut self, to: &mut W, first: bool) -> std::io::Result<()> {
        if first { Ok(()) } else { to.write_all(b", ") }
    }

    fn begin_object_key<W: ?Sized + std::io::Write>(&mut self, to: &mut W, first: bool) -> std::io::Result<()> {
        if first { Ok(()) } else { to.write_all(b", ") }
    }

    fn begin_object_value<W: ?Sized + std::io::Write>(&mut self, to: &mut W) -> std::io::Result<()> {
        to.write_all(b": ")
    }

    fn write_string_fragment<W: ?Sized + std::io::Write>(&mut self, to: &mut W, text: &str) -> std::io::Result<()> {
        for letter in text.chars() {
            if letter.is_ascii() {
                to.write_all(&[letter as u8])?;
            } else {
                for unit in letter.encode_utf16(&mut [0; 2]) {
                    write!(to, "\\u{unit:04x}")?;
                }
            }
        }
        Ok(())
    }
}

/// `application/x-www-form-urlencoded`: of a mapping, or of a list of pairs; lists repeat their name.
pub fn form(value: &Value) -> Result<Vec<u8>, Failure> {
    let mut pairs: Vec<(String, &Value)> = Vec::new();
    match value {
        Value::String(text) => return Ok(text.clone().into_bytes()),
        Value::Object(map) => pairs.extend(map.iter().map(|(name, value)| (name.clone(), value))),
        Value::Array(items) => {
            for item in items {
                match item.as_array().map(Vec::as_slice) {
                    Some([name, value]) => pairs.push((plain_text(name), value)),
                    _ => return Err(no_pair(item)),
                }
            }
        }
        _ => return Err(Failure::new("failed to parse body as form_urlencoded: not a mapping or a list of pairs")),
    }
    let mut encoded = Vec::new();
    for (name, value) in pairs {
        let values: Vec<String> = match value {
            Value::Array(items) => items.iter().filter(|item| !item.is_null()).map(plain_text).collect(),
            Value::Object(map) => map.keys().cloned().collect(),
            Value::Null => Vec::new(),
            value => vec![plain_text(value)],
        };
        encoded.extend(values.into_iter().map(|value| format!("{}={}", quote(&name), quote(&value))));
    }
    Ok(encoded.join("&").into_bytes())
}

/// What Python says of an item that cannot be taken apart into a name and a value.
fn no_pair(item: &Value) -> Failure {
    let length = match item {
        Value::String(text) => Some(text.chars().count()),
        Value::Array(items) => Some(items.len()),
        Value::Object(map) => Some(map.len()),
        _ => None,
    };
    let why = match length {
        Some(length) if length < 2 => format!("not enough values to unpack (expected 2, got {length})"),
        Some(_) => "too many values to unpack (expected 2)".into(),
        None => "not a valid non-string sequence or mapping object".into(),
    };
    Failure::new(format!("failed to parse body as form_urlencoded: {why}")).with("elapsed", 0)
}

fn quote(text: &str) -> String {
    text.bytes().fold(String::with_capacity(text.len()), |mut quoted, byte| {
        match byte {
            b' ' => quoted.push('+'),
            b'-' | b'_' | b'.' | b'~' => quoted.push(char::from(byte)),
            _ if byte.is_ascii_alphanumeric() => quoted.push(char::from(byte)),
            _ => {
                let _ = write!(quoted, "%{byte:02X}");
            }
        }
        quoted
    })
}

/// `multipart/form-data` (RFC 7578): the content type with its boundary, and the bytes.
pub fn multipart(host: &Reader, value: &Value) -> Result<(String, Vec<u8>), Failure> {
    let Value::Object(fields) = value else {
        let mut given = python_type(value).to_owned();
        if !matches!(value, Value::Null | Value::Bool(_)) {
            // What is written in a playbook is called so.
            given[..1].make_ascii_uppercase();
            given.insert_str(0, "_AnsibleTagged");
        }
        return Err(Failure::new(format!("body must be mapping, cannot be type {given}")));
    };
    let boundary = boundary()?;
    let mut bytes = Vec::new();
    for (name, value) in fields {
        let part = Part::new(host, value)?;
        bytes.extend(format!("--{boundary}\r\nContent-Type: {}\r\n", part.mime).into_bytes());
        if part.encoded {
            bytes.extend(b"Content-Transfer-Encoding: base64\r\n");
        }
        let file = part.filename.map(|name| format!("; filename=\"{}\"", escape(&name))).unwrap_or_default();
        bytes.extend(format!("Content-Disposition: form-data; name=\"{}\"{file}\r\n\r\n", escape(name)).into_bytes());
        bytes.extend(part.bytes);
        bytes.extend(b"\r\n");
    }
    bytes.extend(format!("--{boundary}--\r\n").into_bytes());
    Ok((format!("multipart/form-data; boundary=\"{boundary}\""), bytes))
}

fn boundary() -> Result<String, Failure> {
    let random = random::bytes::<12>().ok_or_else(|| Failure::new("the host gives no random numbers"))?;
    Ok(format!("==============={}==", crate::kit::reader::hex(&random)))
}

fn escape(text: &str) -> String {
    text.replace('"', "%22").replace(['\r', '\n'], " ")
}

struct Part {
    mime: String,
    filename: Option<String>,
    encoded: bool,
    bytes: Vec<u8>,
}

impl Part {
    fn new(host: &Reader, value: &Value) -> Result<Self, Failure> {
        let refused = |why: String| Failure::new(format!("failed to parse body as form-multipart: {why}"));
        let Value::Object(fields) = value else {
            if !value.is_string() {
                let given = python_type(value);
                return Err(refused(format!("value must be a string, or mapping, cannot be type {given}")));
            }
            let bytes = plain_text(value).into_bytes();
            return Ok(Self { mime: "text/plain".into(), filename: None, encoded: false, bytes });
        };
        let text = |name: &str| fields.get(name).filter(|value| !value.is_null()).map(plain_text);
        let path = text("filename");
        // What the controller sends of a file of its own comes as a content.
        let sent = fields.get("_content").or_else(|| fields.get("content").filter(|value| value.is_object()));
        let sent = sent.and_then(|value| serde_json::from_value::<Content>(value.clone()).ok());
        let (bytes, is_file) = match (sent, text("content"), &path) {
            (Some(content), _, _) => (host.body(&content)?.into_bytes()?, true),
            (None, Some(content), _) => (content.into_bytes(), false),
            (None, None, Some(path)) => (host.read(path)?, true),
            (None, None, None) => {
                return Err(refused("at least one of filename or content must be provided".into()));
            }
        };
        let encoded = match (text("multipart_encoding").as_deref(), is_file) {
            (None | Some("base64"), true) => true,
            (None | Some("base64" | "7or8bit"), _) => false,
            (Some(_), _) => {
                return Err(refused("multipart_encoding must be one of dict_keys(['base64', '7or8bit']).".into()));
            }
        };
        let filename = path.map(|path| path.rsplit('/').next().unwrap_or_default().to_owned());
        let guessed = || if filename.is_none() { "text/plain" } else { guess(filename.as_deref().unwrap_or_default()) };
        let mime = text("mime_type").unwrap_or_else(|| guessed().to_owned());
        Ok(Self { mime, bytes: if encoded { lines(&bytes) } else { bytes }, filename, encoded })
    }
}

/// Base64 in lines of 76 (RFC 2045 §6.8).
fn lines(bytes: &[u8]) -> Vec<u8> {
    let text = base64(bytes);
    text.as_bytes().chunks(76).collect::<Vec<_>>().join(&b"\r\n"[..])
}

fn guess(name: &str) -> &'static str {
    match name.rsplit_once('.').map_or("", |(_, end)| end).to_ascii_lowercase().as_str() {
        "txt" | "log" | "conf" => "text/plain",
        "html" | "htm" => "text/html",
        "csv" => "text/csv",
        "css" => "text/css",
        "js" => "text/javascript",
        "json" => "application/json",
        "xml" => "text/xml",
        "pdf" => "application/pdf",
        "zip" => "application/zip",
        "tar" | "tgz" => "application/x-tar",
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "gif" => "image/gif",
        "svg" => "image/svg+xml",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn json_is_that_of_python() {
        let value = json!({"a": 1, "b": "é\"😀", "c": [true, null, {}], "d": []});
        let wanted = r#"{"a": 1, "b": "\u00e9\"\ud83d\ude00", "c": [true, null, {}], "d": []}"#;
        assert_eq!(String::from_utf8(json(&value)).unwrap(), wanted);
    }

    #[test]
    fn forms_repeat_the_names_of_lists() {
        let text = |value| String::from_utf8(form(&value).unwrap()).unwrap();
        assert_eq!(text(json!({"a": 1, "b": "é x&", "c": [1, 2]})), "a=1&b=%C3%A9+x%26&c=1&c=2");
        assert_eq!(text(json!([["a", "1"], ["a", "2"]])), "a=1&a=2");
        assert_eq!(text(json!("as=is")), "as=is");
        assert!(form(&json!(["a"])).is_err() && form(&json!(5)).is_err());
    }
}
