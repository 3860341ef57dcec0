//! `sutler vault encrypt_string`: text as encrypted values to paste into YAML.

use std::io::{self, Write as _};
use std::path::Path;

use zeroize::Zeroizing;

use super::{Common, Content, Encrypting, Failed, OutputFile, Session, file, misused, tell_terminal};
use crate::{cli::prompt, source::Diagnostic};

/// Columns before the text of a value.
const INDENT: usize = 10;

/// What `sutler vault encrypt_string` takes.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    #[command(flatten)]
    common: Common,
    #[command(flatten)]
    encrypt: Encrypting,
    #[command(flatten)]
    output: OutputFile,
    /// Ask for a text.
    #[arg(short, long)]
    prompt: bool,
    /// Show the text while it is typed.
    #[arg(long)]
    show_input: bool,
    /// The variable's name, for each text one. May be repeated.
    #[arg(short, long = "name", value_name = "NAME")]
    names: Vec<String>,
    /// The variable's name of the text from standard input.
    #[arg(long, value_name = "NAME")]
    stdin_name: Option<String>,
    /// The texts; `-` is standard input.
    #[arg(value_name = "TEXT", allow_hyphen_values = false)]
    texts: Vec<String>,
}

/// A text to encrypt.
struct Plain {
    text: Content,
    name: Option<String>,
    from: &'static str,
}

impl Session {
    pub(super) fn encrypt_string(&self, arguments: &Arguments) -> Result<(), Failed> {
        if arguments.texts.len() > 1 && arguments.output.file.is_some() {
            let error = Diagnostic::error("`--output` takes one text");
            return Err(misused(error.worded("At most one input file may be used with the --output option")));
        }
        let identity = self.encrypting(&arguments.common, &arguments.encrypt)?;
        let plains = plains(arguments)?;
        let mut text = String::new();
        for (index, plain) in plains.iter().enumerate() {
            if plains.len() > 1 {
                tell(plain, index + 1);
            }
            text.push_str(&value(plain.name.as_deref(), &self.seal("the text", &plain.text, &identity)?));
        }
        file::Target::new(Path::new("-"), arguments.output.file.as_deref()).private(text.as_bytes())?;
        tell_terminal("Encryption successful");
        Ok(())
    }
}

/// What is encrypted, in this order: asked for, from standard input, from the command line.
fn plains(arguments: &Arguments) -> Result<Vec<Plain>, Failed> {
    let mut plains = Vec::new();
    let empty = |from: &str| {
        let error = Diagnostic::error(format!("the text from {from} is empty, and nothing to encrypt"));
        misused(error.worded(format!("The plaintext provided from {from} was empty, not encrypting")))
    };
    let texts: Vec<&String> = arguments.texts.iter().filter(|text| *text != "-").collect();
    let wants_stdin = texts.len() < arguments.texts.len() || arguments.stdin_name.is_some();
    if arguments.prompt && wants_stdin {
        let error = Diagnostic::error("`--prompt` asks for the text, which standard input has already");
        let wording = "The --prompt option is not supported if also reading input from stdin";
        return Err(misused(error.worded(wording)));
    }
    if arguments.prompt {
        let nobody = || Diagnostic::error("there is nobody to ask for the text");
        let name = prompt::ask_line("Variable name (enter for no name): ").ok_or_else(nobody)?;
        let text = if arguments.show_input {
            prompt::ask_line("String to encrypt:").map(|line| Zeroizing::new(line.into_bytes()))
        } else {
            prompt::password("String to encrypt (hidden): ")
                .map(|line| Zeroizing::new(line.expose().as_bytes().to_vec()))
        };
        let text = text.ok_or_else(nobody)?;
        if text.is_empty() {
            return Err(empty("the prompt"));
        }
        let name = Some(name).filter(|name| !name.is_empty());
        plains.push(Plain { text, name, from: "the interactive prompt" });
    }
    if wants_stdin || texts.is_empty() && !arguments.prompt {
        let text = file::stdin("plaintext")
            .map_err(|cause| Diagnostic::error(format!("cannot read standard input: {cause}")))?;
        if text.is_empty() {
            let error = Diagnostic::error("the text from standard input is empty, and nothing to encrypt");
            return Err(misused(error.worded("stdin was empty, not encrypting")));
        }
        if !text.ends_with(b"\n") {
            // What follows would stand in the line of what was typed.
            let _ = writeln!(io::stderr());
        }
        plains.push(Plain { text, name: arguments.stdin_name.clone(), from: "stdin" });
    }
    if !arguments.names.is_empty() && arguments.names.len() < texts.len() {
        warn_of_names(&arguments.names);
    }
    let mut names = arguments.names.iter();
    for text in texts {
        if text.is_empty() {
            return Err(empty("the command line args"));
        }
        let text = Zeroizing::new(text.clone().into_bytes());
        plains.push(Plain {
            text,
            name: names.next().filter(|name| !name.is_empty()).cloned(),
            from: "the command line args",
        });
    }
    Ok(plains)
}

fn warn_of_names(names: &[String]) {
    let last = names.last().map(String::as_str).unwrap_or_default();
    let _ = writeln!(io::stderr(), "The number of --name options do not match the number of args.");
    let _ = writeln!(io::stderr(), "The last named variable will be \"{last}\". The rest will not have names.");
}

/// Says which of several values this is.
fn tell(plain: &Plain, number: usize) {
    let Plain { name, from, .. } = plain;
    let _ = match name {
        Some(name) => writeln!(
            io::stderr(),
            "# The encrypted version of variable (\"{name}\", the string #{number} from {from})."
        ),
        None => writeln!(io::stderr(), "# The encrypted version of the string #{number} from {from}.)"),
    };
}

/// The value as it stands in YAML.
fn value(name: Option<&str>, vault: &str) -> String {
    let mut text = name.map(|name| format!("{name}: ")).unwrap_or_default();
    text.push_str("!vault |\n");
    for line in vault.lines() {
        text.push_str(&format!("{:INDENT$}{line}\n", ""));
    }
    text
}
