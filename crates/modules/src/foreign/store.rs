//! Where a host keeps the code of modules: in the helper's folder, under the hash of the code.

use std::{
    fs,
    io::{self, Cursor},
    os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use sha1::{Digest, Sha1};
use sutler_protocol::{Foreign, ForeignForm};
use tempfile::TempDir;

use crate::kit::{Context, Failure, reader::hex};

/// Code that was not used for so long is removed when other code comes.
const KEPT: Duration = Duration::from_hours(60 * 24);
/// Use is noted when the last note is older than this.
const NOTED: Duration = Duration::from_hours(24);

/// The folder with the code of a module, which the controller is asked for if it is not there.
pub fn code(module: &Foreign, context: &Context) -> Result<PathBuf, Failure> {
    let folder = folder()?;
    let place = folder.join(format!("{}-{}", module.name, module.code.sha1));
    if let Ok(meta) = place.metadata() {
        note_use(&place, &meta);
        return Ok(place);
    }
    let bytes = context.open(&module.code)?.into_bytes()?;
    if hex(&Sha1::digest(&bytes)) != module.code.sha1 {
        return Err(Failure::new(format!("the code of `{}` was damaged on its way", module.name)));
    }
    let failed = |error: io::Error| Failure::io("write", &place, &error);
    let new = temporary(".new-", &folder)?;
    match module.form {
        ForeignForm::Package => unpack(bytes, new.path()),
        ForeignForm::File | ForeignForm::Filled => write(&new.path().join(&module.name), &bytes),
    }
    .map_err(failed)?;
    match fs::rename(new.path(), &place) {
        Ok(()) => drop(new.keep()),
        // Another task was faster.
        Err(_) if place.is_dir() => {}
        Err(error) => return Err(failed(error)),
    }
    remove_old(&folder);
    Ok(place)
}

/// A folder for one task, gone with it.
pub fn task_folder() -> Result<TempDir, Failure> {
    temporary("task-", &folder()?)
}

fn temporary(prefix: &str, folder: &Path) -> Result<TempDir, Failure> {
    let mut builder = tempfile::Builder::new();
    let made = builder.prefix(prefix).permissions(fs::Permissions::from_mode(0o700)).tempdir_in(folder);
    made.map_err(|error| Failure::io("make a folder in", folder, &error))
}

/// The folder of this user's modules: beside the helper, or where the helper would be if it were this user's.
fn folder() -> Result<PathBuf, Failure> {
    let uid = rustix::process::geteuid().as_raw();
    let beside = fs::read_link("/proc/self/exe").ok().and_then(|path| Some(path.parent()?.to_owned()));
    let home = std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".cache/sutler"));
    let others = [format!("/var/tmp/sutler-{uid}"), format!("/tmp/sutler-{uid}"), format!("/dev/shm/sutler-{uid}")];
    let [var, others @ ..] = others.map(PathBuf::from);
    let places = beside.into_iter().chain([var]).chain(home).chain(others);
    let found = places.map(|place| place.join("modules")).find(|place| private(place, uid));
    found.ok_or_else(|| Failure::new("there is no folder for modules: /var/tmp, the home and /tmp cannot be written"))
}

/// Whether a folder and the one that it is in are this user's alone to write; they are made if that is missing.
fn private(place: &Path, uid: u32) -> bool {
    let is_safe = |path: &Path| {
        path.symlink_metadata().is_ok_and(|meta| meta.is_dir() && meta.uid() == uid && meta.mode() & 0o022 == 0)
    };
    let above = place.parent().unwrap_or(place);
    let _ = fs::DirBuilder::new().recursive(true).mode(0o755).create(above);
    if !is_safe(above) {
        return false;
    }
    let _ = fs::DirBuilder::new().mode(0o700).create(place);
    is_safe(place)
}

fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o700).open(path)?;
    io::copy(&mut &*bytes, &mut file).map(drop)
}

fn unpack(bytes: Vec<u8>, folder: &Path) -> io::Result<()> {
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).map_err(io::Error::other)?;
    for index in 0..archive.len() {
        let mut entry = archive.by_index(index).map_err(io::Error::other)?;
        let Some(name) = entry.enclosed_name() else { continue };
        let path = folder.join(name);
        fs::create_dir_all(path.parent().unwrap_or(folder))?;
        io::copy(&mut entry, &mut fs::File::create(&path)?)?;
    }
    Ok(())
}

fn note_use(place: &Path, meta: &fs::Metadata) {
    if older(meta, NOTED)
        && let Ok(folder) = fs::File::open(place)
    {
        let _ = folder.set_modified(SystemTime::now());
    }
}

fn remove_old(folder: &Path) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        if entry.metadata().is_ok_and(|meta| older(&meta, KEPT)) {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

fn older(meta: &fs::Metadata, than: Duration) -> bool {
    meta.modified().is_ok_and(|time| time.elapsed().is_ok_and(|age| age > than))
}
