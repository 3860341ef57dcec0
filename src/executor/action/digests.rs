//! SHA-1 of large files of the controller: read once, for all hosts and tasks that send them.

use std::{
    collections::HashMap,
    fs::{File, Metadata},
    io,
    os::unix::fs::MetadataExt,
    sync::{Arc, LazyLock},
    time::{Duration, SystemTime},
};

use parking_lot::Mutex;
use sha1::{Digest, Sha1};
use sutler_modules::kit::reader::{hasher_writer, hex};
use tokio::runtime::{Handle, RuntimeFlavor};

/// A file that changed less than this ago may change again without its times telling.
const SETTLED: Duration = Duration::from_secs(2);

/// What tells one state of a file from all others: device, inode, size, and when its content and its inode changed.
type State = (u64, u64, u64, (i64, i64), (i64, i64));

/// What is known of a file; whoever holds it reads the file while the others wait.
type Digested = Arc<Mutex<Option<String>>>;

static KNOWN: LazyLock<Mutex<HashMap<State, Digested>>> = LazyLock::new(Mutex::default);

/// The hash of a file, in hexadecimal.
pub fn sha1_of(file: &mut File) -> io::Result<String> {
    let metadata = file.metadata()?;
    if !is_settled(&metadata) {
        return without_workers(|| read(file));
    }
    let digested = Arc::clone(KNOWN.lock().entry(state_of(&metadata)).or_default());
    without_workers(|| {
        let mut known = digested.lock();
        match &*known {
            Some(sha1) => Ok(sha1.clone()),
            None => read(file).inspect(|sha1| *known = Some(sha1.clone())),
        }
    })
}

fn read(file: &mut File) -> io::Result<String> {
    let mut hasher = Sha1::new();
    io::copy(file, &mut hasher_writer(&mut hasher))?;
    Ok(hex(&hasher.finalize()))
}

fn state_of(file: &Metadata) -> State {
    let (changed, modified) = ((file.ctime(), file.ctime_nsec()), (file.mtime(), file.mtime_nsec()));
    (file.dev(), file.ino(), file.size(), modified, changed)
}

fn is_settled(file: &Metadata) -> bool {
    let changed = SystemTime::UNIX_EPOCH + Duration::new(file.ctime().max(0) as u64, file.ctime_nsec() as u32);
    SystemTime::now().duration_since(changed).is_ok_and(|age| age > SETTLED)
}

/// Does what takes long on a thread that no other host's work waits for.
fn without_workers<T>(work: impl FnOnce() -> T) -> T {
    match Handle::try_current().map(|handle| handle.runtime_flavor()) {
        Ok(RuntimeFlavor::MultiThread) => tokio::task::block_in_place(work),
        _ => work(),
    }
}

#[cfg(test)]
mod tests {
    use std::{fs, io::Write};

    use super::*;

    #[test]
    fn a_file_that_changed_is_read_again() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("file");
        let digest = || sha1_of(&mut File::open(&path).expect("it is there")).expect("it can be read");
        fs::write(&path, "abc").expect("it can be written");
        assert_eq!(digest(), "a9993e364706816aba3e25717850c26c9cd0d89d");
        let old = SystemTime::now() - Duration::from_mins(1);
        File::options().append(true).open(&path).and_then(|file| file.set_modified(old)).expect("it is ours");
        assert_eq!(digest(), "a9993e364706816aba3e25717850c26c9cd0d89d");
        let mut file = File::options().write(true).open(&path).expect("it is ours");
        file.write_all(b"abd").and_then(|()| file.set_modified(old)).expect("it is ours");
        assert_eq!(digest(), "cb4cc28df0fdbe0ecf9d9662e294b118092a5735");
    }
}
