//! `filesystem`: file systems on devices and in image files.

use std::path::PathBuf;

use serde_json::json;

use crate::kit::{
    Args, Changes, Failure, Fields, Finished, Module, Program, Reader, Writer, state::PresentAbsent as State,
};

mod kind;
mod size;

use kind::Kind;

/// Makes a file system, lets one grow to the size of its device, or wipes it.
///
/// A device that has another file system already is left alone, and is a failure, without `force`.
///
/// ```yaml
/// - filesystem:
///     dev: /dev/sdb1
///     fstype: ext4
/// - filesystem:
///     dev: /dev/sdb1
///     fstype: ext4
///     resizefs: true
/// - filesystem:
///     dev: /dev/sdb1
///     state: absent
/// ```
#[derive(Args)]
#[args(exclusive("resizefs", "uuid"), required_if("state", "present", "fstype"))]
pub struct Filesystem {
    /// The block device, or the image file.
    #[arg(alias = "device")]
    dev: PathBuf,
    /// The type of the file system; needed for `state: present`.
    #[arg(alias = "type")]
    fstype: Option<Kind>,
    /// Whether there is a file system; `absent` wipes the signatures of one, and takes nothing else but `dev`.
    #[arg(default = "present")]
    state: State,
    /// Makes the file system even where there is another one.
    #[arg(default = false)]
    force: bool,
    /// Lets the file system grow when the device is bigger. Those that need it have to be mounted (XFS, Btrfs).
    #[arg(default = false)]
    resizefs: bool,
    /// Options for the program that makes it, as in a shell.
    opts: Option<String>,
    /// Its UUID, or `random`, `generate`, … as the file system's own program takes it. Always a change.
    uuid: Option<String>,
}

/// What is done.
pub enum Plan {
    /// A new file system.
    Make,
    /// It grows.
    Grow,
    /// Another UUID.
    SetUuid,
    /// Its signatures go.
    Wipe,
}

impl Module for Filesystem {
    type Plan = Plan;

    fn inspect(&self, host: &Reader) -> Result<Changes<Plan>, Failure> {
        if !host.exists(&self.dev) {
            let msg = format!("Device {} not found.", self.dev.display());
            return if self.state == State::Absent {
                Ok(Changes::none().with("msg", msg))
            } else {
                Err(Failure::new(msg))
            };
        }
        let found = self.found(host)?;
        let Some(kind) = self.fstype.filter(|_| self.state == State::Present) else {
            return Ok(Changes::when(!found.is_empty(), Plan::Wipe));
        };
        let uuid = self.uuid();
        if uuid.is_some() && kind.uuid_program().is_none() {
            let name = kind.as_str();
            return Err(Failure::new(format!("module does not support UUID option for this filesystem ({name}) yet.")));
        }
        let is_same = found == kind.signature();
        // What is asked of a file system that is there already is done to it, though `force` is set.
        if is_same && self.resizefs {
            return self.growth(host, kind);
        }
        if is_same && (uuid.is_some() || !self.force) {
            let (name, dev) = (kind.title().unwrap_or_default(), self.dev.display());
            let changes = Changes::when(uuid.is_some(), Plan::SetUuid);
            return Ok(match uuid {
                Some(_) => changes.with("msg", format!("Changing {name} filesystem UUID on device {dev}")),
                None => changes,
            });
        }
        if !found.is_empty() && !self.force {
            let dev = self.dev.display();
            let msg = format!("'{dev}' is already used as {found}, use force=true to overwrite");
            return Err(Failure::new(msg).with("rc", 0).with("err", ""));
        }
        if kind == Kind::Btrfs && !host.may_come() {
            host.required(kind.maker())?;
        }
        Ok(Changes::of(Plan::Make))
    }

    fn apply(&self, plan: Plan, host: &mut Writer) -> Result<Fields, Failure> {
        let Some(kind) = self.fstype.filter(|_| self.state == State::Present) else {
            let program = Program::new(host.required("wipefs")?).arg("--all").arg("--").arg(&self.dev);
            run(host, program)?;
            return Ok(Fields::new());
        };
        match plan {
            Plan::Wipe => Ok(Fields::new()),
            Plan::Make => {
                let options = self.opts.as_deref().unwrap_or_default().split_whitespace();
                let mut program = Program::new(host.required(kind.maker())?).args(kind.maker_options());
                if let Some(uuid) = self.uuid() {
                    program = program.args(kind.maker_uuid(uuid));
                }
                run(host, program.args(options).arg(&self.dev))?;
                Ok(Fields::new())
            }
            Plan::SetUuid => {
                let (name, option) = kind.uuid_program().expect("only such file systems get here");
                let uuid = self.uuid().unwrap_or_default();
                let program = Program::new(host.required(name)?).arg(option).arg(uuid).arg(&self.dev);
                let finished = run(host, program)?;
                Ok(Fields::from_iter([("msg".into(), json!(finished.out()))]))
            }
            Plan::Grow => {
                let program = size::grower(host, kind, &self.dev)?;
                let finished = run(host, program)?;
                Ok(Fields::from_iter([("msg".into(), json!(finished.out()))]))
            }
        }
    }
}

/// Runs a program that has to succeed.
fn run(host: &mut Writer, program: Program) -> Result<Finished, Failure> {
    let program = program.plain_locale();
    host.run(&program)?.checked(&program)
}

impl Filesystem {
    /// The UUID that is wanted; an empty one is none.
    fn uuid(&self) -> Option<&str> {
        self.uuid.as_deref().filter(|uuid| !uuid.is_empty())
    }

    /// The signature that `blkid` finds; empty when there is none.
    fn found(&self, host: &Reader) -> Result<String, Failure> {
        let program = Program::new(host.required("blkid")?).args(["-c", "/dev/null", "-o", "value", "-s", "TYPE"]);
        let finished = host.query(&program.arg(&self.dev).plain_locale())?;
        Ok(finished.out().trim().to_owned())
    }

    fn growth(&self, host: &Reader, kind: Kind) -> Result<Changes<Plan>, Failure> {
        let dev = self.dev.display();
        let Some(name) = kind.title() else {
            let name = kind.as_str();
            return Err(Failure::new(format!("module does not support resizing {name} filesystem yet.")));
        };
        if !size::has_room(host, kind, &self.dev)? {
            let msg = format!("{name} filesystem is using the whole device {dev}");
            return Ok(Changes::none().with("msg", msg));
        }
        let changes = Changes::of(Plan::Grow);
        Ok(changes.with("msg", format!("resizing filesystem {name} on device {dev}")))
    }
}
