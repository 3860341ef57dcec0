//! `wait_for_connection`: until the host can be reached and modules run on it.

use std::{sync::Arc, time::Duration};

use serde_json::json;
use tokio::time::{Instant, sleep, timeout};

use super::{Contents, Done, Evaluated, Fields, Later, PrepareError, Reach, TaskContext, failed, integer};
use crate::{
    executor::{Run, settings::Settings, times},
    transport::{ConnectError, Task as HelperTask},
    vars::Scope,
};

/// Prepares it.
pub fn prepare(
    context: &TaskContext,
    settings: Settings,
    scope: &Scope,
    arguments: &Evaluated,
) -> Result<Later, PrepareError> {
    let seconds = |name: &str, default: i64| -> Result<Duration, PrepareError> {
        let seconds = integer(arguments, name)?.unwrap_or(default);
        Ok(times::seconds(seconds as f64))
    };
    let (delay, pause) = (seconds("delay", 0)?, seconds("sleep", 1)?);
    let (limit, attempt) = (seconds("timeout", 600)?, seconds("connect_timeout", 5)?);
    let reach = Reach::new(context, settings, scope)?;
    if reach.mode(context, settings)?.check {
        let mut result = Fields::new();
        result.insert("changed".into(), json!(false));
        result.insert("skipped".into(), json!(true));
        return Ok(Box::pin(async { Ok(Done { result, ..Done::default() }) }));
    }
    let run = Arc::clone(&context.run);
    Ok(Box::pin(async move {
        let begun = Instant::now();
        sleep(delay).await;
        let why = wait(&run, &reach, begun + limit, attempt, pause).await.err();
        let mut done = match why {
            Some(why) => failed(&format!("timed out waiting for ping module test: {why}")),
            None => Done::default(),
        };
        done.result.insert("changed".into(), json!(false));
        done.result.insert("elapsed".into(), json!(begun.elapsed().as_secs()));
        Ok(done)
    }))
}

/// Tries until the helper answers. Fails with the last error when the time is over.
async fn wait(run: &Run, reach: &Reach, end: Instant, attempt: Duration, pause: Duration) -> Result<(), String> {
    // Each attempt has some time, even when there is none left for a second one.
    let attempt = attempt.max(Duration::from_secs(1));
    loop {
        run.connections.reset(&reach.target).await;
        let why = match timeout(attempt, ping(run, reach)).await {
            Ok(Ok(())) => return Ok(()),
            Ok(Err(error)) => error.to_string(),
            Err(_) => format!("no answer within {} seconds", attempt.as_secs()),
        };
        if !run.control.is_stopping() {
            sleep(pause).await;
        }
        if Instant::now() >= end || run.control.is_stopping() {
            return Err(why);
        }
    }
}

async fn ping(run: &Run, reach: &Reach) -> Result<(), ConnectError> {
    let session = run.connections.helper(&reach.target, reach.becoming.as_ref()).await?;
    let task = HelperTask { module: "ping".into(), items: vec![Fields::new()], ..HelperTask::default() };
    session.run(task, &Contents::default()).await.map(drop)
}
