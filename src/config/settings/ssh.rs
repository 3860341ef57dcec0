//! Settings: the transport ssh.

use crate::config::setting::settings;

settings! {
    /// Keys of hosts have to be known.
    setting SSH_HOST_KEY_CHECKING as "connection.ssh.host_key_checking": bool = "True",
        ini ["defaults.host_key_checking", "ssh_connection.host_key_checking"],
        env ["ANSIBLE_HOST_KEY_CHECKING", "ANSIBLE_SSH_HOST_KEY_CHECKING"],
        vars ["ansible_host_key_checking", "ansible_ssh_host_key_checking"];
    /// The port to connect to; 22 without any.
    through SSH_PORT as "connection.ssh.port": maybe_int = none,
        ini ["defaults.remote_port"], env ["ANSIBLE_REMOTE_PORT"], vars ["ansible_port", "ansible_ssh_port"];
    /// The user to log in as; the name of whoever runs it without any.
    through SSH_USER as "connection.ssh.remote_user": maybe_text = none,
        ini ["defaults.remote_user"], env ["ANSIBLE_REMOTE_USER"], vars ["ansible_user", "ansible_ssh_user"];
    /// The key to log in with.
    through SSH_KEY_FILE as "connection.ssh.private_key_file": maybe_text = none,
        ini ["defaults.private_key_file"],
        env ["ANSIBLE_PRIVATE_KEY_FILE"],
        vars ["ansible_private_key_file", "ansible_ssh_private_key_file"];
    /// Options for every SSH connection.
    setting SSH_ARGS as "connection.ssh.ssh_args": text = "",
        ini ["ssh_connection.ssh_args"], env ["ANSIBLE_SSH_ARGS"], vars ["ansible_ssh_args"];
    /// More options for every SSH connection.
    setting SSH_COMMON_ARGS as "connection.ssh.ssh_common_args": text = "",
        ini ["ssh_connection.ssh_common_args"], env ["ANSIBLE_SSH_COMMON_ARGS"], vars ["ansible_ssh_common_args"];
    /// Still more options for every SSH connection.
    setting SSH_EXTRA_ARGS as "connection.ssh.ssh_extra_args": text = "",
        ini ["ssh_connection.ssh_extra_args"], env ["ANSIBLE_SSH_EXTRA_ARGS"], vars ["ansible_ssh_extra_args"];
    /// The program of the transport `openssh`.
    setting SSH_EXECUTABLE as "connection.ssh.ssh_executable": text = "ssh",
        ini ["ssh_connection.ssh_executable"], env ["ANSIBLE_SSH_EXECUTABLE"], vars ["ansible_ssh_executable"];
    /// Seconds after which connecting is given up.
    setting SSH_TIMEOUT as "connection.ssh.timeout": int = "10",
        ini ["defaults.timeout", "ssh_connection.timeout"],
        env ["ANSIBLE_TIMEOUT", "ANSIBLE_SSH_TIMEOUT"],
        vars ["ansible_ssh_timeout"];
    /// How often connecting is tried again.
    setting SSH_RETRIES as "connection.ssh.reconnection_retries": int = "0",
        ini ["connection.retries", "ssh_connection.retries"],
        env ["ANSIBLE_SSH_RETRIES"],
        vars ["ansible_ssh_retries"];
    /// Modules travel over the connection instead of in a file; always so.
    through SSH_PIPELINING as "connection.ssh.pipelining": bool = "False",
        ini ["defaults.pipelining", "connection.pipelining", "ssh_connection.pipelining"],
        env ["ANSIBLE_PIPELINING", "ANSIBLE_SSH_PIPELINING"],
        vars ["ansible_pipelining", "ansible_ssh_pipelining"];
    /// The passphrase of the key.
    setting SSH_PRIVATE_KEY_PASSPHRASE as "connection.ssh.private_key_passphrase": maybe_text = none,
        ini [],
        env ["ANSIBLE_PRIVATE_KEY_PASSPHRASE"],
        vars ["ansible_private_key_passphrase", "ansible_ssh_private_key_passphrase"];
    /// Where OpenSSH has its sockets; connections are kept without them.
    ignored SSH_CONTROL_PATH as "connection.ssh.control_path": maybe_text = none,
        ini ["ssh_connection.control_path"], env ["ANSIBLE_SSH_CONTROL_PATH"], vars ["ansible_control_path"];
    /// The folder of these.
    ignored SSH_CONTROL_PATH_DIR as "connection.ssh.control_path_dir": text = "~/.ansible/cp",
        ini ["ssh_connection.control_path_dir"],
        env ["ANSIBLE_SSH_CONTROL_PATH_DIR"],
        vars ["ansible_control_path_dir"];
    /// How OpenSSH gets a password.
    ignored SSH_PASSWORD_MECHANISM as "connection.ssh.password_mechanism": text of ["ssh_askpass", "sshpass", "disable"] = "ssh_askpass",
        ini ["ssh_connection.password_mechanism"],
        env ["ANSIBLE_SSH_PASSWORD_MECHANISM"],
        vars ["ansible_ssh_password_mechanism"];
    /// The library of a hardware token.
    ignored SSH_PKCS11_PROVIDER as "connection.ssh.pkcs11_provider": text = "",
        ini ["ssh_connection.pkcs11_provider"], env ["ANSIBLE_PKCS11_PROVIDER"], vars ["ansible_ssh_pkcs11_provider"];
    /// The key itself, as text.
    ignored SSH_PRIVATE_KEY as "connection.ssh.private_key": maybe_text = none,
        ini [], env ["ANSIBLE_PRIVATE_KEY"], vars ["ansible_private_key", "ansible_ssh_private_key"];
    /// The program scp; not used.
    ignored SSH_SCP_EXECUTABLE as "connection.ssh.scp_executable": text = "scp",
        ini ["ssh_connection.scp_executable"], env ["ANSIBLE_SCP_EXECUTABLE"], vars ["ansible_scp_executable"];
    /// Options for scp; not used.
    ignored SSH_SCP_EXTRA_ARGS as "connection.ssh.scp_extra_args": text = "",
        ini ["ssh_connection.scp_extra_args"], env ["ANSIBLE_SCP_EXTRA_ARGS"], vars ["ansible_scp_extra_args"];
    /// Whether sftp asks nothing; not used.
    ignored SSH_SFTP_BATCH_MODE as "connection.ssh.sftp_batch_mode": bool = "True",
        ini ["ssh_connection.sftp_batch_mode"], env ["ANSIBLE_SFTP_BATCH_MODE"], vars ["ansible_sftp_batch_mode"];
    /// The program sftp; not used.
    ignored SSH_SFTP_EXECUTABLE as "connection.ssh.sftp_executable": text = "sftp",
        ini ["ssh_connection.sftp_executable"], env ["ANSIBLE_SFTP_EXECUTABLE"], vars ["ansible_sftp_executable"];
    /// Options for sftp; not used.
    ignored SSH_SFTP_EXTRA_ARGS as "connection.ssh.sftp_extra_args": text = "",
        ini ["ssh_connection.sftp_extra_args"], env ["ANSIBLE_SFTP_EXTRA_ARGS"], vars ["ansible_sftp_extra_args"];
    /// The question that sshpass waits for.
    ignored SSH_SSHPASS_PROMPT as "connection.ssh.sshpass_prompt": text = "",
        ini ["ssh_connection.sshpass_prompt"], env ["ANSIBLE_SSHPASS_PROMPT"], vars ["ansible_sshpass_prompt"];
    /// How files are copied; always over the connection itself.
    ignored SSH_TRANSFER_METHOD as "connection.ssh.ssh_transfer_method": text of ["piped", "scp", "sftp", "smart"] = "smart",
        ini ["ssh_connection.transfer_method"],
        env ["ANSIBLE_SSH_TRANSFER_METHOD"],
        vars ["ansible_ssh_transfer_method"];
    /// Whether commands get a terminal.
    ignored SSH_USE_TTY as "connection.ssh.use_tty": bool = "True",
        ini ["ssh_connection.usetty"], env ["ANSIBLE_SSH_USETTY"], vars ["ansible_ssh_use_tty"];
    /// How much OpenSSH says.
    ignored SSH_VERBOSITY as "connection.ssh.verbosity": int = "0",
        ini ["ssh_connection.verbosity"], env ["ANSIBLE_SSH_VERBOSITY"], vars ["ansible_ssh_verbosity"];
}
