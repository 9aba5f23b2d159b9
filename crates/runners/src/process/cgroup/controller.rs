//! What the kernel counts in a group, and the files by which it is told the limit
//! and says that it held to it.
//!
//! The two versions of the interface differ in the names of these files, and in
//! nothing else that matters here.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::Path;

/// Of no file that is read here more is of interest.
const FILE_BYTES: usize = 1_024;
/// The statistics of memory, in both versions.
const STATISTICS: &str = "memory.stat";

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Counted {
    /// Processes and threads at once.
    Processes,
    /// Memory, in bytes.
    Memory,
}

/// One version's names for what belongs to one of these.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Controller {
    pub(super) counts: Counted,
    /// Its name in lists of controllers.
    pub(super) name: &'static str,
    /// Takes the limit.
    limit: &'static str,
    /// What is the same for every group, where the kernel knows it.
    settings: &'static [(&'static str, &'static str)],
    /// Counters, each a line of a file, or (without a name) a file: when all of
    /// them have grown, the limit was the reason that something was refused.
    refusals: &'static [(&'static str, &'static str)],
    /// Lines of its statistics: what they add up to was taken, and the kernel
    /// cannot take it back.
    taken: &'static [&'static str],
}

const PROCESSES: Controller = Controller {
    counts: Counted::Processes,
    name: "pids",
    limit: "pids.max",
    settings: &[],
    refusals: &[("pids.events", "max")],
    taken: &[],
};

/// A limit that is reached does not end anybody yet: the kernel takes back first
/// what it keeps of files. Nor is everybody whom it ends for want of memory
/// ended for this limit: there may be one above, and there is the machine.
const MEMORY_1: Controller = Controller {
    counts: Counted::Memory,
    name: "memory",
    limit: "memory.limit_in_bytes",
    settings: &[("memory.swappiness", "0")],
    refusals: &[("memory.oom_control", "oom_kill"), ("memory.failcnt", "")],
    taken: &["rss", "shmem"],
};

const MEMORY_2: Controller = Controller {
    counts: Counted::Memory,
    name: "memory",
    limit: "memory.max",
    // All of a run is ended, and nothing of it is left half alive.
    settings: &[("memory.swap.max", "0"), ("memory.oom.group", "1")],
    refusals: &[("memory.events", "oom_kill"), ("memory.events", "oom")],
    taken: &["anon", "shmem"],
};

/// Of the first version.
pub(super) static FIRST: [Controller; 2] = [PROCESSES, MEMORY_1];
/// Of the second.
pub(super) static SECOND: [Controller; 2] = [PROCESSES, MEMORY_2];

/// What one controller counts in one group, with its files opened.
#[derive(Debug)]
pub(super) struct Count {
    of: &'static Controller,
    refusals: Vec<File>,
    /// None where nothing of them is of interest.
    statistics: Option<File>,
    /// What the counters of refusals said when the run began.
    before: Vec<u64>,
}

impl Count {
    /// Of a group that was just made.
    pub(super) fn begin(of: &'static Controller, group: &Path) -> io::Result<Self> {
        for (name, value) in of.settings {
            // An old kernel, or one without swap.
            let _ = set(group, name, value);
        }
        let refusals = of.refusals.iter().map(|(name, _)| open(group, name));
        let mut count = Self {
            of,
            refusals: refusals.collect::<io::Result<_>>()?,
            statistics: match of.taken {
                [] => None,
                _ => Some(open(group, STATISTICS)?),
            },
            before: Vec::new(),
        };
        count.forget();
        Ok(count)
    }

    pub(super) fn counts(&self) -> Counted {
        self.of.counts
    }

    /// Holds the group to a limit.
    pub(super) fn limit(&self, group: &Path, most: u64) -> io::Result<()> {
        set(group, self.of.limit, &most.to_string())
    }

    /// Whether more was refused since the run began.
    pub(super) fn is_exceeded(&self) -> bool {
        self.refused()
            .zip(&self.before)
            .all(|(now, before)| now > *before)
    }

    /// Another run begins.
    pub(super) fn forget(&mut self) {
        self.before = self.refused().collect();
    }

    /// How much is taken now that the kernel cannot take back.
    pub(super) fn taken(&self) -> u64 {
        let said = self.statistics.as_ref().map(read).unwrap_or_default();
        self.of.taken.iter().map(|line| number(&said, line)).sum()
    }

    fn refused(&self) -> impl Iterator<Item = u64> {
        let counters = self.refusals.iter().zip(self.of.refusals);
        counters.map(|(file, (_, line))| number(&read(file), line))
    }
}

fn open(group: &Path, name: &str) -> io::Result<File> {
    File::open(group.join(name))
}

fn set(group: &Path, name: &str, value: &str) -> io::Result<()> {
    fs::write(group.join(name), value)
}

/// The beginning of a file of the kernel's, as it is now.
fn read(file: &File) -> String {
    let mut buffer = [0; FILE_BYTES];
    let read = file.read_at(&mut buffer, 0).unwrap_or(0);
    String::from_utf8_lossy(&buffer[..read]).into_owned()
}

/// The number behind this name on a line; without a name, that of the whole file.
/// 0 where there is none.
fn number(said: &str, name: &str) -> u64 {
    let number = said.lines().find_map(|line| match name {
        "" => Some(line),
        name => line.strip_prefix(name)?.strip_prefix(' '),
    });
    number
        .and_then(|number| number.trim().parse().ok())
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;
    use tempfile::TempDir;

    /// What the kernel says of a group that is in use, by its files.
    const SAID_1: [(&str, &str); 3] = [
        (
            "memory.oom_control",
            "oom_kill_disable 0\nunder_oom 0\noom_kill 3\n",
        ),
        ("memory.failcnt", "2311\n"),
        (
            "memory.stat",
            "cache 65069056\nrss 4096\nrss_huge 0\nshmem 8192\nmapped_file 0\ndirty 135168\n",
        ),
    ];
    const SAID_2: [(&str, &str); 2] = [
        (
            "memory.events",
            "low 0\nhigh 0\nmax 2311\noom 4\noom_kill 3\noom_group_kill 1\n",
        ),
        (
            "memory.stat",
            "anon 4096\nfile 65069056\nkernel 98304\nkernel_stack 16384\npagetables 45056\n\
             sec_pagetables 0\npercpu 0\nsock 0\nvmalloc 0\nshmem 8192\nfile_mapped 0\n",
        ),
    ];
    const SAID_PIDS: [(&str, &str); 1] = [("pids.events", "max 7\n")];

    /// Stands in for a group: what is written into it and how what it says is
    /// read, and nothing of what the kernel would make of it.
    fn group(said: &[(&str, &str)]) -> TempDir {
        let group = TempDir::new().unwrap();
        for (name, text) in said {
            fs::write(group.path().join(name), text).unwrap();
        }
        group
    }

    #[rstest]
    #[case(&FIRST[1], &SAID_1, &[("memory.limit_in_bytes", "67108864"), ("memory.swappiness", "0")])]
    #[case(&SECOND[1], &SAID_2, &[
        ("memory.max", "67108864"), ("memory.swap.max", "0"), ("memory.oom.group", "1"),
    ])]
    #[case(&FIRST[0], &SAID_PIDS, &[("pids.max", "67108864")])]
    #[case(&SECOND[0], &SAID_PIDS, &[("pids.max", "67108864")])]
    fn a_group_is_told_its_limit_by_these_files(
        #[case] of: &'static Controller,
        #[case] said: &[(&str, &str)],
        #[case] written: &[(&str, &str)],
    ) {
        let group = group(said);
        let count = Count::begin(of, group.path()).unwrap();
        count.limit(group.path(), 64 << 20).unwrap();
        for (name, value) in written {
            let path = group.path().join(name);
            assert_eq!(fs::read_to_string(path).unwrap(), *value, "{name}");
        }
        let there = fs::read_dir(group.path()).unwrap().count();
        assert_eq!(there, said.len() + written.len());
    }

    #[rstest]
    #[case(&FIRST[1], &SAID_1, 4096 + 8192)]
    #[case(&SECOND[1], &SAID_2, 4096 + 8192)]
    #[case(&FIRST[0], &SAID_PIDS, 0)]
    fn what_is_taken_leaves_out_what_the_kernel_can_take_back(
        #[case] of: &'static Controller,
        #[case] said: &[(&str, &str)],
        #[case] taken: u64,
    ) {
        let group = group(said);
        assert_eq!(Count::begin(of, group.path()).unwrap().taken(), taken);
    }

    #[rstest]
    #[case::nothing(&FIRST[1], &SAID_1, &[], false)]
    #[case::room_was_made(&FIRST[1], &SAID_1, &[("memory.failcnt", "2400\n")], false)]
    #[case::the_machine_had_none(&FIRST[1], &SAID_1, &[("memory.oom_control", "oom_kill 4\n")], false)]
    #[case::the_limit(
        &FIRST[1],
        &SAID_1,
        &[("memory.oom_control", "oom_kill 4\n"), ("memory.failcnt", "2400\n")],
        true
    )]
    #[case::room_was_made(&SECOND[1], &SAID_2, &[("memory.events", "max 2400\noom 4\noom_kill 3\n")], false)]
    #[case::the_machine_had_none(
        &SECOND[1],
        &SAID_2,
        &[("memory.events", "max 2311\noom 4\noom_kill 4\n")],
        false
    )]
    #[case::the_limit(
        &SECOND[1],
        &SAID_2,
        &[("memory.events", "max 2400\noom 5\noom_kill 9\noom_group_kill 2\n")],
        true
    )]
    #[case::nothing(&SECOND[0], &SAID_PIDS, &[], false)]
    #[case::the_limit(&SECOND[0], &SAID_PIDS, &[("pids.events", "max 8\n")], true)]
    fn it_is_exceeded_when_the_limit_was_why_more_was_refused(
        #[case] of: &'static Controller,
        #[case] said: &[(&str, &str)],
        #[case] then: &[(&str, &str)],
        #[case] is_exceeded: bool,
    ) {
        let group = group(said);
        let mut count = Count::begin(of, group.path()).unwrap();
        assert!(!count.is_exceeded());
        for (name, text) in then {
            // The file that it has opened.
            fs::write(group.path().join(name), text).unwrap();
        }
        assert_eq!(count.is_exceeded(), is_exceeded);
        count.forget();
        assert!(!count.is_exceeded());
    }

    #[test]
    fn a_kernel_that_does_not_say_what_it_refused_is_not_relied_on() {
        let group = group(&SAID_2[1..]);
        assert!(Count::begin(&SECOND[1], group.path()).is_err());
    }
}
