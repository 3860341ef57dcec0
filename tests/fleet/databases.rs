//! Backups of databases: complete, copied elsewhere, and proved by restoring them.

use std::os::unix::fs::symlink;

use super::{
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
    for playbook in ["backup", "restore"] {
        fleet.play(playbook, &["--check"]).changed_nothing();
    }
    fleet.play("backup", &[]).ends_with(2).says(&["there is no /usr/bin/psql on db-1"]);
    fleet.hosts.shell("db-1", "apt-get install -y -q postgresql");
    fleet.sql("postgres", "CREATE DATABASE shop");
    fleet.sql("shop", "CREATE TABLE items AS SELECT g AS id, 'item ' || g AS name FROM generate_series(1, 500) g");

    fleet.play("backup", &[]).ends_with(0);
    for (playbook, arguments) in [("backup", &[][..]), ("backup", &["--check"]), ("restore", &["--check"])] {
        fleet.play(playbook, arguments).changed_nothing();
    }
    let drill = fleet.play("restore", &["-e", "pg_restore_from_copy=yes"]);
    drill.ends_with(0).says(&["shop came back as it was: 1 tables"]);
    assert_eq!(drill.changes(), [], "{drill}");

    fleet.sql("shop", "UPDATE items SET name = 'lost' WHERE id = 7");
    let replaces = ["-e", "pg_restore_replaces=yes"];
    fleet.play("restore", &replaces).ends_with(0);
    assert_eq!(fleet.sql("shop", "SELECT name FROM items WHERE id = 7"), "item 7");
    fleet.play("restore", &replaces).changed_nothing();

    // Two more than are kept, and the newest is damaged.
    for name in ["second", "third"] {
        let name = format!("pg_backup_name={name}");
        fleet.play("backup", &["-e", &name, "-e", "pg_backups_kept=2"]).ends_with(0);
    }
    assert_eq!(fleet.hosts.shell("db-1", "ls /var/backups/postgresql"), "second\nthird\n");
    assert_eq!(fleet.hosts.shell("vault-1", "ls /srv/postgresql-copies/db-1 | wc -l"), "3\n");
    fleet.hosts.shell("db-1", "printf x >>/var/backups/postgresql/third/shop.dump");
    fleet.play("restore", &[]).ends_with(2).says(&["shop.dump: FAILED"]);
}
