//! Settings: how hosts are reached.

use crate::config::setting::settings;

settings! {
    /// Modules travel over the connection instead of in a file; always so.
    through ANSIBLE_PIPELINING: bool = "False",
        ini ["defaults.pipelining", "connection.pipelining"], env ["ANSIBLE_PIPELINING"];
    /// Becoming the user one is already is done all the same.
    setting BECOME_ALLOW_SAME_USER: bool = "False",
        ini ["privilege_escalation.become_allow_same_user"], env ["ANSIBLE_BECOME_ALLOW_SAME_USER"];
    /// The file with the password to log in with; run if it is executable.
    setting CONNECTION_PASSWORD_FILE: maybe_path = none,
        ini ["defaults.connection_password_file"], env ["ANSIBLE_CONNECTION_PASSWORD_FILE"];
    /// The password to log in with is asked for.
    setting DEFAULT_ASK_PASS: bool = "False", ini ["defaults.ask_pass"], env ["ANSIBLE_ASK_PASS"];
    /// The shell that the hosts' commands are given to.
    setting DEFAULT_EXECUTABLE: text = "/bin/sh", ini ["defaults.executable"], env ["ANSIBLE_EXECUTABLE"];
    /// The key to log in with.
    setting DEFAULT_PRIVATE_KEY_FILE: maybe_path = none,
        ini ["defaults.private_key_file"], env ["ANSIBLE_PRIVATE_KEY_FILE"];
    /// The port to connect to; 22 without any.
    setting DEFAULT_REMOTE_PORT: maybe_int = none, ini ["defaults.remote_port"], env ["ANSIBLE_REMOTE_PORT"];
    /// The user to log in as; the name of whoever runs it without any.
    setting DEFAULT_REMOTE_USER: maybe_text = none, ini ["defaults.remote_user"], env ["ANSIBLE_REMOTE_USER"];
    /// Seconds after which connecting is given up.
    through DEFAULT_TIMEOUT: int = "10", ini ["defaults.timeout"], env ["ANSIBLE_TIMEOUT"];
    /// How hosts are reached: `ssh`, `openssh`, `local`.
    setting DEFAULT_TRANSPORT: text = "ssh", ini ["defaults.transport"], env ["ANSIBLE_TRANSPORT"];
    /// Keys of hosts have to be known.
    through HOST_KEY_CHECKING: bool = "True", ini ["defaults.host_key_checking"], env ["ANSIBLE_HOST_KEY_CHECKING"];
    /// What was copied to a host to run stays there; nothing is.
    ignored DEFAULT_KEEP_REMOTE_FILES: bool = "False",
        ini ["defaults.keep_remote_files"], env ["ANSIBLE_KEEP_REMOTE_FILES"];
    /// How modules of Python are compressed.
    ignored DEFAULT_MODULE_COMPRESSION: text = "ZIP_DEFLATED",
        ini ["defaults.module_compression"], env [], vars ["ansible_module_compression"];
    /// A switch for libvirt's containers.
    ignored DEFAULT_LIBVIRT_LXC_NOSECLABEL: bool = "False",
        ini ["selinux.libvirt_lxc_noseclabel"], env ["ANSIBLE_LIBVIRT_LXC_NOSECLABEL"];
    /// File systems whose SELinux contexts cannot be set.
    setting DEFAULT_SELINUX_SPECIAL_FS: list = "fuse,nfs,vboxsf,ramfs,9p,vfat",
        ini ["selinux.special_context_filesystems"], env ["ANSIBLE_SELINUX_SPECIAL_FS"];
    /// The hosts' Python, for modules in Python: a path, or `auto` for the newest that is found.
    setting INTERPRETER_PYTHON: text = "auto",
        ini ["defaults.interpreter_python"], env ["ANSIBLE_PYTHON_INTERPRETER"], vars ["ansible_python_interpreter"];
    /// The ssh configuration for NETCONF.
    ignored NETCONF_SSH_CONFIG: maybe_text = none,
        ini ["netconf_connection.ssh_config"], env ["ANSIBLE_NETCONF_SSH_CONFIG"];
    /// Families of modules for network devices.
    ignored NETWORK_GROUP_MODULES: list = "eos,nxos,ios,iosxr,junos,enos,ce,vyos,sros,dellos9,dellos10,dellos6,asa,aruba,aireos,bigip,ironware,onyx,netconf,exos,voss,slxos",
        ini ["defaults.network_group_modules"], env ["ANSIBLE_NETWORK_GROUP_MODULES"];
    /// Paramiko adds unknown keys.
    ignored PARAMIKO_HOST_KEY_AUTO_ADD: bool = "False",
        ini ["paramiko_connection.host_key_auto_add"], env ["ANSIBLE_PARAMIKO_HOST_KEY_AUTO_ADD"];
    /// Paramiko looks for keys in `~/.ssh`.
    ignored PARAMIKO_LOOK_FOR_KEYS: bool = "True",
        ini ["paramiko_connection.look_for_keys"], env ["ANSIBLE_PARAMIKO_LOOK_FOR_KEYS"];
    /// Seconds for a command over a persistent connection.
    ignored PERSISTENT_COMMAND_TIMEOUT: int = "30",
        ini ["persistent_connection.command_timeout"], env ["ANSIBLE_PERSISTENT_COMMAND_TIMEOUT"];
    /// Seconds for reaching the local end of a persistent connection.
    ignored PERSISTENT_CONNECT_RETRY_TIMEOUT: int = "15",
        ini ["persistent_connection.connect_retry_timeout"], env ["ANSIBLE_PERSISTENT_CONNECT_RETRY_TIMEOUT"];
    /// Seconds for which an idle persistent connection stays.
    ignored PERSISTENT_CONNECT_TIMEOUT: int = "30",
        ini ["persistent_connection.connect_timeout"], env ["ANSIBLE_PERSISTENT_CONNECT_TIMEOUT"];
    /// The folder for sockets of persistent connections.
    ignored PERSISTENT_CONTROL_PATH_DIR: path = "$ANSIBLE_HOME/pc",
        ini ["persistent_connection.control_path_dir"], env ["ANSIBLE_PERSISTENT_CONTROL_PATH_DIR"];
    /// Connections to network devices are kept.
    ignored USE_PERSISTENT_CONNECTIONS: bool = "False",
        ini ["defaults.use_persistent_connections"], env ["ANSIBLE_USE_PERSISTENT_CONNECTIONS"];
    /// The limit of open files for modules of Python.
    setting PYTHON_MODULE_RLIMIT_NOFILE: text = "0",
        ini ["defaults.python_module_rlimit_nofile"],
        env ["ANSIBLE_PYTHON_MODULE_RLIMIT_NOFILE"],
        vars ["ansible_python_module_rlimit_nofile"];
    /// What modules say has to be UTF-8.
    ignored MODULE_STRICT_UTF8_RESPONSE: bool = "True",
        ini ["defaults.module_strict_utf8_response"], env ["ANSIBLE_MODULE_STRICT_UTF8_RESPONSE"];
    /// An ssh agent that is started or used for keys from variables.
    ignored SSH_AGENT: text = "none", ini ["connection.ssh_agent"], env ["ANSIBLE_SSH_AGENT"];
    /// The program of that agent.
    ignored SSH_AGENT_EXECUTABLE: text = "ssh-agent",
        ini ["connection.ssh_agent_executable"], env ["ANSIBLE_SSH_AGENT_EXECUTABLE"];
    /// Seconds for which that agent keeps a key.
    ignored SSH_AGENT_KEY_LIFETIME: maybe_int = none,
        ini ["connection.ssh_agent_key_lifetime"], env ["ANSIBLE_SSH_AGENT_KEY_LIFETIME"];
    /// Seconds for an asynchronous task on Windows to begin.
    ignored WIN_ASYNC_STARTUP_TIMEOUT: int = "5",
        ini ["defaults.win_async_startup_timeout"],
        env ["ANSIBLE_WIN_ASYNC_STARTUP_TIMEOUT"],
        vars ["ansible_win_async_startup_timeout"];
    /// How often workers are asked to end.
    ignored WORKER_SHUTDOWN_POLL_COUNT: int = "0", ini [], env ["ANSIBLE_WORKER_SHUTDOWN_POLL_COUNT"];
    /// Seconds between these.
    ignored WORKER_SHUTDOWN_POLL_DELAY: float = "0.1", ini [], env ["ANSIBLE_WORKER_SHUTDOWN_POLL_DELAY"];
    /// Does nothing any more.
    ignored ANSIBLE_CONNECTION_PATH: maybe_path = none,
        ini ["persistent_connection.ansible_connection_path"], env ["ANSIBLE_CONNECTION_PATH"];
}
