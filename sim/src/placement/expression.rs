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
mod tests {
    use proptest::prelude::*;

    use super::Binary::{Add, Divide, Max, Min, Multiply, Remainder, Subtract};
    use super::Comparison::{AtLeast, AtMost, Different, Equal, Less, More};
    use super::Unary::{Abs, Ceil, Floor, Negate, Round, Sqrt};
    use super::*;

    fn constant(value: f64) -> NumberTree {
        NumberTree::Constant(value)
    }

    fn variable(variable: Variable) -> NumberTree {
        NumberTree::Variable(variable)
    }

    fn unary(unary: Unary, of: NumberTree) -> NumberTree {
        NumberTree::Unary(unary, Box::new(of), 3..4)
    }

    fn binary(left: NumberTree, binary: Binary, right: NumberTree) -> NumberTree {
        NumberTree::Binary(binary, Box::new([left, right]), 1..9)
    }

    fn choose(condition: ConditionTree, yes: NumberTree, no: NumberTree) -> NumberTree {
        NumberTree::If(Box::new(condition), Box::new([yes, no]))
    }

    fn compare(left: NumberTree, comparison: Comparison, right: NumberTree) -> ConditionTree {
        ConditionTree::Compare(comparison, Box::new([left, right]))
    }

    fn together(first: ConditionTree, logic: Logic, second: ConditionTree) -> ConditionTree {
        ConditionTree::Both(logic, Box::new([first, second]))
    }

    /// A host with 3 tasks of the service; everything else is 0.
    fn three_tasks(variable: Variable) -> f64 {
        if variable == Variable::Tasks { 3.0 } else { 0.0 }
    }

    fn value(tree: NumberTree) -> Result<f64, Undefined> {
        Number::new(tree)?.value(&three_tasks, 0)
    }

    fn holds(tree: ConditionTree) -> Result<bool, Undefined> {
        Condition::new(tree)?.holds(&three_tasks, 0)
    }

    #[test]
    fn every_variable_has_one_name() {
        for (position, (name, variable, meaning)) in ALL.into_iter().enumerate() {
            assert_eq!(variable as usize, position, "{name}");
            assert!(name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_'), "{name}");
            assert!(!meaning.is_empty() && ALL.iter().filter(|(other, ..)| *other == name).count() == 1, "{name}");
        }
        assert_eq!(Variable::Desired as usize + 1, ALL.len());
    }

    /// Each with constants, which are worked out beforehand, and with what is 3 tasks and 0 gpus on the host.
    #[test]
    fn operations_are_what_they_are_in_arithmetic() {
        let tasks = || variable(Variable::Tasks);
        let pairs = [
            (Add, 0.5, 3.5),
            (Subtract, 5.0, -2.0),
            (Multiply, -2.0, -6.0),
            (Divide, 2.0, 1.5),
            // 3 = 0 * -5 + 3, and 3 = 1 * 2 + 1.
            (Remainder, -5.0, 3.0),
            (Remainder, 2.0, 1.0),
            (Min, 2.0, 2.0),
            (Min, 4.0, 3.0),
            (Max, 2.0, 3.0),
            (Max, 4.0, 4.0),
        ];
        for (operation, right, expected) in pairs {
            assert_eq!(value(binary(tasks(), operation, constant(right))), Ok(expected), "3 {operation:?} {right}");
            assert_eq!(
                value(binary(constant(3.0), operation, constant(right))),
                Ok(expected),
                "3 {operation:?} {right}"
            );
        }
        // Of x / 2 with x from 3: 1.5.
        let half = |tree| binary(tree, Divide, constant(2.0));
        let singles = [(Negate, -1.5), (Abs, 1.5), (Floor, 1.0), (Ceil, 2.0), (Round, 2.0), (Sqrt, 1.5_f64.sqrt())];
        for (operation, expected) in singles {
            assert_eq!(value(unary(operation, half(tasks()))), Ok(expected), "{operation:?}");
            assert_eq!(value(unary(operation, constant(1.5))), Ok(expected), "{operation:?}");
        }
        // Of -1.5; -7 = -2 * 3 - 1.
        let negative = || unary(Negate, half(tasks()));
        for (operation, expected) in [(Abs, 1.5), (Floor, -2.0), (Ceil, -1.0), (Round, -2.0)] {
            assert_eq!(value(unary(operation, negative())), Ok(expected), "{operation:?}");
        }
        assert_eq!(value(binary(constant(-7.0), Remainder, tasks())), Ok(-1.0));
    }

    #[test]
    fn comparisons_are_less_equal_and_more() {
        let table = [
            (Less, [false, false, true]),
            (AtMost, [false, true, true]),
            (More, [true, false, false]),
            (AtLeast, [true, true, false]),
            (Equal, [false, true, false]),
            (Different, [true, false, true]),
        ];
        for (comparison, expected) in table {
            for (right, expected) in [2.0, 3.0, 4.0].into_iter().zip(expected) {
                let (tasks, right) = (variable(Variable::Tasks), constant(right));
                assert_eq!(holds(compare(tasks, comparison, right.clone())), Ok(expected), "{comparison:?} {right:?}");
                let three = constant(3.0);
                assert_eq!(holds(compare(three, comparison, right.clone())), Ok(expected), "{comparison:?} {right:?}");
            }
        }
        for (list, expected) in [(vec![1.0, 3.0], true), (vec![1.0, 2.0], false)] {
            assert_eq!(holds(ConditionTree::OneOf(Box::new(variable(Variable::Tasks)), list.clone())), Ok(expected));
            assert_eq!(holds(ConditionTree::OneOf(Box::new(constant(3.0)), list)), Ok(expected));
        }
    }

    #[test]
    fn what_is_undefined_says_where() {
        let (tasks, gpus) = (|| variable(Variable::Tasks), || variable(Variable::FreeGpus));
        let huge = || constant(f64::MAX);
        let table = [
            (binary(tasks(), Divide, gpus()), What::DivisionByZero, 1..9),
            (binary(tasks(), Remainder, gpus()), What::DivisionByZero, 1..9),
            (binary(tasks(), Divide, unary(Negate, gpus())), What::DivisionByZero, 1..9),
            (unary(Sqrt, unary(Negate, tasks())), What::RootOfNegative, 3..4),
            (binary(huge(), Multiply, tasks()), What::NotFinite, 1..9),
            // Constants, while the expression is made.
            (binary(tasks(), Divide, constant(-0.0)), What::DivisionByZero, 1..9),
            (binary(tasks(), Remainder, constant(0.0)), What::DivisionByZero, 1..9),
            (binary(huge(), Add, huge()), What::NotFinite, 1..9),
            (unary(Sqrt, constant(-1.0)), What::RootOfNegative, 3..4),
            (constant(f64::INFINITY), What::NotFinite, 0..0),
            (constant(f64::NAN), What::NotFinite, 0..0),
        ];
        for (tree, what, at) in table {
            let undefined = Undefined { what, at };
            assert_eq!(value(tree.clone()), Err(undefined.clone()), "{tree:?}");
            // It does not come right again further out.
            let lower = binary(tree.clone(), Min, constant(1.0));
            assert_eq!(value(lower), Err(undefined.clone()), "{tree:?}");
            assert_eq!(holds(compare(tree, More, constant(1.0))), Err(undefined));
        }
    }

    /// There are no free gpus, so the quotient is undefined wherever it is evaluated.
    #[test]
    fn what_is_not_needed_is_not_evaluated() {
        let gpus = || variable(Variable::FreeGpus);
        let some = || compare(gpus(), More, constant(0.0));
        let quotient = || binary(variable(Variable::Tasks), Divide, gpus());
        let little = || compare(quotient(), Less, constant(2.0));
        let not = |tree| ConditionTree::Not(Box::new(tree));
        assert_eq!(value(choose(some(), quotient(), constant(7.0))), Ok(7.0));
        assert_eq!(value(choose(not(some()), constant(7.0), quotient())), Ok(7.0));
        assert_eq!(holds(together(some(), Logic::And, little())), Ok(false));
        assert_eq!(holds(together(not(some()), Logic::Or, little())), Ok(true));
        assert!(holds(together(little(), Logic::And, some())).is_err());
        // Nor is a constant that divides.
        let never = || compare(constant(0.0), More, constant(0.0));
        let by_zero = || binary(constant(1.0), Divide, constant(0.0));
        assert_eq!(value(choose(never(), by_zero(), constant(7.0))), Ok(7.0));
        let little = compare(by_zero(), Less, constant(2.0));
        assert_eq!(holds(together(never(), Logic::And, little)), Ok(false));
    }

    /// Two tables by class; "and" is true where both are, "or" where one is.
    #[test]
    fn tables_give_what_is_true_of_the_class() {
        let (first, second) = (vec![false, false, true, true], vec![false, true, false, true]);
        let table = |table: &[bool]| ConditionTree::ByClass(table.into());
        let by_class = |tree: ConditionTree| {
            let condition = Condition::new(tree).unwrap();
            [0, 1, 2, 3].map(|class| condition.holds(&three_tasks, class).unwrap())
        };
        assert_eq!(by_class(table(&first)), [false, false, true, true]);
        assert_eq!(by_class(ConditionTree::Not(Box::new(table(&first)))), [true, true, false, false]);
        let both = |logic| together(table(&first), logic, table(&second));
        assert_eq!(by_class(both(Logic::And)), [false, false, false, true]);
        assert_eq!(by_class(both(Logic::Or)), [false, true, true, true]);
        assert_eq!(Condition::new(both(Logic::And)), Ok(Condition(table(&[false, false, false, true]))));
        let five = Number::new(choose(table(&second), constant(5.0), constant(0.0))).unwrap();
        assert_eq!([0, 1].map(|class| five.value(&three_tasks, class)), [Ok(0.0), Ok(5.0)]);
    }

    #[test]
    fn what_is_constant_is_worked_out_beforehand() {
        let tasks = || variable(Variable::Tasks);
        let sum = binary(constant(1.0), Add, constant(2.0));
        assert_eq!(Number::new(sum.clone()).unwrap().constant(), Some(3.0));
        let both = Number::new(binary(tasks(), Multiply, sum)).unwrap();
        assert_eq!(both, Number(binary(tasks(), Multiply, constant(3.0))));
        assert_eq!(both.constant(), None);
        let yes = || compare(constant(1.0), Equal, constant(1.0));
        assert_eq!(Number::new(choose(yes(), tasks(), constant(0.0))), Ok(Number(tasks())));
        let some = || compare(tasks(), More, constant(0.0));
        assert_eq!(Condition::new(together(yes(), Logic::And, some())), Ok(Condition(some())));
        assert_eq!(Condition::new(together(some(), Logic::And, yes())), Ok(Condition(some())));
        assert_eq!(Condition::new(together(yes(), Logic::Or, some())), Ok(Condition(ConditionTree::Constant(true))));
        let everywhere = ConditionTree::ByClass(vec![true, true]);
        assert_eq!(Condition::new(everywhere), Ok(Condition(ConditionTree::Constant(true))));
    }

    #[test]
    fn an_expression_uses_the_variables_that_are_left_in_it() {
        let yes = ConditionTree::Constant(true);
        let some = compare(variable(Variable::Desired), More, constant(0.0));
        let kept = unary(Floor, choose(some.clone(), variable(Variable::Tasks), constant(1.0)));
        let number = Number::new(choose(yes, kept, variable(Variable::FreeCpu))).unwrap();
        let used: Vec<_> =
            ALL.iter().filter(|(_, variable, _)| number.uses(*variable)).map(|(name, ..)| *name).collect();
        assert_eq!(used, ["tasks", "desired"]);
        let one_of = ConditionTree::OneOf(Box::new(variable(Variable::AllTasks)), vec![1.0]);
        let not = ConditionTree::Not(Box::new(together(one_of, Logic::Or, some)));
        let condition = Condition::new(not).unwrap();
        let used: Vec<_> =
            ALL.iter().filter(|(_, variable, _)| condition.uses(*variable)).map(|(name, ..)| *name).collect();
        assert_eq!(used, ["all_tasks", "desired"]);
    }

    const CLASSES: u16 = 3;

    fn any_number(levels: u32) -> BoxedStrategy<NumberTree> {
        const VALUES: [f64; 9] = [0.0, -0.0, 1.0, -1.0, 2.5, -3.0, 1_024.0, 1e308, 5e-324];
        let leaf = prop_oneof![
            prop::sample::select(&VALUES[..]).prop_map(constant),
            prop::sample::select(&ALL[..]).prop_map(|(_, known, _)| variable(known)),
        ];
        if levels == 0 {
            return leaf.boxed();
        }
        let inner = || any_number(levels - 1);
        let singles = prop::sample::select(&[Negate, Abs, Floor, Ceil, Round, Sqrt][..]);
        let pairs = prop::sample::select(&[Add, Subtract, Multiply, Divide, Remainder, Min, Max][..]);
        prop_oneof![
            leaf,
            (singles, inner()).prop_map(|(operation, of)| unary(operation, of)),
            (inner(), pairs, inner()).prop_map(|(left, operation, right)| binary(left, operation, right)),
            (any_condition(levels - 1), inner(), inner()).prop_map(|(condition, yes, no)| choose(condition, yes, no)),
        ]
        .boxed()
    }

    fn any_condition(levels: u32) -> BoxedStrategy<ConditionTree> {
        let leaf = prop_oneof![
            any::<bool>().prop_map(ConditionTree::Constant),
            prop::collection::vec(any::<bool>(), usize::from(CLASSES)).prop_map(ConditionTree::ByClass),
        ];
        if levels == 0 {
            return leaf.boxed();
        }
        let number = || any_number(levels - 1);
        let inner = || any_condition(levels - 1);
        let comparisons = prop::sample::select(&[Less, AtMost, More, AtLeast, Equal, Different][..]);
        let logics = prop::sample::select(&[Logic::And, Logic::Or][..]);
        prop_oneof![
            leaf,
            (number(), comparisons, number()).prop_map(|(left, comparison, right)| compare(left, comparison, right)),
            (number(), prop::collection::vec(-1..4_i32, 1..3)).prop_map(|(of, list)| {
                ConditionTree::OneOf(Box::new(of), list.into_iter().map(f64::from).collect())
            }),
            inner().prop_map(|of| ConditionTree::Not(Box::new(of))),
            (inner(), logics, inner()).prop_map(|(first, logic, second)| together(first, logic, second)),
        ]
        .boxed()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(5_000))]

        /// What is worked out beforehand changes no bit, and nothing but finite numbers and plain zeros comes out.
        #[test]
        fn compiled_and_as_written_give_the_same(
            number in any_number(4),
            condition in any_condition(4),
            host in prop::collection::vec(prop::sample::select(&[0.0, 1.0, 2.0, 3.0, 2_048.0, 4e9][..]), ALL.len()),
            class in 0..CLASSES,
        ) {
            let get = |variable: Variable| host[variable as usize];
            if let Ok(compiled) = Number::new(number.clone()) {
                match (compiled.value(&get, class), number.value(&get, class)) {
                    (Ok(compiled), Ok(written)) => {
                        prop_assert!(compiled.is_finite() && compiled.to_bits() != (-0.0_f64).to_bits());
                        prop_assert_eq!(compiled.to_bits(), (written + 0.0).to_bits());
                    }
                    (compiled, written) => prop_assert_eq!(compiled, written),
                }
            }
            if let Ok(compiled) = Condition::new(condition.clone()) {
                prop_assert_eq!(compiled.holds(&get, class), condition.holds(&get, class));
            }
        }
    }
}
