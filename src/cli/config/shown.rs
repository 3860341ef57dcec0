//! Settings in the layouts of `ansible-config list` and `dump`.

use std::collections::BTreeMap;

use crate::{
    cli::tree::Tree,
    config::{Config, Origin, Setting, Status, settings},
    source::{Kind, Node, Span},
    template::node_from_value,
    value::Value,
};

/// The settings of a kind: those of Ansible itself first, then those of plugins by kind and plugin.
pub fn of_kind(kind: &str, plugins: &[String]) -> (Vec<&'static Setting>, Plugins) {
    let mut base = Vec::new();
    let mut by_plugin = Plugins::new();
    for setting in settings::all() {
        match setting.plugin() {
            None => base.push(setting),
            Some((of, plugin, _)) if kind == "all" || kind == of => {
                if plugins.is_empty() || plugins.iter().any(|wanted| wanted == plugin) {
                    by_plugin.entry((of, plugin)).or_default().push(setting);
                }
            }
            Some(_) => {}
        }
    }
    base.sort_by_key(|setting| setting.name);
    if !matches!(kind, "all" | "base") {
        base.clear();
    }
    (base, by_plugin)
}

/// The settings of plugins by kind and name of the plugin.
pub type Plugins = BTreeMap<(&'static str, &'static str), Vec<&'static Setting>>;

/// What `list` prints.
pub fn list(kind: &str, plugins: &[String]) -> Tree<'static> {
    let (base, by_plugin) = of_kind(kind, plugins);
    let mut entries: Vec<(String, Tree)> = base.into_iter().map(|row| (row.name.to_owned(), describe(row))).collect();
    let mut kinds: BTreeMap<&str, Vec<(String, Tree)>> = BTreeMap::new();
    for ((of, plugin), rows) in by_plugin {
        let rows = rows.into_iter().map(|row| (row.option_name().to_owned(), describe(row))).collect();
        kinds.entry(of).or_default().push((plugin.to_owned(), Tree::Map(rows)));
    }
    if !kinds.is_empty() {
        let kinds = kinds.into_iter().map(|(of, plugins)| (of.to_owned(), Tree::Map(plugins))).collect();
        entries.push(("PLUGINS".to_owned(), Tree::Map(kinds)));
    }
    Tree::Map(entries)
}

fn describe(setting: &Setting) -> Tree<'static> {
    let named = |name: &&str| Tree::Map(vec![("name".to_owned(), text(name))]);
    let place = |place: &&str| {
        let (section, key) = place.split_once('.').unwrap_or(("", place));
        Tree::Map(vec![("key".to_owned(), text(key)), ("section".to_owned(), text(section))])
    };
    let mut entries = vec![
        ("default".to_owned(), Tree::Made(node(&setting.default_value()))),
        ("description".to_owned(), text(setting.doc.trim())),
        ("type".to_owned(), text(setting.kind.name())),
    ];
    let lists = [
        ("env", setting.env.iter().map(named).collect::<Vec<_>>()),
        ("ini", setting.ini.iter().map(place).collect()),
        ("vars", setting.vars.iter().map(named).collect()),
        ("choices", setting.choices.iter().map(|choice| text(choice)).collect()),
    ];
    entries.extend(
        lists
            .into_iter()
            .filter(|(_, items)| !items.is_empty())
            .map(|(name, items)| (name.to_owned(), Tree::List(items))),
    );
    match setting.status {
        Status::Honoured => {}
        Status::Later => entries.push(("sutler".to_owned(), text("not honoured yet"))),
        Status::Ignored => entries.push(("sutler".to_owned(), text("not honoured"))),
    }
    Tree::Map(entries)
}

/// What `dump` prints.
pub struct Dump<'a> {
    /// The settings.
    pub config: &'a Config,
    /// Of this kind.
    pub kind: &'a str,
    /// Of these plugins, of all if there are none.
    pub plugins: &'a [String],
    /// Only what is not at its default.
    pub only_changed: bool,
}

impl Dump<'_> {
    fn wanted(&self, setting: &Setting) -> bool {
        !self.only_changed || !matches!(self.config.origin(setting.name), Origin::Default)
    }

    fn origin(&self, setting: &Setting) -> String {
        match self.config.origin(setting.name) {
            Origin::Default => "default".to_owned(),
            Origin::Env(name) => format!("env: {name}"),
            Origin::File(span) => span.file.path().display().to_string(),
        }
    }

    fn file(&self) -> Option<String> {
        self.config.file().map(|path| path.display().to_string())
    }

    /// A setting a line.
    pub fn lines(&self) -> String {
        let (base, by_plugin) = of_kind(self.kind, self.plugins);
        let line = |name: &str, setting: &Setting| {
            format!("{name}({}) = {}", self.origin(setting), self.config.value(setting.name).to_str())
        };
        let mut lines: Vec<String> = Vec::new();
        if !base.is_empty() {
            lines.extend(base.iter().filter(|row| self.wanted(row)).map(|row| line(row.name, row)));
            lines.push(format!("CONFIG_FILE() = {}", self.file().unwrap_or_else(|| "None".to_owned())));
            lines.sort();
        }
        let mut last = "";
        for ((of, plugin), rows) in by_plugin {
            let rows: Vec<String> =
                rows.iter().filter(|row| self.wanted(row)).map(|row| line(row.option_name(), row)).collect();
            if rows.is_empty() && self.only_changed {
                continue;
            }
            if self.kind == "all" && of != last {
                lines.extend([String::new(), format!("{}:", of.to_uppercase()), "=".repeat(of.len())]);
                last = of;
            }
            lines.extend([String::new(), format!("{plugin}:"), "_".repeat(plugin.len())]);
            lines.extend(rows);
        }
        lines.join("\n")
    }

    /// The same as data.
    pub fn tree(&self) -> Tree<'static> {
        let (base, by_plugin) = of_kind(self.kind, self.plugins);
        let entry = |name: &str, origin: &str, value: Node| {
            let entries = [("name", text(name)), ("origin", text(origin)), ("value", Tree::Made(value))];
            Tree::Map(entries.into_iter().map(|(key, value)| (key.to_owned(), value)).collect())
        };
        let row =
            |name: &str, setting: &Setting| entry(name, &self.origin(setting), node(self.config.value(setting.name)));
        let mut named: Vec<(&str, Tree)> = Vec::new();
        if !base.is_empty() {
            named.extend(
                base.iter()
                    .filter(|setting| self.wanted(setting))
                    .map(|setting| (setting.name, row(setting.name, setting))),
            );
            let file = self.file().map_or(Value::None, Value::from);
            named.push(("CONFIG_FILE", entry("CONFIG_FILE", "", node(&file))));
            named.sort_by_key(|(name, _)| *name);
        }
        let mut items: Vec<Tree> = named.into_iter().map(|(_, tree)| tree).collect();
        for ((_, plugin), rows) in by_plugin {
            let rows = rows.iter().filter(|setting| self.wanted(setting));
            let rows: Vec<Tree> = rows.map(|setting| row(setting.option_name(), setting)).collect();
            if !rows.is_empty() {
                items.push(Tree::Map(vec![(plugin.to_owned(), Tree::List(rows))]));
            }
        }
        Tree::List(items)
    }
}

fn text(text: &str) -> Tree<'static> {
    Tree::Made(node(&Value::from(text)))
}

fn node(value: &Value) -> Node {
    node_from_value(value, &Span::outside("settings", ""), Kind::Str)
}
