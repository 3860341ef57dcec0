//! `pause`: waits for some time, or for a person.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use jiff::Zoned;
use serde_json::json;

use super::{Done, Evaluated, Fields, Later, PrepareError, TaskContext, failed};
use crate::{
    cli::{Answer, Keyboard},
    executor::{Run, settings::evaluate, times},
    output::Event,
    playbook::Task,
    source::Diagnostic,
    vars::Scope,
};

/// What Ansible prints before a pause that can be ended early.
const KEYS: &str = "(ctrl+C then 'C' = continue early, ctrl+C then 'A' = abort)\n";

/// A pause as the task asks for it.
struct Pause {
    /// How long; until a person answers if there is none.
    seconds: Option<u64>,
    /// What `stdout` counts in.
    unit: Unit,
    /// What is asked, with the task's name above it.
    prompt: Option<String>,
    title: String,
    echo: bool,
}

#[derive(Clone, Copy)]
enum Unit {
    Minutes,
    Seconds,
}

/// How it ended.
enum End {
    Over(String),
    Aborted,
}

/// Prepares it.
pub fn prepare(
    context: &TaskContext,
    task: &Task,
    scope: &Scope,
    arguments: &Evaluated,
) -> Result<Later, PrepareError> {
    let sutler_modules::actions::Pause { minutes, seconds, prompt, echo } = arguments.read()?;
    let (unit, time) = match (seconds, minutes) {
        (Some(seconds), _) => (Unit::Seconds, Some(seconds.0)),
        (None, Some(minutes)) => (Unit::Minutes, Some(minutes.0.saturating_mul(60))),
        (None, None) => (Unit::Minutes, None),
    };
    let name = task.name.as_ref().and_then(|name| evaluate(name, scope).ok()).map(|name| name.to_str());
    let pause = Pause {
        // Nothing and less is a second, as in Ansible.
        seconds: time.map(|time| u64::try_from(time).unwrap_or(0).max(1)),
        unit,
        prompt,
        title: name.filter(|name| !name.is_empty()).unwrap_or_else(|| task.title()),
        echo,
    };
    let run = Arc::clone(&context.run);
    Ok(Box::pin(async move { Ok(pause.run(&run).await) }))
}

impl Pause {
    async fn run(self, run: &Arc<Run>) -> Done {
        let (begun, start) = (Instant::now(), Zoned::now());
        let mut warnings = Vec::new();
        let end = match self.wait(run, &mut warnings).await {
            Ok(End::Over(input)) => input,
            Ok(End::Aborted) => return failed("user requested abort!"),
            Err(error) => return failed(&format!("cannot read from the terminal: {error}")),
        };
        let stamp = |time: &Zoned| time.strftime("%Y-%m-%d %H:%M:%S%.6f").to_string();
        let took = begun.elapsed().as_secs_f64();
        let mut result = Fields::new();
        result.insert("changed".into(), json!(false));
        result.insert("rc".into(), json!(0));
        result.insert("stderr".into(), json!(""));
        result.insert("stdout".into(), json!(self.unit.paused_for(took)));
        result.insert("start".into(), json!(stamp(&start)));
        result.insert("stop".into(), json!(stamp(&Zoned::now())));
        result.insert("delta".into(), json!(took as u64));
        result.insert("echo".into(), json!(self.echo));
        result.insert("user_input".into(), json!(end));
        if !warnings.is_empty() {
            result.insert("warnings".into(), json!(warnings));
        }
        Done { result, ..Done::default() }
    }

    async fn wait(&self, run: &Arc<Run>, warnings: &mut Vec<&'static str>) -> std::io::Result<End> {
        let keyboard = Keyboard::open();
        if let Some(seconds) = self.seconds {
            run.events.emit(Event::Note(format!("Pausing for {seconds} seconds")));
            if keyboard.is_some() || self.prompt.is_some() {
                run.events.emit(Event::Note(KEYS.into()));
            }
        }
        let Some(keyboard) = keyboard else {
            match self.seconds {
                Some(seconds) => sleep(run, times::seconds(seconds as f64)).await,
                None => {
                    let warning = "Not waiting for response to prompt as stdin is not interactive";
                    run.events.emit(Event::Warning(Diagnostic::warning(warning)));
                    warnings.push(warning);
                }
            }
            return Ok(End::Over(String::new()));
        };
        if let Some(question) = self.question() {
            run.events.emit(Event::Note(question));
        }
        let (seconds, echo, run) = (self.seconds, self.echo, Arc::clone(run));
        let asking = move || run.events.ask(|| ask(&keyboard, seconds, echo, &run));
        tokio::task::spawn_blocking(asking).await.map_err(std::io::Error::other)?
    }

    /// What is asked of the person.
    fn question(&self) -> Option<String> {
        let prompt = match (&self.prompt, self.seconds) {
            (Some(prompt), _) => prompt,
            (None, None) => "Press enter to continue, Ctrl+C to interrupt",
            (None, Some(_)) => return None,
        };
        let hidden = if self.echo || self.seconds.is_some() { "" } else { " (output is hidden)" };
        Some(format!("[{}]\n{prompt}{hidden}:", self.title))
    }
}

/// Waits at the terminal.
fn ask(keyboard: &Keyboard, seconds: Option<u64>, echo: bool, run: &Run) -> std::io::Result<End> {
    let stops = || run.control.is_stopping();
    let input = match seconds {
        Some(seconds) => {
            if !keyboard.interrupted_within(times::seconds(seconds as f64), &stops)? {
                return Ok(End::Over(String::new()));
            }
            String::new()
        }
        None => match keyboard.line(echo)? {
            Answer::Line(text) => return Ok(End::Over(text)),
            Answer::End => return Ok(End::Over(String::new())),
            Answer::Interrupt => String::new(),
        },
    };
    if stops() {
        return Ok(End::Aborted);
    }
    run.events.emit(Event::Note("Press 'C' to continue the play or 'A' to abort \n".into()));
    Ok(if keyboard.choice(b"ca")? == b'c' { End::Over(input) } else { End::Aborted })
}

/// Sleeps, unless the run is to stop.
async fn sleep(run: &Run, time: Duration) {
    let end = tokio::time::Instant::now() + time;
    while tokio::time::Instant::now() < end && !run.control.is_stopping() {
        let next = tokio::time::Instant::now() + Duration::from_millis(100);
        tokio::time::sleep_until(next.min(end)).await;
    }
}

impl Unit {
    /// `stdout` of a pause that took so many seconds: rounded to two places, as Python prints them.
    fn paused_for(self, seconds: f64) -> String {
        let (number, unit) = match self {
            Self::Minutes => (seconds / 60.0, "minutes"),
            Self::Seconds => (seconds, "seconds"),
        };
        format!("Paused for {:?} {unit}", (number * 100.0).round() / 100.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_printed_as_python_rounds_them() {
        assert_eq!(Unit::Seconds.paused_for(1.0049), "Paused for 1.0 seconds");
        assert_eq!(Unit::Seconds.paused_for(1.006), "Paused for 1.01 seconds");
        assert_eq!(Unit::Minutes.paused_for(0.002), "Paused for 0.0 minutes");
        assert_eq!(Unit::Minutes.paused_for(90.0), "Paused for 1.5 minutes");
    }
}
