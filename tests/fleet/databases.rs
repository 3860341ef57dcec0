//! Backups of databases: complete, copied elsewhere, and proved by restoring them.

use std::os::unix::fs::symlink;

use super::{
    dry_runs,
    hosts::{self, Hosts},
    run::Finished,
    site::Site,
};

struct Fleet {
    hosts: Hosts,
    site: Site,
}

impl Fleet {
    fn boot() -> Self {
        let hosts = Hosts::boot_with_packages(&["db-1", "vault-1"]);
        let site = Site::empty();
        site.copy("inventories/database");
        site.copy("playbooks");
        site.readdress("inventories/database/hosts.ini");
        symlink(hosts::folder(), site.path().join(".fleet")).expect("a temporary folder can be written");
        Self { hosts, site }
    }

    fn play(&self, playbook: &str, arguments: &[&str]) -> Finished {
        let playbook = format!("playbooks/postgresql-{playbook}.yml");
        let mut all = vec!["playbook", "-i", "inventories/database/", &playbook];
        all.extend(arguments);
        self.site.sutler(&all)
    }

    fn sql(&self, database: &str, statements: &str) -> String {
        let command = format!("cd /; runuser -u postgres -- psql -qAt -d {database} -c \"{statements}\"");
        self.hosts.shell("db-1", &command).trim().to_owned()
    }
}

#[test]
fn a_backup_is_made_once_a_day_copied_and_restored_row_by_row() {
    let fleet = Fleet::boot();
    dry_runs::change_nothing(&fleet.hosts, &fleet.site, &[], String::new, || {
        for playbook in ["backup", "restore"] {
            fleet.play(playbook, &["--check"]).changed_nothing();
        }
    });
    fleet.play("backup", &[]).ends_with(2).says(&["there is no /usr/bin/psql on db-1"]);
    fleet.hosts.shell("db-1", "apt-get install -y -q postgresql");
    fleet.sql("postgres", "CREATE DATABASE shop");
    fleet.sql("shop", "CREATE TABLE items AS SELECT g AS id, 'item ' || g AS name FROM generate_series(1, 500) g");

    a_dump_that_ends_half_way_is_no_backup(&fleet);
    fleet.play("backup", &[]).ends_with(0);
    fleet.play("backup", &[]).changed_nothing();
    let databases = || fleet.sql("postgres", "SELECT datname FROM pg_database ORDER BY 1");
    dry_runs::change_nothing(&fleet.hosts, &fleet.site, &["/var/lib/postgresql"], databases, || {
        for (playbook, arguments) in
            [("backup", &[][..]), ("restore", &[]), ("restore", &["-e", "pg_restore_replaces=yes"])]
        {
            fleet.play(playbook, &[&["--check"], arguments].concat()).changed_nothing();
        }
        fleet.play("backup", &["--check", "-e", "pg_backup_name=next"]).ends_with(0);
    });
    let drill = fleet.play("restore", &["-e", "pg_restore_from_copy=yes"]);
    drill.ends_with(0).says(&["shop came back as it was: 1 tables"]);
    assert_eq!(drill.changes(), [], "{drill}");

    fleet.sql("shop", "UPDATE items SET name = 'lost' WHERE id = 7");
    let replaces = ["-e", "pg_restore_replaces=yes"];
    fleet.play("restore", &replaces).ends_with(0);
    assert_eq!(fleet.sql("shop", "SELECT name FROM items WHERE id = 7"), "item 7");
    fleet.play("restore", &replaces).changed_nothing();

    old_backups_go(&fleet);
    what_is_damaged_is_not_restored(&fleet);
}

/// The disk may be full, or the server gone.
fn a_dump_that_ends_half_way_is_no_backup(fleet: &Fleet) {
    let half = r#"printf '#!/bin/sh\n/usr/bin/pg_dump "$@"\nexit 1\n' >/usr/local/bin/pg_dump; chmod +x /usr/local/bin/pg_dump"#;
    fleet.hosts.shell("db-1", half);
    fleet.play("backup", &[]).ends_with(2).says(&["pg_dump did not end well"]);
    fleet.hosts.shell("db-1", "rm /usr/local/bin/pg_dump");
    let complete = "find /var/backups/postgresql -mindepth 1 -maxdepth 1 ! -name '*.part'";
    assert_eq!(fleet.hosts.shell("db-1", complete), "");
}

fn old_backups_go(fleet: &Fleet) {
    for name in ["second", "third"] {
        let name = format!("pg_backup_name={name}");
        fleet.play("backup", &["-e", &name, "-e", "pg_backups_kept=2"]).ends_with(0);
    }
    assert_eq!(fleet.hosts.shell("db-1", "ls /var/backups/postgresql"), "second\nthird\n");
    assert_eq!(fleet.hosts.shell("vault-1", "ls /srv/postgresql-copies/db-1 | wc -l"), "3\n");
    fleet.play("backup", &["-e", "pg_backup_name=third", "-e", "pg_copies_kept=2"]).ends_with(0);
    assert_eq!(fleet.hosts.shell("vault-1", "ls /srv/postgresql-copies/db-1"), "second\nthird\n");
}

/// One is found by its checksum, the other, with a checksum that is right, by what comes back.
fn what_is_damaged_is_not_restored(fleet: &Fleet) {
    let folder = "cd /var/backups/postgresql";
    fleet.hosts.shell("db-1", &format!("{folder}/third; printf x >>shop.dump"));
    fleet.play("restore", &[]).ends_with(2).says(&["shop.dump: FAILED"]);

    let other = "sed -i 's/500/499/' shop.contents; sha256sum shop.* globals.sql >SHA256SUMS";
    fleet.hosts.shell("db-1", &format!("{folder}/second; {other}"));
    let refused = fleet.play("restore", &["-e", "pg_restore_name=second", "-e", "pg_restore_replaces=yes"]);
    refused.ends_with(2).says(&["shop came back with other rows"]);
    assert_eq!(fleet.sql("postgres", "SELECT count(*) FROM pg_database WHERE datname ~ 'drill'"), "0");
    assert_eq!(fleet.sql("shop", "SELECT count(*) FROM items"), "500");
}
