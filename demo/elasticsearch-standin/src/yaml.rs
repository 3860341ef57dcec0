//! YAML as `elasticsearch.yml` uses it: nested or dotted names, scalars and
//! lists, flattened to dotted names.

use std::collections::BTreeMap;

use libyaml_safer::{Event, EventData, Parser};

/// A setting's value.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// One word, however it was written.
    One(String),
    /// A list of words.
    Many(Vec<String>),
}

/// Settings under their dotted names.
pub type Settings = BTreeMap<String, Value>;

/// Reads a document; an error says where.
pub fn settings(text: &str) -> Result<Settings, String> {
    let mut input = text.as_bytes();
    let mut parser = Parser::new();
    parser.set_input_string(&mut input);
    let mut reader = Reader { parser, found: Settings::new() };
    loop {
        let event = reader.next()?;
        match event.data {
            EventData::StreamEnd => return Ok(reader.found),
            EventData::MappingStart { .. } => reader.mapping("")?,
            EventData::Scalar { ref value, .. } if value.is_empty() => {}
            EventData::Scalar { .. } | EventData::SequenceStart { .. } => {
                return Err(at(&event, "expected settings as `name: value`"));
            }
            _ => {}
        }
    }
}

struct Reader<'r> {
    parser: Parser<&'r mut &'r [u8]>,
    found: Settings,
}

impl Reader<'_> {
    fn next(&mut self) -> Result<Event, String> {
        self.parser.parse().map_err(|error| error.to_string())
    }

    fn mapping(&mut self, prefix: &str) -> Result<(), String> {
        loop {
            let event = self.next()?;
            let name = match event.data {
                EventData::MappingEnd => return Ok(()),
                EventData::Scalar { ref value, .. } => format!("{prefix}{value}"),
                _ => return Err(at(&event, "expected a setting's name")),
            };
            let event = self.next()?;
            let value = match event.data {
                EventData::MappingStart { .. } => {
                    self.mapping(&format!("{name}."))?;
                    continue;
                }
                EventData::Scalar { ref value, .. } => Value::One(value.clone()),
                EventData::SequenceStart { .. } => Value::Many(self.sequence()?),
                _ => return Err(at(&event, &format!("expected a value for [{name}]"))),
            };
            if self.found.insert(name.clone(), value).is_some() {
                return Err(at(&event, &format!("duplicate settings key [{name}] found")));
            }
        }
    }

    fn sequence(&mut self) -> Result<Vec<String>, String> {
        let mut items = Vec::new();
        loop {
            let event = self.next()?;
            match event.data {
                EventData::SequenceEnd => return Ok(items),
                EventData::Scalar { value, .. } => items.push(value),
                _ => return Err(at(&event, "only simple values are expected in a list of settings")),
            }
        }
    }
}

fn at(event: &Event, message: &str) -> String {
    format!("{message} at line {}, column {}", event.start_mark.line + 1, event.start_mark.column + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nested_and_dotted_names_are_the_same() {
        let nested = settings("node:\n  name: a\n  roles: [ master, data ]\n").unwrap();
        let dotted = settings("node.name: a\nnode.roles:\n  - master\n  - data\n").unwrap();
        assert_eq!(nested, dotted);
    }

    #[test]
    fn a_name_given_twice_is_an_error_with_its_place() {
        let error = settings("a.b: 1\na:\n  b: 2\n").unwrap_err();
        assert_eq!(error, "duplicate settings key [a.b] found at line 3, column 6");
    }

    #[test]
    fn comments_alone_are_no_settings() {
        assert_eq!(settings("# cluster.name: my-application\n"), Ok(Settings::new()));
    }
}
