//! `template`: rendered here, written there.

use std::os::unix::fs::MetadataExt;

use super::{Contents, Evaluated, PrepareError, files};
use crate::{
    source::{Diagnostic, SourceFile, Span, unescape},
    template::{Codec, Syntax, TemplateError, template_file_names, template_file_with},
    vars::Scope,
};

/// Renders the template and adds it as the content.
pub fn add_content(scope: &Scope, arguments: &mut Evaluated, contents: &mut Contents) -> Result<(), PrepareError> {
    if arguments.value("state").is_some() {
        return Err(Diagnostic::error("'state' cannot be specified on a template").into());
    }
    let Some(src) = arguments.text("src")?.filter(|_| arguments.value("dest").is_some()) else {
        return Err(Diagnostic::error("src and dest are required").into());
    };
    name_newlines(arguments)?;
    let path = files::find("templates", &src, arguments).map_err(files::apart)?;
    let (file, is_escaped) = SourceFile::read_escaped(&path).map_err(PrepareError::Raised)?;
    let syntax = syntax(arguments)?;
    let begin = Span::new(&file, 1, 1);
    let in_file = |error: TemplateError| error.in_file(&begin);
    let template =
        template_file_with(file.text(), &begin, syntax).map_err(TemplateError::in_syntax).map_err(in_file)?;
    let mut scope = scope.clone().in_template(&path);
    let dest = arguments.value("dest").cloned();
    let is_managed = scope.context().names.lookup("ansible_managed").is_some();
    let names = template_file_names(scope.context().environment.config(), &src, &path, dest, is_managed);
    for (name, value) in names.entries() {
        scope.bind(&name.value().to_str(), value);
    }
    if is_escaped {
        let message = format!(
            "File '{}' could not be decoded as 'utf-8'. Invalid content has been escaped. This feature will be \
             removed from ansible-core version 2.23. This file must be UTF-8 encoded.",
            std::path::absolute(&path).unwrap_or(path.clone()).display()
        );
        scope.context().environment.warn(Diagnostic::deprecation(message.clone()).worded(message));
    }
    let text = scope.context().render_text(&template).map_err(in_file)?;
    let encoding = arguments.text("output_encoding")?.filter(|encoding| !encoding.is_empty());
    let raised = |error: TemplateError| PrepareError::Raised(Diagnostic::error(error.to_string()));
    let codec = Codec::find(encoding.as_deref().unwrap_or("utf-8")).map_err(raised)?;
    contents.add_bytes(match codec.is_utf8() {
        true if is_escaped => unescape(&text),
        true => text.into_bytes(),
        false => codec.encode(&text, "strict").map_err(raised)?,
    });
    contents.add_argument("_original_basename", path.file_name().unwrap_or_default().to_string_lossy().as_ref());
    let mode = path.metadata().map_or(0o644, |metadata| metadata.mode() & 0o7777);
    contents.add_argument("_mode", mode);
    Ok(())
}

/// Line ends may be written as they are, or as escapes.
fn name_newlines(arguments: &mut Evaluated) -> Result<(), PrepareError> {
    let Some(argument) = arguments.arguments.get_mut("newline_sequence") else { return Ok(()) };
    match argument.value.as_str() {
        Some(ends @ ("\n" | "\r" | "\r\n")) => {
            argument.value = ends.replace('\r', "\\r").replace('\n', "\\n").into();
            Ok(())
        }
        Some("\\n" | "\\r" | "\\r\\n") => Ok(()),
        _ => {
            let error = Diagnostic::error("`newline_sequence` needs to be one of `\\n`, `\\r` and `\\r\\n`");
            Err(error.worded("newline_sequence needs to be one of: \n, \r or").into())
        }
    }
}

fn syntax(arguments: &Evaluated) -> Result<Syntax, PrepareError> {
    let mut syntax = Syntax { keep_escapes: false, ..Syntax::default() };
    for name in Syntax::module_options() {
        if let Some(value) = arguments.text(name)? {
            syntax.set(name, &value).map_err(Diagnostic::error)?;
        }
    }
    Ok(syntax)
}
