//! Become and passwords on a real host: `SUTLER_TEST_HOST` names its address, `SUTLER_TEST_KEY`
//! the key of `root` and `admin` (who may use sudo); `ops` has the password `ops-secret`. Without
//! them nothing is tested.

use std::env;

use super::{Become, ConnectError, Connections, Kind, Method, NoBodies, Options, Secret, Session, Target, Task};

/// The host as `user`, with the key or a password.
fn host(user: &str, password: Option<&str>) -> Option<Target> {
    let mut target = Target::new(Kind::Ssh, &env::var("SUTLER_TEST_HOST").ok()?);
    target.user = Some(user.into());
    target.host_key_checking = false;
    target.ssh_args = vec!["-F".into(), "none".into(), "-oIdentityAgent=none".into()];
    match password {
        Some(password) => target.password = Some(password.into()),
        None => target.key_file = Some(env::var_os("SUTLER_TEST_KEY")?.into()),
    }
    Some(target)
}

async fn answers(session: &Session) -> bool {
    let task = Task { module: "ping".into(), items: vec![serde_json::Map::new()], ..Task::default() };
    session.run(task, &NoBodies).await.is_ok_and(|results| results[0]["ping"] == "pong")
}

fn user(method: Method, name: &str, password: Option<&str>) -> Become {
    Become { password: password.map(Secret::from), ..Become::new(method, name) }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_way_to_another_user() {
    let (Some(admin), Some(ops)) = (host("admin", None), host("ops", Some("ops-secret"))) else { return };
    let connections = Connections::new(Options::default());
    for (target, wanted, root) in [
        (&admin, user(Method::Sudo, "root", None), true),
        (&admin, user(Method::Sudo, "root", Some("not asked for")), true),
        (&admin, user(Method::Sudo, "ops", None), false),
        (&ops, user(Method::Sudo, "root", Some("ops-secret")), true),
        (&ops, user(Method::Sudo, "admin", Some("ops-secret")), false),
        (&admin, user(Method::Su, "ops", Some("ops-secret")), false),
    ] {
        let session = connections.helper(target, Some(&wanted)).await.map_err(|e| format!("{wanted:?}: {e}")).unwrap();
        assert!(answers(&session).await, "{wanted:?}");
        assert_eq!(session.uid() == 0, root, "{wanted:?}");
    }
    let sudo = user(Method::Sudo, "root", Some("ops-secret"));
    let output = connections.raw(&ops, Some(&sudo), "id -u; echo e >&2; exit 3", None).await.unwrap();
    assert_eq!((output.stdout.as_slice(), output.status), (&b"0\n"[..], 3));
    connections.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn refusals_say_what_is_wrong() {
    let (Some(admin), Some(ops)) = (host("admin", None), host("ops", Some("ops-secret"))) else { return };
    let connections = Connections::new(Options::default());
    let refused =
        async |target: &Target, wanted: Become| connections.helper(target, Some(&wanted)).await.err().unwrap();
    let error = refused(&ops, user(Method::Sudo, "root", Some("wrong"))).await;
    assert!(matches!(error, ConnectError::BecomePasswordWrong { .. }), "{error}");
    let error = refused(&ops, user(Method::Sudo, "root", None)).await;
    assert!(matches!(error, ConnectError::BecomePasswordMissing { .. }), "{error}");
    let error = refused(&admin, user(Method::Su, "ops", Some("wrong"))).await;
    assert!(matches!(error, ConnectError::BecomePasswordWrong { .. }), "{error}");
    let error = refused(&admin, user(Method::Su, "ops", None)).await;
    assert!(matches!(error, ConnectError::BecomePasswordMissing { .. }), "{error}");
    let error = refused(&admin, user(Method::Sudo, "nobody-here", None)).await;
    assert!(matches!(error, ConnectError::BecomeNotPermitted { .. }), "{error}");
    let error = refused(&admin, user(Method::Doas, "root", None)).await;
    assert!(error.to_string().contains("doas"), "{error}");
    let error = connections.helper(&host("ops", Some("wrong")).unwrap(), None).await.err().unwrap();
    assert!(matches!(error, ConnectError::AuthFailed { .. }), "{error}");
    connections.close().await;
}
