//! The helper: says hello, then runs one module per request until its input closes.
//!
//! No SSH, no template engine, no async runtime: a thread per request, since requests mostly wait
//! for programs and disks. It writes nothing but frames to standard output.

mod background;
mod bodies;
mod job;
mod session;

use std::{
    collections::{BTreeMap, HashMap},
    io::Write,
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
    Arguments, BUILD_ID, FrameError, Hello, PARTS_AHEAD, Reply, Request, ToController, ToHelper, read_frame,
    write_frame,
};

use bodies::{Bodies, Part};

/// Standard output, shared by the threads; a frame is written whole.
type Output = Arc<Mutex<std::io::Stdout>>;

/// How long requests get to kill their programs once the controller is gone.
const LAST_WAIT: Duration = Duration::from_secs(2);

/// A request that is being worked on.
struct Running {
    cancelled: Arc<AtomicBool>,
    /// Where the parts of its bodies go; gone when no more of them come.
    parts: Option<mpsc::SyncSender<Part>>,
}

impl Running {
    /// Stops it: its programs are killed, and a body that it still reads ends in an error, so that
    /// it removes what it has written of it.
    fn stop(&mut self) {
        self.cancelled.store(true, Ordering::Relaxed);
        self.parts = None;
    }
}

fn main() -> ExitCode {
    let ended = match std::env::args().nth(1).as_deref() {
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
    let output: Output = Arc::new(Mutex::new(std::io::stdout()));
    let hello = Hello { build: BUILD_ID.to_owned(), uid: rustix::process::geteuid().as_raw() };
    send(&output, &ToController::Hello(hello))?;
    let running: Arc<Mutex<HashMap<u32, Running>>> = Arc::default();
    let outcome = receive(&output, &running);
    // The controller is gone, perhaps in the middle of a frame: what still runs is stopped.
    lock(&running).values_mut().for_each(Running::stop);
    let ended = Instant::now();
    while !lock(&running).is_empty() && ended.elapsed() < LAST_WAIT {
        thread::sleep(Duration::from_millis(5));
    }
    outcome
}

/// Does what the controller says until the input ends.
fn receive(output: &Output, running: &Arc<Mutex<HashMap<u32, Running>>>) -> Result<(), FrameError> {
    let mut input = std::io::stdin().lock();
    while let Some(message) = read_frame(&mut input)? {
        match message {
            ToHelper::Run(request) => start(request, output, running),
            ToHelper::Body(part) => give(running, part.id, Part::Bytes { bytes: part.bytes, last: part.last }),
            ToHelper::NoBody { id, why } => give(running, id, Part::Missing(why)),
            ToHelper::Cancel { id } => {
                if let Some(request) = lock(running).get_mut(&id) {
                    request.stop();
                }
            }
        }
    }
    Ok(())
}

fn start(request: Request, output: &Output, running: &Arc<Mutex<HashMap<u32, Running>>>) {
    let cancelled = Arc::new(AtomicBool::new(false));
    let (sender, parts) = mpsc::sync_channel(PARTS_AHEAD);
    let id = request.id;
    lock(running).insert(id, Running { cancelled: Arc::clone(&cancelled), parts: Some(sender) });
    let (output, running) = (Arc::clone(output), Arc::clone(running));
    thread::spawn(move || {
        let bodies = Arc::new(Bodies::new(id, Arc::clone(&output), parts));
        let Request { module, mode, environment, items, parallel, background, .. } = request;
        let context = Arc::new(Context { mode, environment: environment.clone(), bodies, cancelled });
        let work = |arguments| match &background {
            Some(background) => match fetched(&module, &arguments, &context) {
                Ok(()) => {
                    let environment = environment.clone();
                    let job = job::Job { module: module.clone(), mode, environment, arguments };
                    background::start(background, job)
                }
                Err(result) => result,
            },
            None => run(&module, arguments, &context),
        };
        each(items, parallel, &work, &mut |item, result| {
            // A controller that is gone needs no reply.
            let _ = send(&output, &ToController::Reply(Reply { id, item, result }));
        });
        lock(&running).remove(&id);
    });
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

fn give(running: &Mutex<HashMap<u32, Running>>, id: u32, part: Part) {
    let sender = lock(running).get(&id).and_then(|request| request.parts.clone());
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
