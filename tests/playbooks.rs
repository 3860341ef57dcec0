//! What playbooks do: a case is a playbook under `tests/playbooks/` whose first lines say how it is
//! run (`# $ ansible-playbook -i hosts case.yml`), and `CASE.txt` beside it holds what has to come of
//! it, as ansible-core does it. `tests/playbooks/README.md` describes the form of both. Each is run once more
//! with one item and one task after the other, where several would travel together (`NAME, apart`).
//!
//! `tests/playbooks/pending.txt` names the cases that cannot pass yet; one that passes all the same is
//! an error until its line is removed (`PENDING=1` removes them).
//!
//! The environment can say otherwise:
//! - `ORACLE=PATH` runs that `ansible-playbook` instead of sutler, and `BLESS=1` writes what it did as
//!   what is expected. Nothing else writes expected results.
//! - `COMPARE=1` with `ORACLE` runs both, and takes what the oracle did as what is expected. Its runs
//!   are kept in `ORACLE_CACHE`.
//! - `PLAYBOOKS=FOLDER` takes the cases from there.
//! - `SUTLER=PATH` runs that program.

#[path = "differential/case.rs"]
mod case;
#[path = "differential/pending.rs"]
mod pending;
#[path = "differential/program.rs"]
mod program;
#[path = "differential/trace.rs"]
mod trace;

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::ExitCode,
    sync::Arc,
};

use libtest_mimic::{Arguments, Failed, Trial};
use similar::TextDiff;

use case::Case;
use pending::Pending;
use program::Program;

/// Where what has to come of a case is taken from.
enum Expected {
    /// The file beside it.
    File,
    /// The file beside it, which is written anew.
    Written,
    /// A run of this program.
    Run(Program),
}

/// How the cases of a run are judged.
struct Judge {
    program: Program,
    expected: Expected,
    pending: Pending,
}

fn main() -> Result<ExitCode, String> {
    let arguments = Arguments::from_args();
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/playbooks");
    let folder = env::var_os("PLAYBOOKS").map_or_else(|| own.clone(), PathBuf::from);
    let cases = Case::all(&folder, env::var_os("COMPARE").is_some());
    let judge = Arc::new(Judge::from_environment(&folder)?);
    let mut trials = judge.orphans(&folder, &cases);
    for case in cases {
        let case = Arc::new(case);
        let name = case.name.clone();
        if judge.runs_apart() {
            let (judge, case, defaults) = (judge.clone(), case.clone(), own.clone());
            let apart = judge.program.patient();
            let judged = move || judge.judge(&apart, &case, &defaults).map_err(Failed::from);
            trials.push(Trial::test(format!("{name}, apart"), judged));
        }
        let (judge, defaults) = (judge.clone(), own.clone());
        let judged = move || judge.judge(&judge.program, &case, &defaults).map_err(Failed::from);
        trials.push(Trial::test(name, judged));
    }
    let conclusion = libtest_mimic::run(&arguments, trials);
    judge.pending.write();
    Ok(conclusion.exit_code())
}

impl Judge {
    fn from_environment(folder: &Path) -> Result<Self, String> {
        let set = |name: &str| env::var_os(name).is_some();
        let oracle = env::var_os("ORACLE").map(|path| Program::oracle(PathBuf::from(path)));
        let sutler = env::var_os("SUTLER").map_or_else(|| PathBuf::from(env!("CARGO_BIN_EXE_sutler")), PathBuf::from);
        let sutler = Program::sutler(sutler);
        let (program, expected) = match (oracle, set("BLESS"), set("COMPARE")) {
            (Some(oracle), false, true) => (sutler, Expected::Run(oracle)),
            (Some(oracle), true, false) => (oracle, Expected::Written),
            (Some(oracle), false, false) => (oracle, Expected::File),
            (None, false, false) => (sutler, Expected::File),
            _ => return Err("BLESS and COMPARE need ORACLE, and exclude each other".into()),
        };
        let judges_sutler = program.is_sutler() && matches!(expected, Expected::File);
        let pending = if judges_sutler { Pending::read(folder) } else { Pending::default() };
        Ok(Self { program, expected, pending })
    }

    /// Expected results and pending lines that no case belongs to.
    fn orphans(&self, folder: &Path, cases: &[Case]) -> Vec<Trial> {
        let known = |name: &str| cases.iter().any(|case| case.name == name);
        let fail = |name: String, why: String| Trial::test(name, move || Err(Failed::from(why)));
        let mut trials = Vec::new();
        for name in self.pending.names().filter(|name| !known(name)) {
            trials.push(fail(name.to_owned(), "is pending, and there is no such case".into()));
        }
        if matches!(self.expected, Expected::File) {
            for name in Case::expectations(folder).into_iter().filter(|name| !known(name)) {
                trials.push(fail(name, "has expected results, and no case".into()));
            }
        }
        trials
    }

    /// Whether cases are run once more with nothing joined.
    fn runs_apart(&self) -> bool {
        self.program.is_sutler() && matches!(self.expected, Expected::File)
    }

    /// Has a program run a case and compares.
    fn judge(&self, program: &Program, case: &Case, defaults: &Path) -> Result<(), String> {
        let found = program.trace(case, defaults)?;
        let expected = match &self.expected {
            Expected::File => fs::read_to_string(case.expectation()).unwrap_or_default(),
            Expected::Written => return fs::write(case.expectation(), found).map_err(|error| error.to_string()),
            Expected::Run(oracle) => oracle.remembered(case, defaults)?,
        };
        let passes = expected == found.text;
        match (self.pending.holds(&case.name), passes) {
            (false, true) | (true, false) => Ok(()),
            (true, true) => self.pending.remove(&case.name),
            (false, false) => Err(difference(&expected, &found)),
        }
    }
}

/// What differs, and what the program itself printed.
fn difference(expected: &str, found: &program::Found) -> String {
    let diff = TextDiff::from_lines(expected, &found.text);
    let diff = diff.unified_diff().context_radius(4).header("expected", "found").to_string();
    format!("{diff}--- printed\n{}", found.printed)
}
