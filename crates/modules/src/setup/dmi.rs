//! What the firmware says about the machine, from `/sys/class/dmi/id`.

use serde_json::json;

use super::host::Host;
use crate::kit::Fields;

/// Facts, and the files that hold them.
const FILES: &[(&str, &str)] = &[
    ("bios_date", "bios_date"),
    ("bios_vendor", "bios_vendor"),
    ("bios_version", "bios_version"),
    ("board_asset_tag", "board_asset_tag"),
    ("board_name", "board_name"),
    ("board_serial", "board_serial"),
    ("board_vendor", "board_vendor"),
    ("board_version", "board_version"),
    ("chassis_asset_tag", "chassis_asset_tag"),
    ("chassis_serial", "chassis_serial"),
    ("chassis_vendor", "chassis_vendor"),
    ("chassis_version", "chassis_version"),
    ("product_name", "product_name"),
    ("product_serial", "product_serial"),
    ("product_uuid", "product_uuid"),
    ("product_version", "product_version"),
    ("system_vendor", "sys_vendor"),
];

/// The chassis types of the SMBIOS specification, 7.4.1, by number.
const FORM_FACTORS: &[&str] = &[
    "Unknown",
    "Other",
    "Unknown",
    "Desktop",
    "Low Profile Desktop",
    "Pizza Box",
    "Mini Tower",
    "Tower",
    "Portable",
    "Laptop",
    "Notebook",
    "Hand Held",
    "Docking Station",
    "All In One",
    "Sub Notebook",
    "Space-saving",
    "Lunch Box",
    "Main Server Chassis",
    "Expansion Chassis",
    "Sub Chassis",
    "Bus Expansion Chassis",
    "Peripheral Chassis",
    "RAID Chassis",
    "Rack Mount Chassis",
    "Sealed-case PC",
    "Multi-system",
    "CompactPCI",
    "AdvancedTCA",
    "Blade",
    "Blade Enclosure",
    "Tablet",
    "Convertible",
    "Detachable",
    "IoT Gateway",
    "Embedded PC",
    "Mini PC",
    "Stick PC",
];

/// Firmware, board, chassis and product; `NA` where the machine does not say, or not to this user.
pub fn collect(host: &Host) -> Fields {
    let read = |file: &str| host.text(format!("/sys/class/dmi/id/{file}"));
    let mut facts: Fields = FILES
        .iter()
        .map(|(fact, file)| ((*fact).to_owned(), json!(read(file).unwrap_or_else(|| "NA".into()))))
        .collect();
    let number = read("chassis_type").map(|number| number.parse::<usize>().unwrap_or_default());
    let form_factor = number.map_or("NA".to_owned(), |number| match FORM_FACTORS.get(number) {
        Some(name) => (*name).to_owned(),
        None => format!("unknown ({number})"),
    });
    facts.insert("form_factor".into(), json!(form_factor));
    facts
}
