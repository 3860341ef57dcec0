//! The helper: says hello, then runs one module per request until its input closes.
//!
//! No SSH, no template engine, no async runtime: a thread per request, since requests mostly wait
//! for programs and disks. Requests that name one before them wait for its end. It writes nothing
//! but frames to standard output.

mod background;
mod bodies;
mod job;
mod queue;
mod session;

use std::{
    collections::BTreeMap,
    env, fs,
    io::Write,
    path::{Path, PathBuf},
    process::ExitCode,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
        mpsc,
    },
    thread,
    time::{Duration, Instant},
};

use serde_json::json;
use sutler_modules::kit::{Context, Fields};
use sutler_protocol::{
    Arguments, BUILD_ID, FrameError, Hello, Mode, Reply, Request, ToController, ToHelper, read_frame, write_frame,
};

// For its symbol.
use sutler_unwind as _;

use bodies::{Bodies, Part};
use queue::{Admitted, Queue, Started};

/// Standard output, shared by the threads; a frame is written whole.
type Output = Arc<Mutex<std::io::Stdout>>;

/// How long requests get to kill their programs once the controller is gone.
const LAST_WAIT: Duration = Duration::from_secs(2);

fn main() -> ExitCode {
    let ended = match env::args().nth(1).as_deref() {
        Some(background::SUPERVISE) => background::supervise(),
        Some(job::WORK) => job::work(),
        _ => serve(),
    };
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "sutler-helper: {error}");
            ExitCode::FAILURE
        }
    }
}

fn serve() -> Result<(), FrameError> {
    leave_forbidden_folder();
    let output: Output = Arc::new(Mutex::new(std::io::stdout()));
    let hello = Hello { build: BUILD_ID.to_owned(), uid: rustix::process::geteuid().as_raw() };
    send(&output, &ToController::Hello(hello))?;
    let queue = Arc::default();
    let outcome = receive(&output, &queue, &Arc::default());
    // The controller is gone, perhaps in the middle of a frame: what still runs is stopped.
    lock(&queue).stop_all();
    let ended = Instant::now();
    while !lock(&queue).is_empty() && ended.elapsed() < LAST_WAIT {
        thread::sleep(Duration::from_millis(5));
    }
    outcome
}

/// Programs start where the helper does. That may be the home of another user, who has become this one, and then
/// they start at home.
fn leave_forbidden_folder() {
    let is_readable = |folder: &Path| fs::read_dir(folder).is_ok();
    if env::current_dir().is_ok_and(|folder| is_readable(&folder)) {
        return;
    }
    let home = env::var_os("HOME").map(PathBuf::from);
    if let Some(folder) = home.into_iter().chain([env::temp_dir()]).find(|folder| is_readable(folder)) {
        // It is no worse there than here.
        let _ = env::set_current_dir(folder);
    }
}

/// Does what the controller says until the input ends.
fn receive(output: &Output, queue: &Arc<Mutex<Queue>>, predicted: &Arc<AtomicBool>) -> Result<(), FrameError> {
    let mut input = std::io::stdin().lock();
    while let Some(message) = read_frame(&mut input)? {
        match message {
            ToHelper::Run(request) => {
                let id = request.id;
                let admitted = lock(queue).admit(request);
                match admitted {
                    Admitted::Now(started) => start(*started, output, queue, predicted),
                    Admitted::Later => {}
                    Admitted::Never => tell_dropped(output, &[id]),
                }
            }
            ToHelper::Body(part) => give(queue, part.id, Part::Bytes { bytes: part.bytes, last: part.last }),
            ToHelper::NoBody { id, why } => give(queue, id, Part::Missing(why)),
            ToHelper::Cancel { id } => {
                let dropped = lock(queue).cancel(id);
                tell_dropped(output, &dropped);
            }
            ToHelper::Withdraw { id } => {
                let dropped = lock(queue).withdraw(id);
                tell_dropped(output, &dropped);
            }
        }
    }
    Ok(())
}

fn start(started: Started, output: &Output, queue: &Arc<Mutex<Queue>>, predicted: &Arc<AtomicBool>) {
    let (output, queue, predicted) = (Arc::clone(output), Arc::clone(queue), Arc::clone(predicted));
    thread::spawn(move || {
        let Started { request, cancelled, parts } = started;
        let Request { id, module, mode, environment, items, parallel, background, .. } = request;
        let bodies = Arc::new(Bodies::new(id, Arc::clone(&output), parts));
        // A request may have been sent before the one that it follows was done.
        let has_predicted = mode.predicted | predicted.fetch_or(mode.predicted, Ordering::Relaxed);
        let mode = Mode { predicted: has_predicted, ..mode };
        let context = Context { mode, environment, bodies, cancelled, predicted: Arc::clone(&predicted) };
        let context = Arc::new(context);
        let work = |arguments| match &background {
            Some(background) => match fetched(&module, &arguments, &context) {
                Ok(()) => {
                    let environment = context.environment.clone();
                    let job = job::Job { module: module.clone(), mode, environment, arguments };
                    background::start(background, job)
                }
                Err(result) => result,
            },
            None => run(&module, arguments, &context),
        };
        let mut has_failed = false;
        each(items, parallel, &work, &mut |item, result| {
            has_failed |= result.get("failed").is_some_and(|failed| failed == true);
            // A controller that is gone needs no reply.
            let _ = send(&output, &ToController::Reply(Reply { id, item, result }));
        });
        let ended = lock(&queue).end(id, has_failed);
        tell_dropped(&output, &ended.dropped);
        if let Some(next) = ended.next {
            start(next, &output, &queue, &predicted);
        }
    });
}

fn tell_dropped(output: &Output, ids: &[u32]) {
    for id in ids {
        let _ = send(output, &ToController::Dropped { id: *id });
    }
}

/// Works on the items, up to `parallel` of them at once, and replies in their order.
fn each(
    items: Vec<Arguments>,
    parallel: usize,
    work: &(dyn Fn(Arguments) -> Fields + Sync),
    reply: &mut dyn FnMut(usize, Fields),
) {
    if parallel <= 1 {
        items.into_iter().enumerate().for_each(|(item, arguments)| reply(item, work(arguments)));
        return;
    }
    let threads = parallel.min(items.len());
    let items = Mutex::new(items.into_iter().enumerate());
    let (sender, results) = mpsc::channel();
    thread::scope(|scope| {
        for _ in 0..threads {
            let (sender, items) = (sender.clone(), &items);
            scope.spawn(move || {
                loop {
                    let next = lock(items).next();
                    let Some((item, arguments)) = next else { break };
                    if sender.send((item, work(arguments))).is_err() {
                        break;
                    }
                }
            });
        }
        drop(sender);
        let (mut early, mut next) = (BTreeMap::new(), 0);
        for (item, result) in results {
            early.insert(item, result);
            while let Some(result) = early.remove(&next) {
                reply(next, result);
                next += 1;
            }
        }
    });
}

/// Has the code of a module of people's own here before a job begins, which has nobody to ask for it.
fn fetched(module: &str, arguments: &Arguments, context: &Context) -> Result<(), Fields> {
    if module == sutler_modules::FOREIGN.name { sutler_modules::foreign::fetch(arguments, context) } else { Ok(()) }
}

fn run(module: &str, arguments: Arguments, context: &Arc<Context>) -> Fields {
    let foreign = Some(&sutler_modules::FOREIGN).filter(|foreign| foreign.name == module);
    let Some(entry) = foreign.or_else(|| sutler_modules::find(module)) else {
        let mut result = Fields::new();
        result.insert("failed".into(), json!(true));
        result.insert("msg".into(), json!(format!("the helper has no module `{module}`")));
        return result;
    };
    (entry.run)(arguments, context)
}

fn give(queue: &Mutex<Queue>, id: u32, part: Part) {
    let sender = lock(queue).parts(id);
    if let Some(sender) = sender {
        // A request that failed meanwhile no longer reads its body.
        let _ = sender.send(part);
    }
}

fn send(output: &Output, message: &ToController) -> Result<(), FrameError> {
    write_frame(&mut *lock(output), message)
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
