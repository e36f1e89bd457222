//! Everything that happens in simulated worlds, in one program: a test that uses one core runs beside the others.

mod ablations;
mod answers;
mod backlog;
mod operations;
mod seam;
mod seeds;
mod violations;
