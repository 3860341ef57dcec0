//! What a module found to do, before anything is done.

use serde_json::{Map, Value, json};

/// Return values by name.
pub type Fields = Map<String, Value>;

/// What inspecting a host led to: return values, a diff, and a plan when something has to change.
///
/// No plan means that the host is as wanted: the task is `ok`. With a plan it is `changed`, and
/// `apply` is called, except in check mode.
#[derive(Debug)]
pub struct Changes<P> {
    /// What `apply` needs to know; `None` when there is nothing to do.
    pub plan: Option<P>,
    /// Return values known so far; those of `apply` are added to them, and win.
    pub fields: Fields,
    /// Before and after, shown with `--diff`.
    pub diff: Vec<Diff>,
    /// What check mode says when there is a plan.
    pub in_check: InCheck,
}

/// What check mode reports for a plan.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum InCheck {
    /// That it would change.
    #[default]
    Predict,
    /// That it was skipped, since what it would do cannot be known without doing it.
    Skip(String),
    /// Nothing: it is applied even in check mode, since it never changes the host.
    Run,
}

impl<P> Changes<P> {
    /// The host is as wanted.
    pub fn none() -> Self {
        Self { plan: None, fields: Fields::new(), diff: Vec::new(), in_check: InCheck::Predict }
    }

    /// The host has to change.
    pub fn of(plan: P) -> Self {
        Self { plan: Some(plan), ..Self::none() }
    }

    /// Changes if `needed`.
    pub fn when(needed: bool, plan: P) -> Self {
        if needed { Self::of(plan) } else { Self::none() }
    }

    /// The same with another plan.
    #[must_use]
    pub fn map<Q>(self, to: impl FnOnce(P) -> Q) -> Changes<Q> {
        let Self { plan, fields, diff, in_check } = self;
        Changes { plan: plan.map(to), fields, diff, in_check }
    }

    /// Adds a return value.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.fields.insert(name.to_owned(), value.into());
        self
    }

    /// Adds return values.
    #[must_use]
    pub fn with_all(mut self, fields: Fields) -> Self {
        self.fields.extend(fields);
        self
    }

    /// Adds to what the result warns of.
    pub fn warn(&mut self, warnings: Vec<String>) {
        if warnings.is_empty() {
            return;
        }
        if let Some(all) = self.fields.entry("warnings").or_insert(json!([])).as_array_mut() {
            all.extend(warnings.into_iter().map(Value::from));
        }
    }

    /// Adds a before and after.
    #[must_use]
    pub fn with_diff(mut self, diff: Diff) -> Self {
        self.diff.push(diff);
        self
    }

    /// Sets what check mode reports.
    #[must_use]
    pub fn in_check(mut self, in_check: InCheck) -> Self {
        self.in_check = in_check;
        self
    }
}

/// One before and after, as Ansible's `diff` result has them: texts, or mappings of attributes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Diff {
    /// The state found.
    pub before: Value,
    /// The state wanted.
    pub after: Value,
    /// What the state before is called, mostly a path.
    pub before_header: Option<String>,
    /// What the state after is called.
    pub after_header: Option<String>,
    /// Why a side is not shown, as Ansible names it: `src_binary`, `dst_larger` …
    pub notes: Fields,
}

impl Diff {
    /// A diff of two values.
    pub fn new(before: impl Into<Value>, after: impl Into<Value>) -> Self {
        Self { before: before.into(), after: after.into(), ..Self::default() }
    }

    /// Names both sides.
    #[must_use]
    pub fn headed(mut self, before: impl Into<String>, after: impl Into<String>) -> Self {
        self.before_header = Some(before.into());
        self.after_header = Some(after.into());
        self
    }

    /// As the result carries it.
    pub fn to_json(&self) -> Value {
        let mut diff = Value::Object(self.notes.clone());
        for (side, value) in [("before", &self.before), ("after", &self.after)] {
            if self.notes.is_empty() || !value.is_null() {
                diff[side] = value.clone();
            }
        }
        if let Some(header) = &self.before_header {
            diff["before_header"] = json!(header);
        }
        if let Some(header) = &self.after_header {
            diff["after_header"] = json!(header);
        }
        diff
    }
}
