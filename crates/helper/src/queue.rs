//! The requests that run, and those that wait for one of them.

use std::{
    collections::{HashMap, HashSet},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc,
    },
};

use sutler_protocol::{PARTS_AHEAD, Request};

use crate::bodies::Part;

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

/// All requests that are not done.
#[derive(Default)]
pub struct Queue {
    running: HashMap<u32, Running>,
    /// By the request that each waits for; one waits for another at the most.
    waiting: HashMap<u32, Request>,
    /// Requests that failed or did not run: none may follow them.
    failed: HashSet<u32>,
}

/// A request that runs from now on.
pub struct Started {
    /// The request.
    pub request: Request,
    /// Set when it has to stop.
    pub cancelled: Arc<AtomicBool>,
    /// The parts of its bodies.
    pub parts: mpsc::Receiver<Part>,
}

/// What becomes of a new request.
pub enum Admitted {
    /// It runs at once.
    Now(Box<Started>),
    /// It waits.
    Later,
    /// The one before it failed.
    Never,
}

/// What follows from the end of a request.
#[derive(Default)]
pub struct Ended {
    /// The one that waited for it.
    pub next: Option<Started>,
    /// Those that will not run.
    pub dropped: Vec<u32>,
}

impl Queue {
    /// Takes a request.
    pub fn admit(&mut self, request: Request) -> Admitted {
        let Some(before) = request.after else { return Admitted::Now(Box::new(self.begin(request))) };
        if self.failed.contains(&before) {
            self.failed.insert(request.id);
            return Admitted::Never;
        }
        if self.running.contains_key(&before) || self.waiting.values().any(|waiting| waiting.id == before) {
            self.waiting.insert(before, request);
            return Admitted::Later;
        }
        Admitted::Now(Box::new(self.begin(request)))
    }

    fn begin(&mut self, request: Request) -> Started {
        let cancelled = Arc::new(AtomicBool::new(false));
        let (sender, parts) = mpsc::sync_channel(PARTS_AHEAD);
        self.running.insert(request.id, Running { cancelled: Arc::clone(&cancelled), parts: Some(sender) });
        Started { request, cancelled, parts }
    }

    /// A request is done.
    pub fn end(&mut self, id: u32, has_failed: bool) -> Ended {
        self.running.remove(&id);
        if has_failed {
            return Ended { next: None, dropped: self.drop_after(id) };
        }
        let next = self.waiting.remove(&id).map(|next| self.begin(next));
        Ended { next, dropped: Vec::new() }
    }

    /// Stops a request, or drops it with those behind it.
    pub fn cancel(&mut self, id: u32) -> Vec<u32> {
        match self.running.get_mut(&id) {
            Some(running) => {
                running.stop();
                self.drop_after(id)
            }
            None => self.withdraw(id),
        }
    }

    /// Drops a request that waits, with those behind it.
    pub fn withdraw(&mut self, id: u32) -> Vec<u32> {
        let before = self.waiting.iter().find(|(_, waiting)| waiting.id == id).map(|(before, _)| *before);
        let Some(before) = before else { return Vec::new() };
        self.waiting.remove(&before);
        let mut dropped = vec![id];
        dropped.extend(self.drop_after(id));
        dropped
    }

    /// Drops all that wait for a request that failed, and for one another.
    fn drop_after(&mut self, id: u32) -> Vec<u32> {
        let mut dropped = Vec::new();
        let mut last = id;
        self.failed.insert(id);
        while let Some(next) = self.waiting.remove(&last) {
            last = next.id;
            self.failed.insert(last);
            dropped.push(last);
        }
        dropped
    }

    /// Where the parts of a request's bodies go.
    pub fn parts(&self, id: u32) -> Option<mpsc::SyncSender<Part>> {
        self.running.get(&id)?.parts.clone()
    }

    /// Stops all that run, and drops what waits.
    pub fn stop_all(&mut self) {
        self.waiting.clear();
        self.running.values_mut().for_each(Running::stop);
    }

    /// Whether nothing runs.
    pub fn is_empty(&self) -> bool {
        self.running.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(id: u32, after: Option<u32>) -> Request {
        serde_json::from_value(serde_json::json!({
            "id": id, "module": "ping", "mode": {"check": false, "diff": false}, "items": [{}], "after": after,
        }))
        .expect("it is a request")
    }

    /// A queue in which 1 runs, and 2 and 3 wait.
    fn queue() -> Queue {
        let mut queue = Queue::default();
        assert!(matches!(queue.admit(request(1, None)), Admitted::Now(_)));
        assert!(matches!(queue.admit(request(2, Some(1))), Admitted::Later));
        assert!(matches!(queue.admit(request(3, Some(2))), Admitted::Later));
        queue
    }

    #[test]
    fn requests_run_one_after_the_other() {
        let mut queue = queue();
        assert_eq!(queue.end(1, false).next.map(|next| next.request.id), Some(2));
        assert!(matches!(queue.admit(request(4, Some(3))), Admitted::Later));
        assert_eq!(queue.end(2, false).next.map(|next| next.request.id), Some(3));
        assert_eq!(queue.end(3, false).next.map(|next| next.request.id), Some(4));
        assert!(matches!(queue.admit(request(5, Some(2))), Admitted::Now(_)));
    }

    #[test]
    fn none_follows_one_that_failed() {
        let mut queue = queue();
        let ended = queue.end(1, true);
        assert!(ended.next.is_none());
        assert_eq!(ended.dropped, [2, 3]);
        assert!(matches!(queue.admit(request(4, Some(3))), Admitted::Never));
        assert!(matches!(queue.admit(request(5, Some(4))), Admitted::Never));
        assert!(matches!(queue.admit(request(6, None)), Admitted::Now(_)));
    }

    #[test]
    fn one_that_runs_is_not_withdrawn_and_one_that_waits_is() {
        let mut queue = queue();
        assert!(queue.withdraw(1).is_empty());
        assert_eq!(queue.withdraw(2), [2, 3]);
        assert!(queue.end(1, false).next.is_none());
    }

    #[test]
    fn none_follows_one_that_is_cancelled() {
        let mut queue = queue();
        assert_eq!(queue.cancel(1), [2, 3]);
        assert!(!queue.is_empty());
        queue.stop_all();
        queue.end(1, false);
        assert!(queue.is_empty());
    }
}
