//! The disk below `path.data`: how full it is, and whether shards can be written there.

use std::path::Path;

use serde::{Deserialize, Serialize};

/// What a node tells of its disk.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Disk {
    /// In bytes.
    pub total: u64,
    /// In bytes, for a user who is not root.
    pub available: u64,
    /// Whether the folder of the shards takes a file.
    pub writable: bool,
}

impl Disk {
    /// Before anyone has looked.
    pub const UNKNOWN: Self = Self { total: 0, available: 0, writable: true };

    /// Looks at the disk of this node.
    pub fn of(data: &Path) -> Self {
        let (total, available) = rustix::fs::statvfs(data)
            .map_or((0, 0), |disk| (disk.f_blocks * disk.f_frsize, disk.f_bavail * disk.f_frsize));
        let shards = data.join("indices");
        let probe = std::fs::create_dir_all(&shards).and_then(|()| std::fs::write(shards.join(".probe"), ""));
        Self { total, available, writable: probe.is_ok() }
    }

    /// How much is used, in percent; 0 where the size is not known.
    pub fn used(&self) -> f64 {
        if self.total == 0 {
            return 0.0;
        }
        // Nobody compares disks of more than 2⁵³ bytes by the byte.
        #[allow(clippy::cast_precision_loss)]
        let free = self.available as f64 / self.total as f64;
        100.0 - 100.0 * free
    }
}
