//! Jobs on their way: joined to one request, sent in their turn or ahead of it.

use std::sync::Arc;

use serde_json::json;
use sutler_protocol::Mode;
use tokio::{sync::mpsc, task::AbortHandle};

use super::{
    Background, Contents, Fields, TaskContext,
    job::{Job, Reach, Work},
};
use crate::transport::{Become, ConnectError, Finished, RawOutput, RequestId, Session, Target, Task as HelperTask};

/// Hears of results: the place of the job, and what came of it.
pub type Hear<'a> = &'a mut (dyn FnMut(usize, Result<Fields, ConnectError>) + Send);

/// Runs jobs that join, in one request, up to `parallel` of them at once; `hear` is told each result as it arrives.
/// What was `sent` ahead of them is their request, unless the helper dropped it.
pub async fn run_jobs(context: &TaskContext, mut jobs: Vec<Job>, parallel: usize, sent: Option<Sent>, hear: Hear<'_>) {
    let count = jobs.len();
    let mut told: Vec<_> = jobs.iter_mut().map(|job| job.told.take()).collect();
    let mut heard = 0;
    let mut pass_on = |place: usize, mut result: Fields| {
        heard = heard.max(place + 1);
        if let Some(arguments) = told.get_mut(place).and_then(Option::take) {
            result.entry("invocation").or_insert_with(|| json!({ "module_args": arguments }));
        }
        hear(place, Ok(result));
    };
    let ended = match sent {
        Some(sent) => sent.finish(&mut pass_on).await,
        None => Ok(Finished::Dropped),
    };
    let ended = match ended {
        Ok(Finished::Dropped) => run_joined(context, jobs, parallel, &mut pass_on).await,
        Ok(Finished::Done) => Ok(()),
        Err(error) => Err(error),
    };
    if let Err(error) = ended {
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
    let Some(Joined { target, becoming, background, work }) = Joined::new(jobs, parallel) else { return Ok(()) };
    let (task, contents) = match work {
        JoinedWork::Raw(_, Mode { check: true, .. }) => {
            done(0, raw_skipped());
            return Ok(());
        }
        JoinedWork::Raw(command, _) => {
            let output = Box::pin(connections.raw(&target, becoming.as_ref(), &command, None)).await?;
            done(0, raw_result(&output));
            return Ok(());
        }
        JoinedWork::Module(task, contents) => (task, contents),
    };
    if let Some(background) = background {
        let reach = Reach { target, becoming };
        // Seldom, and large: it is kept out of every other task.
        let result = Box::pin(background.run(context, &reach, *task, &contents)).await?;
        done(0, result);
        return Ok(());
    }
    for user in removed_users(&task) {
        Box::pin(connections.leave(&target, user)).await;
    }
    let session = match connections.running(&target, becoming.as_ref()) {
        Some(session) => session,
        // Seldom, and large too.
        None => Box::pin(connections.helper(&target, becoming.as_ref())).await?,
    };
    session.run_each(*task, &contents, done).await
}

/// The users that a task removes: what runs as one of them, our own helper too, would keep them there.
fn removed_users(task: &HelperTask) -> impl Iterator<Item = &str> {
    let items = task.items.iter().filter(|_| task.module == "user");
    items.filter(|item| item.get("state").is_some_and(|state| state == "absent")).filter_map(|item| {
        let name = item.get("name").or_else(|| item.get("user"))?;
        name.as_str()
    })
}

/// A request that is on its way before the turn of its task. When it is dropped before its end the helper stops it.
pub struct Sent {
    session: Arc<Session>,
    id: RequestId,
    news: mpsc::UnboundedReceiver<News>,
    first: Option<News>,
    waiter: AbortHandle,
}

/// What is heard of a request that was sent ahead.
enum News {
    Item(usize, Fields),
    End(Result<Finished, ConnectError>),
}

impl Sent {
    /// Sends jobs that join behind the request `after`, if they can go there: the helper has to run, to be the one
    /// that has `after`, and to need nothing else for them.
    pub async fn send(
        context: &TaskContext,
        jobs: Vec<Job>,
        parallel: usize,
        after: Option<&Self>,
    ) -> Option<Result<Self, ConnectError>> {
        let joined = Joined::new(jobs, parallel)?;
        let session = context.run.connections.running(&joined.target, joined.becoming.as_ref())?;
        let JoinedWork::Module(task, contents) = joined.work else { return None };
        if joined.background.is_some()
            || removed_users(&task).next().is_some()
            || after.is_some_and(|after| !Arc::ptr_eq(&after.session, &session))
        {
            return None;
        }
        let pending = match session.begin(*task, after.map(|after| after.id)).await {
            Ok(pending) => pending,
            Err(error) => return Some(Err(error)),
        };
        let (teller, news) = mpsc::unbounded_channel();
        let id = pending.id();
        let waiter = tokio::spawn(async move {
            let mut tell = |place, result| drop(teller.send(News::Item(place, result)));
            let end = pending.finish(&contents, &mut tell).await;
            drop(teller.send(News::End(end)));
        });
        Some(Ok(Self { session, id, news, first: None, waiter: waiter.abort_handle() }))
    }

    /// Says that it need not be done if it has not begun.
    pub async fn withdraw(&self) {
        self.session.withdraw(self.id).await;
    }

    /// Waits until it is known whether the helper dropped it.
    pub async fn is_dropped(&mut self) -> bool {
        if self.first.is_none() {
            self.first = self.news.recv().await;
        }
        matches!(self.first, Some(News::End(Ok(Finished::Dropped))))
    }

    /// Waits for its results.
    async fn finish(mut self, done: &mut (dyn FnMut(usize, Fields) + Send)) -> Result<Finished, ConnectError> {
        loop {
            let news = match self.first.take() {
                Some(first) => Some(first),
                None => self.news.recv().await,
            };
            match news {
                Some(News::Item(place, result)) => done(place, result),
                Some(News::End(end)) => return end,
                None => {
                    let (action, why) = ("wait for a result".into(), "its waiter ended".into());
                    return Err(ConnectError::Controller { action, why });
                }
            }
        }
    }
}

impl Drop for Sent {
    fn drop(&mut self) {
        self.waiter.abort();
    }
}

/// Jobs as one request.
struct Joined {
    target: Target,
    becoming: Option<Become>,
    background: Option<Background>,
    work: JoinedWork,
}

enum JoinedWork {
    Module(Box<HelperTask>, Contents),
    Raw(String, Mode),
}

impl Joined {
    fn new(jobs: Vec<Job>, parallel: usize) -> Option<Self> {
        let mut jobs = jobs.into_iter();
        let Job { target, becoming, mode, environment, background, work, .. } = jobs.next()?;
        let (name, arguments, mut contents) = match work {
            Work::Raw(command) => {
                return Some(Self { target, becoming, background, work: JoinedWork::Raw(command, mode) });
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
        Some(Self { target, becoming, background, work: JoinedWork::Module(Box::new(task), contents) })
    }
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
