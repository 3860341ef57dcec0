//! `url`: what a server answers, as lines or as one text.

use std::{collections::HashMap, fs, time::Duration};

use percent_encoding::percent_decode_str;
use sutler_modules::{
    http::{self, Follow, Request, TlsOptions},
    kit::failure::errno_text,
};

use super::{
    super::{Arguments, Lookup, TemplateError, arguments::text},
    failed,
    options::Options,
    web,
};
use crate::value::{Value, split_lines};

pub(super) fn register(table: &mut HashMap<&'static str, Lookup>) {
    table.insert("url", url);
}

fn url(arguments: Arguments<'_>) -> Result<Vec<Value>, TemplateError> {
    let options = Options::new("url", arguments.context, arguments.named);
    let by_lines = options.flag("split_lines", true)?;
    let client = client(&options)?;
    let mut values = Vec::new();
    for term in &arguments.positional {
        let address = text(term)?;
        let shown = http::without_credentials(&address);
        let body = match local_path(&address) {
            Some(path) => fs::read(&path).map_err(|error| {
                failed(format!("Failed lookup url for {shown}: <urlopen error {}>", errno_text(&error, &path)))
            })?,
            None => {
                let mut request = Request::new("GET", &address);
                request.headers = headers(&options)?;
                let answer = web::ask(Vec::new(), &client, request)
                    .map_err(|error| failed(format!("Failed lookup url for {shown}: {error}")))?;
                if !answer.is_success() {
                    return Err(failed(format!("Received HTTP error for {shown}: {}", answer.message)));
                }
                answer.body
            }
        };
        let body = String::from_utf8_lossy(&body);
        if by_lines {
            values.extend(split_lines(&body, false).into_iter().map(Value::from));
        } else {
            values.push(body.into_owned().into());
        }
    }
    Ok(values)
}

/// The file that an address names: `file:///path`, `file://localhost/path` or `file:/path`.
fn local_path(address: &str) -> Option<String> {
    let (scheme, place) = address.split_once(':')?;
    let place = place.strip_prefix("//").map_or(place, |place| place.strip_prefix("localhost").unwrap_or(place));
    let path = percent_decode_str(place).decode_utf8_lossy().into_owned();
    scheme.eq_ignore_ascii_case("file").then_some(path)
}

fn headers(options: &Options<'_>) -> Result<Vec<(String, String)>, TemplateError> {
    let mut headers = Vec::new();
    match options.value("headers")? {
        Some(Value::Dict(given)) => {
            headers.extend(given.entries().into_iter().map(|(name, value)| (name.value().to_str(), value.to_str())));
        }
        Some(other) => return Err(failed(format!("`headers` is a dictionary, not {}", other.type_name()))),
        None => {}
    }
    if options.flag("force", false)? {
        headers.push(("cache-control".into(), "no-cache".into()));
    }
    Ok(headers)
}

fn client(options: &Options<'_>) -> Result<http::Options, TemplateError> {
    if options.flag("use_gssapi", false)? {
        return Err(failed("`use_gssapi` is not supported: there is no Kerberos here"));
    }
    let follow = match options.choice("follow_redirects", &["urllib2", "all", "none", "safe", "yes", "no"])? {
        "all" | "yes" => Follow::All,
        "none" | "no" => Follow::None,
        "safe" => Follow::Safe,
        _ => Follow::Usual,
    };
    let timeout = options.float("timeout")?.unwrap_or(10.0);
    let unredirected = options.list("unredirected_headers")?.unwrap_or_default();
    let password = options.text("password")?.unwrap_or_default();
    Ok(http::Options {
        timeout: Duration::try_from_secs_f64(timeout)
            .map_err(|_| failed(format!("`timeout` is a number of seconds, not {timeout}")))?,
        tls: TlsOptions {
            insecure: !options.flag("validate_certs", true)?,
            ca_path: options.text("ca_path")?.map(Into::into),
            ..TlsOptions::default()
        },
        credentials: options.text("username")?.map(|name| (name, password)),
        force_basic_auth: options.flag("force_basic_auth", false)?,
        use_proxy: options.flag("use_proxy", true)?,
        use_netrc: options.flag("use_netrc", true)?,
        unix_socket: options.text("unix_socket")?.map(Into::into),
        follow,
        unredirected_headers: unredirected.iter().map(|name| name.to_ascii_lowercase()).collect(),
        agent: options.text("http_agent")?.unwrap_or_else(|| "ansible-httpget".into()),
        decompress: true,
    })
}
