//! The date and the time, in the host's own time zone and in UTC.

use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::json;

use super::{
    host::Host,
    timezone::{Civil, Zone},
};
use crate::kit::Fields;

const WEEKDAYS: [&str; 7] = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];

/// `date_time`.
pub fn collect(host: &Host) -> Fields {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Fields::from_iter([(
        "date_time".to_owned(),
        describe(now.as_secs() as i64, now.subsec_micros(), &zone(host)).into(),
    )])
}

/// The zone of `TZ`, else that of `/etc/localtime`, else UTC.
fn zone(host: &Host) -> Zone {
    let name = host.reader.env("TZ").map(|name| name.trim_start_matches(':').to_owned());
    match name.as_deref() {
        None => host.reader.read("/etc/localtime").ok().and_then(|bytes| Zone::parse(&bytes)),
        Some(name) if name.starts_with('/') => host.reader.read(name).ok().and_then(|bytes| Zone::parse(&bytes)),
        Some(name) => {
            let file = host.reader.read(format!("/usr/share/zoneinfo/{name}")).ok();
            file.and_then(|bytes| Zone::parse(&bytes)).or_else(|| Zone::from_rule(name))
        }
    }
    .unwrap_or_default()
}

fn describe(epoch: i64, micros: u32, zone: &Zone) -> Fields {
    let (offset, abbreviation) = zone.at(epoch);
    let local = Civil::from_epoch(epoch + i64::from(offset));
    let utc = Civil::from_epoch(epoch);
    let weekday = (epoch + i64::from(offset)).div_euclid(86_400).wrapping_add(4).rem_euclid(7);
    // Weeks start on Mondays; days before the first Monday are week 0.
    let week = (local.day_of_year + 7 - (weekday + 6) % 7) / 7;
    let date = format!("{:04}-{:02}-{:02}", local.year, local.month, local.day);
    let time = format!("{:02}:{:02}:{:02}", local.hour, local.minute, local.second);
    let utc_text =
        format!("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}", utc.year, utc.month, utc.day, utc.hour, utc.minute, utc.second);
    let basic = format!("{}T{}", date.replace('-', ""), time.replace(':', ""));
    let sign = if offset < 0 { '-' } else { '+' };
    let minutes = offset.abs() / 60;
    let facts = json!({
        "year": format!("{:04}", local.year),
        "month": format!("{:02}", local.month),
        "day": format!("{:02}", local.day),
        "hour": format!("{:02}", local.hour),
        "minute": format!("{:02}", local.minute),
        "second": format!("{:02}", local.second),
        "weekday": WEEKDAYS[weekday as usize],
        "weekday_number": weekday.to_string(),
        "weeknumber": format!("{week:02}"),
        "epoch": epoch.to_string(),
        "epoch_int": epoch.to_string(),
        "date": date,
        "time": time,
        "iso8601": format!("{utc_text}Z"),
        "iso8601_micro": format!("{utc_text}.{micros:06}Z"),
        "iso8601_basic": format!("{basic}{micros:06}"),
        "iso8601_basic_short": basic,
        "tz": abbreviation,
        "tz_dst": zone.summer_name(epoch),
        "tz_offset": format!("{sign}{:02}{:02}", minutes / 60, minutes % 60),
    });
    match facts {
        serde_json::Value::Object(facts) => facts,
        _ => Fields::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_told_in_the_zone_of_the_host() {
        let zone = Zone::from_rule("CET-1CEST,M3.5.0,M10.5.0/3").unwrap();
        let facts = describe(1_795_235_169, 7, &zone);
        for (name, value) in [
            ("date", "2026-11-21"),
            ("time", "05:26:09"),
            ("weekday", "Saturday"),
            ("weekday_number", "6"),
            ("weeknumber", "46"),
            ("iso8601_micro", "2026-11-21T04:26:09.000007Z"),
            ("iso8601_basic", "20261121T052609000007"),
            ("tz", "CET"),
            ("tz_dst", "CEST"),
            ("tz_offset", "+0100"),
        ] {
            assert_eq!(facts[name], value, "{name}");
        }
    }
}
