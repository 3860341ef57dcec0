//! The imports of a Python source: a scanner of its statements, which knows strings, comments and brackets and no more.

/// One imported name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Import {
    /// How many dots the module's name begins with; 0 for an absolute one.
    pub level: usize,
    /// The parts of the module's name.
    pub module: Vec<String>,
    /// What is imported of the module with `from`; `*` for everything.
    pub name: Option<String>,
    /// Whether it stands inside something, as a `try` that may do without it.
    pub is_nested: bool,
}

/// All imports of a source, in order.
pub fn scan(text: &str) -> Vec<Import> {
    statements(text).iter().flat_map(|(statement, is_nested)| imports(statement, *is_nested)).collect()
}

/// Whether a source imports what modules share: `ansible.module_utils`, or a collection's.
pub fn uses_utilities(text: &str) -> bool {
    if !text.contains("module_utils") {
        return false;
    }
    scan(text).iter().any(|import| {
        let parts: Vec<&str> = import.module.iter().chain(&import.name).map(String::as_str).collect();
        match parts[..] {
            ["ansible", "module_utils", ..] => import.level == 0,
            ["ansible_collections", _, _, "plugins", "module_utils", ..] => import.level == 0,
            _ => import.level > 0 && parts.contains(&"module_utils"),
        }
    })
}

/// The statements that may be imports, without strings and comments, each with whether it is nested.
fn statements(text: &str) -> Vec<(String, bool)> {
    let mut found = Vec::new();
    let mut scanner = Scanner { rest: text.trim_start_matches('\u{feff}'), depth: 0 };
    let (mut statement, mut is_nested) = (String::new(), None);
    let mut take = |statement: &mut String, is_nested: bool| {
        let text = std::mem::take(statement);
        let text = text.trim();
        if text.starts_with("import") || text.starts_with("from") {
            found.push((text.to_owned(), is_nested));
        }
    };
    while let Some(piece) = scanner.piece() {
        match piece {
            Piece::Char(letter) => {
                if is_nested.is_none() {
                    is_nested = Some(letter.is_whitespace());
                }
                statement.push(letter);
            }
            Piece::Blank => statement.push(' '),
            Piece::End => {
                take(&mut statement, is_nested.unwrap_or(false));
                is_nested = None;
            }
            Piece::Part => take(&mut statement, is_nested.unwrap_or(false)),
            // What follows `try:` on the same line is inside of it.
            Piece::Head => {
                statement.clear();
                is_nested = Some(true);
            }
        }
    }
    take(&mut statement, is_nested.unwrap_or(false));
    found
}

/// A piece of a source.
enum Piece {
    Char(char),
    /// A string, a comment, or a line break inside brackets.
    Blank,
    /// The end of a line that ends a statement.
    End,
    /// A semicolon between statements.
    Part,
    /// A colon before what is nested.
    Head,
}

struct Scanner<'a> {
    rest: &'a str,
    depth: usize,
}

impl Scanner<'_> {
    fn piece(&mut self) -> Option<Piece> {
        let letter = self.rest.chars().next()?;
        if matches!(letter, '"' | '\'') {
            self.skip_string(letter);
            return Some(Piece::Blank);
        }
        if letter == '#' {
            self.rest = &self.rest[self.rest.find('\n').unwrap_or(self.rest.len())..];
            return Some(Piece::Blank);
        }
        if letter == '\\' {
            let rest = self.rest[1..].trim_start_matches('\r');
            self.rest = rest.strip_prefix('\n').unwrap_or(rest);
            return Some(Piece::Blank);
        }
        self.rest = &self.rest[letter.len_utf8()..];
        Some(match letter {
            '(' | '[' | '{' => {
                self.depth += 1;
                Piece::Char(letter)
            }
            ')' | ']' | '}' => {
                self.depth = self.depth.saturating_sub(1);
                Piece::Char(letter)
            }
            '\n' if self.depth == 0 => Piece::End,
            '\n' => Piece::Blank,
            ';' if self.depth == 0 => Piece::Part,
            ':' if self.depth == 0 => Piece::Head,
            other => Piece::Char(other),
        })
    }

    fn skip_string(&mut self, quote: char) {
        let triple: String = std::iter::repeat_n(quote, 3).collect();
        let is_triple = self.rest.starts_with(&triple);
        self.rest = &self.rest[if is_triple { 3 } else { 1 }..];
        while let Some(letter) = self.rest.chars().next() {
            let ends = if is_triple { self.rest.starts_with(&triple) } else { letter == quote || letter == '\n' };
            if ends {
                // The end of a line is no part of the string that it cuts off.
                let length = if is_triple { 3 } else { usize::from(letter == quote) };
                self.rest = &self.rest[length..];
                return;
            }
            self.rest = &self.rest[letter.len_utf8()..];
            if letter == '\\' {
                let escaped = self.rest.chars().next().map_or(0, char::len_utf8);
                self.rest = &self.rest[escaped..];
            }
        }
    }
}

/// What one statement imports.
fn imports(statement: &str, is_nested: bool) -> Vec<Import> {
    let parts = |name: &str| name.split('.').filter(|part| !part.is_empty()).map(str::to_owned).collect::<Vec<_>>();
    let names = |list: &str| -> Vec<String> {
        let list = list.replace(['(', ')'], " ");
        let first = |entry: &str| entry.split_whitespace().next().map(str::to_owned);
        list.split(',').filter_map(first).collect()
    };
    if let Some(list) = statement.strip_prefix("import").filter(|rest| rest.starts_with(char::is_whitespace)) {
        let import = |name: String| Import { level: 0, module: parts(&name), name: None, is_nested };
        return names(list).into_iter().map(import).collect();
    }
    let Some(rest) = statement.strip_prefix("from").filter(|rest| rest.starts_with([' ', '\t', '.'])) else {
        return Vec::new();
    };
    let rest = rest.trim_start();
    let level = rest.len() - rest.trim_start_matches(['.', ' ']).len();
    let level = rest[..level].matches('.').count();
    let rest = rest.trim_start_matches(['.', ' ']);
    let (module, list) = match rest.strip_prefix("import") {
        Some(list) if level > 0 && list.starts_with([' ', '\t', '(', '*']) => ("", list),
        _ => {
            let end = rest.find(char::is_whitespace).unwrap_or(rest.len());
            match rest[end..].trim_start().strip_prefix("import") {
                Some(list) => (&rest[..end], list),
                None => return Vec::new(),
            }
        }
    };
    let import = |name: String| Import { level, module: parts(module), name: Some(name), is_nested };
    names(list).into_iter().map(import).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Imports as text: dots, module, name after a colon, `?` for nested ones.
    fn found(text: &str) -> Vec<String> {
        let shown = |import: &Import| {
            let dots = ".".repeat(import.level);
            let name = import.name.as_ref().map(|name| format!(":{name}")).unwrap_or_default();
            format!("{dots}{}{name}{}", import.module.join("."), if import.is_nested { "?" } else { "" })
        };
        scan(text).iter().map(shown).collect()
    }

    #[test]
    fn all_forms_are_read() {
        assert_eq!(found("import a.b as c, d"), ["a.b", "d"]);
        assert_eq!(found("from a.b import c as d, e"), ["a.b:c", "a.b:e"]);
        assert_eq!(found("from a import (\n    b,  # why\n    c,\n)\nimport d"), ["a:b", "a:c", "d"]);
        assert_eq!(found("from a \\\n  import b"), ["a:b"]);
        assert_eq!(found("from . import a\nfrom .. import(b)\nfrom ...c.d import *"), [".:a", "..:b", "...c.d:*"]);
        assert_eq!(found("import a; import b"), ["a", "b"]);
    }

    #[test]
    fn what_is_inside_something_is_nested() {
        assert_eq!(found("try:\n    import a\nexcept ImportError:\n    a = None\nimport b"), ["a?", "b"]);
        assert_eq!(found("try: import a\nexcept: pass"), ["a?"]);
    }

    #[test]
    fn strings_and_comments_hold_no_imports() {
        assert_eq!(found("'''\nimport a\n'''\n# import b\nx = \"\"\"\nfrom c import d\n\"\"\"\nimport e"), ["e"]);
        assert_eq!(found("x = 'it\\'s'\nimport a\ny = r'\\'\nimport b"), ["a", "b"]);
        assert_eq!(found("x = ['a', # '\n'b']\nimport c"), ["c"]);
        assert_eq!(found("importlib.reload(x)\nfromage = 1"), Vec::<String>::new());
    }

    #[test]
    fn modules_with_utilities_are_known() {
        assert!(uses_utilities("from ansible.module_utils.basic import AnsibleModule"));
        assert!(uses_utilities("import ansible.module_utils.basic"));
        assert!(uses_utilities("from ansible.module_utils import basic"));
        assert!(uses_utilities("from ansible_collections.a.b.plugins.module_utils.c import d"));
        assert!(uses_utilities("from ..module_utils.c import d"));
        assert!(!uses_utilities("x = 'import ansible.module_utils'"));
        assert!(!uses_utilities("import module_utils"));
    }
}
