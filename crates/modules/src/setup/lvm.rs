//! Logical volumes, as LVM's own programs list them.

use serde_json::{Value, json};

use super::host::Host;
use crate::kit::Fields;

/// `lvm`: groups, volumes and physical volumes; `N/A` where there are no such programs, or for
/// users other than root.
pub fn collect(host: &Host) -> Fields {
    let value = if rustix::process::geteuid().is_root() && host.reader.which("vgs").is_some() {
        lvm(host)
    } else {
        json!("N/A")
    };
    Fields::from_iter([("lvm".to_owned(), value)])
}

fn lvm(host: &Host) -> Value {
    let list = |program: &str, fields: &str| -> Vec<Vec<String>> {
        let options = ["--noheadings", "--nosuffix", "--units", "g", "--separator", ",", "-o", fields];
        let text = host.output(program, &options).unwrap_or_default();
        text.lines().map(|line| line.trim().split(',').map(str::to_owned).collect()).collect()
    };
    let (mut groups, mut volumes, mut physical) = (Fields::new(), Fields::new(), Fields::new());
    for row in list("vgs", "vg_name,lv_count,pv_count,vg_size,vg_free") {
        if let [name, volumes, disks, size, free] = row.as_slice() {
            let facts = json!({ "size_g": size, "free_g": free, "num_lvs": volumes, "num_pvs": disks });
            groups.insert(name.clone(), facts);
        }
    }
    for row in list("lvs", "lv_name,vg_name,lv_size") {
        if let [name, group, size] = row.as_slice() {
            volumes.insert(name.clone(), json!({ "size_g": size, "vg": group }));
        }
    }
    for row in list("pvs", "pv_name,vg_name,pv_size,pv_free") {
        if let [name, group, size, free] = row.as_slice() {
            physical.insert(name.clone(), json!({ "size_g": size, "free_g": free, "vg": group }));
        }
    }
    json!({ "lvs": volumes, "vgs": groups, "pvs": physical })
}
