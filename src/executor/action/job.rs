//! A task's work on its host: how it gets there, and what is to be done.

use serde_json::json;
use sutler_protocol::Mode;

use super::{Background, Contents, Fields, PrepareError, TaskContext};
use crate::{
    executor::{connect, settings::Settings},
    output::Event,
    source::Diagnostic,
    transport::{Become, Target},
    vars::Scope,
};

/// How a task reaches the host that it is done on, and as whom.
pub struct Reach {
    /// The host.
    pub target: Target,
    /// The user that it becomes there.
    pub becoming: Option<Become>,
}

impl Reach {
    /// The host of a task: its own, or the one it is delegated to.
    pub fn new(context: &TaskContext, settings: Settings, scope: &Scope) -> Result<Self, PrepareError> {
        let options = &context.run.options;
        let reached = match settings.text("delegate_to")? {
            Some(other) => scope.delegated_to(&other),
            None => scope.clone(),
        };
        reached.host().known()?;
        let setting_failed = |error: connect::ConnectSettingError| PrepareError::Failed(Diagnostic::from(error));
        let target = connect::target(settings, &reached, &options.connection).map_err(setting_failed)?;
        let becoming = connect::becoming(settings, &reached, &options.connection).map_err(setting_failed)?;
        let becoming = becoming.filter(|becoming| connect::changes_user(&target, becoming, &options.config));
        let secrets = context.run.events.secrets();
        let become_password = becoming.as_ref().and_then(|becoming| becoming.password.as_ref());
        for secret in [target.password.as_ref(), target.key_passphrase.as_ref(), become_password].into_iter().flatten()
        {
            secrets.add(secret.expose());
        }
        Ok(Self { target, becoming })
    }

    /// Whether the task only predicts, and whether it shows what differs.
    pub fn mode(&self, context: &TaskContext, settings: Settings) -> Result<Mode, PrepareError> {
        let options = &context.run.options;
        Ok(Mode {
            check: settings.flag("check_mode")?.unwrap_or(options.check),
            diff: settings.flag("diff")?.unwrap_or(options.diff),
            predicted: context.run.report.has_predicted(&self.target.name),
        })
    }
}

/// One item's work on a host.
pub struct Job {
    pub(super) target: Target,
    pub(super) becoming: Option<Become>,
    pub(super) mode: Mode,
    pub(super) environment: Vec<(String, String)>,
    pub(super) background: Option<Background>,
    pub(super) work: Work,
    /// The arguments as the result tells them.
    pub(super) told: Option<Fields>,
}

/// What a job does.
pub(super) enum Work {
    Module { name: &'static str, arguments: Fields, contents: Contents },
    Raw(String),
}

impl Job {
    /// A module with its arguments.
    pub fn new(
        context: &TaskContext,
        settings: Settings,
        scope: &Scope,
        name: &'static str,
        arguments: Fields,
        contents: Contents,
    ) -> Result<Self, PrepareError> {
        Self::with(context, settings, scope, Work::Module { name, arguments, contents })
    }

    /// A command that needs no helper.
    pub fn raw(
        context: &TaskContext,
        settings: Settings,
        scope: &Scope,
        command: String,
    ) -> Result<Self, PrepareError> {
        Self::with(context, settings, scope, Work::Raw(command))
    }

    fn with(context: &TaskContext, settings: Settings, scope: &Scope, work: Work) -> Result<Self, PrepareError> {
        let reach = Reach::new(context, settings, scope)?;
        let mode = reach.mode(context, settings)?;
        let Reach { target, becoming } = reach;
        let warn = |warning| context.run.events.emit(Event::Warning(warning));
        let environment = settings.environment(warn).map_err(PrepareError::Raised)?;
        Ok(Self { target, becoming, mode, environment, background: None, work, told: None }.with_fallbacks())
    }

    /// Arguments that are not there have what the task's environment says of them.
    fn with_fallbacks(mut self) -> Self {
        let set = self.environment.iter().find(|(name, _)| name == "ANSIBLE_UNSAFE_WRITES");
        if let (Work::Module { name, arguments, .. }, Some((_, value))) =
            (&mut self.work, set.filter(|(_, value)| !value.is_empty()))
            && sutler_modules::find(name).is_some_and(|entry| (entry.spec)().option("unsafe_writes").is_some())
        {
            arguments.entry("unsafe_writes").or_insert(json!(value));
        }
        self
    }

    /// The same somewhere else.
    #[must_use]
    pub fn at(self, reach: Reach) -> Self {
        let Reach { target, becoming } = reach;
        Self { target, becoming, ..self }
    }

    /// The same as a job in the background.
    #[must_use]
    pub fn in_background(mut self, background: Option<Background>) -> Self {
        if let Work::Module { name, arguments, .. } = &mut self.work
            && background.is_some()
            && *name == sutler_modules::FOREIGN.name
        {
            arguments.insert("tells_errors".into(), json!(true));
        }
        Self { background, ..self }
    }

    /// The same with arguments that its result tells.
    #[must_use]
    pub fn telling(self, told: Option<Fields>) -> Self {
        Self { told, ..self }
    }

    /// Whether both can travel in one request.
    pub fn joins(&self, other: &Self) -> bool {
        let same_module = match (&self.work, &other.work) {
            (Work::Module { name, .. }, Work::Module { name: other, .. }) => name == other,
            _ => false,
        };
        same_module
            && self.target == other.target
            && self.becoming == other.becoming
            && self.mode == other.mode
            && self.background.is_none()
            && other.background.is_none()
            && self.environment == other.environment
    }
}
