//! Which of the things that may happen next does happen: every order of them, one after the other, or some
//! at random.

use std::collections::HashSet;
use std::fmt::Display;

/// One order in which things happen, decided as it goes along.
pub struct Schedule<'a> {
    decide: Decide<'a>,
    /// What happened so far.
    log: Vec<String>,
}

enum Decide<'a> {
    Next {
        /// The choices of this run, and out of how many: first those of an earlier run, then always the first.
        path: &'a mut Vec<(usize, usize)>,
        at: usize,
        /// The states that another run has gone on from, or will.
        seen: &'a mut HashSet<u64>,
    },
    Random(fastrand::Rng),
}

/// Why a run ended.
pub enum End {
    /// Nothing more can happen.
    Rest,
    /// What can happen from here on is covered by another run.
    Seen,
}

impl Schedule<'_> {
    /// One of `steps`.
    pub fn choose<T: Display>(&mut self, mut steps: Vec<T>) -> T {
        let of = steps.len();
        let chosen = match &mut self.decide {
            Decide::Random(random) => random.usize(..of),
            Decide::Next { path, at, .. } => {
                if *at == path.len() {
                    path.push((0, of));
                }
                let (chosen, before) = path[*at];
                assert_eq!(
                    of, before,
                    "a repeated run went another way: {:?}",
                    self.log
                );
                *at += 1;
                chosen
            }
        };
        let step = steps.swap_remove(chosen);
        self.log.push(step.to_string());
        step
    }

    /// Whether an earlier run was here, by the same steps.
    pub fn is_repeated(&self) -> bool {
        match &self.decide {
            Decide::Next { path, at, .. } => *at < path.len(),
            Decide::Random(_) => false,
        }
    }

    /// Whether another run goes on from this state. What the state is made of must be all that decides what
    /// can happen from here on.
    pub fn is_seen(&mut self, state: u64) -> bool {
        match &mut self.decide {
            Decide::Next { path, at, seen } => *at == path.len() && !seen.insert(state),
            Decide::Random(_) => false,
        }
    }
}

/// How many runs there were, and how many came to rest; the others met a state of another.
#[derive(Debug, Default)]
pub struct Explored {
    pub runs: usize,
    pub rests: usize,
}

/// Runs `run` in every order of its steps.
///
/// # Panics
/// With the steps, where a run fails.
pub fn every_schedule(mut run: impl FnMut(&mut Schedule<'_>) -> Result<End, String>) -> Explored {
    let (mut path, mut seen) = (Vec::new(), HashSet::new());
    let mut explored = Explored::default();
    loop {
        let mut schedule = Schedule {
            decide: Decide::Next {
                path: &mut path,
                at: 0,
                seen: &mut seen,
            },
            log: Vec::new(),
        };
        let end = run(&mut schedule).unwrap_or_else(|wrong| schedule.fail(&wrong));
        explored.runs += 1;
        explored.rests += usize::from(matches!(end, End::Rest));
        while path.pop_if(|(chosen, of)| *chosen + 1 == *of).is_some() {}
        let Some((chosen, _)) = path.last_mut() else {
            return explored;
        };
        *chosen += 1;
    }
}

/// Runs `run` in as many random orders of its steps as asked for: other ones each time, or those of the seed
/// in `EXPLORATION_SEED`.
///
/// # Panics
/// With the steps and the seed, where a run fails.
pub fn random_schedules(
    runs: usize,
    run: impl FnMut(&mut Schedule<'_>, &mut fastrand::Rng) -> Result<End, String>,
) {
    of_seeds((0..runs).map(|_| fastrand::u64(..)), run);
}

/// The same, but the same orders each time.
///
/// # Panics
/// As `random_schedules`.
pub fn fixed_schedules(
    runs: u64,
    run: impl FnMut(&mut Schedule<'_>, &mut fastrand::Rng) -> Result<End, String>,
) {
    of_seeds(0..runs, run);
}

fn of_seeds(
    seeds: impl Iterator<Item = u64>,
    mut run: impl FnMut(&mut Schedule<'_>, &mut fastrand::Rng) -> Result<End, String>,
) {
    let given = std::env::var("EXPLORATION_SEED").ok();
    let given = given.map(|seed| seed.parse().expect("EXPLORATION_SEED is a number"));
    let seeds = seeds.take(given.map_or(usize::MAX, |_| 1));
    for seed in seeds.map(|seed| given.unwrap_or(seed)) {
        let mut random = fastrand::Rng::with_seed(seed);
        let mut schedule = Schedule {
            decide: Decide::Random(random.fork()),
            log: Vec::new(),
        };
        if let Err(wrong) = run(&mut schedule, &mut random) {
            schedule.fail(&format!("{wrong} (EXPLORATION_SEED={seed})"));
        }
    }
}

impl Schedule<'_> {
    fn fail(&self, wrong: &str) -> ! {
        panic!("{wrong}, after:\n  {}", self.log.join("\n  "))
    }
}
