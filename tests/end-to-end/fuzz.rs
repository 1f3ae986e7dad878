//! Inputs that nobody thought of, through the public entrances. `make test` sends the same few thousand each
//! time; `make fuzz` sends new ones for as long as it is told.
//!
//! - [`pictures`]: `Picture::parse`, with mutated pictures of the corpus;
//! - [`decoders`]: what makes small versions, with the same;
//! - [`parts`]: what a picture is made of, read in another way than the board reads it;
//! - [`requests`]: forms, JSON and the list's parameters, over HTTP;
//! - [`events`]: syncS3Bucket, with mutated events of AWS.

mod decoders;
mod events;
mod parts;
mod pictures;
mod requests;

use std::env;
use std::time::{Duration, Instant, SystemTime};

use proptest::strategy::Strategy;
use proptest::test_runner::{Config, RngAlgorithm, TestCaseResult, TestError, TestRng, TestRunner};

/// Runs `inputs` inputs, always the same; or with `FUZZ_SECONDS` other ones until that time is over.
fn run<S: Strategy>(
    name: &str,
    inputs: u32,
    strategy: &S,
    test: impl Fn(S::Value) -> TestCaseResult,
) {
    let seconds: Option<u64> = env::var("FUZZ_SECONDS")
        .ok()
        .map(|seconds| seconds.parse().expect("FUZZ_SECONDS is a number"));
    let Some(seconds) = seconds else {
        run_from(0, inputs, strategy, &test);
        return println!("fuzz {name}: {inputs} inputs");
    };
    let since_1970 = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    let first = since_1970.unwrap().as_secs();
    let end = Instant::now() + Duration::from_secs(seconds);
    let mut seed = first;
    while Instant::now() < end {
        run_from(seed, inputs, strategy, &test);
        seed += 1;
    }
    println!("fuzz {name}: {} inputs", u64::from(inputs) * (seed - first));
}

fn run_from<S: Strategy>(
    seed: u64,
    inputs: u32,
    strategy: &S,
    test: &impl Fn(S::Value) -> TestCaseResult,
) {
    let config = Config {
        cases: inputs,
        failure_persistence: None,
        ..Config::default()
    };
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    let random = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
    match TestRunner::new_with_rng(config, random).run(strategy, test) {
        Ok(()) => {}
        Err(TestError::Fail(reason, input)) => {
            panic!("seed {seed}: {reason}; the least input that fails: {input:?}")
        }
        Err(error) => panic!("seed {seed}: {error}"),
    }
}
