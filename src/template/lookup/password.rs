//! `password`: a random password that is kept in a file.

use std::{
    collections::HashMap,
    fs::{self, DirBuilder, File, OpenOptions},
    io::{self, Write as _},
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
};

use rustix::fs::FlockOperation;

use super::{
    super::{Arguments, Context, Lookup, TemplateError, arguments::text_with, evaluate, filter::path::expand_user},
    chance::Chance,
    failed,
    inline::Inline,
    options::Options,
};
use crate::value::{Str, Value};

/// Options that may stand in a term.
const NAMES: [&str; 6] = ["length", "encrypt", "chars", "ident", "seed", "salt"];

/// The path of passwords that are kept nowhere.
const NOWHERE: &str = "/dev/null";

const LOWER: &str = "abcdefghijklmnopqrstuvwxyz";
const UPPER: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
const LETTERS: &str = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
const DIGITS: &str = "0123456789";
const PUNCTUATION: &str = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~";
const WHITESPACE: &str = " \t\n\r\x0b\x0c";

pub(super) fn register(table: &mut HashMap<&'static str, Lookup>) {
    table.insert("password", password);
}

fn password(arguments: Arguments<'_>) -> Result<Vec<Value>, TemplateError> {
    let options = Options::new("password", arguments.context, arguments.named);
    arguments
        .positional
        .iter()
        .map(|term| {
            let (name, inline) = split(&text_with(term, "split")?)?;
            Wish::new(&options.over(inline))?.fulfil(
                &arguments.context.environment.playbook_dir,
                &name,
                arguments.context,
            )
        })
        .collect()
}

/// A term's path, which may hold blanks, and the options behind it.
fn split(term: &Str) -> Result<(String, Vec<(String, Value)>), TemplateError> {
    let (first, rest) = term.split_once(' ').unwrap_or((term, ""));
    let first_pair = rest.split_whitespace().position(|word| word.contains('='));
    let words = rest.split_whitespace().take(first_pair.unwrap_or(usize::MAX));
    let path = std::iter::once(first).chain(words).collect::<Vec<_>>().join(" ");
    let parsed = Inline::parse(rest);
    if parsed.words.len() > first_pair.unwrap_or(usize::MAX) {
        return Err(failed("Unrecognized value after key=value parameters given to password lookup"));
    }
    let strange: Vec<&str> =
        parsed.pairs.iter().map(|(name, _)| name.as_str()).filter(|name| !NAMES.contains(name)).collect();
    if !strange.is_empty() {
        let strange = strange.join(", ");
        return Err(failed(format!("Unrecognized parameter(s) given to password lookup: {strange}")));
    }
    let pairs = parsed.pairs.into_iter().map(|(name, value)| match name.as_str() {
        "chars" => (name, listed(&value)),
        _ => (name, value.into()),
    });
    Ok((path, pairs.collect()))
}

/// The names of characters in a term. A comma among them is written as two, and comes first.
fn listed(names: &str) -> Value {
    let comma = names.contains(",,").then_some(",");
    let others = names.split(',').filter(|name| !name.is_empty());
    comma.into_iter().chain(others).map(Value::from).collect()
}

/// What kind of password is asked for.
struct Wish {
    length: usize,
    chars: Vec<char>,
    seed: Option<String>,
    encrypt: Option<String>,
    ident: Option<String>,
}

/// What a file holds.
#[derive(Debug, Default, PartialEq, Eq)]
struct Kept {
    password: String,
    salt: Option<String>,
    ident: Option<String>,
}

impl Wish {
    fn new(options: &Options<'_>) -> Result<Self, TemplateError> {
        let default = || ["ascii_letters", "digits", ".,:-_"].map(str::to_owned).to_vec();
        let names = options.list("chars")?.unwrap_or_else(default);
        Ok(Self {
            length: usize::try_from(options.integer("length")?.unwrap_or(20)).unwrap_or(0),
            chars: names
                .iter()
                .map(|name| alphabet(name))
                .collect::<String>()
                .replace(['"', '\''], "")
                .chars()
                .collect(),
            seed: options.text("seed")?,
            encrypt: options.text("encrypt")?.filter(|scheme| !scheme.is_empty()),
            ident: options.text("ident")?,
        })
    }

    fn fulfil(&self, base: &Path, name: &str, context: &Context<'_>) -> Result<Value, TemplateError> {
        let path = base.join(expand_user(name));
        if path == Path::new(NOWHERE) {
            let mut kept = Kept { password: self.generate()?, ..Kept::default() };
            self.complete(&mut kept)?;
            return self.shown(kept, context);
        }
        let cannot = |doing: &str, error: &io::Error| failed(format!("cannot {doing} {}: {error}", path.display()));
        let _lock = Lock::of(&path).map_err(|error| cannot("lock the folder of", &error))?;
        let found = match fs::read_to_string(&path) {
            Ok(text) => Some(Kept::parse(&text)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(cannot("read", &error)),
        };
        let is_new = found.is_none();
        let mut kept = match found {
            Some(kept) => kept,
            None => Kept { password: self.generate()?, ..Kept::default() },
        };
        if self.complete(&mut kept)? || is_new {
            kept.write(&path).map_err(|error| cannot("write", &error))?;
        }
        self.shown(kept, context)
    }

    fn generate(&self) -> Result<String, TemplateError> {
        if self.chars.is_empty() && self.length > 0 {
            return Err(failed("Cannot choose from an empty sequence: `chars` names no characters"));
        }
        Chance::new(self.seed.as_deref())?.choose(&self.chars, self.length)
    }

    /// Adds what a hash needs to be the same the next time; whether anything was added.
    fn complete(&self, kept: &mut Kept) -> Result<bool, TemplateError> {
        let Some(scheme) = &self.encrypt else { return Ok(false) };
        let mut changed = false;
        if kept.salt.is_none() {
            kept.salt = Some(salt(scheme)?);
            changed = true;
        }
        if kept.ident.is_none() && scheme == "bcrypt" {
            kept.ident = Some(self.ident.clone().unwrap_or_else(|| "2b".into()));
            changed = true;
        }
        Ok(changed)
    }

    fn shown(&self, kept: Kept, context: &Context<'_>) -> Result<Value, TemplateError> {
        let Some(scheme) = &self.encrypt else { return Ok(kept.password.into()) };
        let mut named = Vec::new();
        if let Some(salt) = kept.salt {
            named.push((Str::from("salt"), Value::from(salt)));
        }
        if let Some(ident) = kept.ident.filter(|_| scheme == "bcrypt") {
            named.push((Str::from("ident"), Value::from(ident)));
        }
        let positional = vec![Value::from(kept.password), Value::from(scheme.as_str())];
        evaluate::apply_filter(Arguments { context, name: "password_hash", positional, named }, "password_hash")
    }
}

/// The characters that a name stands for: an attribute of Python's `string`, or itself.
fn alphabet(name: &str) -> String {
    match name {
        "ascii_letters" => LETTERS.into(),
        "ascii_lowercase" => LOWER.into(),
        "ascii_uppercase" => UPPER.into(),
        "digits" => DIGITS.into(),
        "hexdigits" => format!("{DIGITS}abcdefABCDEF"),
        "octdigits" => DIGITS[..8].into(),
        "punctuation" => PUNCTUATION.into(),
        "whitespace" => WHITESPACE.into(),
        "printable" => format!("{DIGITS}{LETTERS}{PUNCTUATION}{WHITESPACE}"),
        own => own.into(),
    }
}

/// A salt of the length that a scheme has.
fn salt(scheme: &str) -> Result<String, TemplateError> {
    let chars: Vec<char> = format!("{LETTERS}{DIGITS}./").chars().collect();
    let length = match scheme {
        "md5_crypt" => 8,
        "bcrypt" => 21,
        _ => 16,
    };
    let mut chance = Chance::new(None)?;
    let mut salt = chance.choose(&chars, length)?;
    if scheme == "bcrypt" {
        // The last character of 22 has only two bits that count.
        salt.push_str(&chance.choose(&['.', 'O', 'e', 'u'], 1)?);
    }
    Ok(salt)
}

impl Kept {
    /// `PASSWORD[ salt=SALT[ ident=IDENT]]`.
    fn parse(text: &str) -> Self {
        let text = text.trim_end();
        let Some((password, salt)) = text.rsplit_once(" salt=") else {
            return Self { password: text.to_owned(), ..Self::default() };
        };
        let (salt, ident) = salt.split_once(" ident=").map_or((salt, None), |(salt, ident)| (salt, Some(ident)));
        Self { password: password.to_owned(), salt: Some(salt.to_owned()), ident: ident.map(str::to_owned) }
    }

    fn text(&self) -> String {
        let part = |name: &str, value: &Option<String>| {
            value.as_ref().map_or_else(String::new, |value| format!(" {name}={value}"))
        };
        format!("{}{}{}\n", self.password, part("salt", &self.salt), part("ident", &self.ident))
    }

    /// Only the user may read it. It is written beside its place and moved there, so that nobody reads half of it.
    fn write(&self, path: &Path) -> io::Result<()> {
        let draft = PathBuf::from(format!("{}.{}", path.display(), std::process::id()));
        let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&draft)?;
        file.set_permissions(fs::Permissions::from_mode(0o600))?;
        file.write_all(self.text().as_bytes())?;
        file.sync_all()?;
        fs::rename(&draft, path)
    }
}

/// Keeps other hosts of this run, and other runs, from making a password for the same file.
struct Lock {
    _folder: File,
}

impl Lock {
    /// Makes the folder, for the user alone, and waits until nobody else is at it.
    fn of(path: &Path) -> io::Result<Self> {
        let folder = path.parent().unwrap_or(Path::new("/"));
        if !folder.is_dir() {
            if let Some(parent) = folder.parent() {
                fs::create_dir_all(parent)?;
            }
            match DirBuilder::new().mode(0o700).create(folder) {
                Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
                _ => {}
            }
        }
        let folder = File::open(folder)?;
        super::waiting(|| rustix::fs::flock(&folder, FlockOperation::LockExclusive))?;
        Ok(Self { _folder: folder })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_hold_password_salt_and_ident() {
        let kept = |password: &str, salt: Option<&str>, ident: Option<&str>| Kept {
            password: password.into(),
            salt: salt.map(str::to_owned),
            ident: ident.map(str::to_owned),
        };
        for (text, wanted) in [
            ("secret\n", kept("secret", None, None)),
            ("pa ss salt=x salt=abc\n", kept("pa ss salt=x", Some("abc"), None)),
            ("secret salt=abc ident=2b\n", kept("secret", Some("abc"), Some("2b"))),
        ] {
            assert_eq!(Kept::parse(text), wanted, "{text}");
            assert_eq!(wanted.text(), text);
        }
    }
}
