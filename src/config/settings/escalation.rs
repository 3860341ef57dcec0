//! Settings: becoming another user.

use crate::config::setting::settings;

settings! {
    /// The file with the password to become another user with; run if it is executable.
    setting BECOME_PASSWORD_FILE: maybe_path = none,
        ini ["defaults.become_password_file"], env ["ANSIBLE_BECOME_PASSWORD_FILE"];
    /// Tasks become another user.
    setting DEFAULT_BECOME: bool = "False", ini ["privilege_escalation.become"], env ["ANSIBLE_BECOME"];
    /// The password to become another user with is asked for.
    setting DEFAULT_BECOME_ASK_PASS: bool = "False",
        ini ["privilege_escalation.become_ask_pass"], env ["ANSIBLE_BECOME_ASK_PASS"];
    /// The program that changes the user.
    setting DEFAULT_BECOME_EXE: maybe_text = none,
        ini ["privilege_escalation.become_exe"], env ["ANSIBLE_BECOME_EXE"];
    /// Its options.
    setting DEFAULT_BECOME_FLAGS: text = "", ini ["privilege_escalation.become_flags"], env ["ANSIBLE_BECOME_FLAGS"];
    /// How to become another user: `sudo`, `su`, `doas`.
    setting DEFAULT_BECOME_METHOD: text = "sudo",
        ini ["privilege_escalation.become_method"], env ["ANSIBLE_BECOME_METHOD"];
    /// The user to become.
    setting DEFAULT_BECOME_USER: text = "root", ini ["privilege_escalation.become_user"], env ["ANSIBLE_BECOME_USER"];
    /// The question for the password does not name the method.
    ignored AGNOSTIC_BECOME_PROMPT: bool = "True",
        ini ["privilege_escalation.agnostic_become_prompt"], env ["ANSIBLE_AGNOSTIC_BECOME_PROMPT"];
    /// The program of sudo.
    setting SUDO_EXE as "become.sudo.become_exe": text = "sudo",
        ini ["privilege_escalation.become_exe", "sudo_become_plugin.executable"],
        env ["ANSIBLE_BECOME_EXE", "ANSIBLE_SUDO_EXE"],
        vars ["ansible_become_exe", "ansible_sudo_exe"];
    /// Its options.
    setting SUDO_FLAGS as "become.sudo.become_flags": text = "",
        ini ["privilege_escalation.become_flags", "sudo_become_plugin.flags"],
        env ["ANSIBLE_BECOME_FLAGS", "ANSIBLE_SUDO_FLAGS"],
        vars ["ansible_become_flags", "ansible_sudo_flags"];
    /// The password for sudo.
    setting SUDO_PASS as "become.sudo.become_pass": maybe_text = none,
        ini ["sudo_become_plugin.password"],
        env ["ANSIBLE_BECOME_PASS", "ANSIBLE_SUDO_PASS"],
        vars ["ansible_become_password", "ansible_become_pass", "ansible_sudo_pass"];
    /// The user that sudo makes one.
    setting SUDO_USER as "become.sudo.become_user": text = "root",
        ini ["privilege_escalation.become_user", "sudo_become_plugin.user"],
        env ["ANSIBLE_BECOME_USER", "ANSIBLE_SUDO_USER"],
        vars ["ansible_become_user", "ansible_sudo_user"];
    /// The folder in which sudo starts.
    setting SUDO_CHDIR as "become.sudo.sudo_chdir": maybe_text = none,
        ini ["sudo_become_plugin.chdir"], env ["ANSIBLE_SUDO_CHDIR"], vars ["ansible_sudo_chdir"];
    /// The program of su.
    setting SU_EXE as "become.su.become_exe": text = "su",
        ini ["privilege_escalation.become_exe", "su_become_plugin.executable"],
        env ["ANSIBLE_BECOME_EXE", "ANSIBLE_SU_EXE"],
        vars ["ansible_become_exe", "ansible_su_exe"];
    /// Its options.
    setting SU_FLAGS as "become.su.become_flags": text = "",
        ini ["privilege_escalation.become_flags", "su_become_plugin.flags"],
        env ["ANSIBLE_BECOME_FLAGS", "ANSIBLE_SU_FLAGS"],
        vars ["ansible_become_flags", "ansible_su_flags"];
    /// The password for su.
    setting SU_PASS as "become.su.become_pass": maybe_text = none,
        ini ["su_become_plugin.password"],
        env ["ANSIBLE_BECOME_PASS", "ANSIBLE_SU_PASS"],
        vars ["ansible_become_password", "ansible_become_pass", "ansible_su_pass"];
    /// The user that su makes one.
    setting SU_USER as "become.su.become_user": text = "root",
        ini ["privilege_escalation.become_user", "su_become_plugin.user"],
        env ["ANSIBLE_BECOME_USER", "ANSIBLE_SU_USER"],
        vars ["ansible_become_user", "ansible_su_user"];
    /// Words for "password" in su's question, in further languages.
    setting SU_PROMPT_L10N as "become.su.prompt_l10n": list = empty,
        ini ["su_become_plugin.localized_prompts"], env ["ANSIBLE_SU_PROMPT_L10N"], vars ["ansible_su_prompt_l10n"];
}
