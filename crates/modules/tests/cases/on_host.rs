//! The half of a case that runs on its host: told what to do on standard input, answers on standard output.

use std::{
    io::{Read, Write},
    path::{Path, PathBuf},
    process::{Command, ExitCode},
};

use serde_json::{Value, json};
use sutler_protocol::Mode;

use crate::{
    case::{Session, substituted},
    controller, oracle,
    setup::make,
    tree::Tree,
};

/// The argument by which this program knows that it is on the host.
pub const ARGUMENT: &str = "--on-host";

/// `$dir` there.
const DIRECTORY: &str = "/case";

/// The overlay's upper layer and the image, which lie outside of this root: open directories.
const UPPER: &str = "/proc/self/fd/7";
const IMAGE: &str = "/proc/self/fd/8";

/// Runs one case.
pub fn main() -> ExitCode {
    let mut input = String::new();
    let done = std::io::stdin()
        .read_to_string(&mut input)
        .map_err(|e| e.to_string())
        .and_then(|_| serde_json::from_str::<Value>(&input).map_err(|e| e.to_string()))
        .and_then(|case| run(&case));
    match done {
        Ok(report) => {
            let written = writeln!(std::io::stdout(), "{report}");
            if written.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
        }
        Err(why) => {
            let _ = writeln!(std::io::stderr(), "{why}");
            ExitCode::FAILURE
        }
    }
}

fn run(case: &Value) -> Result<Value, String> {
    let module = case["module"].as_str().ok_or("which module?")?;
    let mut body = substituted(&case["body"], DIRECTORY);
    let directory = PathBuf::from(DIRECTORY);
    let _ = std::fs::remove_dir_all(&directory);
    std::fs::create_dir(&directory).map_err(|e| e.to_string())?;
    std::env::set_current_dir(&directory).map_err(|e| e.to_string())?;
    for step in body["setup"].as_array().into_iter().flatten() {
        make(&directory, step)?;
    }
    let start = look_around();
    let mut problems = Vec::new();
    let [check, run, again] = if case["oracle"] == true {
        oracle::run(module, &body)?
    } else {
        controller::prepare(module, &mut body["args"])?;
        let session = Session::new(module, directory, body.clone())?;
        let diff = |check| Mode { check, diff: true, ..Mode::default() };
        let checked = session.call(diff(true));
        let touched = look_around().touched_since(&start);
        if !touched.is_empty() {
            problems.push(format!("check mode wrote {}", touched.join(", ")));
        }
        let first = session.call(diff(false));
        let between = look_around();
        let second = session.call(diff(false));
        let touched = look_around().touched_since(&between);
        if second["changed"] == false && second["failed"] != true && !touched.is_empty() {
            problems.push(format!("the second run, without a change, wrote {}", touched.join(", ")));
        }
        problems.extend(session.written(&checked, &first, &second));
        [checked, first, second].map(|mut result| {
            controller::hide(module, &body["args"], &mut result);
            result
        })
    };
    let look = body["look"].as_str().map(shell);
    let tree = look_around().changes_since(&start);
    if let Some(command) = body["cleanup"].as_str() {
        shell(command);
    }
    Ok(json!({ "check": check, "run": run, "again": again, "look": look, "tree": tree, "problems": problems }))
}

fn look_around() -> Tree {
    Tree::of(Path::new(UPPER), Path::new(IMAGE))
}

fn shell(command: &str) -> String {
    match Command::new("sh").arg("-c").arg(command).output() {
        Ok(output) => {
            let both = [output.stdout, output.stderr].concat();
            String::from_utf8_lossy(&both).into_owned()
        }
        Err(error) => error.to_string(),
    }
}
