//! Operator precedence: a query's words as a tree.

use super::{
    Failure, Node,
    token::{Token, tokens},
};

/// How deep a query may nest.
const DEPTH: usize = 100;

/// Parses a whole query.
pub(super) fn parse(query: &str) -> Result<Node, Failure> {
    let mut parser = Parser { tokens: tokens(query)?, at: 0, depth: 0 };
    let node = parser.expression(0)?;
    match parser.peek() {
        Token::End => Ok(node),
        other => Err(format!("{} cannot stand where it does", describe(other))),
    }
}

struct Parser {
    tokens: Vec<Token>,
    at: usize,
    depth: usize,
}

/// How strongly a word binds what stands before it.
fn power(token: &Token) -> u8 {
    match token {
        Token::Sign('|') => 1,
        Token::Or => 2,
        Token::And => 3,
        Token::Compare(_) => 5,
        Token::Flatten => 9,
        Token::Sign('*') => 20,
        Token::Filter => 21,
        Token::Sign('.') => 40,
        Token::Sign('!') => 45,
        Token::Sign('{') => 50,
        Token::Sign('[') => 55,
        Token::Sign('(') => 60,
        _ => 0,
    }
}

fn describe(token: &Token) -> String {
    match token {
        Token::End => "the end".to_owned(),
        Token::Name(name) | Token::Quoted(name) => format!("`{name}`"),
        Token::Sign(sign) => format!("`{sign}`"),
        Token::Number(number) => format!("`{number}`"),
        Token::Flatten => "`[]`".to_owned(),
        Token::Filter => "`[?`".to_owned(),
        Token::Or => "`||`".to_owned(),
        Token::And => "`&&`".to_owned(),
        Token::Compare(_) => "a comparison".to_owned(),
        Token::Literal(_) => "a literal".to_owned(),
    }
}

impl Parser {
    fn peek(&self) -> &Token {
        self.tokens.get(self.at).unwrap_or(&Token::End)
    }

    fn next(&mut self) -> Token {
        let token = self.peek().clone();
        self.at += 1;
        token
    }

    fn expect(&mut self, sign: char) -> Result<(), Failure> {
        match self.next() {
            Token::Sign(found) if found == sign => Ok(()),
            other => Err(format!("{} stands where `{sign}` is expected", describe(&other))),
        }
    }

    fn takes(&mut self, sign: char) -> bool {
        let found = *self.peek() == Token::Sign(sign);
        self.at += usize::from(found);
        found
    }

    fn expression(&mut self, strength: u8) -> Result<Node, Failure> {
        self.depth += 1;
        if self.depth > DEPTH {
            return Err("too many levels".to_owned());
        }
        let mut left = self.prefix()?;
        while strength < power(self.peek()) {
            left = self.infix(left)?;
        }
        self.depth -= 1;
        Ok(left)
    }

    fn boxed(&mut self, strength: u8) -> Result<Box<Node>, Failure> {
        self.expression(strength).map(Box::new)
    }

    fn prefix(&mut self) -> Result<Node, Failure> {
        match self.next() {
            Token::Literal(value) => Ok(Node::Literal(value)),
            Token::Name(name) => Ok(Node::Field(name)),
            Token::Quoted(_) if *self.peek() == Token::Sign('(') => Err("a function's name has no quotes".to_owned()),
            Token::Quoted(name) => Ok(Node::Field(name)),
            Token::Sign('*') => {
                let right = if *self.peek() == Token::Sign(']') { Node::Current } else { self.projection(20)? };
                Ok(Node::EachValue(Box::new(Node::Current), Box::new(right)))
            }
            Token::Filter => self.filter(Node::Current),
            Token::Sign('{') => self.dict(),
            Token::Flatten => {
                let right = self.projection(9)?;
                Ok(Node::Each(Box::new(Node::Flatten(Box::new(Node::Current))), Box::new(right)))
            }
            Token::Sign('[') => match self.peek() {
                Token::Number(_) | Token::Sign(':') => self.index(Node::Current),
                Token::Sign('*') if self.tokens.get(self.at + 1) == Some(&Token::Sign(']')) => {
                    self.at += 2;
                    let right = self.projection(20)?;
                    Ok(Node::Each(Box::new(Node::Current), Box::new(right)))
                }
                _ => self.list(),
            },
            Token::Sign('@') => Ok(Node::Current),
            Token::Sign('&') => Ok(Node::Expression(self.boxed(0)?)),
            Token::Sign('!') => Ok(Node::Not(self.boxed(45)?)),
            Token::Sign('(') => {
                let inner = self.expression(0)?;
                self.expect(')')?;
                Ok(inner)
            }
            other => Err(format!("{} cannot stand where it does", describe(&other))),
        }
    }

    fn infix(&mut self, left: Node) -> Result<Node, Failure> {
        let token = self.next();
        let left = Box::new(left);
        match token {
            Token::Sign('.') if self.takes('*') => {
                let right = self.projection(20)?;
                Ok(Node::EachValue(left, Box::new(right)))
            }
            Token::Sign('.') => Ok(Node::Chain(left, Box::new(self.after_dot(40)?))),
            Token::Sign('|') => Ok(Node::Chain(left, self.boxed(1)?)),
            Token::Or => Ok(Node::Or(left, self.boxed(2)?)),
            Token::And => Ok(Node::And(left, self.boxed(3)?)),
            Token::Compare(comparison) => Ok(Node::Compare(comparison, left, self.boxed(5)?)),
            Token::Flatten => {
                let right = self.projection(9)?;
                Ok(Node::Each(Box::new(Node::Flatten(left)), Box::new(right)))
            }
            Token::Filter => self.filter(*left),
            Token::Sign('[') => match self.peek() {
                Token::Number(_) | Token::Sign(':') => self.index(*left),
                _ => {
                    self.expect('*')?;
                    self.expect(']')?;
                    let right = self.projection(20)?;
                    Ok(Node::Each(left, Box::new(right)))
                }
            },
            Token::Sign('(') => match *left {
                Node::Field(name) => self.call(name),
                _ => Err("only a name can be called".to_owned()),
            },
            other => Err(format!("{} cannot stand where it does", describe(&other))),
        }
    }

    fn call(&mut self, name: String) -> Result<Node, Failure> {
        let mut arguments = Vec::new();
        while !self.takes(')') {
            arguments.push(self.expression(0)?);
            if !self.takes(',') {
                self.expect(')')?;
                break;
            }
        }
        Ok(Node::Call(name, arguments))
    }

    fn filter(&mut self, left: Node) -> Result<Node, Failure> {
        let condition = self.boxed(0)?;
        self.expect(']')?;
        let right = if *self.peek() == Token::Flatten { Node::Current } else { self.projection(21)? };
        Ok(Node::Where(Box::new(left), Box::new(right), condition))
    }

    /// What stands between brackets that hold numbers.
    fn index(&mut self, left: Node) -> Result<Node, Failure> {
        let mut parts = [None; 3];
        let mut colons = 0;
        loop {
            match self.next() {
                Token::Number(number) if parts[colons].is_none() => parts[colons] = Some(number),
                Token::Sign(':') if colons < 2 => colons += 1,
                Token::Sign(']') => break,
                other => return Err(format!("{} cannot stand in brackets", describe(&other))),
            }
        }
        let left = Box::new(left);
        if let (0, Some(index)) = (colons, parts[0]) {
            return Ok(Node::Chain(left, Box::new(Node::Index(index))));
        }
        if parts[2] == Some(0) {
            return Err("a slice cannot have a step of 0".to_owned());
        }
        let right = self.projection(20)?;
        Ok(Node::Each(Box::new(Node::Chain(left, Box::new(Node::Slice(parts)))), Box::new(right)))
    }

    /// What follows `[*]` and its kin: applied to each of them.
    fn projection(&mut self, strength: u8) -> Result<Node, Failure> {
        match self.peek() {
            token if power(token) < 10 => Ok(Node::Current),
            Token::Sign('[') | Token::Filter => self.expression(strength),
            Token::Sign('.') => {
                self.at += 1;
                self.after_dot(strength)
            }
            other => Err(format!("{} cannot stand where it does", describe(other))),
        }
    }

    fn after_dot(&mut self, strength: u8) -> Result<Node, Failure> {
        match self.peek() {
            Token::Name(_) | Token::Quoted(_) | Token::Sign('*') => self.expression(strength),
            Token::Sign('[') => {
                self.at += 1;
                self.list()
            }
            Token::Sign('{') => {
                self.at += 1;
                self.dict()
            }
            other => Err(format!("{} cannot stand behind a dot", describe(other))),
        }
    }

    fn list(&mut self) -> Result<Node, Failure> {
        let mut items = Vec::new();
        loop {
            items.push(self.expression(0)?);
            if !self.takes(',') {
                self.expect(']')?;
                return Ok(Node::List(items));
            }
        }
    }

    fn dict(&mut self) -> Result<Node, Failure> {
        let mut entries = Vec::new();
        loop {
            let (Token::Name(key) | Token::Quoted(key)) = self.next() else {
                return Err("a key has to be a name".to_owned());
            };
            self.expect(':')?;
            entries.push((key, self.expression(0)?));
            if !self.takes(',') {
                self.expect('}')?;
                return Ok(Node::Dict(entries));
            }
        }
    }
}
