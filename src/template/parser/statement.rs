//! Text, `{{ }}` and the statements of `{% %}`.

use std::sync::Arc;

use super::{
    super::{
        TemplateError,
        ast::{Block, Expr, ExprKind, For, Include, Macro, Statement, Target},
        names,
        token::Kind,
    },
    Parser,
};
use crate::value::Str;

/// What an `elif` and its condition, or an `else`, leads to.
type Branches = Vec<(Expr, Vec<Statement>)>;

impl Parser<'_> {
    /// Statements up to one of these keywords, which stays next (its `{%` is taken), or up to the end.
    pub(super) fn body(&mut self, until: &'static [&'static str]) -> Result<Vec<Statement>, TemplateError> {
        self.open.push(until);
        let body = self.statements(until)?;
        self.open.pop();
        Ok(body)
    }

    fn statements(&mut self, until: &[&str]) -> Result<Vec<Statement>, TemplateError> {
        self.deeper(|parser| {
            let mut body = Vec::new();
            loop {
                match parser.peek().clone() {
                    Kind::Data(text) => {
                        parser.advance();
                        body.push(Statement::Text(text));
                    }
                    Kind::VariableStart => {
                        parser.advance();
                        let expr = parser.tuple(true, |_| false)?;
                        if !matches!(parser.peek(), Kind::VariableEnd) {
                            return Err(parser.expected("end of print statement"));
                        }
                        parser.advance();
                        body.push(Statement::Print(expr));
                    }
                    Kind::BlockStart => {
                        parser.advance();
                        if until.iter().any(|keyword| parser.is_name(keyword)) {
                            return Ok(body);
                        }
                        body.push(parser.statement()?);
                    }
                    Kind::End if until.is_empty() => return Ok(body),
                    Kind::End => {
                        let text = format!("Unexpected end of template.{}", parser.looking_for(None));
                        return Err(parser.error(text));
                    }
                    _ => return Err(parser.unexpected()),
                }
            }
        })
    }

    /// The end of a `{% … %}`.
    fn block_end(&mut self) -> Result<(), TemplateError> {
        if !matches!(self.peek(), Kind::BlockEnd) {
            return Err(self.expected("end of statement block"));
        }
        self.advance();
        Ok(())
    }

    /// The end of a tag that a body follows; Python's colon may stand there.
    fn body_begins(&mut self) -> Result<(), TemplateError> {
        self.skip_symbol(":");
        self.block_end()
    }

    /// A body after the current tag, with its closing tag.
    fn closed_body(&mut self, end: &'static [&'static str]) -> Result<Vec<Statement>, TemplateError> {
        self.body_begins()?;
        let body = self.body(end)?;
        self.advance();
        Ok(body)
    }

    /// Parses what no loop around it can be left from.
    fn outside_loops<T>(&mut self, parse: impl FnOnce(&mut Self) -> T) -> T {
        let loops = std::mem::take(&mut self.loops);
        let parsed = parse(self);
        self.loops = loops;
        parsed
    }

    fn statement(&mut self) -> Result<Statement, TemplateError> {
        let at = self.at();
        let keyword = self.name().map_err(|_| self.error("tag name expected"))?;
        let statement = match &*keyword {
            "if" => return self.if_statement(),
            "for" => return self.for_statement(),
            "set" => self.set()?,
            "with" => self.with()?,
            "filter" => {
                let filter = self.filter_chain()?;
                Statement::Filter(filter, self.closed_body(&["endfilter"])?)
            }
            "macro" => {
                let name = self.name()?;
                Statement::Macro(Arc::new(self.macro_rest(Some(name), &["endmacro"])?))
            }
            "call" => self.call_block()?,
            "do" => Statement::Do(self.tuple(true, |_| false)?),
            "print" => {
                let mut items = Vec::new();
                while items.is_empty() || self.skip_symbol(",") {
                    items.push(Statement::Print(self.expr()?));
                }
                Statement::Several(items)
            }
            "break" if self.loops == 0 => return Err(self.error_at("'break' outside loop", at)),
            "continue" if self.loops == 0 => return Err(self.error_at("'continue' not properly in loop", at)),
            "break" => Statement::Break,
            "continue" => Statement::Continue,
            "include" => self.include()?,
            "import" => {
                let name = self.expr()?;
                self.keyword("as")?;
                let alias = self.name()?;
                let context = self.context(false)?;
                Statement::Import(name, alias, context)
            }
            "from" => self.import_names()?,
            "extends" => Statement::Extends(self.expr()?),
            "block" => self.block()?,
            "autoescape" => {
                self.expr()?;
                Statement::Scope(self.closed_body(&["endautoescape"])?)
            }
            other => {
                let text = format!("Encountered unknown tag '{other}'.{}", self.looking_for(Some(other)));
                return Err(self.error_at(text, at));
            }
        };
        self.block_end()?;
        Ok(statement)
    }

    fn if_statement(&mut self) -> Result<Statement, TemplateError> {
        let mut branches: Branches = Vec::new();
        loop {
            let condition = self.tuple(false, |_| false)?;
            self.body_begins()?;
            let body = self.body(&["elif", "else", "endif"])?;
            branches.push((condition, body));
            if self.skip_name("elif") {
                continue;
            }
            let mut otherwise = Vec::new();
            if self.skip_name("else") {
                self.body_begins()?;
                otherwise = self.body(&["endif"])?;
            }
            self.advance();
            self.block_end()?;
            return Ok(Statement::If(branches, otherwise));
        }
    }

    fn for_statement(&mut self) -> Result<Statement, TemplateError> {
        let target = self.target(false)?;
        if target.sets("loop") {
            return Err(self.error("Can't assign to special loop variable in for-loop target"));
        }
        self.keyword("in")?;
        let items = self.tuple(false, |parser| parser.is_name("recursive"))?;
        let condition = if self.skip_name("if") { Some(self.expr()?) } else { None };
        let recursive = self.skip_name("recursive");
        self.body_begins()?;
        self.loops += 1;
        let body = self.body(&["endfor", "else"]);
        self.loops -= 1;
        let body = body?;
        let mut otherwise = Vec::new();
        if self.skip_name("else") {
            self.body_begins()?;
            otherwise = self.body(&["endfor"])?;
        }
        self.advance();
        self.block_end()?;
        Ok(Statement::For(Arc::new(For { target, items, condition, recursive, body, otherwise })))
    }

    fn set(&mut self) -> Result<Statement, TemplateError> {
        let target = self.target(true)?;
        if self.loops > 0 && target.sets("loop") {
            return Err(self.error("Can't assign to special loop variable in for-loop target"));
        }
        if self.skip_symbol("=") {
            return Ok(Statement::Set(target, self.tuple(true, |_| false)?));
        }
        let filter = if self.skip_symbol("|") { Some(self.filter_chain()?) } else { None };
        Ok(Statement::SetBlock(target, filter, self.closed_body(&["endset"])?))
    }

    fn target(&mut self, namespaces: bool) -> Result<Target, TemplateError> {
        let first = self.single_target(namespaces)?;
        if !self.is_symbol(",") {
            return Ok(first);
        }
        let mut targets = vec![first];
        while self.skip_symbol(",") {
            if self.is_symbol(")") {
                break;
            }
            if !matches!(self.peek(), Kind::Name(_) | Kind::Symbol("(")) {
                return Err(self.unexpected());
            }
            targets.push(self.single_target(namespaces)?);
        }
        Ok(Target::Tuple(targets))
    }

    fn single_target(&mut self, namespaces: bool) -> Result<Target, TemplateError> {
        if self.skip_symbol("(") {
            let inner = self.deeper(|parser| parser.target(namespaces))?;
            self.symbol(")")?;
            return Ok(inner);
        }
        let at = self.at();
        let name = self.name()?;
        if matches!(&*name, "true" | "false" | "none" | "True" | "False" | "None") {
            return Err(self.error_at("can't assign to 'const'", at));
        }
        if namespaces && self.skip_symbol(".") {
            return Ok(Target::Attribute(name, self.name()?));
        }
        Ok(Target::Name(name))
    }

    fn with(&mut self) -> Result<Statement, TemplateError> {
        let mut assignments = Vec::new();
        while !matches!(self.peek(), Kind::BlockEnd) {
            let target = self.target(false)?;
            self.symbol("=")?;
            assignments.push((target, self.expr()?));
            if !matches!(self.peek(), Kind::BlockEnd) {
                self.symbol(",")?;
            }
        }
        Ok(Statement::With(assignments, self.closed_body(&["endwith"])?))
    }

    /// Parameters and body of a macro; the name is taken already.
    fn macro_rest(&mut self, name: Option<Str>, end: &'static [&'static str]) -> Result<Macro, TemplateError> {
        let (mut parameters, mut defaults) = (Vec::new(), Vec::new());
        if name.is_some() || self.is_symbol("(") {
            self.symbol("(")?;
            while !self.is_symbol(")") {
                if !parameters.is_empty() {
                    self.symbol(",")?;
                }
                let at = self.at();
                let parameter = self.name()?;
                if matches!(&*parameter, "true" | "false" | "none" | "True" | "False" | "None") {
                    return Err(self.error_at("can't assign to 'name'", at));
                }
                if parameters.contains(&parameter) {
                    return Err(self.error_at(format!("duplicate argument '{parameter}' in function definition"), at));
                }
                if *parameter == *"caller" && !self.is_symbol("=") {
                    let text = "When defining macros or call blocks the special \"caller\" argument must be omitted \
                                or be given a default.";
                    return Err(self.error_at(text, at));
                }
                parameters.push(parameter);
                if self.skip_symbol("=") {
                    defaults.push(self.expr()?);
                } else if !defaults.is_empty() {
                    return Err(self.error("non-default argument follows default argument"));
                }
            }
            self.advance();
        }
        if name.is_none() {
            return Ok(Macro::new(None, parameters, defaults, Vec::new()));
        }
        let body = self.outside_loops(|parser| parser.closed_body(end))?;
        Ok(Macro::new(name, parameters, defaults, body))
    }

    fn call_block(&mut self) -> Result<Statement, TemplateError> {
        let mut caller = self.macro_rest(None, &["endcall"])?;
        let at = self.at();
        let call = self.expr()?;
        if !matches!(call.kind, ExprKind::Call(..)) {
            return Err(self.error_at("expected call", at));
        }
        let body = self.outside_loops(|parser| parser.closed_body(&["endcall"]))?;
        caller = Macro::new(None, caller.parameters, caller.defaults, body);
        Ok(Statement::CallBlock(call, Arc::new(caller)))
    }

    /// `with context` or `without context`.
    fn context(&mut self, default: bool) -> Result<bool, TemplateError> {
        let second = matches!(self.peek_second(), Kind::Name(name) if **name == *"context");
        let with = match self.peek() {
            Kind::Name(name) if second && **name == *"with" => true,
            Kind::Name(name) if second && **name == *"without" => false,
            _ => return Ok(default),
        };
        self.advance();
        self.advance();
        Ok(with)
    }

    fn include(&mut self) -> Result<Statement, TemplateError> {
        let name = self.expr()?;
        let ignore_missing = self.is_name("ignore") && matches!(self.peek_second(), Kind::Name(n) if **n == *"missing");
        if ignore_missing {
            self.advance();
            self.advance();
        }
        let with_context = self.context(true)?;
        Ok(Statement::Include(Include { name, ignore_missing, with_context }))
    }

    fn import_names(&mut self) -> Result<Statement, TemplateError> {
        let name = self.expr()?;
        self.keyword("import")?;
        let mut imports = Vec::new();
        loop {
            let imported = self.name()?;
            if imported.starts_with('_') {
                return Err(self.error("names starting with an underline can not be imported"));
            }
            let alias = if self.skip_name("as") { self.name()? } else { imported.clone() };
            imports.push((imported, alias));
            if !self.skip_symbol(",") {
                let context = self.context(false)?;
                return Ok(Statement::FromImport(name, imports, context));
            }
        }
    }

    /// What would close the innermost block, said of a tag that does not, or of the end.
    fn looking_for(&self, tag: Option<&str>) -> String {
        let Some(until) = self.open.last().filter(|until| !until.is_empty()) else { return String::new() };
        let block = until.iter().find_map(|tag| tag.strip_prefix("end")).unwrap_or_default();
        let tags = until.join("' or '");
        let looks = if tag.is_some_and(|tag| self.open.iter().any(|until| until.contains(&tag))) {
            format!(
                "You probably made a nesting mistake. Jinja is expecting this tag, but currently looking for '{tags}'."
            )
        } else {
            format!("Jinja was looking for the following tags: '{tags}'.")
        };
        format!(" {looks} The innermost block that needs to be closed is '{block}'.")
    }

    fn block(&mut self) -> Result<Statement, TemplateError> {
        let name = self.name()?;
        let at = self.at();
        if !self.blocks.insert(name.clone()) {
            return Err(self.error_at(format!("block '{name}' defined twice"), at));
        }
        let scoped = self.skip_name("scoped");
        let required = self.skip_name("required");
        if self.is_symbol("-") {
            let text = "Block names in Jinja have to be valid Python identifiers and may not contain hyphens, \
                        use an underscore instead.";
            return Err(self.error(text));
        }
        let body = self.outside_loops(|parser| parser.closed_body(&["endblock"]))?;
        let blank = |statement: &Statement| matches!(statement, Statement::Text(text) if text.trim().is_empty());
        if required && !body.iter().all(blank) {
            return Err(self.error_at("Required blocks can only contain comments or whitespace", at));
        }
        self.skip_name(&name);
        Ok(Statement::Block(Arc::new(Block { name, scoped, required, body })))
    }
}

impl Macro {
    fn new(name: Option<Str>, parameters: Vec<Str>, defaults: Vec<Expr>, body: Vec<Statement>) -> Self {
        let uses = |special: &str| names::reads(&body, special) && !parameters.iter().any(|name| **name == *special);
        let (uses_caller, uses_varargs, uses_kwargs) = (uses("caller"), uses("varargs"), uses("kwargs"));
        Self { name, parameters, defaults, body, uses_caller, uses_varargs, uses_kwargs }
    }
}
