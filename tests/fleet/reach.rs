//! Ways to a host: without a helper, and through another host.

use super::{
    hosts::{self, Hosts},
    site::Site,
};

#[test]
fn raw_works_on_a_host_without_a_helper() {
    let hosts = Hosts::boot(&["raw"]);
    let site = Site::new(&hosts);
    site.tasks("- raw: id -un; cat /etc/hostname\n  register: raw\n- debug: var=raw.stdout_lines\n");
    site.run(&[]).ends_with(0).says(&["\"admin\"", "\"raw\""]).counts("raw", "ok=2 changed=1");
    assert_eq!(hosts.shell("raw", "find / -xdev -name '*sutler*' 2>/dev/null || true"), "");
}

#[test]
fn one_host_leads_to_another() {
    let hosts = Hosts::boot(&["jump-to", "jump-through"]);
    // Only the host in between may reach the other one.
    let between = hosts.address("jump-through");
    let rule = format!("AllowUsers *@{between} root@{between} root@{}", hosts::controller());
    hosts.shell("jump-to", &format!("echo '{rule}' > /etc/ssh/sshd_config.d/jump.conf && systemctl restart ssh"));
    let site = Site::new(&hosts);
    site.tasks("- shell: echo \"from ${SSH_CONNECTION%% *}\"\n  register: from\n- debug: var=from.stdout\n");
    site.run(&["--limit", "jump-to"]).ends_with(4).says(&["admin@", "was refused: "]);

    let fleet = hosts::folder();
    let known = format!("-o UserKnownHostsFile={}/known_hosts", fleet.display());
    site.host_vars("jump-to", &format!("ansible_ssh_common_args: {known} -o ProxyJump=admin@{between}\n"));
    site.run(&["--limit", "jump-to"]).ends_with(0).says(&[&format!("from {between}")]);
}
