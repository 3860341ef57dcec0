//! A crontab's text: jobs under a comment with their name, and variables.

/// What stands before a job's name in the line above it.
const MARK: &str = "#Ansible: ";

/// The lines of a crontab, each with the carriage return that it may have before its newline.
pub struct Table {
    lines: Vec<String>,
}

/// Where a new variable goes.
pub enum Beside<'a> {
    /// Before all other lines.
    Top,
    /// After the first line that sets this variable.
    After(&'a str),
    /// Before the first line that sets this variable.
    Before(&'a str),
}

impl Table {
    /// From a text.
    pub fn parse(text: &str) -> Self {
        let text = text.strip_suffix('\n').unwrap_or(text);
        Self { lines: if text.is_empty() { Vec::new() } else { text.split('\n').map(str::to_owned).collect() } }
    }

    /// As text, without blank lines at the end.
    pub fn text(&self) -> String {
        if self.lines.len() < 2 && self.lines.iter().all(|line| bare(line).is_empty()) {
            return String::new();
        }
        let blank = self.lines.iter().rev().take_while(|line| bare(line).is_empty()).count();
        let mut text = self.lines[..self.lines.len() - blank].join("\n");
        text.push('\n');
        text
    }

    /// Whether there is nothing but blanks.
    pub fn is_blank(&self) -> bool {
        self.lines.iter().all(|line| line.trim().is_empty())
    }

    /// The names of all jobs.
    pub fn jobs(&self) -> Vec<&str> {
        self.lines.iter().filter_map(|line| bare(line).strip_prefix(MARK)).collect()
    }

    /// The names of all variables.
    pub fn variables(&self) -> Vec<&str> {
        let name = |line: &'_ String| line.find('=').filter(|at| *at > 0 && !line[..*at].contains(char::is_whitespace));
        self.lines.iter().filter_map(|line| name(line).map(|at| &line[..at])).collect()
    }

    /// Sees to it that the job has this line; whether that changed anything.
    pub fn set_job(&mut self, name: &str, job: &str) -> bool {
        if let Some(found) = self.job(name) {
            let differs = bare(found) != job;
            if differs {
                self.replace_job(name, Some(job));
            }
            return differs;
        }
        if self.adopt(name, job) {
            return true;
        }
        self.lines.extend([format!("{MARK}{name}"), job.to_owned()]);
        true
    }

    /// Removes the job, each time it is there; whether it was.
    pub fn remove_job(&mut self, name: &str) -> bool {
        let found = self.job(name).is_some();
        if found {
            self.replace_job(name, None);
        }
        found
    }

    /// The line below the first comment with that name. The line below a comment is a job, whatever it looks like.
    fn job(&self, name: &str) -> Option<&String> {
        let mut lines = self.lines.iter();
        while let Some(line) = lines.next() {
            let Some(found) = bare(line).strip_prefix(MARK) else { continue };
            let job = lines.next()?;
            if found == name {
                return Some(job);
            }
        }
        None
    }

    /// Gives a name to a job that has the line and no name yet.
    fn adopt(&mut self, name: &str, job: &str) -> bool {
        for at in 0..self.lines.len() {
            if bare(&self.lines[at]) != job {
                continue;
            }
            // The line above the first is the last one: so Ansible counts.
            let above = (at + self.lines.len() - 1) % self.lines.len();
            if !self.lines[above].starts_with(MARK) {
                self.lines.insert(at, format!("{MARK}{name}"));
                return true;
            }
            if bare(&self.lines[above]).strip_prefix(MARK) == Some("None") && !name.is_empty() {
                self.lines[above] = format!("{MARK}{name}");
                return true;
            }
        }
        false
    }

    fn replace_job(&mut self, name: &str, job: Option<&str>) {
        let mut kept = Vec::new();
        let mut lines = std::mem::take(&mut self.lines).into_iter();
        while let Some(line) = lines.next() {
            if bare(&line).strip_prefix(MARK) != Some(name) {
                kept.push(line);
            } else if lines.next().is_some()
                && let Some(job) = job
            {
                kept.extend([line, job.to_owned()]);
            }
        }
        self.lines = kept;
    }

    /// Sees to it that the variable is set by this line; whether that changed anything. The error is the variable that
    /// it should stand beside and that is not there.
    pub fn set_variable<'a>(&mut self, name: &str, line: &str, beside: &Beside<'a>) -> Result<bool, &'a str> {
        if let Some(at) = self.variable(name) {
            let differs = bare(&self.lines[at]) != line;
            if differs {
                self.lines.iter_mut().filter(|old| sets(old, name)).for_each(|old| line.clone_into(old));
            }
            return Ok(differs);
        }
        let at = match *beside {
            Beside::Top => 0,
            Beside::After(other) => self.variable(other).ok_or(other)? + 1,
            Beside::Before(other) => self.variable(other).ok_or(other)?,
        };
        self.lines.insert(at, line.to_owned());
        Ok(true)
    }

    /// Removes all lines that set the variable; whether there were any.
    pub fn remove_variable(&mut self, name: &str) -> bool {
        let found = self.variable(name).is_some();
        self.lines.retain(|line| !sets(line, name));
        found
    }

    fn variable(&self, name: &str) -> Option<usize> {
        self.lines.iter().position(|line| sets(line, name))
    }
}

/// A line without its carriage return.
fn bare(line: &str) -> &str {
    line.strip_suffix('\r').unwrap_or(line)
}

fn sets(line: &str, name: &str) -> bool {
    line.strip_prefix(name).is_some_and(|rest| rest.starts_with('='))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Numbers that look random and are the same in every run.
    struct Dice(u64);

    impl Dice {
        fn below(&mut self, bound: usize) -> usize {
            self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            usize::try_from(self.0 >> 33).expect("31 bits") % bound
        }

        fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
            from[self.below(from.len())]
        }
    }

    const NAMES: [&str; 4] = ["a", "b", "a b", "A"];
    const JOBS: [&str; 4] = ["* * * * * x", "5 * * * * x", "@daily y", "#* * * * * x"];
    const OTHERS: [&str; 8] = ["", "# mine", "0 0 * * * z", "A=1", "a=\"2\"", " A = 3", "#b=4", "PATH=/bin:/usr/bin"];

    fn crontab(dice: &mut Dice) -> String {
        let mut text = String::new();
        for _ in 0..dice.below(7) {
            if dice.below(2) == 0 {
                text += &format!("{MARK}{}\n{}\n", dice.pick(&NAMES), dice.pick(&JOBS));
            } else {
                text += &format!("{}\n", dice.pick(&OTHERS));
            }
        }
        text
    }

    /// The lines that have nothing to do with a job of that name.
    fn without(text: &str, name: &str, job: &str) -> Vec<String> {
        let mut table = Table::parse(text);
        table.replace_job(name, None);
        table.lines.retain(|line| line != job && !line.is_empty());
        table.lines
    }

    #[test]
    fn a_job_that_was_set_is_there_once_more_and_nothing_else_changed() {
        let mut dice = Dice(1);
        for _ in 0..5000 {
            let text = crontab(&mut dice);
            let (name, job) = (dice.pick(&NAMES), dice.pick(&JOBS));
            let mut table = Table::parse(&text);
            table.set_job(name, job);
            let written = table.text();
            assert_eq!(table.job(name).map(String::as_str), Some(job), "{text:?}");
            assert!(!Table::parse(&written).set_job(name, job), "{text:?} became {written:?}");
            assert_eq!(without(&written, name, job), without(&text, name, job), "{text:?} became {written:?}");
        }
    }

    #[test]
    fn line_ends_stay() {
        let mut table = Table::parse("A=1\r\n#Ansible: x\r\n* * * * * y\r\nB=2\r\n\r\n");
        assert!(!table.set_job("x", "* * * * * y"));
        assert!(table.set_job("x", "* * * * * z"));
        assert!(table.set_job("n", "* * * * * n"));
        assert_eq!(table.text(), "A=1\r\n#Ansible: x\r\n* * * * * z\nB=2\r\n\r\n#Ansible: n\n* * * * * n\n");
    }

    #[test]
    fn what_was_removed_is_gone_and_nothing_else() {
        let mut dice = Dice(2);
        for _ in 0..5000 {
            let text = crontab(&mut dice);
            let name = dice.pick(&NAMES);
            let mut table = Table::parse(&text);
            table.remove_job(name);
            assert!(!table.jobs().contains(&name), "{text:?}");
            assert!(!Table::parse(&table.text()).remove_job(name), "{text:?}");
            assert_eq!(without(&table.text(), name, ""), without(&text, name, ""), "{text:?}");
        }
    }

    #[test]
    fn a_variable_that_was_set_is_there_once_more_and_nothing_else_changed() {
        let mut dice = Dice(3);
        for _ in 0..5000 {
            let text = crontab(&mut dice);
            let name = dice.pick(&["A", "a", "b"]);
            let line = format!("{name}=\"9\"");
            let mut table = Table::parse(&text);
            table.set_variable(name, &line, &Beside::Top).expect("it stands beside nothing");
            let written = table.text();
            assert_eq!(Table::parse(&written).set_variable(name, &line, &Beside::Top), Ok(false), "{text:?}");
            let rest = |text: &str| -> Vec<String> {
                let mut table = Table::parse(text);
                table.remove_variable(name);
                table.lines.retain(|line| !line.is_empty());
                table.lines
            };
            assert_eq!(rest(&written), rest(&text), "{text:?} became {written:?}");
        }
    }
}
