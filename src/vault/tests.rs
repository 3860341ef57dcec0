//! Vaults of ansible-vault open here, what is encrypted here opens again, and each kind of damage is told apart.

use std::{fs, path::Path};

use zeroize::Zeroizing;

use super::{Damage, Identity, Ring, Salt, VaultError, encrypt, envelope::Envelope};
use crate::{output::Secrets, value::Str};

fn identity(id: &str, password: &str) -> Identity {
    Identity::new(id, Zeroizing::new(password.as_bytes().to_vec()))
}

fn ring(identities: &[(&str, &str)], is_exact: bool) -> Ring {
    let identities = identities.iter().map(|(id, password)| identity(id, password)).collect();
    Ring::new(identities, is_exact, Secrets::default())
}

/// Numbers that look random and are the same every time (splitmix64).
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut number = self.0;
        number = (number ^ number >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        number = (number ^ number >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        number ^ number >> 31
    }

    fn below(&mut self, end: usize) -> usize {
        (self.next() % end as u64) as usize
    }

    fn pick<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.below(of.len())]
    }
}

/// Sizes around the cipher's blocks and the text's lines, and some large ones.
const SIZES: [usize; 16] = [0, 1, 15, 16, 17, 31, 32, 33, 39, 40, 41, 79, 80, 81, 4096, 70_001];
const IDS: [&str; 5] = ["default", "dev", "prod-eu.1", "two words", "@"];
const ENDINGS: [&str; 5] = ["\n", "\r\n", "\r", "", "\n\n"];

#[test]
fn what_was_encrypted_opens_again() {
    let mut numbers = Numbers(1);
    for size in SIZES {
        for round in 0..4 {
            let ending = numbers.pick(&ENDINGS);
            let mut content: Vec<u8> = match round {
                // Every byte there is, and lines of text.
                0 => (0..size).map(|_| numbers.next() as u8).collect(),
                _ => (0..size).map(|_| b" abcxyz:{}#\n\r\t"[numbers.below(14)]).collect(),
            };
            content.extend_from_slice(ending.as_bytes());
            let id = *numbers.pick(&IDS);
            let password = format!("pass wörd {}", numbers.next());
            let salt = if round == 3 { Salt::Fixed("salt".into()) } else { Salt::Random };
            let text = encrypt(&content, &identity(id, &password), salt).unwrap();
            let version = if id == "default" { "$ANSIBLE_VAULT;1.1;AES256\n" } else { "$ANSIBLE_VAULT;1.2;AES256;" };
            assert!(text.starts_with(version) && text.ends_with('\n'), "{text}");
            assert!(text.lines().skip(1).all(|line| line.len() <= 80), "{text}");
            let ring = ring(&[("other", "wrong"), (id, &password)], false);
            assert!(*ring.open(text.as_bytes()).unwrap() == content, "size {size}, id {id}");
            // Editors and YAML change line endings and blanks around a vault.
            let changed = format!("{}\r\n  ", text.trim_end().replace('\n', "  \r\n  "));
            assert!(*ring.open(changed.as_bytes()).unwrap() == content, "size {size}, id {id}");
        }
    }
}

#[test]
fn a_label_that_ansible_cannot_read_is_refused() {
    for id in ["größe", "a;b", "a\nb"] {
        assert!(encrypt(b"x", &identity(id, "p"), Salt::Random).is_err(), "{id}");
    }
}

#[test]
fn a_fixed_salt_makes_the_vault_that_ansible_makes() {
    let text = encrypt(b"abc", &identity("default", "secret1"), Salt::Fixed("mysalt".into())).unwrap();
    let expected = "$ANSIBLE_VAULT;1.1;AES256\n\
        3664373937333631366337340a383137323431346237313230383465336335356433663866333531\n\
        303830393464306462653735313863633337646430376133343165313537376531366231390a3538\n\
        386431393139383137326138313061356630373834616465623736383261\n";
    assert_eq!(text, expected);
}

/// `tests/vault/README.md` says how the files were made.
#[test]
fn the_vaults_of_ansible_open() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vault");
    let index = fs::read_to_string(folder.join("index.jsonl")).unwrap();
    let ring = ring(&[("dev", "correct horse"), ("default", "p"), ("prod", "pässwörd ünïcode")], false);
    let mut count = 0;
    for line in index.lines() {
        let case: serde_json::Value = serde_json::from_str(line).unwrap();
        let text = |name: &str| case[name].as_str().unwrap();
        let opened = ring.decrypt(text("vault").as_bytes()).unwrap();
        assert_eq!(String::from_utf8_lossy(&opened.content), text("content"), "{line}");
        assert_eq!(opened.id.as_deref().unwrap_or("default"), text("id"), "{line}");
        let again = Envelope::parse(text("vault").as_bytes()).unwrap().text();
        assert_eq!(again, text("vault"), "{line}");
        count += 1;
    }
    assert!(count >= 20, "{count}");
}

#[test]
fn each_damage_is_told_apart() {
    let ring = ring(&[("default", "p")], false);
    let whole = encrypt(b"content of a file\n", &identity("default", "p"), Salt::Random).unwrap();
    let (header, body) = whole.split_once('\n').unwrap();
    let of = |text: String| ring.open(text.as_bytes()).unwrap_err();
    assert_eq!(of("content".into()), Damage::NoVault.into());
    assert_eq!(of("$ANSIBLE_VAULT".into()), Damage::Header.into());
    assert_eq!(of(format!("$ANSIBLE_VAULT;1.1\n{body}")), Damage::Header.into());
    assert_eq!(of(format!("$ANSIBLE_VAULT;1.0;AES\n{body}")), Damage::Cipher("AES".into()).into());
    assert_eq!(of(format!("{header}\n")), Damage::Parts(1).into());
    assert_eq!(
        of(format!("{header}\n{}", body.trim_end().split_at(body.trim_end().len() - 1).0)),
        Damage::OddLength.into()
    );
    assert_eq!(of(format!("{header}\n{}", body.replacen('3', "x", 1))), Damage::NoDigit.into());
    let lines: Vec<&str> = body.lines().collect();
    assert_eq!(of(format!("{header}\n{}", lines[..2].join("\n"))), Damage::Parts(2).into());
    assert_eq!(of(format!("{header}\n{}", lines[..lines.len() - 1].join("\n"))), Damage::Truncated.into());
    // A changed digit of the ciphertext: the check does not fit, as with a wrong password.
    let last = body.trim_end().len() - 1;
    let flipped = if body.as_bytes()[last] == b'1' { "2" } else { "1" };
    let changed = format!("{header}\n{}{flipped}\n", &body[..last]);
    assert_eq!(of(changed), VaultError::WrongPassword { id: None, tried: vec!["default".into()] });
}

#[test]
fn every_cut_is_an_error_and_none_a_panic() {
    let ring = ring(&[("default", "p")], false);
    let whole = encrypt(b"content", &identity("default", "p"), Salt::Fixed("s".into())).unwrap();
    // Without its last line ending it is whole still.
    for end in 0..whole.len() - 1 {
        assert!(ring.open(&whole.as_bytes()[..end]).is_err(), "{}", &whole[..end]);
    }
}

#[test]
fn passwords_are_tried_as_the_settings_say() {
    let text = encrypt(b"x", &identity("dev", "right"), Salt::Random).unwrap();
    let opened = |identities: &[(&str, &str)], is_exact| {
        ring(identities, is_exact).decrypt(text.as_bytes()).map(|opened| opened.identity.id)
    };
    assert_eq!(opened(&[("prod", "no"), ("dev", "right")], false).unwrap(), "dev");
    assert_eq!(opened(&[("prod", "right")], false).unwrap(), "prod");
    assert_eq!(opened(&[("dev", "old"), ("dev", "right")], true).unwrap(), "dev");
    assert_eq!(opened(&[], false).unwrap_err(), VaultError::NoSecrets);
    let missing = VaultError::MissingId { id: "dev".into(), known: vec!["prod".into()] };
    assert_eq!(opened(&[("prod", "right")], true).unwrap_err(), missing);
    let wrong = VaultError::WrongPassword { id: Some("dev".into()), tried: vec!["dev".into(), "prod".into()] };
    assert_eq!(opened(&[("prod", "no"), ("dev", "old")], false).unwrap_err(), wrong);
}

#[test]
fn a_value_is_decrypted_once_and_noted_as_a_secret() {
    let ring = ring(&[("default", "p")], false);
    let sealed = Str::from(encrypt(b"canary", &identity("default", "p"), Salt::Random).unwrap());
    let first = ring.open_value(&sealed).unwrap();
    let second = ring.open_value(&Str::from(&*sealed)).unwrap();
    assert!(Str::is_same(&first, &second));
    assert_eq!(ring.ciphertext_of(&second), Some(sealed));
    assert_eq!(ring.ciphertext_of(&Str::from("canary")), None);
    let mut text = "a canary sings".to_owned();
    ring.secrets().mask(&mut text);
    assert_eq!(text, "a ******** sings");
}

#[test]
fn what_an_encrypted_value_shows_is_masked_and_common_words_are_not() {
    let ring = ring(&[("default", "p")], false);
    let masked = |value: &str, text: &str| {
        ring.open_value(&Str::from(encrypt(value.as_bytes(), &identity("default", "p"), Salt::Random).unwrap()))
            .unwrap();
        let mut text = text.to_owned();
        ring.secrets().mask(&mut text);
        text
    };
    for value in ["changed", "True", " failed\n", "    ", "8080"] {
        assert_eq!(masked(value, "changed: true, failed: 8080    x"), "changed: true, failed: 8080    x", "{value}");
    }
    assert_eq!(masked("first line\nstate\n}\nsecond line", "the second line, state }"), "the ********, state }");
    assert_eq!(masked(r#"{"auth": {"token": "abcdef", "retries": 12345678}}"#, "abcdef 12345678"), "******** 12345678");
    assert_eq!(masked("- user: someone\n- other", "other people are someone"), "******** people are ********");
}
