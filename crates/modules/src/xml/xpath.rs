//! XPath 1.0: what an expression finds in a document.

mod functions;
mod grammar;

use super::tree::{Document, Id, Kind, Name, XML_NAMESPACE};
use grammar::{Axis, Expr, Operator, Start, Step, Test};

/// Something that an expression can find.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Item {
    /// A node.
    Node(Id),
    /// An element's attribute, by its number.
    Attribute(Id, usize),
}

/// What an expression gives.
#[derive(Clone, Debug)]
pub enum Value {
    /// Nodes and attributes, in the document's order.
    Items(Vec<Item>),
    /// Whether something holds.
    Boolean(bool),
    /// A number.
    Number(f64),
    /// A text.
    Text(String),
}

/// Whether a text is an expression; otherwise libxml2's words for what is wrong.
pub fn check(text: &str) -> Result<(), &'static str> {
    grammar::parse(text).map(drop)
}

/// What an expression gives, seen from a node. `spaces` has the namespaces of prefixes.
///
/// # Errors
/// libxml2's words for what is wrong.
pub fn evaluate(text: &str, document: &Document, here: Id, spaces: &[(String, String)]) -> Result<Value, &'static str> {
    let expr = grammar::parse(text)?;
    let top = std::iter::successors(Some(here), |id| document.node(*id).parent).last().unwrap_or(here);
    let mut order = Vec::new();
    for (number, id) in document.walk(top).into_iter().enumerate() {
        if order.len() <= id {
            order.resize(id + 1, 0);
        }
        order[id] = number;
    }
    let world = World { document, top, order, spaces };
    world.evaluate(&expr, Context { item: Item::Node(here), position: 1, size: 1 })
}

impl Value {
    /// As one that holds or not.
    fn holds(&self) -> bool {
        match self {
            Self::Items(items) => !items.is_empty(),
            Self::Boolean(holds) => *holds,
            Self::Number(number) => *number != 0.0 && !number.is_nan(),
            Self::Text(text) => !text.is_empty(),
        }
    }
}

/// What an expression is evaluated in.
struct World<'a> {
    document: &'a Document,
    top: Id,
    order: Vec<usize>,
    spaces: &'a [(String, String)],
}

/// What is looked at.
#[derive(Clone, Copy)]
struct Context {
    item: Item,
    position: usize,
    size: usize,
}

impl World<'_> {
    fn evaluate(&self, expr: &Expr, context: Context) -> Result<Value, &'static str> {
        Ok(match expr {
            Expr::Binary(operator, left, right) => self.binary(*operator, left, right, context)?,
            Expr::Negated(expr) => Value::Number(-self.number(&self.evaluate(expr, context)?)),
            Expr::Literal(text) => Value::Text(text.clone()),
            Expr::Number(number) => Value::Number(*number),
            Expr::Variable => return Err("Undefined variable"),
            Expr::Call(name, arguments) => {
                let values: Result<Vec<_>, _> = arguments.iter().map(|expr| self.evaluate(expr, context)).collect();
                self.call(name, &values?, context)?
            }
            Expr::Path(start, steps) => {
                let mut items = match start {
                    Start::Top => vec![Item::Node(self.top)],
                    Start::Here => vec![context.item],
                    Start::At(expr) => self.items(self.evaluate(expr, context)?)?,
                };
                for step in steps {
                    items = self.step(step, &items)?;
                }
                Value::Items(items)
            }
            Expr::Filtered(expr, predicates) => {
                let items = self.items(self.evaluate(expr, context)?)?;
                Value::Items(self.filtered(items, predicates)?)
            }
        })
    }

    fn binary(&self, operator: Operator, left: &Expr, right: &Expr, context: Context) -> Result<Value, &'static str> {
        let left = self.evaluate(left, context)?;
        match operator {
            Operator::Or if left.holds() => return Ok(Value::Boolean(true)),
            Operator::And if !left.holds() => return Ok(Value::Boolean(false)),
            _ => {}
        }
        let right = self.evaluate(right, context)?;
        let numbers = || (self.number(&left), self.number(&right));
        Ok(match operator {
            Operator::Or | Operator::And => Value::Boolean(right.holds()),
            Operator::Plus => Value::Number(numbers().0 + numbers().1),
            Operator::Minus => Value::Number(numbers().0 - numbers().1),
            Operator::Times => Value::Number(numbers().0 * numbers().1),
            Operator::Over => Value::Number(numbers().0 / numbers().1),
            Operator::Modulo => Value::Number(numbers().0 % numbers().1),
            Operator::Union => {
                let mut items = self.items(left)?;
                items.extend(self.items(right)?);
                Value::Items(self.sorted(items))
            }
            _ => Value::Boolean(self.compare(operator, &left, &right)),
        })
    }

    fn items(&self, value: Value) -> Result<Vec<Item>, &'static str> {
        match value {
            Value::Items(items) => Ok(items),
            _ => Err("Invalid type"),
        }
    }

    /// Whether a comparison holds: of nodes, if it does for one of them.
    fn compare(&self, operator: Operator, left: &Value, right: &Value) -> bool {
        match (left, right) {
            (Value::Items(_), Value::Boolean(_)) | (Value::Boolean(_), Value::Items(_)) => {
                self.compare_one(operator, &Value::Boolean(left.holds()), &Value::Boolean(right.holds()))
            }
            (Value::Items(items), other) => {
                items.iter().any(|item| self.compare(operator, &Value::Text(self.text_of(*item)), other))
            }
            (other, Value::Items(items)) => {
                items.iter().any(|item| self.compare(operator, other, &Value::Text(self.text_of(*item))))
            }
            _ => self.compare_one(operator, left, right),
        }
    }

    fn compare_one(&self, operator: Operator, left: &Value, right: &Value) -> bool {
        let (one, other) = (self.number(left), self.number(right));
        let are_equal = || match (left, right) {
            (Value::Boolean(_), _) | (_, Value::Boolean(_)) => left.holds() == right.holds(),
            (Value::Number(_), _) | (_, Value::Number(_)) => one == other,
            _ => self.text(left) == self.text(right),
        };
        match operator {
            Operator::Equal => are_equal(),
            Operator::Unequal => !are_equal(),
            Operator::Less => one < other,
            Operator::AtMost => one <= other,
            Operator::Greater => one > other,
            _ => one >= other,
        }
    }

    fn step(&self, step: &Step, items: &[Item]) -> Result<Vec<Item>, &'static str> {
        let space = match &step.test {
            Test::Name(Some(prefix), _) => Some(self.space(prefix)?),
            _ => None,
        };
        let mut found = Vec::new();
        for item in items {
            let mut reached = self.reach(step.axis, *item);
            reached.retain(|item| self.passes(&step.test, space, step.axis, *item));
            found.extend(self.filtered(reached, &step.predicates)?);
        }
        Ok(self.sorted(found))
    }

    fn space(&self, prefix: &str) -> Result<&str, &'static str> {
        let known = self.spaces.iter().find(|(other, _)| other == prefix).map(|(_, space)| space.as_str());
        known.or((prefix == "xml").then_some(XML_NAMESPACE)).ok_or("Undefined namespace prefix")
    }

    fn filtered(&self, mut items: Vec<Item>, predicates: &[Expr]) -> Result<Vec<Item>, &'static str> {
        for predicate in predicates {
            let size = items.len();
            let mut kept = Vec::new();
            for (number, item) in items.into_iter().enumerate() {
                let position = number + 1;
                let is_kept = match self.evaluate(predicate, Context { item, position, size })? {
                    Value::Number(wanted) => wanted == position as f64,
                    value => value.holds(),
                };
                kept.extend(is_kept.then_some(item));
            }
            items = kept;
        }
        Ok(items)
    }

    fn sorted(&self, mut items: Vec<Item>) -> Vec<Item> {
        items.sort_by_key(|item| match item {
            Item::Node(id) => (self.order.get(*id).copied().unwrap_or_default(), 0),
            Item::Attribute(id, number) => (self.order.get(*id).copied().unwrap_or_default(), number + 1),
        });
        items.dedup();
        items
    }

    /// What is there in that direction, the nearest first.
    fn reach(&self, axis: Axis, item: Item) -> Vec<Item> {
        let node = |id: Id| self.document.node(id);
        let up = |id: Id| std::iter::successors(node(id).parent, |id| node(*id).parent);
        let below = |id: Id| self.document.walk(id).into_iter().skip(1);
        let siblings = |id: Id| -> (Vec<Id>, Vec<Id>) {
            let all = node(id).parent.map(|parent| node(parent).children.as_slice()).unwrap_or_default();
            let at = all.iter().position(|other| *other == id).unwrap_or_default();
            (all[..at].iter().rev().copied().collect(), all.iter().skip(at + 1).copied().collect())
        };
        let ids: Vec<Id> = match (item, axis) {
            (_, Axis::Namespace) => Vec::new(),
            (item, Axis::Itself) => return vec![item],
            (Item::Node(id), Axis::Attribute) => {
                let count = self.document.element(id).map_or(0, |element| element.attributes.len());
                return (0..count).map(|number| Item::Attribute(id, number)).collect();
            }
            (Item::Attribute(id, _), Axis::Parent) => vec![id],
            (Item::Attribute(id, _), Axis::Ancestor) => std::iter::once(id).chain(up(id)).collect(),
            (Item::Attribute(id, _), Axis::AncestorOrSelf) => {
                return [item].into_iter().chain(std::iter::once(id).chain(up(id)).map(Item::Node)).collect();
            }
            (Item::Attribute(..), Axis::DescendantOrSelf) => return vec![item],
            (Item::Attribute(id, _), Axis::Following) => below(id).chain(self.reach_ids(Axis::Following, id)).collect(),
            (Item::Attribute(id, _), Axis::Preceding) => self.reach_ids(Axis::Preceding, id),
            (Item::Attribute(..), _) => Vec::new(),
            (Item::Node(id), Axis::Ancestor) => up(id).collect(),
            (Item::Node(id), Axis::AncestorOrSelf) => std::iter::once(id).chain(up(id)).collect(),
            (Item::Node(id), Axis::Child) => node(id).children.clone(),
            (Item::Node(id), Axis::Descendant) => below(id).collect(),
            (Item::Node(id), Axis::DescendantOrSelf) => self.document.walk(id),
            (Item::Node(id), Axis::FollowingSibling) => siblings(id).1,
            (Item::Node(id), Axis::PrecedingSibling) => siblings(id).0,
            (Item::Node(id), Axis::Parent) => node(id).parent.into_iter().collect(),
            (Item::Node(id), Axis::Following) => std::iter::once(id)
                .chain(up(id))
                .flat_map(|id| siblings(id).1)
                .flat_map(|id| self.document.walk(id))
                .collect(),
            (Item::Node(id), Axis::Preceding) => std::iter::once(id)
                .chain(up(id))
                .flat_map(|id| siblings(id).0)
                .flat_map(|id| self.document.walk(id).into_iter().rev())
                .collect(),
        };
        ids.into_iter().map(Item::Node).collect()
    }

    fn reach_ids(&self, axis: Axis, id: Id) -> Vec<Id> {
        let ids = self.reach(axis, Item::Node(id)).into_iter();
        ids.filter_map(|item| if let Item::Node(id) = item { Some(id) } else { None }).collect()
    }

    fn passes(&self, test: &Test, space: Option<&str>, axis: Axis, item: Item) -> bool {
        let is_named = |name: &Name, wanted: &Option<String>| match (space, wanted) {
            (None, None) => true,
            (space, wanted) => {
                name.space.as_deref() == space && wanted.as_ref().is_none_or(|wanted| *wanted == name.local)
            }
        };
        match (test, item) {
            (Test::Node, _) => true,
            (Test::Name(_, wanted), Item::Attribute(..)) => {
                axis == Axis::Attribute && self.name_of(item).is_some_and(|name| is_named(name, wanted))
            }
            (_, Item::Attribute(..)) => false,
            (test, Item::Node(id)) => match (test, self.document.kind(id)) {
                (Test::Name(_, wanted), Kind::Element(element)) => is_named(&element.name, wanted),
                (Test::Text, Kind::Text(_) | Kind::Cdata(_)) | (Test::Comment, Kind::Comment(_)) => true,
                (Test::Instruction(wanted), Kind::Instruction(target, _)) => {
                    wanted.as_ref().is_none_or(|wanted| wanted == target)
                }
                _ => false,
            },
        }
    }

    fn name_of(&self, item: Item) -> Option<&Name> {
        let (Item::Node(id) | Item::Attribute(id, _)) = item;
        let element = self.document.element(id)?;
        match item {
            Item::Node(_) => Some(&element.name),
            Item::Attribute(_, number) => element.attributes.get(number).map(|(name, _)| name),
        }
    }

    fn text_of(&self, item: Item) -> String {
        match item {
            Item::Attribute(id, number) => {
                let element = self.document.element(id);
                element
                    .and_then(|element| element.attributes.get(number))
                    .map(|(_, text)| text.clone())
                    .unwrap_or_default()
            }
            Item::Node(id) if matches!(self.document.kind(id), Kind::Element(_) | Kind::Document) => {
                let texts = self.document.walk(id).into_iter().filter(|id| self.document.is_text(*id));
                texts.filter_map(|id| self.document.text(id)).collect()
            }
            Item::Node(id) => self.document.text(id).unwrap_or_default(),
        }
    }
}
