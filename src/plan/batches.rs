//! `serial`: a play's hosts in batches.

use crate::value::Value;

/// Why `serial` makes no batches.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`serial` takes whole numbers and percentages, not `{0}`")]
pub struct SerialError(pub String);

/// The batches of `hosts`. Each of `serial` is a number or a percentage of all hosts (rounded down,
/// at least one); the last one repeats. No `serial`, 0, or less is one batch of all that are left.
pub fn batches<T: Clone>(hosts: &[T], serial: &[Value]) -> Result<Vec<Vec<T>>, SerialError> {
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

fn batch_size(size: &Value, hosts: usize) -> Result<usize, SerialError> {
    let number = match size {
        Value::Int(number) => Some(*number),
        Value::Float(number) => Some(*number as i64),
        Value::Bool(one) => Some(i64::from(*one)),
        Value::Str(text) if text.ends_with('%') => text.replace('%', "").trim().parse().ok().map(|percent: i64| {
            match (percent as f64 / 100.0 * hosts as f64) as i64 {
                0 => 1,
                some => some,
            }
        }),
        Value::Str(text) => text.trim().parse().ok(),
        _ => None,
    };
    number.map(|number| number.max(0) as usize).ok_or_else(|| SerialError(size.to_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sizes(hosts: usize, serial: &[&str]) -> Vec<usize> {
        let serial: Vec<Value> = serial.iter().map(|size| Value::from(*size)).collect();
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
        assert_eq!(sizes(4, &["1", "-50%"]), [1, 3]);
    }

    #[test]
    fn numbers_are_cut_down_to_whole_ones() {
        let sizes = |size: Value| batches(&[1, 2, 3], &[size]).unwrap().iter().map(Vec::len).collect::<Vec<_>>();
        assert_eq!(sizes(Value::Float(2.7)), [2, 1]);
        assert_eq!(sizes(Value::Bool(true)), [1, 1, 1]);
    }

    #[test]
    fn what_is_no_whole_number_is_refused() {
        for word in ["few", "", "2.7", "33.3%"] {
            assert_eq!(batches(&[1], &[word.into()]), Err(SerialError(word.into())));
        }
    }
}
