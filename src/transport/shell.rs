//! Quoting for the shells between here and the helper.

/// `text` as one word for sh, csh and fish alike.
pub fn quote(text: &str) -> String {
    format!("'{}'", text.replace('\'', r#"'"'"'"#))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quoted_word_survives_the_shell() {
        let word = "it's $HOME `x` \"y\" \\ !";
        let output = std::process::Command::new("sh").args(["-c", &format!("printf %s {}", quote(word))]).output();
        assert_eq!(String::from_utf8(output.unwrap().stdout).unwrap(), word);
    }
}
