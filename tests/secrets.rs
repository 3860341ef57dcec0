//! Canaries: passwords that a run knows of, wherever they are written, are in nothing that it prints.
//!
//! Every case runs on this machine alone; `tests/fleet/secrets.rs` has those that need a host.

use std::{
    fs,
    process::{Command, Stdio},
};

use tempfile::TempDir;

/// Files, and the arguments of `sutler playbook` that make them run.
struct Case {
    folder: TempDir,
}

impl Case {
    /// With an inventory that says how to reach `here`, and these variables of it.
    fn new(host_vars: &str) -> Self {
        let case = Self { folder: tempfile::tempdir().expect("a temporary folder can be made") };
        case.write("hosts.ini", "here ansible_connection=local\n").write("host_vars/here.yml", host_vars)
    }

    fn write(self, name: &str, text: &str) -> Self {
        let path = self.folder.path().join(name);
        fs::create_dir_all(path.parent().expect("a file is in a folder")).expect("a temporary folder can be written");
        fs::write(path, text).expect("a temporary folder can be written");
        self
    }

    /// Runs `play.yml` on `here`, as loudly as can be; what it prints on both streams.
    fn run(&self, arguments: &[&str]) -> String {
        let mut command = Command::new(env!("CARGO_BIN_EXE_sutler"));
        for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("ANSIBLE_")) {
            command.env_remove(name);
        }
        command.current_dir(&self.folder).env("HOME", self.folder.path()).env("NO_COLOR", "1").stdin(Stdio::null());
        command.args(["playbook", "-i", "hosts.ini", "play.yml", "-vvv", "--diff"]).args(arguments);
        let output = command.output().expect("sutler was built");
        [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat()
    }

    /// With a file that holds this text, encrypted with the password in `pass`.
    fn seal(self, name: &str, text: &str) -> Self {
        let case = self.write("pass", "correct horse\n").write(name, text);
        let output = case.vault(&["encrypt", name]);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        case
    }

    /// This text as an encrypted value of YAML.
    fn sealed(&self, text: &str) -> String {
        fs::write(self.folder.path().join("pass"), "correct horse\n").expect("a temporary folder can be written");
        String::from_utf8_lossy(&self.vault(&["encrypt_string", text]).stdout).into_owned()
    }

    fn vault(&self, arguments: &[&str]) -> std::process::Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_sutler"));
        command.current_dir(&self.folder).args(["vault", arguments[0], "--vault-password-file", "pass"]);
        command.args(&arguments[1..]).stdin(Stdio::null()).output().expect("sutler was built")
    }

    /// The test fails unless the run says all of `says`, and nothing that has a canary in it.
    #[track_caller]
    fn hides(&self, arguments: &[&str], says: &[&str]) {
        let printed = self.run(arguments);
        for text in says {
            assert!(printed.contains(text), "it does not say `{text}`\n{printed}");
        }
        assert!(!printed.contains("canary"), "{printed}");
    }
}

/// Tasks that show a variable in every way there is.
const TELLTALE: &str = "- hosts: all
  gather_facts: no
  tasks:
    - debug: msg=\"it is {{ NAME }}\"
    - debug: var=NAME
    - debug: var=hostvars.here
    - name: named {{ NAME }}
      command: echo {{ NAME }}
    - command: test {{ NAME }} = other
      ignore_errors: yes
    - debug: msg={{ item }}
      loop: ['{{ NAME }}', other]
    - copy: {content: \"one\\n{{ NAME }}\\n\", dest: '{{ inventory_dir }}/written'}
    - fail: {msg: \"{{ {'in': NAME} | to_json }}\"}
      ignore_errors: yes
    - debug: msg=\"{{ NAME ~ missing_variable }}\"
      ignore_errors: yes
    - debug: msg=\"{{ NAME | from_json }}\"
      ignore_errors: yes
    - debug: msg=\"{{ lookup('file', NAME) }}\"
      ignore_errors: yes
    - debug: msg=\"{{ NAME.missing }}\"
      when: no
    - assert: {that: NAME == 'other', fail_msg: 'not {{ NAME }}'}
      ignore_errors: yes
";

fn telltale(name: &str) -> String {
    TELLTALE.replace("NAME", name)
}

#[test]
fn the_passwords_of_a_host_are_masked_from_the_first_task_on() {
    for name in ["ansible_password", "ansible_become_password", "ansible_ssh_pass", "ansible_become_pass"] {
        let case = Case::new(&format!("{name}: canary-1\n")).write("play.yml", &telltale(name));
        case.hides(&[], &["\"msg\": \"it is ********\"", "TASK [named ********]", "not ********"]);
    }
}

#[test]
fn a_diff_shows_a_mask() {
    let case = Case::new("ansible_password: canary-2\n").write("play.yml", &telltale("ansible_password"));
    case.hides(&[], &["+********\n"]);
}

#[test]
fn a_password_from_the_command_line_is_masked() {
    let case = Case::new("").write("play.yml", &telltale("ansible_password"));
    case.hides(&["-e", "ansible_password=canary-3"], &["it is ********"]);
    case.hides(&["-e", "{\"ansible_password\": \"canary-3\"}"], &["it is ********"]);
    let case = case.write("extra.yml", "ansible_password: canary-3\n");
    case.hides(&["-e", "@extra.yml"], &["it is ********"]);
}

#[test]
fn a_password_from_vars_and_vars_files_is_masked() {
    let play = telltale("ansible_become_password");
    let with = |vars: &str| play.replacen("  gather_facts: no\n", &format!("  gather_facts: no\n{vars}"), 1);
    let case = Case::new("").write("play.yml", &with("  vars: {ansible_become_password: canary-4}\n"));
    case.hides(&[], &["it is ********"]);
    let case = Case::new("").write("play.yml", &with("  vars_files: [secret.yml]\n"));
    let case = case.write("secret.yml", "ansible_become_password: '{{ vault }}'\nvault: canary-5\n");
    case.hides(&[], &["it is ********"]);
}

#[test]
fn a_password_that_a_template_makes_or_that_is_a_number_is_masked() {
    let case =
        Case::new("ansible_password: \"{{ 'can' ~ 'ary-6' }}\"\n").write("play.yml", &telltale("ansible_password"));
    case.hides(&[], &["it is ********"]);
    let case = Case::new("ansible_password: 86420\n").write("play.yml", &telltale("ansible_password"));
    let printed = case.run(&[]);
    assert!(printed.contains("it is ********") && !printed.contains("86420"), "{printed}");
}

#[test]
fn a_short_password_is_masked_where_nothing_else_stands() {
    let play = "- {hosts: all, gather_facts: no, tasks: [{debug: {var: ansible_password}}]}\n";
    let printed = Case::new("ansible_password: ab1\n").write("play.yml", play).run(&[]);
    assert!(printed.contains("\"ansible_password\": \"********\""), "{printed}");
}

#[test]
fn errors_before_a_run_do_not_show_the_password_beside_them() {
    let play = "- hosts: all\n  gather_facts: no\n  tasks: []\n";
    let broken = "ansible_user: ops\nansible_password: canary-7\nother: [\n";
    Case::new(broken).write("play.yml", play).hides(&[], &["host_vars/here.yml:", "ansible_password: ********"]);
    let case = Case::new("").write("play.yml", play);
    let case = case.write("hosts.ini", "here ansible_password=canary-8 ansible_port=22 oops\n");
    case.hides(&[], &["hosts.ini:1:", "here ansible_password=******** ansible_port=22 oops"]);
    let case = case.write("hosts.ini", "here ansible_connection=local\n");
    case.hides(&["-e", "ansible_password=canary-9 oops"], &["`oops` is none of these"]);
    case.hides(&["-e", "{ansible_password: canary-9"], &["ansible_password: ********"]);
    let wrong = "- hosts: all\n  vars:\n    db_password: canary-10\n  taskz: []\n";
    case.write("play.yml", wrong).hides(&[], &["db_password: ********", "did you mean `tasks`?"]);
}

#[test]
fn errors_in_a_run_do_not_show_the_password_in_the_lines_of_a_file() {
    let play = "- hosts: all
  gather_facts: no
  vars:
    ansible_become_password: canary-11
    app_password: canary-12
    greeting: hello {{ missing }}
  tasks:
    - debug: msg={{ greeting }}
      ignore_errors: yes
    - command: login --user x --password canary-11 {{ missing }}
";
    let case = Case::new("").write("play.yml", play);
    let shown = ["app_password: ********", "login --user x --password ******** {{ missing }}"];
    case.hides(&[], &shown);
}

/// How vaults are opened.
const OPEN: [&str; 2] = ["--vault-password-file", "pass"];

#[test]
fn an_encrypted_value_is_masked_wherever_it_is_used() {
    let case = Case::new("").write("play.yml", &telltale("token_of_host"));
    let sealed = case.sealed("canary-11 of a host");
    let case = case.write("host_vars/here.yml", &format!("token_of_host: {sealed}"));
    case.hides(&OPEN, &["\"msg\": \"it is ********\"", "TASK [named ********]", "not ********", "+********\n"]);
    // Without the password nothing is decrypted, and the run says why.
    let printed = case.run(&[]);
    assert!(printed.contains("no vault password is known") && !printed.contains("canary"), "{printed}");
}

#[test]
fn an_encrypted_value_of_several_lines_is_masked_line_by_line() {
    let play = "- hosts: all\n  gather_facts: no\n  tasks:\n  - command: cat\n    args: {stdin: '{{ key }}'}\n\
        \u{20}   register: said\n  - debug: var=said\n  - debug: msg='{{ key.splitlines()[1] }}'\n";
    let case = Case::new("").write("play.yml", play);
    let sealed = case.sealed("BEGIN\ncanary-12\n  canary-12 too\n");
    case.write("host_vars/here.yml", &format!("key: {sealed}")).hides(&OPEN, &["\"msg\": \"********\""]);
}

/// Filters that write a text in another notation, or fail and show it.
const NOTATIONS: [&str; 20] = [
    "[S] | to_json",
    "[S] | to_json | to_json",
    "[[S] | to_json] | to_json",
    "[S] | to_nice_json",
    "[S] | string ~ ' '",
    "{'k': S} | pprint",
    "{}[S]",
    "'2020' | to_datetime(S)",
    "[S] | to_yaml",
    "{'k': [S]} | to_nice_yaml",
    "S | to_nice_yaml(width=1000)",
    "S | e",
    "S | quote",
    "S | regex_escape",
    "S | urlencode",
    "{'k': S} | urlencode",
    "('user:' ~ S) | b64encode",
    "S | from_yaml",
    "S | from_json",
    "(S | from_yaml).k",
];

#[test]
fn an_encrypted_value_is_masked_in_every_notation() {
    let long = "canary of many wörds ".repeat(12);
    for text in [
        "canary-ü😀",
        "canary'q\"uo",
        "canary\tt\\b\u{1b}[31mred",
        &long,
        "{\"k\": \"the canary\"}",
        "k: canary-y\nl: [canary-z]\n",
    ] {
        let tasks: String = NOTATIONS
            .iter()
            .map(|notation| {
                let message = serde_json::json!(format!("{{{{ {} }}}}", notation.replace('S', "sealed")));
                format!("    - debug: {{msg: {message}}}\n      ignore_errors: yes\n")
            })
            .collect();
        let case = Case::new("").write("play.yml", &format!("- hosts: all\n  gather_facts: no\n  tasks:\n{tasks}"));
        let sealed = case.sealed(text);
        let case = case.write("sealed.yml", &format!("sealed: {sealed}"));
        case.hides(&["--vault-password-file", "pass", "-e", "@sealed.yml"], &["\"msg\": \"[\\\"********\\\"]\""]);
    }
}

#[test]
fn an_encrypted_common_word_masks_no_other_one() {
    for word in ["changed", "true", "8080", "    "] {
        let play = "- hosts: all\n  gather_facts: no\n  tasks:\n    - debug: {msg: \"{{ sealed }}.\", verbosity: 0}\n    - command: echo 8080    true\n";
        let case = Case::new("").write("play.yml", play);
        let sealed = case.sealed(word);
        let case = case.write("sealed.yml", &format!("sealed: {sealed}"));
        let shown = format!("\"msg\": \"{word}.\"");
        let says = [shown.as_str(), "\"changed\": true", "\"stdout\": \"8080 true\""];
        case.hides(&["--vault-password-file", "pass", "-e", "@sealed.yml"], &says);
    }
}

#[test]
fn the_texts_of_an_encrypted_file_of_variables_are_masked() {
    let vars = "plain: {deep: [canary-13]}\nmade: 'canary-13 {{ inventory_hostname }}'\nflag: true\nport: 22\nname: canary-13\n";
    let show = "  tasks:\n    - debug: msg='{{ plain }} {{ made }} {{ flag }} {{ port }}'\n    - debug: var=plain\n    \
        - debug: var=made\n    - command: echo {{ plain.deep[0] }}\n    - debug: msg='{{ name ~ missing }}'\n      \
        ignore_errors: yes\n    - set_fact: {kept: '{{ made }}'}\n";
    let play = |head: &str| format!("- hosts: all\n  gather_facts: no\n{head}{show}");
    let says = ["********", "True 22", "22"];
    let case = Case::new("").seal("group_vars/all.yml", vars).write("play.yml", &play(""));
    case.hides(&OPEN, &says);
    let case = Case::new("").seal("vars.yml", vars).write("play.yml", &play("  vars_files: [vars.yml]\n"));
    case.hides(&OPEN, &says);
    let extra = [OPEN[0], OPEN[1], "-e", "@vars.yml"];
    Case::new("").seal("vars.yml", vars).write("play.yml", &play("")).hides(&extra, &says);
    let tasks = play("  pre_tasks: [{include_vars: vars.yml}]\n");
    Case::new("").seal("vars.yml", vars).write("play.yml", &tasks).hides(&OPEN, &says);
    let case = Case::new("").seal("roles/r/vars/main.yml", vars).write("play.yml", &play("  roles: [r]\n"));
    case.hides(&OPEN, &says);
}

#[test]
fn what_encrypted_files_hold_is_masked() {
    let play = "- hosts: all\n  gather_facts: no\n  tasks:\n  - copy: {src: key, dest: '{{ inventory_dir }}/written'}\n  \
        - template: {src: t.j2, dest: '{{ inventory_dir }}/rendered'}\n  - debug: msg=\"{{ lookup('file', 'key') }}\"\n  \
        - command: cat rendered\n  - include_tasks: tasks.yml\n  - debug: msg=\"{{ sealed | unvault('pw') }}\"\n    \
        vars: {sealed: \"{{ ('can' ~ 'ary-14') | vault('pw') }}\"}\n    ignore_errors: yes\n";
    let case = Case::new("").write("play.yml", play).seal("files/key", "canary-15\nline of canary-15\n");
    let case = case.seal("templates/t.j2", "a canary-16 {{ inventory_hostname }}\n");
    let case = case.seal("tasks.yml", "- command: echo the canary-17\n- debug: {msg: 'a canary-17 {{ 1 + 1 }}'}\n");
    case.hides(&OPEN, &["\"stdout\": \"********\"", "+********\n"]);
}

#[test]
fn errors_show_no_line_of_an_encrypted_file() {
    let play = "- hosts: all\n  gather_facts: no\n  tasks: []\n";
    let case = Case::new("").write("play.yml", play);
    let case = case.seal("host_vars/here.yml", "a: canary-18\nb: [canary-18\n");
    case.hides(&OPEN, &["host_vars/here.yml:"]);
    let wrong = "- hosts: all\n  tasks:\n  - debg: msg=canary-19\n  - command: echo canary-19\n";
    Case::new("").seal("play.yml", wrong).hides(&OPEN, &["play.yml:3:5"]);
    let undefined = "made: 'canary-20 {{ missing_name }}'\n";
    let play = "- hosts: all\n  gather_facts: no\n  tasks: [debug: {msg: '{{ made }}'}]\n";
    let case = Case::new("").write("play.yml", play).seal("group_vars/all.yml", undefined);
    case.hides(&OPEN, &["missing_name", "while evaluating `********`"]);
}

#[test]
fn a_template_of_an_encrypted_file_that_holds_itself_is_not_shown() {
    let play = "- hosts: all\n  gather_facts: no\n  tasks:\n    - {debug: {var: a}, ignore_errors: yes}\n    \
                - {name: '{{ a }}', debug: {msg: '{{ a }}'}}\n";
    let case = Case::new("").write("play.yml", play).seal("group_vars/all.yml", "a: \"{{ ['canary-21', a] }}\"\n");
    case.hides(&OPEN, &["recursive loop detected"]);
}

#[test]
fn tries_and_warnings_of_a_task_with_no_log_are_hidden() {
    let play = "- hosts: all\n  gather_facts: no\n  tasks:\n    \
                - {command: '{{ run }}', no_log: yes, until: no, retries: 1, delay: 0, ignore_errors: yes}\n    \
                - {debug: {var: 'users[name]'}, no_log: yes}\n";
    let case = Case::new("run: echo canary-22\nusers: {}\nname: canary-22\n").write("play.yml", play);
    case.hides(&[], &["FAILED - RETRYING", "censored"]);
}
