//! `serial`: a play's hosts in batches.

/// Why `serial` makes no batches.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`serial` takes numbers and percentages, not `{0}`")]
pub struct SerialError(pub String);

/// The batches of `hosts`. Each of `serial` is a number or a percentage of all hosts (rounded down,
/// at least one); the last one repeats. No `serial`, or 0, is one batch of all.
pub fn batches<T: Clone>(hosts: &[T], serial: &[String]) -> Result<Vec<Vec<T>>, SerialError> {
    let sizes: Vec<usize> = serial.iter().map(|size| batch_size(size, hosts.len())).collect::<Result<_, _>>()?;
    let mut rest = hosts;
    let mut batches = Vec::new();
    let mut sizes = sizes.into_iter().peekable();
    let mut size = 0;
    while !rest.is_empty() {
        size = sizes.next().unwrap_or(size);
        let take = if size == 0 { rest.len() } else { size.min(rest.len()) };
        let (batch, remaining) = rest.split_at(take);
        batches.push(batch.to_vec());
        rest = remaining;
    }
    Ok(batches)
}

fn batch_size(text: &str, hosts: usize) -> Result<usize, SerialError> {
    let invalid = || SerialError(text.to_owned());
    match text.trim().strip_suffix('%') {
        Some(percent) => {
            let percent: f64 = percent.trim().parse().map_err(|_| invalid())?;
            Ok(((hosts as f64 * percent / 100.0) as usize).max(1))
        }
        None => text.trim().parse::<i64>().map(|size| size.max(0) as usize).map_err(|_| invalid()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sizes(hosts: usize, serial: &[&str]) -> Vec<usize> {
        let serial: Vec<String> = serial.iter().map(|s| (*s).to_owned()).collect();
        batches(&(0..hosts).collect::<Vec<_>>(), &serial).unwrap().iter().map(Vec::len).collect()
    }

    #[test]
    fn the_last_size_repeats() {
        assert_eq!(sizes(10, &["1", "3"]), [1, 3, 3, 3]);
        assert_eq!(sizes(10, &["30%"]), [3, 3, 3, 1]);
        assert_eq!(sizes(3, &["10%"]), [1, 1, 1]);
        assert_eq!(sizes(3, &[]), [3]);
        assert_eq!(sizes(3, &["0"]), [3]);
        assert_eq!(sizes(0, &["2"]), [0; 0]);
    }

    #[test]
    fn words_are_refused() {
        assert_eq!(batches(&[1], &["few".into()]), Err(SerialError("few".into())));
    }
}
