//! What a module takes, as data: the names, types and rules of its arguments, and their documentation.

/// The type of an argument, as documentation names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Text.
    Str,
    /// A whole number.
    Int,
    /// A number.
    Float,
    /// A boolean in any of YAML's and Ansible's spellings.
    Bool,
    /// A path on the host; `~` and `$VARIABLES` are expanded.
    Path,
    /// A list; text is split at commas, and blanks around them stay.
    List,
    /// A mapping; text may be JSON or `k=v` pairs.
    Dict,
    /// Whatever it is.
    Raw,
}

impl Kind {
    /// As documentation writes it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Str => "str",
            Self::Int => "int",
            Self::Float => "float",
            Self::Bool => "bool",
            Self::Path => "path",
            Self::List => "list",
            Self::Dict => "dict",
            Self::Raw => "raw",
        }
    }
}

/// One argument.
#[derive(Clone, Copy, Debug)]
pub struct Opt {
    /// Its name.
    pub name: &'static str,
    /// Its other names.
    pub aliases: &'static [&'static str],
    /// Its type.
    pub kind: Kind,
    /// The module fails without it.
    pub required: bool,
    /// What stands for it when it is missing, as JSON or plain text.
    pub default: Option<&'static str>,
    /// The values it may have; empty when any will do.
    pub choices: &'static [&'static str],
    /// Its documentation; empty without the feature `docs`.
    pub doc: &'static str,
    /// Never shown: a password or a key.
    pub secret: bool,
    /// Set by the controller, not by people.
    pub internal: bool,
}

/// How arguments depend on each other.
#[derive(Clone, Copy, Debug)]
pub enum Rule {
    /// At most one of them.
    Exclusive(&'static [&'static str]),
    /// All or none of them.
    Together(&'static [&'static str]),
    /// At least one of them.
    OneOf(&'static [&'static str]),
    /// When the first has the value, all of the others.
    If(&'static str, &'static str, &'static [&'static str]),
    /// When the first is there, all of the others.
    By(&'static str, &'static [&'static str]),
}

/// A module's arguments and its documentation.
#[derive(Clone, Debug, Default)]
pub struct Spec {
    /// The module's short name.
    pub name: &'static str,
    /// Its documentation: what it does, then an example; empty without the feature `docs`.
    pub doc: &'static str,
    /// Its arguments, in the order of documentation.
    pub options: Vec<Opt>,
    /// How they depend on each other.
    pub rules: Vec<Rule>,
    /// The argument that text without `key=` goes to, as `command`'s; `None` for most modules.
    pub free_form: Option<&'static str>,
    /// Any other name is taken as well (`set_fact`, `debug` never complain).
    pub open: bool,
}

/// Some arguments of a module: derived code lists them in the order of the fields.
pub enum Part {
    /// Fields of the struct itself.
    Own(&'static [Opt]),
    /// A flattened field.
    Inner(fn() -> Spec),
}

impl Spec {
    /// Puts a spec together; called by derived code.
    pub fn of(
        name: &'static str,
        doc: &'static str,
        parts: &'static [Part],
        rules: &'static [Rule],
        free_form: Option<&'static str>,
        open: bool,
    ) -> Self {
        let mut spec = Self { name, doc, options: Vec::new(), rules: rules.to_vec(), free_form, open };
        for part in parts {
            match part {
                Part::Own(options) => spec.options.extend(*options),
                Part::Inner(inner) => {
                    let inner = inner();
                    spec.options.extend(inner.options);
                    spec.rules.extend(inner.rules);
                }
            }
        }
        spec
    }

    /// The argument that `name` means, aliases included.
    pub fn option(&self, name: &str) -> Option<&Opt> {
        self.options.iter().find(|opt| opt.name == name || opt.aliases.contains(&name))
    }
}
