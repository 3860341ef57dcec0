//! Groups and hosts as a tree of lines.

use crate::{
    source::{Diagnostic, Kind, Node},
    template::plain_value,
};

use super::Shown;

/// The lines for a group and all below it, with variables if wanted.
pub fn draw(shown: &Shown, group: &str, with_vars: bool) -> Result<String, Diagnostic> {
    let mut lines = Vec::new();
    let mut graph = Graph { shown, with_vars, lines: &mut lines };
    graph.group(group, 0)?;
    Ok(lines.join("\n"))
}

struct Graph<'a, 'b> {
    shown: &'a Shown<'a>,
    with_vars: bool,
    lines: &'b mut Vec<String>,
}

impl Graph<'_, '_> {
    fn group(&mut self, name: &str, depth: usize) -> Result<(), Diagnostic> {
        let Some(group) = self.shown.inventory().group(name) else { return Ok(()) };
        self.line(&format!("@{name}:"), depth);
        for child in &group.children {
            self.group(child, depth + 1)?;
        }
        if name != "all" {
            for host in &group.hosts {
                self.line(host, depth + 1);
                if self.with_vars {
                    self.host_vars(host, depth + 2)?;
                }
            }
        }
        if self.with_vars {
            let mut vars = self.shown.inventory().group_variables(name)?;
            vars.sort_unstable_keys();
            vars.iter().for_each(|(name, node)| self.variable(name, node, depth + 1));
        }
        Ok(())
    }

    fn host_vars(&mut self, host: &str, depth: usize) -> Result<(), Diagnostic> {
        let mut vars = self.shown.host_vars(host)?;
        for (name, _) in self.shown.extra() {
            vars.shift_remove(name);
        }
        let mut all: Vec<(&str, &Node)> = vars.iter().map(|(name, node)| (*name, &**node)).collect();
        all.extend(self.shown.extra());
        all.sort_by_key(|(name, _)| *name);
        all.iter().for_each(|(name, node)| self.variable(name, node, depth));
        Ok(())
    }

    fn variable(&mut self, name: &str, node: &Node, depth: usize) {
        let value = match &node.kind {
            Kind::Vault(text) => text.clone(),
            _ => plain_value(node).to_str(),
        };
        self.line(&format!("{{{name} = {value}}}"), depth);
    }

    fn line(&mut self, text: &str, depth: usize) {
        let branch = if depth > 0 { format!("{}--", "  |".repeat(depth)) } else { String::new() };
        self.lines.push(format!("{branch}{text}"));
    }
}
