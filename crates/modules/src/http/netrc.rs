//! `~/.netrc`: names and passwords by host (`man 5 netrc`).

use crate::kit::{Reader, users};

/// The login for a host: its `machine`, or `default`.
pub fn find(reader: &Reader, host: &str) -> Option<(String, String)> {
    let home = reader.env("HOME").map(|home| vec![("HOME".to_owned(), home)]).unwrap_or_default();
    let path = reader.env("NETRC").unwrap_or_else(|| users::expand_path("~/.netrc", &home));
    look_up(&reader.read_text(path).ok()??, host)
}

fn look_up(text: &str, host: &str) -> Option<(String, String)> {
    let mut words = text.lines().filter(|line| !line.trim_start().starts_with('#')).flat_map(str::split_whitespace);
    let (mut ours, mut login, mut password) = (false, None, None);
    while let Some(word) = words.next() {
        match word {
            "machine" | "default" if ours => break,
            "machine" => ours = words.next() == Some(host),
            "default" => ours = true,
            "login" => login = words.next().filter(|_| ours).or(login),
            "password" => password = words.next().filter(|_| ours).or(password),
            "macdef" => ours = false,
            _ => {}
        }
    }
    Some((login?.to_owned(), password?.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_machine_that_fits_counts_then_the_default() {
        let text = "# no\nmachine a login u password p\nmachine b\n login v\n password q\ndefault login d password e\n";
        assert_eq!(look_up(text, "a"), Some(("u".into(), "p".into())));
        assert_eq!(look_up(text, "b"), Some(("v".into(), "q".into())));
        assert_eq!(look_up(text, "c"), Some(("d".into(), "e".into())));
        assert_eq!(look_up("machine a login u", "a"), None);
    }
}
