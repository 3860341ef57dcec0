//! How big a file system and its device are, and what lets it grow.

use std::{io::Seek, path::Path};

use super::Kind;
use crate::{
    kit::{Failure, Program, Reader},
    mount::table,
};

/// Whether the device is bigger than the file system on it.
pub fn has_room(host: &Reader, kind: Kind, dev: &Path) -> Result<bool, Failure> {
    let device = host.open(dev)?.seek(std::io::SeekFrom::End(0)).map_err(|e| Failure::io("read", dev, &e))?;
    let ask = |program: &str, arguments: &[&str]| -> Result<String, Failure> {
        let program = Program::new(host.required(program)?).args(arguments).arg(dev);
        Ok(host.query(&program.plain_locale())?.out())
    };
    let (block, blocks) = match kind {
        Kind::Ext2 | Kind::Ext3 | Kind::Ext4 | Kind::Ext4dev => {
            let shown = ask("tune2fs", &["-l"])?;
            (number(&shown, "Block size:"), number(&shown, "Block count:"))
        }
        Kind::Xfs => {
            let shown = ask("xfs_db", &["-r", "-c", "sb 0", "-c", "p blocksize dblocks"])?;
            (number(&shown, "blocksize ="), number(&shown, "dblocks ="))
        }
        Kind::Vfat => {
            let program = Program::new(host.required("fatresize")?).arg("--info").arg(dev);
            let shown = host.query(&program.plain_locale())?.out();
            (Some(1), number(&shown, "Size:"))
        }
        Kind::Btrfs => (Some(1), number(&ask("btrfs", &["inspect-internal", "dump-super"])?, "total_bytes")),
        Kind::Lvm => {
            (Some(1), ask("pvs", &["--noheadings", "--nosuffix", "--units", "b", "-o", "pv_size"])?.trim().parse().ok())
        }
        _ => {
            let shown = ask("dump.f2fs", &[])?;
            let sectors = shown.lines().find_map(|line| line.split_once("total FS sectors = ")).map(|(_, rest)| rest);
            (number(&shown, "sector size ="), sectors.and_then(|rest| number(rest, "")))
        }
    };
    let (Some(block), Some(blocks)) = (block, blocks) else {
        return Err(Failure::new(format!("the size of the file system on {} cannot be read", dev.display())));
    };
    Ok(device / block > blocks)
}

/// The first number behind `label`.
fn number(text: &str, label: &str) -> Option<u64> {
    let rest = text.lines().find_map(|line| line.split_once(label).map(|(_, rest)| rest))?;
    let digits = rest.trim_start();
    digits[..digits.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(digits.len())].parse().ok()
}

/// The program that lets it grow; for some it takes the mount point.
pub fn grower(host: &Reader, kind: Kind, dev: &Path) -> Result<Program, Failure> {
    let program = |name: &str| host.required(name).map(Program::new);
    Ok(match kind {
        Kind::Ext2 | Kind::Ext3 | Kind::Ext4 | Kind::Ext4dev => program("resize2fs")?.arg(dev),
        Kind::Xfs => program("xfs_growfs")?.arg(mount_point(host, kind, dev)?),
        Kind::Btrfs => program("btrfs")?.args(["filesystem", "resize", "max"]).arg(mount_point(host, kind, dev)?),
        Kind::Lvm => program("pvresize")?.arg(dev),
        Kind::Vfat => program("fatresize")?.args(["-s", "max"]).arg(dev),
        _ => program("resize.f2fs")?.arg(dev),
    })
}

fn mount_point(host: &Reader, kind: Kind, dev: &Path) -> Result<String, Failure> {
    let mounts = host.read_text("/proc/self/mounts")?.unwrap_or_default();
    let wanted = host.resolve(dev);
    let places = mounts.lines().filter_map(|line| line.split_once(' '));
    let place =
        places.filter(|(device, _)| host.resolve(table::unescape(device)) == wanted).map(|(_, rest)| rest).next();
    let place = place.and_then(|rest| rest.split(' ').next()).map(table::unescape);
    let (shown, title) = (dev.display(), kind.title().unwrap_or_default());
    place.ok_or_else(|| Failure::new(format!("{shown} needs to be mounted for {title} operations")))
}
