//! What must never be printed, on real hosts.

use super::{
    hosts::Hosts,
    site::{OPS, PASSWORD, Site},
};

#[test]
fn secrets_are_never_printed() {
    let hosts = Hosts::boot(&["secret"]);
    let site = Site::new(&hosts);
    site.host_vars(
        "secret",
        &format!("{OPS}ansible_become_password: ops-secret\napi_token: canary-45\ntokens: [canary-46, canary-47]\n"),
    );
    site.tasks(
        "- shell: cat > /home/ops/out; echo {{ api_token }}\n  args: {stdin: '{{ api_token }}'}\n  no_log: yes\n\
         - command: echo {{ item }}\n  loop: '{{ tokens }}'\n  no_log: yes\n\
         - copy: {content: '{{ api_token }}', dest: /home/ops/token}\n  no_log: yes\n\
         - command: test {{ api_token }} = other\n  no_log: yes\n  ignore_errors: yes\n\
         - command: echo {{ ansible_password }}\n  become: yes\n",
    );
    let run = site.run(&["-vvv", "--diff"]);
    run.ends_with(0).says(&["the output has been hidden", "changed: [secret]"]);
    for secret in [PASSWORD, "canary-45", "canary-46", "canary-47"] {
        run.never_says(secret);
    }
    assert_eq!(hosts.shell("secret", "cat /home/ops/token"), "canary-45");
}
