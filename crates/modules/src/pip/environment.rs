//! Which pip is used, and virtual environments that are made for it.

use std::path::PathBuf;

use super::{Pip, failure};
use crate::kit::{Failure, Finished, Program, Reader, Writer, shlex};

impl Pip {
    /// pip's command line without its command.
    pub(super) fn pip(&self, host: &Reader) -> Result<Vec<PathBuf>, Failure> {
        if let Some(folder) = self.environment() {
            let candidates = ["pip3", "pip"].map(|name| folder.join("bin").join(name));
            return match candidates.into_iter().find(|path| host.exists(path)) {
                Some(pip) => Ok(vec![pip]),
                None => Err(Failure::new(format!(
                    "Unable to find pip in the virtualenv, {}, under any of these names: pip3, pip. Make sure pip \
                     is present in the virtualenv.",
                    folder.display()
                ))),
            };
        }
        if let Some(executable) = &self.executable {
            if executable.is_absolute() {
                return Ok(vec![executable.clone()]);
            }
            let name = executable.to_string_lossy().into_owned();
            let missing = || Failure::new(format!("Unable to find any of {name} to use.  pip needs to be installed."));
            return Ok(vec![host.which(&name).ok_or_else(missing)?]);
        }
        if let Some(python) = host.which("python3") {
            let probe = Program::new(&python)
                .args(["-c", "import importlib.util, sys; sys.exit(importlib.util.find_spec('pip') is None)"]);
            if host.query(&probe)?.success() {
                return Ok(vec![python, "-m".into(), "pip".into()]);
            }
        }
        let missing = || Failure::new("Unable to find any of pip3 to use.  pip needs to be installed.");
        Ok(vec![host.which("pip3").ok_or_else(missing)?])
    }

    /// The virtual environment's folder; a relative one lies in `chdir`.
    pub(super) fn environment(&self) -> Option<PathBuf> {
        let folder = self.virtualenv.clone()?;
        Some(self.chdir.as_ref().map_or_else(|| folder.clone(), |chdir| chdir.join(&folder)))
    }

    /// The words of `virtualenv_command`, its program found.
    pub(super) fn environment_command(&self, host: &Reader) -> Result<Vec<String>, Failure> {
        let mut words = shlex::split(&self.virtualenv_command.to_string_lossy()).map_err(Failure::new)?;
        let Some(first) = words.first_mut() else { return Err(Failure::new("virtualenv_command is empty")) };
        if first.starts_with('/') && !host.exists(&*first) {
            let failure = Failure::new("Error executing command.").with("cmd", format!("{first} --help"));
            return Err(failure.with("rc", 2).with("stdout", "").with("stderr", ""));
        }
        if !first.starts_with('/') {
            *first = host.required(first)?.to_string_lossy().into_owned();
        }
        let is_venv = words.iter().any(|word| word == "venv" || word.rsplit('/').next() == Some("pyvenv"));
        if is_venv && self.virtualenv_python.is_some() {
            return Err(Failure::new(
                "virtualenv_python should not be used when using the venv module or pyvenv as virtualenv_command",
            ));
        }
        if self.virtualenv_site_packages {
            words.push("--system-site-packages".into());
        }
        if !is_venv {
            let python = host.which("python3").map(|path| path.to_string_lossy().into_owned());
            let python = self.virtualenv_python.clone().or(python).unwrap_or_else(|| "python3".into());
            words.push(format!("-p{python}"));
        }
        Ok(words)
    }

    /// Makes the virtual environment.
    pub(super) fn make_environment(&self, host: &mut Writer, umask: Option<u32>) -> Result<Finished, Failure> {
        let words = self.environment_command(host)?;
        let program = self.ready(Program::new(&words[0]).args(&words[1..]), umask);
        let program = program.args(self.environment());
        let finished = host.run(&program)?;
        if !finished.success() {
            return Err(failure(&program, &finished.out(), &finished.err()));
        }
        Ok(finished)
    }
}
