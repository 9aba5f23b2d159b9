//! Answers that cost something, and that many ask for at the same time.
//!
//! One is made at a time, for all who asked before that began: whatever they did
//! before they asked is in it. Then that rests for longer than it took, so that no
//! number of askers has the database do nothing else.

use std::collections::VecDeque;
use std::sync::Arc;
use tokio::sync::Mutex;
use tokio::time::{Duration, Instant, sleep_until};

/// How many times as long as making an answer took nothing is made.
const REST: u32 = 3;
/// Most answers that are kept for those who wait for them.
const KEPT_MAX: usize = 8;

/// Makes answers of one kind.
#[derive(Debug)]
pub(crate) struct InTurn<Q, A> {
    turn: Mutex<Turn<Q, A>>,
}

#[derive(Debug)]
struct Turn<Q, A> {
    /// The newest answer to each of the last questions, the newest last.
    made: VecDeque<Made<Q, A>>,
    rests_until: Instant,
}

#[derive(Debug)]
struct Made<Q, A> {
    question: Q,
    began: Instant,
    answer: Arc<A>,
}

impl<Q: PartialEq, A> InTurn<Q, A> {
    pub(crate) fn new() -> Self {
        Self {
            turn: Mutex::new(Turn {
                made: VecDeque::new(),
                rests_until: Instant::now(),
            }),
        }
    }

    /// An answer to this question that began to be made after this call; `making`
    /// it is left out where somebody else had it made meanwhile. What went wrong is
    /// told to whoever had it made; the next one in turn tries anew.
    pub(crate) async fn ask<E>(
        &self,
        question: Q,
        making: impl Future<Output = Result<A, E>>,
    ) -> Result<Arc<A>, E> {
        let asked = Instant::now();
        let mut turn = self.turn.lock().await;
        let made = turn.made.iter().find(|made| made.question == question);
        if let Some(made) = made
            && made.began > asked
        {
            return Ok(Arc::clone(&made.answer));
        }
        if Instant::now() < turn.rests_until {
            sleep_until(turn.rests_until).await;
        }
        let began = Instant::now();
        let answer = making.await;
        turn.rest(began.elapsed());
        let answer = Arc::new(answer?);
        turn.keep(Made {
            question,
            began,
            answer: Arc::clone(&answer),
        });
        Ok(answer)
    }
}

impl<Q: PartialEq, A> Turn<Q, A> {
    fn rest(&mut self, took: Duration) {
        let now = Instant::now();
        self.rests_until = now.checked_add(took * REST).unwrap_or(now);
    }

    fn keep(&mut self, made: Made<Q, A>) {
        self.made.retain(|kept| kept.question != made.question);
        self.made.push_back(made);
        if self.made.len() > KEPT_MAX {
            self.made.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::future::join_all;
    use std::sync::atomic::{AtomicU32, Ordering};
    use tokio::task::yield_now;

    /// Makes numbers, counted through; refuses each that is `wrong`.
    struct Counter {
        numbers: InTurn<&'static str, u32>,
        begun: AtomicU32,
        at_work: AtomicU32,
        wrong: u32,
    }

    impl Counter {
        fn new(wrong: u32) -> Self {
            Self {
                numbers: InTurn::new(),
                begun: AtomicU32::new(0),
                at_work: AtomicU32::new(0),
                wrong,
            }
        }

        async fn ask(&self, question: &'static str) -> Result<u32, u32> {
            let making = async {
                let number = self.begun.fetch_add(1, Ordering::Relaxed) + 1;
                assert_eq!(self.at_work.fetch_add(1, Ordering::Relaxed), 0);
                // Others get to ask.
                yield_now().await;
                self.at_work.fetch_sub(1, Ordering::Relaxed);
                if number == self.wrong {
                    Err(number)
                } else {
                    Ok(number)
                }
            };
            self.numbers.ask(question, making).await.map(|made| *made)
        }

        fn begun(&self) -> u32 {
            self.begun.load(Ordering::Relaxed)
        }
    }

    #[tokio::test]
    async fn who_asks_meanwhile_is_answered_together() {
        let counter = Counter::new(0);
        let answers = join_all((0..16).map(|_| counter.ask("a"))).await;
        assert_eq!(answers[0], Ok(1));
        assert_eq!(answers[1..], [Ok(2); 15]);
        assert_eq!(counter.begun(), 2);
    }

    /// What was done before somebody asked is in the answer.
    #[tokio::test]
    async fn who_asks_afterwards_is_answered_anew() {
        let counter = Counter::new(0);
        for number in 1..4 {
            assert_eq!(counter.ask("a").await, Ok(number));
        }
    }

    #[tokio::test]
    async fn other_questions_have_other_answers_one_at_a_time() {
        let counter = Counter::new(0);
        let questions = ["a", "b", "a", "b", "c"];
        let answers = join_all(questions.map(|question| counter.ask(question))).await;
        // The first "a" began before the second one was asked for.
        assert_eq!(answers, [Ok(1), Ok(2), Ok(3), Ok(2), Ok(4)]);
        assert_eq!(counter.numbers.turn.lock().await.made.len(), 3);
        for question in ["d", "e", "f", "g", "h", "i", "j"] {
            counter.ask(question).await.unwrap();
        }
        assert_eq!(counter.numbers.turn.lock().await.made.len(), KEPT_MAX);
    }

    #[tokio::test]
    async fn what_went_wrong_is_not_remembered() {
        let counter = Counter::new(2);
        let answers = join_all((0..4).map(|_| counter.ask("a"))).await;
        assert_eq!(answers, [Ok(1), Err(2), Ok(3), Ok(3)]);
    }

    #[tokio::test]
    async fn who_went_away_holds_nobody_up() {
        let counter = Counter::new(0);
        {
            let mut gone = std::pin::pin!(counter.ask("a"));
            assert!(futures_util::poll!(&mut gone).is_pending());
            assert_eq!(counter.begun(), 1);
        }
        counter.at_work.store(0, Ordering::Relaxed);
        assert_eq!(counter.ask("a").await, Ok(2));
    }

    #[tokio::test]
    async fn it_rests_for_longer_than_it_took() {
        let numbers = InTurn::<(), ()>::new();
        let took = Duration::from_mins(1);
        let mut turn = numbers.turn.lock().await;
        let before = Instant::now();
        turn.rest(took);
        assert!(turn.rests_until >= before + took * REST);
    }
}
