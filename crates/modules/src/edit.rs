//! What the modules that edit a file's text share: reading it without loss, and writing it back.

use std::path::{Path, PathBuf};

use crate::{
    copy::one::validate,
    file::missing_directories,
    kit::{Changes, Diff, Failure, FileArgs, Meta, Reader, Writer, file_args::Attributes},
};

/// A file's text. One that is not UTF-8 is taken byte by byte as Latin-1, and written back so:
/// no byte that is not edited changes.
pub struct Text {
    /// The text.
    pub text: String,
    form: Form,
}

#[derive(PartialEq)]
enum Form {
    Utf8,
    /// Every byte is a letter, also of the task's texts.
    Bytes,
    Latin,
    /// UTF-16: whether the higher byte comes first, and whether there is a mark at the start.
    Wide(bool, bool),
}

impl Text {
    /// From bytes.
    pub fn decode(bytes: Vec<u8>) -> Self {
        match String::from_utf8(bytes) {
            Ok(text) => Self { text, form: Form::Utf8 },
            Err(error) => Self { form: Form::Bytes, ..Self::decode_latin(error.as_bytes()) },
        }
    }

    /// From bytes of a file that is known to be Latin-1.
    pub fn decode_latin(bytes: &[u8]) -> Self {
        Self { text: bytes.iter().copied().map(char::from).collect(), form: Form::Latin }
    }

    /// From bytes of a file in the encoding of that name; `None` when there is no such encoding.
    pub fn decode_as(encoding: &str, bytes: Vec<u8>) -> Result<Option<Self>, Failure> {
        let name: String = encoding.chars().filter(char::is_ascii_alphanumeric).collect();
        Ok(Some(match name.to_lowercase().as_str() {
            "utf8" | "ascii" => Self::decode(bytes),
            "latin1" | "iso88591" => Self::decode_latin(&bytes),
            "utf16" => Self::decode_wide(&bytes, bytes.starts_with(b"\xfe\xff"), true)?,
            "utf16le" => Self::decode_wide(&bytes, false, false)?,
            "utf16be" => Self::decode_wide(&bytes, true, false)?,
            _ => return Ok(None),
        }))
    }

    fn decode_wide(bytes: &[u8], is_big: bool, has_mark: bool) -> Result<Self, Failure> {
        let unit = |pair: &[u8; 2]| if is_big { u16::from_be_bytes(*pair) } else { u16::from_le_bytes(*pair) };
        let (pairs, rest) = bytes.as_chunks::<2>();
        let units: Vec<u16> = pairs.iter().map(unit).skip_while(|unit| has_mark && *unit == MARK).collect();
        match String::from_utf16(&units) {
            Ok(text) if rest.is_empty() => Ok(Self { text, form: Form::Wide(is_big, has_mark) }),
            _ => Err(Failure::new("the file is no UTF-16")),
        }
    }

    /// Text of the task in the form that the file's has.
    pub fn form(&self, text: &str) -> String {
        if self.form == Form::Bytes { text.bytes().map(char::from).collect() } else { text.to_owned() }
    }

    /// Bytes of a text in this form.
    pub fn encode(&self, text: &str) -> Vec<u8> {
        match self.form {
            Form::Utf8 => text.as_bytes().to_vec(),
            // As in Python, a letter that the encoding does not have is a question mark.
            Form::Bytes | Form::Latin => text.chars().map(|letter| u8::try_from(letter).unwrap_or(b'?')).collect(),
            // With a mark, what Python writes has the lower byte first.
            Form::Wide(is_big, has_mark) => {
                let bytes = |unit: u16| if is_big && !has_mark { unit.to_be_bytes() } else { unit.to_le_bytes() };
                has_mark.then_some(MARK).into_iter().chain(text.encode_utf16()).flat_map(bytes).collect()
            }
        }
    }
}

/// The mark at the start of UTF-16.
const MARK: u16 = 0xfeff;

/// A file with its new content.
pub struct Edit {
    path: PathBuf,
    /// The path of the task, which may be a link to the file; a copy is kept beside it.
    named: PathBuf,
    /// The bytes; `None` when only attributes change.
    content: Option<Vec<u8>>,
    attributes: Attributes,
    backup: bool,
    validate: Option<String>,
    make_parents: bool,
    /// Whether a link to nothing stays, and what it names is made.
    follows: bool,
}

impl Edit {
    /// The changes to make of `before` the text `after`, and of the attributes what is wanted. `path` is what diffs name.
    /// `current` is the file, if it is there; both texts are equal when only attributes may change.
    pub fn changes(
        path: &Path,
        current: Option<&Meta>,
        (before, after): (&str, &str),
        form: &Text,
        attributes: Attributes,
    ) -> Changes<Self> {
        let content = (before != after || current.is_none()).then(|| form.encode(after));
        let others = current.filter(|meta| attributes.differ_from(meta)).map(|meta| attributes.diff(path, meta));
        let changes = content.is_some() || others.is_some();
        let shown = path.to_string_lossy();
        let edit = Self {
            path: current.map_or(path, Meta::path).to_owned(),
            named: path.to_owned(),
            content,
            attributes,
            backup: false,
            validate: None,
            make_parents: current.is_none(),
            follows: true,
        };
        let mut changes = Changes::when(changes, edit);
        if before != after {
            let header = format!("{shown} (content)");
            changes = changes.with_diff(Diff::new(before, after).headed(header.clone(), header));
        }
        match others {
            Some(diff) => {
                let header = format!("{shown} (file attributes)");
                changes.with_diff(without_path(diff).headed(header.clone(), header))
            }
            None => changes,
        }
    }

    /// Keeps a copy of the file before its content changes.
    #[must_use]
    pub fn keeping(mut self, backup: bool) -> Self {
        self.backup = backup;
        self
    }

    /// Puts the file in the place of a link, unless it `follows`.
    #[must_use]
    pub fn following(mut self, follows: bool) -> Self {
        self.follows = follows;
        self
    }

    /// Has a command accept the new content first.
    #[must_use]
    pub fn accepted_by(mut self, command: Option<&String>) -> Self {
        self.validate = command.cloned();
        self
    }

    /// Writes it; returns the name of the copy that was kept.
    pub fn apply(mut self, host: &mut Writer) -> Result<Option<PathBuf>, Failure> {
        let Some(content) = self.content else {
            host.set_attributes(&self.path, &self.attributes)?;
            return Ok(None);
        };
        if self.make_parents
            && let Some(parent) = self.path.parent()
        {
            for directory in missing_directories(host, parent)? {
                host.make_directory(&directory)?;
            }
        }
        if self.follows && host.lstat(&self.path)?.is_some_and(|meta| meta.is_link()) {
            self.path = host.resolve(&self.path);
        }
        let staged = host.stage(&self.path, content.into())?;
        if let Some(command) = &self.validate {
            validate(host, staged.path(), command, &self.attributes).map_err(refused)?;
        }
        let backup = if self.backup && host.exists(&self.named) { Some(host.backup(&self.named)?) } else { None };
        host.commit(staged, &self.attributes)?;
        Ok(backup)
    }
}

/// A command's refusal as the modules that edit text word it.
fn refused(mut failure: Failure) -> Failure {
    if let (Some(status), Some(error)) = (failure.fields.get("exit_status"), failure.fields.get("stderr")) {
        failure.msg = format!("failed to validate: rc:{status} error:{}", error.as_str().unwrap_or_default());
    }
    failure
}

/// What differs of the attributes of a file that is made: they are set once it is there, so check mode knows nothing of it.
pub fn attributes_of_new(
    host: &Reader,
    path: &Path,
    current: Option<&Meta>,
    attributes: &FileArgs,
) -> Result<Option<Diff>, Failure> {
    if current.is_some() || host.mode().check {
        return Ok(None);
    }
    let header = format!("{} (file attributes)", path.display());
    let diff = attributes.resolve(None, false)?.diff_of_new();
    Ok(diff.map(|diff| diff.headed(header.clone(), header)))
}

/// The header names the path already.
fn without_path(mut diff: Diff) -> Diff {
    for side in [&mut diff.before, &mut diff.after] {
        if let Some(values) = side.as_object_mut() {
            values.remove("path");
        }
    }
    diff
}

/// The file to edit: links followed, since it is the text that is edited.
pub fn find(host: &Reader, named: &Path) -> Result<(PathBuf, Option<Meta>), Failure> {
    let is_link = host.lstat(named)?.is_some_and(|meta| meta.is_link());
    let path = if is_link { host.resolve(named) } else { named.to_owned() };
    let meta = host.stat(&path)?;
    if meta.as_ref().is_some_and(Meta::is_dir) {
        return Err(Failure::new(format!("Path {} is a directory !", named.display())).with("rc", 256));
    }
    Ok((path, meta))
}
