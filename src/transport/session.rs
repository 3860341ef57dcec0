//! A running helper: requests go in, results come back, contents are sent when it asks.

mod pending;

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use parking_lot::Mutex;
use serde_json::{Map, Value as Json};
use sutler_protocol::{Arguments, Background, Hello, MAX_FRAME, Mode, Request, ToController, ToHelper, decode, encode};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader},
    sync::{Notify, mpsc, oneshot},
    time::timeout,
};

use super::{
    Bodies, ConnectError, Stage,
    channel::{Channel, Exit},
    image::BUILD,
    start::{Started, tail},
};

pub use pending::{Done, Finished, Pending, RequestId};

/// How long the helper may take to say hello.
const HELLO: Duration = Duration::from_secs(30);
/// How long a helper that is let go may take to end.
const FAREWELL: Duration = Duration::from_secs(2);

/// One task for the helper; the session gives it its id.
#[derive(Clone, Debug, Default)]
pub struct Task {
    /// The module's short name, as `file`.
    pub module: String,
    /// Check and diff.
    pub mode: Mode,
    /// Set for every program that the module starts.
    pub environment: Vec<(String, String)>,
    /// The arguments of each item; a task without a loop has one.
    pub items: Vec<Arguments>,
    /// How many items may run at once; 0 is 1.
    pub parallel: usize,
    /// How it runs on as a job that outlives the connection, if it does.
    pub background: Option<Background>,
}

/// What a request hears from the helper.
enum Heard {
    Item(usize, Map<String, Json>),
    Want(String),
    Part(Vec<u8>),
    Dropped,
}

/// A helper on a host, as one user. Many requests may run at once.
pub struct Session {
    hello: Hello,
    path: String,
    next: AtomicU32,
    wire: Wire,
}

/// The way to the helper, and what is known of it.
#[derive(Clone)]
struct Wire {
    frames: mpsc::Sender<Vec<u8>>,
    shared: Arc<Shared>,
}

/// What the reading task and the requests both need.
#[derive(Default)]
struct Shared {
    requests: Mutex<HashMap<u32, mpsc::UnboundedSender<Heard>>>,
    /// Why the stream ended, once it has.
    ended: Mutex<Option<ConnectError>>,
    /// Told when it has: who waits for room in a queue that nothing empties any more.
    gone: Notify,
    stderr: Mutex<Vec<u8>>,
}

impl Session {
    /// Waits for the helper's hello; fails when it is of another build.
    pub(super) async fn open(started: Started) -> Result<Self, ConnectError> {
        let Started { channel: Channel { stdin, stdout, stderr, exit }, rest, path } = started;
        let shared = Arc::new(Shared::default());
        tokio::spawn(keep_stderr(stderr, shared.clone()));
        let (hello_in, hello) = oneshot::channel();
        let input = BufReader::with_capacity(64 << 10, AsyncReadExt::chain(std::io::Cursor::new(rest), stdout));
        tokio::spawn(receive(input, exit, hello_in, shared.clone()));
        let (frames, queue) = mpsc::channel(2);
        tokio::spawn(send(stdin, queue, shared.clone()));
        let hello = match timeout(HELLO, hello).await {
            Ok(Ok(hello)) => hello,
            Ok(Err(_)) => return Err(shared.why("the helper's first message")),
            Err(_) => return Err(ConnectError::Timeout { stage: Stage::Hello, limit: HELLO }),
        };
        if hello.build != BUILD {
            return Err(ConnectError::HelperVersion { expected: BUILD.to_owned(), found: hello.build });
        }
        Ok(Self { hello, path, next: AtomicU32::new(1), wire: Wire { frames, shared } })
    }

    /// The user that the helper runs as.
    pub fn uid(&self) -> u32 {
        self.hello.uid
    }

    /// Where the helper is on the host.
    pub(super) fn path(&self) -> &str {
        &self.path
    }

    /// False once the helper has gone.
    pub fn is_alive(&self) -> bool {
        self.wire.is_alive()
    }

    /// Lets the helper go, and waits until it has. Where others still use it, the wait is short and in vain.
    pub(super) async fn close(session: Arc<Self>) {
        let shared = session.wire.shared.clone();
        drop(session);
        let mut gone = std::pin::pin!(shared.gone.notified());
        gone.as_mut().enable();
        if shared.ended.lock().is_none() {
            let _ = timeout(FAREWELL, gone).await;
        }
    }

    /// Runs a task and gives the results in the order of its items. When the future is dropped the
    /// helper stops the task.
    pub async fn run(&self, task: Task, bodies: &dyn Bodies) -> Result<Vec<Map<String, Json>>, ConnectError> {
        let mut results = vec![None; task.items.len()];
        self.run_each(task, bodies, &mut |item, result| {
            if let Some(place) = results.get_mut(item) {
                *place = Some(result);
            }
        })
        .await?;
        Ok(results.into_iter().map(|result| result.expect("every item was counted")).collect())
    }

    /// As [`Session::run`], but gives each result to `done` with its item's place as it arrives.
    pub async fn run_each(&self, task: Task, bodies: &dyn Bodies, done: Done<'_>) -> Result<(), ConnectError> {
        self.begin(task, None).await?.finish(bodies, done).await.map(drop)
    }

    /// Sends a task. With `after` the helper does it when that one is done, and drops it if that one fails; it has
    /// to be sent before.
    pub async fn begin(&self, task: Task, after: Option<RequestId>) -> Result<Pending, ConnectError> {
        let id = self.next.fetch_add(1, Ordering::Relaxed);
        let Task { module, mode, environment, mut items, parallel, background } = task;
        items.iter_mut().flat_map(Map::values_mut).for_each(keep_digits);
        let (hearer, heard) = mpsc::unbounded_channel();
        self.wire.shared.requests.lock().insert(id, hearer);
        let open = vec![true; items.len()];
        let pending = Pending { wire: self.wire.clone(), id, during: module.clone(), open, heard, is_over: false };
        // The reading task sets `ended` before it drops the requests: one of the two is seen.
        if !self.is_alive() {
            return Err(self.wire.shared.why(&module));
        }
        let after = after.map(|RequestId(id)| id);
        let request = Request { id, module, mode, environment, items, parallel, after, background };
        self.wire.send(encode(&ToHelper::Run(request)), &pending.during).await?;
        Ok(pending)
    }

    /// Says that a task need not be done any more if it has not begun.
    pub async fn withdraw(&self, RequestId(id): RequestId) {
        // Where the helper is gone there is nothing to withdraw.
        let _ = self.wire.send(encode(&ToHelper::Withdraw { id }), "").await;
    }
}

impl Wire {
    fn is_alive(&self) -> bool {
        self.shared.ended.lock().is_none()
    }

    /// Queues a frame; waits while the queue is full, and no longer than the stream lives.
    async fn send(&self, frame: Vec<u8>, during: &str) -> Result<(), ConnectError> {
        let gone = self.shared.gone.notified();
        if !self.is_alive() {
            return Err(self.shared.why(during));
        }
        tokio::select! {
            sent = self.frames.send(frame) => sent.map_err(|_| self.shared.why(during)),
            () = gone => Err(self.shared.why(during)),
        }
    }
}

impl Shared {
    /// Why there is no answer to `during`.
    fn why(&self, during: &str) -> ConnectError {
        match self.ended.lock().clone() {
            Some(ConnectError::ConnectionLost { stderr, .. }) => {
                ConnectError::ConnectionLost { during: during.to_owned(), stderr }
            }
            Some(error) => error,
            None => ConnectError::ConnectionLost { during: during.to_owned(), stderr: tail(&self.stderr.lock()) },
        }
    }
}

/// Writes whole frames, so that a dropped request cannot leave half of one on the wire. A channel
/// of a lost connection may wait for ever to be written to: the end of the other direction ends this
/// one too.
async fn send(mut stdin: Box<dyn AsyncWrite + Send + Unpin>, mut queue: mpsc::Receiver<Vec<u8>>, shared: Arc<Shared>) {
    let gone = shared.gone.notified();
    let write = async {
        while let Some(frame) = queue.recv().await {
            if stdin.write_all(&frame).await.is_err() || stdin.flush().await.is_err() {
                return;
            }
        }
        let _ = stdin.shutdown().await;
    };
    tokio::select! {
        () = write => {}
        () = gone => {}
    }
}

/// Reads frames and hands them to their requests until the stream ends.
async fn receive(
    mut input: impl AsyncRead + Unpin,
    exit: futures::future::BoxFuture<'static, Exit>,
    hello: oneshot::Sender<Hello>,
    shared: Arc<Shared>,
) {
    let mut hello = Some(hello);
    let ended = loop {
        let message = match frame(&mut input).await {
            Ok(Some(message)) => message,
            Ok(None) => {
                // Standard error comes on a way of its own: it has this long to arrive.
                let exit = timeout(Duration::from_millis(500), exit).await.unwrap_or(Exit::Lost);
                let stderr = tail(&shared.stderr.lock());
                break match exit {
                    Exit::Lost | Exit::Status(0) => ConnectError::ConnectionLost { during: String::new(), stderr },
                    exit => super::start::failed("the helper", &exit, stderr),
                };
            }
            Err(error) => break error,
        };
        match message {
            ToController::Hello(said) => {
                if let Some(hello) = hello.take() {
                    let _ = hello.send(said);
                }
            }
            ToController::Want { id, sha1 } => shared.hand(id, Heard::Want(sha1)),
            ToController::Body(part) => shared.hand(part.id, Heard::Part(part.bytes)),
            ToController::Dropped { id } => shared.hand(id, Heard::Dropped),
            ToController::Reply(reply) => shared.hand(reply.id, Heard::Item(reply.item, reply.result)),
        }
    };
    *shared.ended.lock() = Some(ended);
    shared.requests.lock().clear();
    shared.gone.notify_waiters();
}

impl Shared {
    /// Gives a message to its request, which may have been dropped.
    fn hand(&self, id: u32, heard: Heard) {
        if let Some(request) = self.requests.lock().get(&id) {
            let _ = request.send(heard);
        }
    }
}

/// One message, or `None` when the stream ends, however it does.
async fn frame(input: &mut (impl AsyncRead + Unpin)) -> Result<Option<ToController>, ConnectError> {
    let mut length = [0; 4];
    if input.read_exact(&mut length).await.is_err() {
        return Ok(None);
    }
    let length = u32::from_be_bytes(length) as usize;
    if length > MAX_FRAME {
        return Err(ConnectError::Protocol { why: format!("a frame of {length} bytes is not part of the protocol") });
    }
    let mut payload = Vec::new();
    // Grows as bytes arrive: the length alone must not cost memory.
    match input.take(length as u64).read_to_end(&mut payload).await {
        Ok(n) if n == length => {}
        _ => return Ok(None),
    }
    decode(&payload).map(Some).map_err(|e| ConnectError::Protocol { why: e.to_string() })
}

/// Keeps the end of what the helper prints to its standard error.
async fn keep_stderr(mut stderr: Box<dyn AsyncRead + Send + Unpin>, shared: Arc<Shared>) {
    let mut part = [0; 2048];
    while let Ok(n) = stderr.read(&mut part).await {
        if n == 0 {
            return;
        }
        let mut kept = shared.stderr.lock();
        kept.extend_from_slice(&part[..n]);
        let excess = kept.len().saturating_sub(8192);
        kept.drain(..excess);
    }
}

/// Writes integers beyond 64 bits as text: the helper would read them as floats.
fn keep_digits(value: &mut Json) {
    match value {
        Json::Number(number) if !(number.is_i64() || number.is_u64() || number.is_f64()) => {
            *value = Json::String(number.to_string());
        }
        Json::Array(items) => items.iter_mut().for_each(keep_digits),
        Json::Object(entries) => entries.values_mut().for_each(keep_digits),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use sutler_protocol::{PART, Reply};
    use tokio::io::{DuplexStream, duplex};

    use super::*;

    /// A session with a helper that the test plays.
    async fn session() -> (Session, DuplexStream, DuplexStream) {
        let (stdin, requests) = duplex(64 << 10);
        let (mut replies, stdout) = duplex(64 << 10);
        let hello = ToController::Hello(Hello { build: BUILD.into(), uid: 7 });
        replies.write_all(&encode(&hello)).await.unwrap();
        let channel = Channel {
            stdin: Box::new(stdin),
            stdout: Box::new(stdout),
            stderr: Box::new(&b"last words"[..]),
            exit: Box::pin(async { Exit::Lost }),
        };
        let started = Started { channel, rest: Vec::new(), path: "/h".into() };
        (Session::open(started).await.unwrap(), requests, replies)
    }

    async fn request(requests: &mut DuplexStream) -> ToHelper {
        let length = requests.read_u32().await.unwrap();
        let mut payload = vec![0; length as usize];
        requests.read_exact(&mut payload).await.unwrap();
        decode(&payload).unwrap()
    }

    fn task(items: usize) -> Task {
        Task { module: "copy".into(), items: vec![Map::new(); items], ..Task::default() }
    }

    fn reply(id: u32, item: usize) -> Vec<u8> {
        let result = [("n".to_owned(), Json::from(item))].into_iter().collect();
        encode(&ToController::Reply(Reply { id, item, result }))
    }

    /// Content that is longer than a part and than all buffers.
    struct Zeros;

    impl Bodies for Zeros {
        fn open(&self, sha1: &str) -> std::io::Result<Box<dyn Read + Send>> {
            match sha1 {
                "zeros" => Ok(Box::new(std::io::repeat(0).take(3 << 20))),
                _ => Err(std::io::Error::other("lost")),
            }
        }
    }

    #[tokio::test]
    async fn results_come_in_the_order_of_items() {
        let (session, mut requests, mut replies) = session().await;
        let helper = async {
            let ToHelper::Run(Request { id, .. }) = request(&mut requests).await else { panic!("no request") };
            for item in [2, 0, 2, 1] {
                replies.write_all(&reply(id, item)).await.unwrap();
            }
        };
        let (results, ()) = futures::join!(session.run(task(3), &Zeros), helper);
        let order: Vec<_> = results.unwrap().iter().map(|result| result["n"].clone()).collect();
        assert_eq!(order, [0, 1, 2]);
        assert_eq!(session.uid(), 7);
    }

    #[tokio::test]
    async fn a_body_goes_in_parts_and_a_missing_one_says_why() {
        let (session, mut requests, mut replies) = session().await;
        let helper = async {
            let ToHelper::Run(Request { id, .. }) = request(&mut requests).await else { panic!("no request") };
            replies.write_all(&encode(&ToController::Want { id, sha1: "zeros".into() })).await.unwrap();
            let mut parts = Vec::new();
            loop {
                let ToHelper::Body(part) = request(&mut requests).await else { panic!("no body") };
                parts.push(part.bytes.len());
                if part.last {
                    break;
                }
            }
            assert_eq!((parts.iter().sum::<usize>(), parts.iter().max()), (3 << 20, Some(&PART)));
            replies.write_all(&encode(&ToController::Want { id, sha1: "other".into() })).await.unwrap();
            assert_eq!(request(&mut requests).await, ToHelper::NoBody { id, why: "lost".into() });
            replies.write_all(&reply(id, 0)).await.unwrap();
        };
        let (results, ()) = futures::join!(session.run(task(1), &Zeros), helper);
        assert_eq!(results.unwrap().len(), 1);
    }

    #[tokio::test]
    async fn a_helper_that_is_lost_while_it_takes_a_body_ends_the_task() {
        let (session, mut requests, mut replies) = session().await;
        let helper = async {
            let ToHelper::Run(Request { id, .. }) = request(&mut requests).await else { panic!("no request") };
            replies.write_all(&encode(&ToController::Want { id, sha1: "zeros".into() })).await.unwrap();
            // It never reads on, and the way to it stays open.
            request(&mut requests).await;
            drop(replies);
        };
        let (results, ()) = futures::join!(session.run(task(1), &Zeros), helper);
        assert!(results.unwrap_err().to_string().starts_with("the connection was lost during copy"));
        drop(requests);
    }

    #[tokio::test]
    async fn a_task_follows_another_one_or_is_dropped() {
        let (session, mut requests, mut replies) = session().await;
        let first = session.begin(task(1), None).await.unwrap();
        let second = session.begin(task(1), Some(first.id())).await.unwrap();
        let helper = async {
            let ToHelper::Run(Request { id, after: None, .. }) = request(&mut requests).await else { panic!("first") };
            let ToHelper::Run(next) = request(&mut requests).await else { panic!("second") };
            assert_eq!(next.after, Some(id));
            replies.write_all(&reply(id, 0)).await.unwrap();
            replies.write_all(&encode(&ToController::Dropped { id: next.id })).await.unwrap();
        };
        let (mut one, mut other) = (|_, _| {}, |_, _| {});
        let (first, second, ()) =
            futures::join!(first.finish(&Zeros, &mut one), second.finish(&Zeros, &mut other), helper);
        assert_eq!((first.unwrap(), second.unwrap()), (Finished::Done, Finished::Dropped));
    }

    #[tokio::test]
    async fn a_dropped_task_is_cancelled() {
        let (session, mut requests, _replies) = session().await;
        assert!(futures::future::FutureExt::now_or_never(session.run(task(1), &Zeros)).is_none());
        let ToHelper::Run(Request { id, .. }) = request(&mut requests).await else { panic!("no request") };
        assert_eq!(request(&mut requests).await, ToHelper::Cancel { id });
    }

    #[tokio::test]
    async fn a_lost_helper_is_an_error_that_names_the_task_and_its_last_words() {
        let (session, mut requests, replies) = session().await;
        let helper = async {
            request(&mut requests).await;
            drop(replies);
        };
        let (results, ()) = futures::join!(session.run(task(1), &Zeros), helper);
        assert_eq!(results.unwrap_err().to_string(), "the connection was lost during copy: last words");
        assert!(session.run(task(1), &Zeros).await.unwrap_err().is_unreachable());
        assert!(!session.is_alive());
    }
}
