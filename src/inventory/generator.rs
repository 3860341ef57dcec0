//! The inventory plugin `generator`: a host for every combination of the values of some layers.

use crate::{
    source::{Diagnostic, Kind, Node},
    template::{Context, Environment, Names, Syntax, Template, node_from_value, plain_value},
    value::{Dict, Value},
};

use super::{Inventory, constructed::expression_text, ini::refused, options};

/// How many hosts one document may stand for.
const MOST: usize = 1_000_000;

/// Reads the document and adds its hosts and groups.
pub fn read(inventory: &mut Inventory, document: &Node) -> Result<(), Diagnostic> {
    let missing = |name: &str| Diagnostic::error(format!("a generated inventory needs `{name}`")).at(&document.span);
    let host = document.get("hosts").ok_or_else(|| missing("hosts"))?;
    let layers = options::pairs(document.get("layers"), "layers")?;
    let mut combinations = vec![Dict::new()];
    for (name, values) in layers {
        let Kind::List(values) = &values.kind else {
            let message = format!("the layer `{name}` must be a list, and this is {}", values.describe());
            return Err(Diagnostic::error(message).at(&values.span));
        };
        if combinations.len().saturating_mul(values.len()) > MOST {
            return Err(Diagnostic::error(format!("these layers stand for more than {MOST} hosts")).at(&document.span));
        }
        let mut longer = Vec::with_capacity(combinations.len() * values.len());
        for known in &combinations {
            for value in values {
                let known = known.copy();
                known.insert(name, plain_value(value));
                longer.push(known);
            }
        }
        combinations = longer;
    }
    let environment = Environment::new(std::env::current_dir().unwrap_or_default());
    for known in combinations {
        let known = Layers(known);
        let context = Context::new(&known, &environment);
        let name = text(host, "name", &context)?;
        inventory.add_host(&name);
        parents(inventory, &Child::Host(&name), host, &context)?;
    }
    Ok(())
}

/// What is put into its parents.
enum Child<'a> {
    Host(&'a str),
    Group(&'a str),
}

fn parents(inventory: &mut Inventory, child: &Child, node: &Node, context: &Context) -> Result<(), Diagnostic> {
    let Some(listed) = node.get("parents").filter(|listed| listed.kind != Kind::Null) else { return Ok(()) };
    let listed = listed.as_list().ok_or_else(|| {
        Diagnostic::error(format!("`parents` must be a list, and this is {}", listed.describe())).at(&listed.span)
    })?;
    for parent in listed {
        let name = match parent.get("name") {
            Some(_) => text(parent, "name", context)?,
            None => String::new(),
        };
        if name.is_empty() {
            let (Child::Host(child) | Child::Group(child)) = child;
            return Err(Diagnostic::error(format!("Element {child} has a parent with no name.")).at(&parent.span));
        }
        inventory.add_group(&name);
        for (variable, value) in options::pairs(parent.get("vars"), "vars")? {
            let node = match &value.kind {
                Kind::Str(text) => {
                    let rendered = context.render(&Template::compile(text, &value.span, &Syntax::default())?)?;
                    node_from_value(&rendered, &value.span, Kind::Str)
                }
                _ => value.clone(),
            };
            inventory.set_group_var(&name, variable, node).map_err(|cause| refused(&cause, &value.span))?;
        }
        match child {
            Child::Host(host) => inventory.add_member(&name, host),
            Child::Group(group) => {
                inventory.add_child(&name, group).map_err(|cause| refused(&cause, &parent.span))?;
            }
        }
        parents(inventory, &Child::Group(&name), parent, context)?;
    }
    Ok(())
}

/// The template `key` of a node, rendered.
fn text(node: &Node, key: &str, context: &Context) -> Result<String, Diagnostic> {
    let template = node.get(key).ok_or_else(|| Diagnostic::error(format!("`{key}` is missing here")).at(&node.span))?;
    let compiled = Template::compile(&expression_text(template), &template.span, &Syntax::default())?;
    Ok(context.render_text(&compiled)?)
}

/// The values of the layers for one host.
struct Layers(Dict);

impl Names for Layers {
    fn lookup(&self, name: &str) -> Option<Value> {
        self.0.get(name)
    }

    fn names(&self) -> Vec<String> {
        self.0.keys().iter().map(Value::to_str).collect()
    }
}
