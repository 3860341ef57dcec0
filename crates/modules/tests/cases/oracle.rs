//! ansible-core, which says what is expected of a case.

use std::{
    path::Path,
    process::{Command, Stdio},
};

use serde_json::{Value, json};

/// A callback that writes what the last task says to a file: a task that wrote it would start two modules.
const LISTENER: &str = "
from ansible.plugins.callback import CallbackBase

class CallbackModule(CallbackBase):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = 'stdout'
    CALLBACK_NAME = 'listener'

    def v2_runner_on_ok(self, result):
        if result._task.name == 'results':
            with open('/run/oracle/results.json', 'w') as file:
                file.write(result._result['msg'])
";

/// Where its playbook and results lie while a case runs.
const PLACE: &str = "/run/oracle";

/// Starts the oracle with the host's Python, so that what it starts sees nothing of the virtual environment.
const START: &str = "
import glob, runpy, sys
environment, program = sys.argv[1:3]
sys.path[:0] = glob.glob(environment + '/lib/python3*/site-packages')
sys.argv = sys.argv[2:]
runpy.run_path(program, run_name='__main__')
";

/// The program that `ORACLE` names; `None` when nothing is to be recorded.
pub fn program() -> Option<String> {
    std::env::var("ORACLE").ok().filter(|program| !program.is_empty())
}

/// The folder of its virtual environment, which has to be on the host too; empty when there is no oracle.
pub fn environment() -> String {
    let program = program().unwrap_or_default();
    let folder = Path::new(&program).parent().and_then(Path::parent);
    folder.map(|folder| folder.to_string_lossy().into_owned()).unwrap_or_default()
}

/// What check mode, the first and the second run return.
pub fn run(module: &str, body: &Value) -> Result<[Value; 3], String> {
    let name = sutler_modules::find(module).map_or(module, |entry| entry.name);
    let step = |check: bool, register: &str| {
        json!({
            name: body["args"], "check_mode": check, "diff": true, "register": register, "ignore_errors": true,
            "ignore_unreachable": true,
        })
    };
    let play = json!([{
        "hosts": "localhost", "connection": "local", "gather_facts": false,
        "vars": { "ansible_python_interpreter": "/usr/bin/python3" },
        "environment": body["environment"].as_object().cloned().unwrap_or_default(),
        "tasks": [
            step(true, "checked"), step(false, "ran"), step(false, "ran_again"),
            { "name": "results", "ansible.builtin.debug": { "msg": "{{ [checked, ran, ran_again] | to_json }}" } },
        ],
    }]);
    std::fs::create_dir_all(PLACE).map_err(|e| e.to_string())?;
    std::fs::write(format!("{PLACE}/listener.py"), LISTENER).map_err(|e| e.to_string())?;
    let playbook = format!("{PLACE}/play.yml");
    std::fs::write(&playbook, play.to_string()).map_err(|e| e.to_string())?;
    let _ = std::fs::remove_file(format!("{PLACE}/results.json"));
    let program = program().ok_or("ORACLE is not set")?;
    let output = Command::new("/usr/bin/python3")
        .args(["-c", START, &environment(), &program, &playbook])
        .env_clear()
        .env("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin")
        .env("HOME", "/root")
        .env("LC_ALL", "C.UTF-8")
        .env("ANSIBLE_NOCOLOR", "1")
        .env("ANSIBLE_CALLBACK_PLUGINS", PLACE)
        .env("ANSIBLE_STDOUT_CALLBACK", "listener")
        .env("ANSIBLE_LOCALHOST_WARNING", "0")
        .env("ANSIBLE_HOME", "/root/.ansible")
        .stdin(Stdio::null())
        .output()
        .map_err(|e| format!("the oracle: {e}"))?;
    let results = std::fs::read_to_string(format!("{PLACE}/results.json")).map_err(|_| {
        let said = [output.stdout, output.stderr].concat();
        format!("the oracle gave no results: {}", String::from_utf8_lossy(&said))
    })?;
    let results: Vec<Value> = serde_json::from_str(&results).map_err(|e| e.to_string())?;
    results.try_into().map_err(|_| "the oracle gave other results".to_owned())
}
