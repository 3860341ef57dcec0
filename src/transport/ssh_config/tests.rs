//! What a configuration file comes to for a host.

use std::fs;

use super::*;

/// The settings that `text` gives `host`.
fn config(text: &str, host: &str) -> Result<SshConfig, ConnectError> {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("config");
    fs::write(&file, text.replace("DIR", &directory.path().to_string_lossy())).unwrap();
    fs::write(directory.path().join("included"), "Port 9\nHost b\nUser inc\n").unwrap();
    SshConfig::resolve(host, None, None, &SshArgs { config: Some(file), options: Vec::new() })
}

#[test]
fn the_first_value_holds_and_hosts_are_patterns() {
    let text = "Host web* !web9\n  User=deploy\n  Port 2222 # comment\nHost *\n  User other\n  Port 22\n";
    let web = config(text, "web1").unwrap();
    assert_eq!((web.value("user"), web.value("port")), (Some("deploy"), Some("2222")));
    assert_eq!(config(text, "web9").unwrap().value("user"), Some("other"));
}

#[test]
fn identity_files_add_up_and_quotes_are_read() {
    let found = config("IdentityFile \"~/a b\"\nHost x\nIdentityFile ~/c\n", "x").unwrap();
    assert_eq!(found.words("identityfile"), ["~/a b", "~/c"]);
}

#[test]
fn host_name_keeps_the_typed_name_within() {
    let found = config("Host *\n  HostName %h.example.com\n", "web").unwrap();
    assert_eq!(found.host_name("web"), "web.example.com");
}

#[test]
fn match_sees_the_host_name_and_the_user_so_far() {
    let text = "Host a\n HostName a.lan\n User u\nMatch host *.lan user u\n Port 1\nMatch originalhost a !user v\n Compression yes\nMatch user v\n Tag no\nMatch all\n Tag yes\n";
    let found = config(text, "a").unwrap();
    assert_eq!(
        (found.value("port"), found.value("compression"), found.value("tag")),
        (Some("1"), Some("yes"), Some("yes"))
    );
}

#[test]
fn match_final_reads_again_with_the_real_name() {
    let text = "Match final host *.lan\n User last\nHost a\n HostName a.lan\nHost a.lan\n Port 7\n";
    let found = config(text, "a").unwrap();
    assert_eq!((found.value("user"), found.value("port")), (Some("last"), Some("7")));
}

#[test]
fn include_works_inside_a_block_and_ends_with_it() {
    let text = "Host a b\n Include DIR/incl*\n Compression yes\nHost a\n User me\n";
    let a = config(text, "a").unwrap();
    assert_eq!((a.value("port"), a.value("compression"), a.value("user")), (Some("9"), Some("yes"), Some("me")));
    assert_eq!(config(text, "b").unwrap().value("user"), Some("inc"));
    assert_eq!(config(text, "c").unwrap().value("port"), None);
}

#[test]
fn match_exec_is_an_error_only_where_it_would_run() {
    let text = "Match originalhost a exec true\n User x\n";
    assert!(config(text, "b").is_ok());
    let error = config(text, "a").unwrap_err();
    assert!(error.to_string().contains("config:1: the ssh transport cannot follow `Match exec`"), "{error}");
    assert!(error.help().unwrap().contains("-c openssh"));
}

#[test]
fn a_bad_number_names_its_line() {
    let error = config("\nPort many\n", "a").unwrap().number::<u16>("port").unwrap_err();
    assert!(error.to_string().ends_with("config:2: `many` is not a number for port"), "{error}");
}

#[test]
fn times_have_units() {
    for (text, seconds) in [("90", Some(90)), ("1m30s", Some(90)), ("2h", Some(7200)), ("s", None), ("", None)] {
        assert_eq!(tokens::seconds(text), seconds, "{text}");
    }
}

#[test]
fn tokens_are_replaced() {
    let tokens = Tokens { host: "h".into(), original: "n".into(), port: 22, user: "r".into(), ..Tokens::default() };
    assert_eq!(tokens.expand("%r@%h:%p %n %% %q"), "r@h:22 n % %q");
}
