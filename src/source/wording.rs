//! What Ansible says about the same thing: tools search for its words, and playbooks see them in results.

use super::{Diagnostic, Span, Spanned};

/// A diagnostic in Ansible's words, where they are others.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Wording {
    /// What could not be done because of it, outermost first: `Task failed`.
    pub contexts: Vec<Spanned<String>>,
    /// What is wrong, instead of the diagnostic's message; empty if the contexts say it all.
    pub message: Option<String>,
    /// The place, instead of the diagnostic's.
    pub origin: Option<Span>,
    /// The next step.
    pub help: Option<String>,
    /// What is told apart from the rest: the message, the end of it, or what says it at length. Only a whole message
    /// has a place there.
    pub cause: Option<String>,
    /// Whether it has no place there: what failed is nothing that anybody wrote.
    pub is_placeless: bool,
    /// Whether Ansible's line of the result is all that is said of it.
    pub is_untold: bool,
    /// Whether Ansible alone tells it: it is no surprise.
    pub is_no_surprise: bool,
    /// What PyYAML says, where the text came from a value and not from a file.
    pub pyyaml: Option<String>,
}

impl Diagnostic {
    /// The same, as the cause why something else failed: `Error while resolving value for 'msg'`.
    #[must_use]
    pub fn within(mut self, context: impl Into<String>, span: &Span) -> Self {
        self.ansible.contexts.insert(0, Spanned::new(context.into(), span.clone()));
        self
    }

    /// The same, as what is wrong with a keyword of a play.
    #[must_use]
    pub fn in_keyword(self, name: &str, span: &Span) -> Self {
        let name = if name == "async" { "async_val" } else { name };
        self.at(span).within(format!("Error processing keyword '{name}'"), span)
    }

    /// The same, with Ansible's message.
    #[must_use]
    pub fn worded(mut self, message: impl Into<String>) -> Self {
        self.ansible.message = Some(message.into());
        self
    }

    /// The same, with what led to it behind the message, which loses its full stop.
    #[must_use]
    pub fn caused_by(mut self, cause: &str) -> Self {
        for message in [Some(&mut self.message), self.ansible.message.as_mut()].into_iter().flatten() {
            *message = format!("{}: {cause}", message.trim_end_matches('.'));
        }
        self
    }

    /// The same, with its message told apart from what it led to, even at the same place.
    #[must_use]
    pub fn apart(mut self) -> Self {
        self.ansible.cause = Some(self.ansible_message().to_owned());
        self
    }

    /// The same, with PyYAML's words and the place that it names.
    #[must_use]
    pub fn in_pyyaml(mut self, problem: &str, span: &Span) -> Self {
        self.ansible.pyyaml = Some(format!("{problem}{}", pyyaml_place(span)));
        self
    }

    /// The same, with the place that Ansible names.
    #[must_use]
    pub fn origin(mut self, span: &Span) -> Self {
        self.ansible.origin = Some(span.clone());
        self
    }

    /// What is wrong, in Ansible's words, without what it led to.
    pub fn ansible_message(&self) -> &str {
        self.ansible.message.as_deref().unwrap_or(&self.message)
    }

    /// The message with what it led to before it, as `msg` of a result has it.
    pub fn full_message(&self) -> String {
        let contexts = self.ansible.contexts.iter().map(|context| context.value.as_str());
        join(contexts.chain([self.ansible_message()]))
    }
}

/// A place in a text, as PyYAML writes it behind what it says.
pub fn pyyaml_place(span: &Span) -> String {
    format!("\n  in \"<unicode string>\", line {}, column {}", span.line, span.column)
}

/// Parts of a message, each the cause of the one before; an empty one is no cause, and what is said twice is said once.
pub fn join<'a>(parts: impl Iterator<Item = &'a str>) -> String {
    let mut text = String::new();
    let mut parts: Vec<&str> = parts.collect();
    parts.dedup();
    let mut parts = parts.into_iter().peekable();
    while let Some(part) = parts.next() {
        text.push_str(part);
        match parts.peek() {
            Some(&"") => text.push('.'),
            Some(_) => text.push_str(": "),
            None => {}
        }
    }
    text
}
