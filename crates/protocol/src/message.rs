//! The messages, in both directions.

use base64::{Engine, engine::general_purpose::STANDARD};
use serde::{Deserialize, Serialize};

use crate::frame::Carrier;

/// Identifies the sources that a helper was built from; the controller refuses any other.
pub const BUILD_ID: &str = match option_env!("SUTLER_BUILD_ID") {
    Some(id) => id,
    None => "unbuilt",
};

/// How much of a content goes into one frame, in bytes.
pub const PART: usize = 256 << 10;

/// How many parts the helper may send before the first of them is answered.
pub const PARTS_AHEAD: usize = 4;

/// Contents up to this many bytes travel inside the request: cheaper than asking for them.
pub const INLINE_LIMIT: usize = 32 << 10;

/// A module's arguments, rendered.
pub type Arguments = serde_json::Map<String, serde_json::Value>;

/// What the helper says first.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Hello {
    /// Its [`BUILD_ID`].
    pub build: String,
    /// The user it runs as.
    pub uid: u32,
}

/// From controller to helper.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum ToHelper {
    /// Run a module.
    Run(Request),
    /// A part of a body that the helper asked for.
    Body(BodyPart),
    /// The body with this request's id cannot be had; the text says why.
    NoBody {
        /// The request that asked.
        id: u32,
        /// Why, for the task's failure.
        why: String,
    },
    /// Stop the request: its programs are killed and it replies as failed; one that waits is dropped.
    Cancel {
        /// The request to stop.
        id: u32,
    },
    /// Drop the request if it still waits for the one before it.
    Withdraw {
        /// The request that is not wanted any more.
        id: u32,
    },
}

/// From helper to controller.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum ToController {
    /// Always the first message.
    Hello(Hello),
    /// The body of a [`Content`] is needed: send it as [`ToHelper::Body`] with the same id.
    Want {
        /// The request that needs it.
        id: u32,
        /// The content's SHA-1, in lowercase hexadecimal.
        sha1: String,
    },
    /// A part of a file that the request hands to the controller, which answers each part that it has
    /// taken with an empty [`ToHelper::Body`], and one that it cannot take with [`ToHelper::NoBody`].
    Body(BodyPart),
    /// One item of a request is done.
    Reply(Reply),
    /// A request that waited for another one will not run: that one failed, or it was withdrawn.
    Dropped {
        /// The request.
        id: u32,
    },
}

/// One task on one host: a module, once per item.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Request {
    /// Chosen by the controller; every answer carries it.
    pub id: u32,
    /// The module's short name in the registry, as `file`.
    pub module: String,
    /// Check and diff.
    pub mode: Mode,
    /// Set for every program that the module starts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub environment: Vec<(String, String)>,
    /// The arguments of each item; a task without a loop has one.
    pub items: Vec<Arguments>,
    /// How many items may run at once; 0 is 1. The replies come in the order of the items all the same.
    #[serde(default, skip_serializing_if = "is_one_at_a_time")]
    pub parallel: usize,
    /// The request before it: it runs when that one is done, and not at all if an item of that one failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<u32>,
    /// How each item runs on after its reply, as a job of its own; without it the reply is the result.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub background: Option<Background>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
fn is_one_at_a_time(parallel: &usize) -> bool {
    *parallel <= 1
}

/// How a job runs that outlives the connection and the run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Background {
    /// Seconds after which it is killed with all that it started.
    pub limit: u64,
    /// The directory of the files that tell how jobs ended; `~` is the user's home.
    pub directory: String,
}

/// How a module runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mode {
    /// Predict, change nothing.
    pub check: bool,
    /// Report what differs, before and after.
    pub diff: bool,
    /// Whether a change of the host was predicted before, which nobody made: what is missing may come with it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub predicted: bool,
}

/// What a module returned for one item.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Reply {
    /// The request's id.
    pub id: u32,
    /// The item's place in [`Request::items`].
    pub item: usize,
    /// Return values, `changed` and `failed` among them, as Ansible names them.
    pub result: serde_json::Map<String, serde_json::Value>,
}

/// A part of a file's content, in order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BodyPart {
    /// The request that asked, or that the file comes from.
    pub id: u32,
    /// Nothing follows.
    pub last: bool,
    /// The bytes.
    pub bytes: Vec<u8>,
}

/// A file's content as an argument: named by its hash, sent only when the host lacks it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Content {
    /// SHA-1 of the bytes in lowercase hexadecimal, as Ansible's `checksum`.
    pub sha1: String,
    /// How many bytes it has.
    pub size: u64,
    /// The bytes, base64, when they are at most [`INLINE_LIMIT`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inline: Option<String>,
}

/// One entry of a directory tree as an argument; parents come before what is in them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TreeEntry {
    /// Where it goes, relative to the tree's destination.
    pub path: String,
    /// What it is.
    pub kind: TreeKind,
    /// The permission bits it has on the controller.
    pub mode: u32,
    /// What a link points to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// What a file holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content: Option<Content>,
}

/// What an entry of a tree is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TreeKind {
    /// A directory.
    Dir,
    /// A regular file.
    File,
    /// A symbolic link.
    Link,
}

/// A module that is no part of this program, and how the helper runs it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Foreign {
    /// What its file is called on the host.
    pub name: String,
    /// Its code, which a host keeps.
    pub code: Content,
    /// What the code is.
    pub form: ForeignForm,
    /// The program that runs it, and that program's own arguments; nothing for a program by itself.
    #[serde(default)]
    pub interpreter: Vec<String>,
    /// Names of Python: the first that the host has runs it, in place of `interpreter`.
    #[serde(default)]
    pub pythons: Vec<String>,
    /// The arguments as the module reads them.
    pub input: String,
    /// Whether what it prints as errors is its result's `stderr`, as of a job in the background.
    #[serde(default)]
    pub tells_errors: bool,
}

/// What stands in [`Foreign::input`], where it occurs first, for the folder that a task has to itself while it runs.
pub const TASK_FOLDER: &str = "sutler-task-folder-b0c5f6";

/// What the code of a [`Foreign`] is, and how it gets its input.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ForeignForm {
    /// A zip archive of Python's packages with a `__main__.py`, which reads the input from standard input.
    Package,
    /// One file; its first argument is the path of a file with the input.
    File,
    /// One text with marks that the input takes the place of.
    Filled,
}

impl Content {
    /// A content that carries its bytes.
    pub fn inline(sha1: String, bytes: &[u8]) -> Self {
        Self { sha1, size: bytes.len() as u64, inline: Some(STANDARD.encode(bytes)) }
    }

    /// The bytes, when it carries them and they are well-formed.
    pub fn bytes(&self) -> Option<Vec<u8>> {
        STANDARD.decode(self.inline.as_deref()?).ok()
    }
}

impl Carrier for ToHelper {
    fn as_body(&self) -> Option<&BodyPart> {
        match self {
            Self::Body(part) => Some(part),
            _ => None,
        }
    }

    fn from_body(part: BodyPart) -> Self {
        Self::Body(part)
    }
}

impl Carrier for ToController {
    fn as_body(&self) -> Option<&BodyPart> {
        match self {
            Self::Body(part) => Some(part),
            _ => None,
        }
    }

    fn from_body(part: BodyPart) -> Self {
        Self::Body(part)
    }
}
