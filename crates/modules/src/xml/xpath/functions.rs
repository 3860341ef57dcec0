//! XPath's own functions, and what values are as text and numbers.

use super::{
    super::{
        cursor::is_blank,
        tree::{Kind, Name, XML_NAMESPACE},
    },
    Axis, Context, Item, Value, World,
};

/// Names, and how many arguments they take at least and at most.
const FUNCTIONS: [(&str, usize, usize); 27] = [
    ("boolean", 1, 1),
    ("ceiling", 1, 1),
    ("concat", 2, usize::MAX),
    ("contains", 2, 2),
    ("count", 1, 1),
    ("false", 0, 0),
    ("floor", 1, 1),
    ("id", 1, 1),
    ("lang", 1, 1),
    ("last", 0, 0),
    ("local-name", 0, 1),
    ("name", 0, 1),
    ("namespace-uri", 0, 1),
    ("normalize-space", 0, 1),
    ("not", 1, 1),
    ("number", 0, 1),
    ("position", 0, 0),
    ("round", 1, 1),
    ("starts-with", 2, 2),
    ("string", 0, 1),
    ("string-length", 0, 1),
    ("substring", 2, 3),
    ("substring-after", 2, 2),
    ("substring-before", 2, 2),
    ("sum", 1, 1),
    ("translate", 3, 3),
    ("true", 0, 0),
];

impl World<'_> {
    /// What a function gives.
    pub(super) fn call(&self, name: &str, arguments: &[Value], context: Context) -> Result<Value, &'static str> {
        if name.split_once(':').is_some_and(|(prefix, _)| self.space(prefix).is_err()) {
            return Err("Error in xpath expression");
        }
        let (_, least, most) = FUNCTIONS.iter().find(|(other, ..)| *other == name).ok_or("Unregistered function")?;
        if !(*least..=*most).contains(&arguments.len()) {
            return Err("Invalid number of arguments");
        }
        let here = [Value::Items(vec![context.item])];
        let arguments = if arguments.is_empty() { &here } else { arguments };
        let first = &arguments[0];
        let text = |number: usize| arguments.get(number).map(|value| self.text(value)).unwrap_or_default();
        let number = |number: usize| self.number(&arguments[number]);
        let items = || match first {
            Value::Items(items) => Ok(items.as_slice()),
            _ => Err("Invalid type"),
        };
        let named = |part: fn(&Name) -> String| {
            let first = items()?.first().copied();
            Ok::<_, &'static str>(first.map(|item| self.naming(item, part)).unwrap_or_default())
        };
        Ok(match name {
            "boolean" => Value::Boolean(first.holds()),
            "ceiling" => Value::Number(number(0).ceil()),
            "concat" => Value::Text(arguments.iter().map(|value| self.text(value)).collect()),
            "contains" => Value::Boolean(text(0).contains(&text(1))),
            "count" => Value::Number(items()?.len() as f64),
            "false" => Value::Boolean(false),
            "floor" => Value::Number(number(0).floor()),
            "id" => Value::Items(self.identified(first)),
            "lang" => Value::Boolean(self.is_in_language(context.item, &text(0))),
            "last" => Value::Number(context.size as f64),
            "local-name" => Value::Text(named(|name| name.local.clone())?),
            "name" => Value::Text(named(Name::written)?),
            "namespace-uri" => Value::Text(named(|name| name.space.clone().unwrap_or_default())?),
            "normalize-space" => {
                let text = text(0);
                Value::Text(text.split(is_blank).filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" "))
            }
            "not" => Value::Boolean(!first.holds()),
            "number" => Value::Number(number(0)),
            "position" => Value::Number(context.position as f64),
            "round" => Value::Number((number(0) + 0.5).floor()),
            "starts-with" => Value::Boolean(text(0).starts_with(&text(1))),
            "string" => Value::Text(text(0)),
            "string-length" => Value::Number(text(0).chars().count() as f64),
            "substring" => {
                let start = (number(1) + 0.5).floor();
                let end = arguments.get(2).map_or(f64::INFINITY, |length| start + (self.number(length) + 0.5).floor());
                let is_within = |at: &usize| *at as f64 >= start && (*at as f64) < end;
                Value::Text(
                    text(0).chars().zip(1..).filter(|(_, at)| is_within(at)).map(|(letter, _)| letter).collect(),
                )
            }
            "substring-after" => {
                let (whole, part) = (text(0), text(1));
                Value::Text(whole.split_once(&part).map(|(_, after)| after.to_owned()).unwrap_or_default())
            }
            "substring-before" => {
                let (whole, part) = (text(0), text(1));
                Value::Text(whole.split_once(&part).map(|(before, _)| before.to_owned()).unwrap_or_default())
            }
            "sum" => Value::Number(items()?.iter().map(|item| number_of(&self.text_of(*item))).sum()),
            "translate" => {
                let (from, to): (Vec<char>, Vec<char>) = (text(1).chars().collect(), text(2).chars().collect());
                let change = |letter: char| match from.iter().position(|other| *other == letter) {
                    Some(at) => to.get(at).copied(),
                    None => Some(letter),
                };
                Value::Text(text(0).chars().filter_map(change).collect())
            }
            _ => Value::Boolean(true),
        })
    }

    /// A value as text.
    pub(super) fn text(&self, value: &Value) -> String {
        match value {
            Value::Items(items) => items.first().map(|item| self.text_of(*item)).unwrap_or_default(),
            Value::Boolean(holds) => holds.to_string(),
            Value::Number(number) if number.is_infinite() => {
                format!("{}Infinity", if *number < 0.0 { "-" } else { "" })
            }
            // There is no negative nought.
            Value::Number(number) => (number + 0.0).to_string(),
            Value::Text(text) => text.clone(),
        }
    }

    /// A value as a number.
    pub(super) fn number(&self, value: &Value) -> f64 {
        match value {
            Value::Number(number) => *number,
            Value::Boolean(holds) => f64::from(u8::from(*holds)),
            other => number_of(&self.text(other)),
        }
    }

    fn naming(&self, item: Item, part: fn(&Name) -> String) -> String {
        match (self.name_of(item), item) {
            (Some(name), _) => part(name),
            (None, Item::Node(id)) => match self.document.kind(id) {
                Kind::Instruction(target, _) => part(&Name { prefix: None, space: None, local: target.clone() }),
                _ => String::new(),
            },
            (None, Item::Attribute(..)) => String::new(),
        }
    }

    /// The elements whose `xml:id` is one of the words.
    fn identified(&self, value: &Value) -> Vec<Item> {
        let text = match value {
            Value::Items(items) => items.iter().map(|item| self.text_of(*item) + " ").collect(),
            other => self.text(other),
        };
        let words: Vec<&str> = text.split(is_blank).filter(|word| !word.is_empty()).collect();
        let name = Name::parse(&format!("{{{XML_NAMESPACE}}}id"));
        let is_meant = |id: &usize| self.document.attribute(*id, &name).is_some_and(|own| words.contains(&own));
        self.document.walk(self.top).into_iter().filter(is_meant).map(Item::Node).collect()
    }

    fn is_in_language(&self, item: Item, wanted: &str) -> bool {
        let name = Name::parse(&format!("{{{XML_NAMESPACE}}}lang"));
        let around = self.reach(Axis::AncestorOrSelf, item).into_iter();
        let told = around.filter_map(|item| match item {
            Item::Node(id) => self.document.attribute(id, &name),
            Item::Attribute(..) => None,
        });
        let told = told.take(1).map(str::to_lowercase).next().unwrap_or_default();
        let wanted = wanted.to_lowercase();
        told == wanted || told.strip_prefix(&wanted).is_some_and(|rest| rest.starts_with('-'))
    }
}

fn number_of(text: &str) -> f64 {
    let text = text.trim_matches(is_blank);
    let is_number = |text: &str| text.bytes().all(|letter| letter.is_ascii_digit() || letter == b'.');
    if is_number(text.strip_prefix('-').unwrap_or(text)) { text.parse().unwrap_or(f64::NAN) } else { f64::NAN }
}
