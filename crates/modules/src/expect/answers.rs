//! Questions, and what is answered to them.

use fancy_regex::Regex;
use serde_json::Value;
use sutler_protocol::Arguments;

use crate::kit::{Failure, args::plain_text, regex};

/// All questions, in the order of the task.
pub struct Answers(Vec<Question>);

struct Question {
    pattern: String,
    regex: Regex,
    answers: Reply,
}

enum Reply {
    /// The same each time.
    Always(String),
    /// One after the other.
    Each(std::vec::IntoIter<String>),
}

impl Answers {
    /// Compiles the patterns.
    pub fn new(responses: &Arguments) -> Result<Self, Failure> {
        let question = |(pattern, reply): (&String, &Value)| {
            let answers = match reply {
                Value::Array(items) => Reply::Each(items.iter().map(line).collect::<Vec<_>>().into_iter()),
                other => Reply::Always(line(other)),
            };
            Ok(Question { pattern: pattern.clone(), regex: regex::compile_dotall(pattern)?, answers })
        };
        responses.iter().map(question).collect::<Result<_, Failure>>().map(Self)
    }

    /// The answer to the first question in `text`, and where the question ends.
    pub fn find(&mut self, text: &str) -> Result<Option<(usize, String)>, Failure> {
        let mut first: Option<(usize, usize, &mut Question)> = None;
        for question in &mut self.0 {
            if let Some(found) = question.regex.find(text)?
                && first.as_ref().is_none_or(|(start, ..)| found.start() < *start)
            {
                first = Some((found.start(), found.end(), question));
            }
        }
        let Some((_, end, question)) = first else { return Ok(None) };
        let answer = match &mut question.answers {
            Reply::Always(answer) => Some(answer.clone()),
            Reply::Each(answers) => answers.next(),
        };
        let spent = || {
            let output = python_bytes(&text[..end]);
            format!("No remaining responses for '{}', output was '{output}'", question.pattern)
        };
        Ok(Some((end, answer.ok_or_else(|| Failure::new(spent()))?)))
    }
}

fn line(answer: &Value) -> String {
    format!("{}\n", plain_text(answer).trim_end_matches('\n'))
}

/// Text as Python shows its bytes.
fn python_bytes(text: &str) -> String {
    let mut shown = String::from("b'");
    for byte in text.bytes() {
        match byte {
            b'\r' => shown += "\\r",
            b'\n' => shown += "\\n",
            b'\t' => shown += "\\t",
            b'\\' => shown += "\\\\",
            b'\'' => shown += "\\'",
            b' '..=b'~' => shown.push(char::from(byte)),
            other => shown += &format!("\\x{other:02x}"),
        }
    }
    shown + "'"
}

#[cfg(test)]
mod tests {
    #[test]
    fn bytes_are_shown_as_in_python() {
        assert_eq!(super::python_bytes("a\r\n\u{e9}"), r"b'a\r\n\xc3\xa9'");
    }
}
