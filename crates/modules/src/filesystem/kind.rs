//! The types of file systems, and their programs.

use crate::choice;

choice! {
    /// A type of file system.
    pub enum Kind {
        /// Bcachefs.
        Bcachefs = "bcachefs",
        /// Btrfs.
        Btrfs = "btrfs",
        /// ext2.
        Ext2 = "ext2",
        /// ext3.
        Ext3 = "ext3",
        /// ext4.
        Ext4 = "ext4",
        /// ext4 before it was finished.
        Ext4dev = "ext4dev",
        /// F2FS.
        F2fs = "f2fs",
        /// A physical volume of LVM.
        Lvm = "lvm",
        /// OCFS2.
        Ocfs2 = "ocfs2",
        /// `ReiserFS`.
        Reiserfs = "reiserfs",
        /// XFS.
        Xfs = "xfs",
        /// FAT.
        Vfat = "vfat",
        /// Swap space.
        Swap = "swap",
        /// UFS; not on Linux.
        Ufs = "ufs",
    }
}

impl Kind {
    /// What `blkid` calls it.
    pub fn signature(self) -> &'static str {
        match self {
            Self::Lvm => "LVM2_member",
            Self::Ext4dev => "ext4",
            other => other.as_str(),
        }
    }

    /// The program that makes it.
    pub fn maker(self) -> &'static str {
        match self {
            Self::Bcachefs => "bcachefs",
            Self::Btrfs => "mkfs.btrfs",
            Self::Ext2 => "mkfs.ext2",
            Self::Ext3 => "mkfs.ext3",
            Self::Ext4 | Self::Ext4dev => "mkfs.ext4",
            Self::F2fs => "mkfs.f2fs",
            Self::Lvm => "pvcreate",
            Self::Ocfs2 => "mkfs.ocfs2",
            Self::Reiserfs => "mkfs.reiserfs",
            Self::Xfs => "mkfs.xfs",
            Self::Vfat => "mkfs.vfat",
            Self::Swap => "mkswap",
            Self::Ufs => "newfs",
        }
    }

    /// So that it neither asks nor refuses what is to be overwritten.
    pub fn maker_options(self) -> &'static [&'static str] {
        match self {
            Self::Bcachefs => &["format", "--force"],
            Self::Ext2 | Self::Ext3 | Self::Ext4 | Self::Ext4dev => &["-F"],
            Self::Btrfs | Self::F2fs | Self::Lvm | Self::Xfs | Self::Swap => &["-f"],
            Self::Ocfs2 => &["-Fx"],
            Self::Reiserfs => &["-q"],
            Self::Vfat | Self::Ufs => &[],
        }
    }

    /// The options that give a new one its UUID.
    pub fn maker_uuid(self, uuid: &str) -> Vec<String> {
        match self {
            Self::Xfs => vec!["-m".into(), format!("uuid={uuid}")],
            Self::Lvm => vec!["--norestorefile".into(), "--uuid".into(), uuid.into()],
            _ => vec!["-U".into(), uuid.into()],
        }
    }

    /// The program that changes its UUID, and the option before it.
    pub fn uuid_program(self) -> Option<(&'static str, &'static str)> {
        match self {
            Self::Ext2 | Self::Ext3 | Self::Ext4 | Self::Ext4dev => Some(("tune2fs", "-U")),
            Self::Xfs => Some(("xfs_admin", "-U")),
            Self::Lvm => Some(("pvchange", "-u")),
            _ => None,
        }
    }

    /// What messages call one that can grow.
    pub fn title(self) -> Option<&'static str> {
        Some(match self {
            Self::Btrfs => "Btrfs",
            Self::Ext2 => "Ext2",
            Self::Ext3 => "Ext3",
            Self::Ext4 | Self::Ext4dev => "Ext4",
            Self::F2fs => "F2fs",
            Self::Lvm => "LVM",
            Self::Xfs => "XFS",
            Self::Vfat => "VFAT",
            _ => return None,
        })
    }
}
