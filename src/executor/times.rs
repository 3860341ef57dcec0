//! Times that playbooks and settings give.

use std::time::Duration;

/// A hundred years: longer than any run, and short enough to be added to the present.
const FOREVER: f64 = 100.0 * 365.0 * 86400.0;

/// So many seconds; none if the number is negative or not one.
pub fn seconds(number: f64) -> Duration {
    if number.is_nan() { Duration::ZERO } else { Duration::from_secs_f64(number.clamp(0.0, FOREVER)) }
}
