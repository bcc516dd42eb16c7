//! Expressions over a host and a task, compiled: what a score or a constraint in a scenario file comes to.
//!
//! Names are resolved before. What depends on a host's group and zone alone is a table by *class*: the number of a pair
//! of host group and zone.
//!
//! An expression has no loops, so it always ends. Only operations that give the same bits on every machine are there:
//! no powers, no logarithms, no trigonometric functions. The branch of an `if` that is not taken, and the right side of
//! an `and` or `or` that is decided by the left one, are not evaluated: `free_gpus > 0 and tasks / free_gpus < 2` is
//! defined on hosts without gpus.

use std::fmt;
use std::ops::Range;

/// An expression that gives a number.
#[derive(Clone, Debug, PartialEq)]
pub struct Number(NumberTree);

/// An expression that is true or false.
#[derive(Clone, Debug, PartialEq)]
pub struct Condition(ConditionTree);

/// What an expression can ask about a host, a task and its service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Variable {
    /// Cpu that is free on the host.
    FreeCpu,
    /// Memory that is free on it.
    FreeMemory,
    /// Gpus that are free on it.
    FreeGpus,
    /// Network interfaces that are free on it.
    FreeInterfaces,
    /// Disk that is free on it.
    FreeDisk,
    /// Cpu that the host offers when it is empty.
    TotalCpu,
    /// Memory that it offers.
    TotalMemory,
    /// Gpus that it offers.
    TotalGpus,
    /// Network interfaces that it offers.
    TotalInterfaces,
    /// Disk that it offers.
    TotalDisk,
    /// Cpu that the task reserves.
    TaskCpu,
    /// Memory that it reserves.
    TaskMemory,
    /// Gpus that it reserves.
    TaskGpus,
    /// Network interfaces that it reserves.
    TaskInterfaces,
    /// Disk that it reserves.
    TaskDisk,
    /// Tasks of the service on the host.
    Tasks,
    /// Tasks of all services on the host.
    AllTasks,
    /// Tasks of the service in the host's zone.
    ZoneTasks,
    /// Tasks wanted of the service.
    Desired,
}

/// Every variable: its name as users write it, and its meaning with the unit.
pub const ALL: [(&str, Variable, &str); 19] = [
    ("free_cpu", Variable::FreeCpu, "cpu that is free on the host, in units of 1/1024 vCPU"),
    ("free_memory", Variable::FreeMemory, "memory that is free on the host, in MiB"),
    ("free_gpus", Variable::FreeGpus, "gpus that are free on the host"),
    ("free_interfaces", Variable::FreeInterfaces, "network interfaces that are free on the host"),
    ("free_disk", Variable::FreeDisk, "disk that is free on the host, in MiB"),
    ("total_cpu", Variable::TotalCpu, "cpu that the host offers when it is empty, in units of 1/1024 vCPU"),
    ("total_memory", Variable::TotalMemory, "memory that the host offers when it is empty, in MiB"),
    ("total_gpus", Variable::TotalGpus, "gpus that the host offers when it is empty"),
    ("total_interfaces", Variable::TotalInterfaces, "network interfaces that the host offers when it is empty"),
    ("total_disk", Variable::TotalDisk, "disk that the host offers when it is empty, in MiB"),
    ("task_cpu", Variable::TaskCpu, "cpu that the task reserves, in units of 1/1024 vCPU"),
    ("task_memory", Variable::TaskMemory, "memory that the task reserves, in MiB"),
    ("task_gpus", Variable::TaskGpus, "gpus that the task reserves"),
    ("task_interfaces", Variable::TaskInterfaces, "network interfaces that the task reserves"),
    ("task_disk", Variable::TaskDisk, "disk that the task reserves, in MiB"),
    ("tasks", Variable::Tasks, "tasks of the service on the host"),
    ("all_tasks", Variable::AllTasks, "tasks of all services on the host"),
    ("zone_tasks", Variable::ZoneTasks, "tasks of the service in the host's zone"),
    ("desired", Variable::Desired, "tasks wanted of the service"),
];

/// How a number is made. A range is the bytes of that part in the text, for what may be undefined.
#[derive(Clone, Debug, PartialEq)]
pub enum NumberTree {
    /// A finite number.
    Constant(f64),
    /// What is asked for each host.
    Variable(Variable),
    /// Of one number.
    Unary(Unary, Box<NumberTree>, Range<u32>),
    /// Of two numbers.
    Binary(Binary, Box<[NumberTree; 2]>, Range<u32>),
    /// The first number where the condition is true, else the second.
    If(Box<ConditionTree>, Box<[NumberTree; 2]>),
}

/// How a condition is made.
#[derive(Clone, Debug, PartialEq)]
pub enum ConditionTree {
    /// Always the same.
    Constant(bool),
    /// What it is for each class. Every table of one expression is as long as there are classes.
    ByClass(Vec<bool>),
    /// How two numbers compare.
    Compare(Comparison, Box<[NumberTree; 2]>),
    /// Whether the number is one of these.
    OneOf(Box<NumberTree>, Vec<f64>),
    /// The opposite.
    Not(Box<ConditionTree>),
    /// Two conditions, the second only where the first does not decide.
    Both(Logic, Box<[ConditionTree; 2]>),
}

/// What is done to one number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unary {
    /// Its negative.
    Negate,
    /// Its distance from 0.
    Abs,
    /// The next whole number downwards.
    Floor,
    /// The next whole number upwards.
    Ceil,
    /// The nearest whole number, halves away from 0.
    Round,
    /// Its square root.
    Sqrt,
}

/// What is done to two numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Binary {
    /// The sum.
    Add,
    /// The first less the second.
    Subtract,
    /// The product.
    Multiply,
    /// The first by the second.
    Divide,
    /// What a division into whole parts leaves, with the sign of the first: `-7 % 3` is -1.
    Remainder,
    /// The lower one.
    Min,
    /// The higher one.
    Max,
}

/// How two numbers are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    /// `<`
    Less,
    /// `<=`
    AtMost,
    /// `>`
    More,
    /// `>=`
    AtLeast,
    /// `==`
    Equal,
    /// `!=`
    Different,
}

/// How two conditions come together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Logic {
    /// Both are true.
    And,
    /// At least one is true.
    Or,
}

/// Why an expression has no value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Undefined {
    /// What was undefined.
    pub what: What,
    /// Where it is in the text, in bytes.
    pub at: Range<u32>,
}

/// What has no value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// A division by zero, or the remainder of one.
    DivisionByZero,
    /// The square root of a number below zero.
    RootOfNegative,
    /// A number too large to be held.
    NotFinite,
}

impl Number {
    /// Compiles an expression. What is constant is worked out now; where that is undefined, or a divisor is a constant
    /// zero, there is no expression. A constant that is not finite has the place 0..0.
    pub fn new(tree: NumberTree) -> Result<Self, Undefined> {
        tree.folded().map(Self)
    }

    /// Its value on a host of this class: finite, and never negative zero. `get` gives finite numbers.
    pub fn value(&self, get: &impl Fn(Variable) -> f64, class: u16) -> Result<f64, Undefined> {
        self.0.value(get, class).map(without_sign_of_zero)
    }

    /// Whether its value may depend on this variable.
    pub fn uses(&self, variable: Variable) -> bool {
        self.0.uses(variable)
    }

    /// Its value, where that is the same on every host.
    pub fn constant(&self) -> Option<f64> {
        match self.0 {
            NumberTree::Constant(value) => Some(without_sign_of_zero(value)),
            _ => None,
        }
    }
}

impl Condition {
    /// Compiles an expression, as [`Number::new`] does.
    pub fn new(tree: ConditionTree) -> Result<Self, Undefined> {
        tree.folded().map(Self)
    }

    /// Whether it is true on a host of this class. `get` gives finite numbers.
    pub fn holds(&self, get: &impl Fn(Variable) -> f64, class: u16) -> Result<bool, Undefined> {
        self.0.holds(get, class)
    }

    /// Whether it may depend on this variable.
    pub fn uses(&self, variable: Variable) -> bool {
        self.0.uses(variable)
    }
}

impl NumberTree {
    /// Most parts are leaves: those are read in place, and only the others are called.
    #[inline]
    fn value(&self, get: &impl Fn(Variable) -> f64, class: u16) -> Result<f64, Undefined> {
        match self {
            Self::Constant(value) => Ok(*value),
            Self::Variable(variable) => Ok(get(*variable)),
            Self::Unary(..) | Self::Binary(..) | Self::If(..) => self.worked_out(get, class),
        }
    }

    fn worked_out(&self, get: &impl Fn(Variable) -> f64, class: u16) -> Result<f64, Undefined> {
        match self {
            Self::Constant(_) | Self::Variable(_) => self.value(get, class),
            Self::Unary(unary, of, at) => unary.of(of.value(get, class)?, at),
            Self::Binary(binary, of, at) => binary.of(of[0].value(get, class)?, of[1].value(get, class)?, at),
            Self::If(condition, then) => then[usize::from(!condition.holds(get, class)?)].value(get, class),
        }
    }

    fn uses(&self, variable: Variable) -> bool {
        match self {
            Self::Constant(_) => false,
            Self::Variable(used) => *used == variable,
            Self::Unary(_, of, _) => of.uses(variable),
            Self::Binary(_, of, _) => of.iter().any(|of| of.uses(variable)),
            Self::If(condition, then) => condition.uses(variable) || then.iter().any(|then| then.uses(variable)),
        }
    }

    /// The same with its constant parts worked out. What is never evaluated goes before it is looked at: a parameter
    /// that is zero may be asked for before it divides.
    fn folded(self) -> Result<Self, Undefined> {
        Ok(match self {
            Self::Constant(value) if !value.is_finite() => {
                return Err(Undefined { what: What::NotFinite, at: 0..0 });
            }
            Self::Constant(_) | Self::Variable(_) => self,
            Self::Unary(unary, of, at) => match of.folded()? {
                Self::Constant(value) => Self::Constant(unary.of(value, &at)?),
                of => Self::Unary(unary, Box::new(of), at),
            },
            Self::Binary(binary, of, at) => match both(*of, Self::folded)? {
                [Self::Constant(left), Self::Constant(right)] => Self::Constant(binary.of(left, right, &at)?),
                // Whatever is on the left.
                [_, Self::Constant(right)] if binary.divides() && right == 0.0 => return Err(by_zero(&at)),
                of => Self::Binary(binary, Box::new(of), at),
            },
            Self::If(condition, then) => {
                let [yes, no] = *then;
                match condition.folded()? {
                    ConditionTree::Constant(true) => yes.folded()?,
                    ConditionTree::Constant(false) => no.folded()?,
                    condition => Self::If(Box::new(condition), Box::new([yes.folded()?, no.folded()?])),
                }
            }
        })
    }
}

impl ConditionTree {
    fn holds(&self, get: &impl Fn(Variable) -> f64, class: u16) -> Result<bool, Undefined> {
        match self {
            Self::Constant(value) => Ok(*value),
            Self::ByClass(table) => Ok(table[usize::from(class)]),
            Self::Compare(comparison, of) => Ok(comparison.of(of[0].value(get, class)?, of[1].value(get, class)?)),
            Self::OneOf(of, list) => of.value(get, class).map(|value| list.contains(&value)),
            Self::Not(of) => of.holds(get, class).map(|value| !value),
            Self::Both(logic, of) => {
                let first = of[0].holds(get, class)?;
                if first == logic.decisive() { Ok(first) } else { of[1].holds(get, class) }
            }
        }
    }

    fn uses(&self, variable: Variable) -> bool {
        match self {
            Self::Constant(_) | Self::ByClass(_) => false,
            Self::Compare(_, of) => of.iter().any(|of| of.uses(variable)),
            Self::OneOf(of, _) => of.uses(variable),
            Self::Not(of) => of.uses(variable),
            Self::Both(_, of) => of.iter().any(|of| of.uses(variable)),
        }
    }

    fn folded(self) -> Result<Self, Undefined> {
        Ok(match self {
            Self::Constant(_) => self,
            Self::ByClass(table) => Self::of_table(table),
            Self::Compare(comparison, of) => match both(*of, NumberTree::folded)? {
                [NumberTree::Constant(left), NumberTree::Constant(right)] => Self::Constant(comparison.of(left, right)),
                of => Self::Compare(comparison, Box::new(of)),
            },
            Self::OneOf(of, list) => match of.folded()? {
                NumberTree::Constant(value) => Self::Constant(list.contains(&value)),
                of => Self::OneOf(Box::new(of), list),
            },
            Self::Not(of) => match of.folded()? {
                Self::Constant(value) => Self::Constant(!value),
                Self::ByClass(table) => Self::ByClass(table.iter().map(|value| !value).collect()),
                of => Self::Not(Box::new(of)),
            },
            Self::Both(logic, of) => {
                let [first, second] = *of;
                match first.folded()? {
                    Self::Constant(value) if value == logic.decisive() => Self::Constant(value),
                    Self::Constant(_) => second.folded()?,
                    first => Self::of_both(logic, first, second.folded()?),
                }
            }
        })
    }

    /// Two conditions of which the first is not constant. It has to stay where it may be undefined, whatever the second
    /// is.
    fn of_both(logic: Logic, first: Self, second: Self) -> Self {
        match (first, second) {
            (Self::ByClass(first), Self::ByClass(second)) => {
                Self::of_table(first.iter().zip(&second).map(|(first, second)| logic.of(*first, *second)).collect())
            }
            (first, Self::Constant(value)) if value != logic.decisive() => first,
            (Self::ByClass(_), Self::Constant(value)) => Self::Constant(value),
            (first, second) => Self::Both(logic, Box::new([first, second])),
        }
    }

    /// A table, or a constant where all classes have the same.
    fn of_table(table: Vec<bool>) -> Self {
        match table.first() {
            Some(&value) if !table.contains(&!value) => Self::Constant(value),
            _ => Self::ByClass(table),
        }
    }
}

impl Unary {
    fn of(self, value: f64, at: &Range<u32>) -> Result<f64, Undefined> {
        Ok(match self {
            Self::Negate => -value,
            Self::Abs => value.abs(),
            Self::Floor => value.floor(),
            Self::Ceil => value.ceil(),
            Self::Round => value.round(),
            Self::Sqrt if value < 0.0 => return Err(Undefined { what: What::RootOfNegative, at: at.clone() }),
            Self::Sqrt => value.sqrt(),
        })
    }
}

impl Binary {
    /// Each result is looked at: a later part could make a finite number of an infinite one again.
    fn of(self, left: f64, right: f64, at: &Range<u32>) -> Result<f64, Undefined> {
        let value = match self {
            Self::Add => left + right,
            Self::Subtract => left - right,
            Self::Multiply => left * right,
            Self::Divide | Self::Remainder if right == 0.0 => return Err(by_zero(at)),
            Self::Divide => left / right,
            Self::Remainder => left % right,
            // Of two zeros `f64::min` may take either, and the machine decides.
            Self::Min => return Ok(if right < left { right } else { left }),
            Self::Max => return Ok(if right > left { right } else { left }),
        };
        if value.is_finite() { Ok(value) } else { Err(Undefined { what: What::NotFinite, at: at.clone() }) }
    }

    fn divides(self) -> bool {
        matches!(self, Self::Divide | Self::Remainder)
    }
}

impl Comparison {
    #[expect(clippy::float_cmp, reason = "who writes '==' means it")]
    fn of(self, left: f64, right: f64) -> bool {
        match self {
            Self::Less => left < right,
            Self::AtMost => left <= right,
            Self::More => left > right,
            Self::AtLeast => left >= right,
            Self::Equal => left == right,
            Self::Different => left != right,
        }
    }
}

impl Logic {
    fn of(self, first: bool, second: bool) -> bool {
        if first == self.decisive() { first } else { second }
    }

    /// What decides, whatever the other condition is.
    fn decisive(self) -> bool {
        self == Self::Or
    }
}

/// Inside an expression the sign of a zero makes no difference: both zeros compare as equal, and neither divides.
fn without_sign_of_zero(value: f64) -> f64 {
    if value == 0.0 { 0.0 } else { value }
}

fn by_zero(at: &Range<u32>) -> Undefined {
    Undefined { what: What::DivisionByZero, at: at.clone() }
}

fn both<T>([first, second]: [T; 2], fold: impl Fn(T) -> Result<T, Undefined>) -> Result<[T; 2], Undefined> {
    Ok([fold(first)?, fold(second)?])
}

/// `a division by zero`.
impl fmt::Display for Undefined {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.what {
            What::DivisionByZero => "a division by zero",
            What::RootOfNegative => "the square root of a negative number",
            What::NotFinite => "a number too large to be held",
        })
    }
}

impl std::error::Error for Undefined {}

#[cfg(test)]
mod tests;
