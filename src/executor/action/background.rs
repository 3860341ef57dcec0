//! `async` and `poll`: work that goes on as a job of its own on the host.

use std::time::Duration;

use serde_json::{Value as Json, json};
use sutler_protocol::Background as HelperBackground;
use tokio::time::{Instant, sleep, sleep_until};

use super::{Contents, Fields, PrepareError, Reach, TaskContext};
use crate::{
    config::settings::running,
    executor::{settings::Settings, times::seconds},
    output::Event,
    playbook::Task,
    source::Diagnostic,
    transport::{ConnectError, Session, Task as HelperTask},
    vars::Scope,
};

/// Where jobs have their files, where nothing else is said.
const DIRECTORY: &str = "~/.ansible_async";
/// Modules that need the controller while they run, besides those that it does alone.
const UNABLE: [&str; 10] = [
    "assemble",
    "async_status",
    "copy",
    "fetch",
    "gather_facts",
    "raw",
    "script",
    "synchronize",
    "template",
    "unarchive",
];

/// How a task runs in the background.
#[derive(Clone, Debug)]
pub struct Background {
    host: String,
    /// Seconds after which the job is killed.
    limit: u64,
    /// How often it is asked for; nobody waits for it if there is none.
    poll: Option<Duration>,
    directory: String,
}

impl Background {
    /// What `async` and `poll` of a task say; `None` when it runs in the foreground. Fails for an action that
    /// cannot run without the controller.
    pub fn new(context: &TaskContext, task: &Task, scope: &Scope) -> Result<Option<Self>, PrepareError> {
        let settings = Settings::new(task, scope);
        let limit = settings.number("async")?.unwrap_or(0.0);
        if limit < 1.0 {
            return Ok(None);
        }
        let module = task.action.module.0.short_name();
        if task.action.module.0.is_action || UNABLE.contains(&module) {
            return Err(Diagnostic::error(format!("This action ({module}) does not support async.")).into());
        }
        let poll = settings
            .number("poll")?
            .unwrap_or_else(|| context.run.options.config.get(&running::DEFAULT_POLL_INTERVAL) as f64);
        Ok(Some(Self {
            host: scope.host().name.clone(),
            limit: seconds(limit).as_secs(),
            poll: (poll > 0.0).then(|| seconds(poll)),
            directory: directory(scope)?,
        }))
    }

    /// Starts a job; waits for its end if `poll` says so. Gives the result.
    pub async fn run(
        self,
        context: &TaskContext,
        reach: &Reach,
        task: HelperTask,
        contents: &Contents,
    ) -> Result<Fields, ConnectError> {
        let connections = &context.run.connections;
        let session = connections.helper(&reach.target, reach.becoming.as_ref()).await?;
        let background = HelperBackground { limit: self.limit, directory: self.directory.clone() };
        let started = session.run(HelperTask { background: Some(background), ..task }, contents).await?;
        let started = started.into_iter().next().unwrap_or_default();
        let job = started.get("ansible_job_id").and_then(Json::as_str).map(str::to_owned);
        match (job, self.poll) {
            (Some(job), Some(poll)) => self.wait(context, reach, &job, poll, &started).await,
            // One that could not be started has a result already.
            _ => Ok(started),
        }
    }

    /// Asks for a job until it has ended. A connection that is lost meanwhile is opened again.
    async fn wait(
        &self,
        context: &TaskContext,
        reach: &Reach,
        job: &str,
        poll: Duration,
        started: &Fields,
    ) -> Result<Fields, ConnectError> {
        // The job is killed when its time is over; what it says then is worth another moment.
        let end = Instant::now() + Duration::from_secs(self.limit) + Duration::from_secs(2);
        let events = &context.run.events;
        let host = || self.host.clone();
        loop {
            let next = (Instant::now() + poll).min(end);
            let asked = self.ask(context, reach, job, next.saturating_duration_since(Instant::now())).await;
            let is_over = Instant::now() >= end;
            match asked {
                Ok(result) if flag(&result, "finished") => {
                    self.clean_up(context, reach, job).await;
                    events.emit(if flag(&result, "failed") {
                        Event::AsyncFailed { host: host(), job: job.to_owned() }
                    } else {
                        Event::AsyncOk { host: host(), job: job.to_owned() }
                    });
                    return Ok(result);
                }
                Ok(result) => {
                    let is_started = flag(&result, "started");
                    events.emit(Event::AsyncPoll { host: host(), job: job.to_owned(), is_started, is_finished: false });
                }
                Err(error) if is_over => return Err(error),
                Err(_) => sleep(Duration::from_secs(1)).await,
            }
            if is_over {
                events.emit(Event::AsyncFailed { host: host(), job: job.to_owned() });
                let mut result = started.clone();
                let msg = format!("async task did not complete within the requested time - {}s", self.limit);
                result.insert("failed".into(), json!(true));
                result.insert("changed".into(), json!(false));
                result.insert("msg".into(), json!(msg));
                return Ok(result);
            }
            sleep_until(next).await;
        }
    }

    /// How the job is doing once it has ended, or after so long.
    async fn ask(
        &self,
        context: &TaskContext,
        reach: &Reach,
        job: &str,
        wait: Duration,
    ) -> Result<Fields, ConnectError> {
        let session = context.run.connections.helper(&reach.target, reach.becoming.as_ref()).await?;
        self.status(&session, job, json!({ "_wait": wait.as_millis() as u64 })).await
    }

    async fn clean_up(&self, context: &TaskContext, reach: &Reach, job: &str) {
        // A file that stays behind is no reason to lose the result.
        if let Ok(session) = context.run.connections.helper(&reach.target, reach.becoming.as_ref()).await {
            let _ = self.status(&session, job, json!({ "mode": "cleanup" })).await;
        }
    }

    async fn status(&self, session: &Session, job: &str, more: Json) -> Result<Fields, ConnectError> {
        let mut arguments = Fields::new();
        arguments.insert("jid".into(), json!(job));
        arguments.insert("_async_dir".into(), json!(self.directory));
        arguments.extend(more.as_object().cloned().unwrap_or_default());
        let task = HelperTask { module: "async_status".into(), items: vec![arguments], ..HelperTask::default() };
        let results = session.run(task, &Contents::default()).await?;
        Ok(results.into_iter().next().unwrap_or_default())
    }
}

fn flag(result: &Fields, name: &str) -> bool {
    result.get(name).and_then(Json::as_bool).unwrap_or(false)
}

/// Where jobs have their files on the host: `ansible_async_dir`, else `ANSIBLE_ASYNC_DIR` of the controller.
pub fn directory(scope: &Scope) -> Result<String, PrepareError> {
    if let Some(directory) = scope.resolve("ansible_async_dir")?.filter(|directory| !directory.is_none()) {
        return Ok(directory.to_str());
    }
    let given = std::env::var("ANSIBLE_ASYNC_DIR").ok().filter(|directory| !directory.is_empty());
    Ok(given.unwrap_or_else(|| DIRECTORY.to_owned()))
}
