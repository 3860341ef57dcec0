//! TOML inventories: a table for every group, with `hosts`, `vars` and `children`.

use std::sync::Arc;

use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use crate::source::{Diagnostic, Entry, Kind, Node, SourceFile, Span};

use super::{Inventory, ini::refused, yaml};

/// Reads a file into the inventory.
pub fn read(inventory: &mut Inventory, file: &Arc<SourceFile>) -> Result<(), Diagnostic> {
    let place = Place(file);
    let table = DeTable::parse(file.text()).map_err(|error| {
        let at = error.span().map_or(0, |span| span.start);
        Diagnostic::error(format!("cannot read this as TOML: {}", error.message())).at(&place.span(at))
    })?;
    for entry in place.entries(table.get_ref())? {
        let name = entry.key.as_str().unwrap_or_default();
        let Kind::Map(sections) = &entry.value.kind else {
            return Err(Diagnostic::error(format!("`{name}` must be a table, because it stands where a group does"))
                .at(&entry.key.span)
                .help(format!("write `[{name}.hosts]`, `[{name}.vars]` or `[{name}]` with `children`")));
        };
        group(inventory, name, sections)?;
    }
    Ok(())
}

fn group(inventory: &mut Inventory, name: &str, sections: &[Entry]) -> Result<(), Diagnostic> {
    inventory.add_group(name);
    for section in sections {
        match section.key.as_str() {
            Some("vars") => yaml::vars(inventory, name, &section.value)?,
            Some("hosts") => yaml::hosts(inventory, name, &section.value)?,
            Some("children") => {
                let children = section.value.as_list().ok_or_else(|| {
                    Diagnostic::error(format!("the children of the group `{name}` must be an array"))
                        .at(&section.value.span)
                })?;
                for child in children {
                    let wrong = || Diagnostic::error("the name of a group must be text").at(&child.span);
                    let child_name = child.as_str().ok_or_else(wrong)?;
                    inventory.add_child(name, child_name).map_err(|cause| refused(&cause, &child.span))?;
                }
            }
            _ => yaml::warn_of(inventory, name, &section.key),
        }
    }
    Ok(())
}

/// Finds places in the file.
struct Place<'a>(&'a Arc<SourceFile>);

impl Place<'_> {
    fn span(&self, byte: usize) -> Span {
        let before = self.0.text().get(..byte).unwrap_or_default();
        let line = before.matches('\n').count() as u32 + 1;
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() as u32 + 1;
        Span::new(self.0, line, column)
    }

    fn entries(&self, table: &DeTable) -> Result<Vec<Entry>, Diagnostic> {
        let entry = |(key, value): (&Spanned<std::borrow::Cow<str>>, &Spanned<DeValue>)| {
            let key = Node::new(Kind::Str(key.get_ref().to_string()), self.span(key.span().start));
            Ok(Entry { key, value: self.node(value)? })
        };
        table.iter().map(entry).collect()
    }

    fn node(&self, value: &Spanned<DeValue>) -> Result<Node, Diagnostic> {
        let span = self.span(value.span().start);
        let wrong = |what: &str| Diagnostic::error(format!("this {what} is too large")).at(&span);
        let kind = match value.get_ref() {
            DeValue::String(text) => Kind::Str(text.to_string()),
            DeValue::Integer(number) => {
                Kind::Int(i64::from_str_radix(number.as_str(), number.radix()).map_err(|_| wrong("integer"))?)
            }
            DeValue::Float(number) => Kind::Float(number.as_str().parse().map_err(|_| wrong("float"))?),
            DeValue::Boolean(flag) => Kind::Bool(*flag),
            // In the form of Python's `isoformat`.
            DeValue::Datetime(time) => {
                let text = time.to_string();
                Kind::Timestamp(text.strip_suffix('Z').map_or(text.clone(), |local| format!("{local}+00:00")))
            }
            DeValue::Array(items) => Kind::List(items.iter().map(|item| self.node(item)).collect::<Result<_, _>>()?),
            DeValue::Table(table) => Kind::Map(self.entries(table)?),
        };
        Ok(Node::new(kind, span))
    }
}
