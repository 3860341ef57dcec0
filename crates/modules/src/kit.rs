//! What a module is made of: arguments, a look at the host, changes, and the only way to write.

pub mod args;
pub mod change;
pub mod checksum;
pub mod clock;
pub mod content;
pub mod engine;
pub mod failure;
pub mod file_args;
pub mod flags;
pub mod fragments;
pub mod glob;
pub mod lines;
pub mod meta;
mod path_info;
pub mod process;
pub mod reader;
pub mod regex;
pub mod selinux;
pub mod shlex;
mod unpack;
pub mod state;
pub mod users;
pub mod writer;

pub use args::{ArgError, Args, FromArg, Kind, Opt, Rule, Spec};
pub use change::{Changes, Diff, Fields, InCheck};
pub use content::Source;
pub use engine::{Context, Engine, Module};
pub use failure::Failure;
pub use file_args::FileArgs;
pub use meta::Meta;
pub use process::{Finished, Program};
pub use reader::Reader;
pub use sutler_derive::Args;
pub use writer::Writer;
