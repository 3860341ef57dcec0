//! A task's work on its host: the session it needs and what is sent there.

use serde_json::json;
use sutler_protocol::Mode;

use super::{Background, Contents, Fields, PrepareError, TaskContext};
use crate::{
    executor::{connect, settings::Settings},
    source::Diagnostic,
    transport::{Become, ConnectError, RawOutput, Target, Task as HelperTask},
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
        let setting_failed = |error: connect::ConnectSettingError| PrepareError::Failed(Diagnostic::from(error));
        let target = connect::target(settings, &reached, &options.connection).map_err(setting_failed)?;
        let becoming = connect::becoming(settings, &reached, &options.connection).map_err(setting_failed)?;
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
        })
    }
}

/// One item's work on a host.
pub struct Job {
    target: Target,
    becoming: Option<Become>,
    mode: Mode,
    environment: Vec<(String, String)>,
    background: Option<Background>,
    work: Work,
    /// The arguments as the result tells them.
    told: Option<Fields>,
}

enum Work {
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
        Ok(Self { target, becoming, mode, environment: settings.environment()?, background: None, work, told: None })
    }

    /// The same as a job in the background.
    #[must_use]
    pub fn in_background(self, background: Option<Background>) -> Self {
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

/// Hears of results: the place of the job, and what came of it.
pub type Hear<'a> = &'a mut (dyn FnMut(usize, Result<Fields, ConnectError>) + Send);

/// Runs jobs that join, in one request, up to `parallel` of them at once; `hear` is told each result as it arrives.
pub async fn run_jobs(context: &TaskContext, mut jobs: Vec<Job>, parallel: usize, hear: Hear<'_>) {
    let count = jobs.len();
    let mut told: Vec<_> = jobs.iter_mut().map(|job| job.told.take()).collect();
    let mut heard = 0;
    let mut pass_on = |place: usize, mut result: Fields| {
        heard = heard.max(place + 1);
        if let Some(arguments) = told[place].take() {
            result.entry("invocation").or_insert_with(|| json!({ "module_args": arguments }));
        }
        hear(place, Ok(result));
    };
    if let Err(error) = run_joined(context, jobs, parallel, &mut pass_on).await {
        for place in heard..count {
            hear(place, Err(error.clone()));
        }
    }
}

async fn run_joined(
    context: &TaskContext,
    jobs: Vec<Job>,
    parallel: usize,
    done: &mut (dyn FnMut(usize, Fields) + Send),
) -> Result<(), ConnectError> {
    let connections = &context.run.connections;
    let mut jobs = jobs.into_iter();
    let Some(Job { target, becoming, mode, environment, background, work, .. }) = jobs.next() else { return Ok(()) };
    let (name, arguments, mut contents) = match work {
        Work::Raw(_) if mode.check => {
            done(0, raw_skipped());
            return Ok(());
        }
        Work::Raw(command) => {
            let output = connections.raw(&target, becoming.as_ref(), &command, None).await?;
            done(0, raw_result(&output));
            return Ok(());
        }
        Work::Module { name, arguments, contents } => (name, arguments, contents),
    };
    let mut items = vec![arguments];
    for job in jobs {
        if let Work::Module { arguments, contents: more, .. } = job.work {
            items.push(arguments);
            contents.extend(more);
        }
    }
    let task = HelperTask { module: name.to_owned(), mode, environment, items, parallel, background: None };
    if let Some(background) = background {
        let reach = Reach { target, becoming };
        // Seldom, and large: it is kept out of every other task.
        let result = Box::pin(background.run(context, &reach, task, &contents)).await?;
        done(0, result);
        return Ok(());
    }
    let session = connections.helper(&target, becoming.as_ref()).await?;
    session.run_each(task, &contents, done).await
}

fn raw_skipped() -> Fields {
    let mut result = Fields::new();
    result.insert("skipped".into(), json!(true));
    result.insert("changed".into(), json!(false));
    result.insert("msg".into(), json!("remote module (raw) does not support check mode"));
    result
}

fn raw_result(output: &RawOutput) -> Fields {
    let mut result = Fields::new();
    result.insert("changed".into(), json!(true));
    result.insert("rc".into(), json!(output.status));
    result.insert("stdout".into(), json!(String::from_utf8_lossy(&output.stdout)));
    result.insert("stderr".into(), json!(String::from_utf8_lossy(&output.stderr)));
    if output.status != 0 {
        result.insert("failed".into(), json!(true));
        result.insert("msg".into(), json!("non-zero return code"));
    }
    result
}
