//! What controller and helper say to each other: both ends are here, so neither can drift.
//!
//! The controller starts the helper over an SSH channel and writes [`ToHelper`] messages to its
//! standard input; the helper answers with [`ToController`] messages on its standard output. The
//! first message on the wire is the helper's [`Hello`]. When its input closes, the helper exits.

mod frame;
mod message;

pub use frame::{FrameError, MAX_FRAME, decode, encode, read_frame, write_frame};
pub use message::{
    Arguments, BUILD_ID, Background, BodyPart, Content, Foreign, ForeignForm, Hello, INLINE_LIMIT, Mode, PART,
    PARTS_AHEAD, Reply, Request, TASK_FOLDER, ToController, ToHelper, TreeEntry, TreeKind,
};
