//! The kernel, asked without a C library: that of the system takes longer to set
//! itself up than all that this program does.

use core::arch::asm;
#[cfg(panic = "abort")]
use core::arch::global_asm;
use core::ffi::{c_char, c_int, c_long, c_short, c_uint};

/// Why something could not be done, as the kernel numbers it.
pub(crate) type Errno = c_int;

/// Signals as the kernel has them: the lowest bit is signal 1.
pub(crate) type Signals = u64;

/// As in `getrlimit(2)`.
#[repr(C)]
pub(crate) struct Limit {
    pub(crate) soft: u64,
    pub(crate) hard: u64,
}

/// As in `poll(2)`.
#[repr(C)]
pub(crate) struct Poll {
    pub(crate) descriptor: c_int,
    pub(crate) events: c_short,
    pub(crate) happened: c_short,
}

/// As in `getrusage(2)`.
#[repr(C)]
#[derive(Default)]
pub(crate) struct Usage {
    /// Seconds and microseconds in the program, and in the kernel for it.
    pub(crate) times: [c_long; 4],
    /// In KiB.
    pub(crate) peak_memory: c_long,
    rest: [c_long; 13],
}

#[cfg(not(any(
    target_arch = "x86_64",
    target_arch = "aarch64",
    target_arch = "riscv64"
)))]
compile_error!("how the kernel of this machine is called is to be written down here");

/// The numbers of the calls.
#[cfg(target_arch = "x86_64")]
mod number {
    pub(super) const READ: usize = 0;
    pub(super) const WRITE: usize = 1;
    pub(super) const RT_SIGPROCMASK: usize = 14;
    pub(super) const GETPID: usize = 39;
    pub(super) const CLONE: usize = 56;
    pub(super) const EXECVE: usize = 59;
    pub(super) const WAIT4: usize = 61;
    pub(super) const KILL: usize = 62;
    pub(super) const FCNTL: usize = 72;
    pub(super) const GETRUSAGE: usize = 98;
    pub(super) const PRCTL: usize = 157;
    pub(super) const EXIT_GROUP: usize = 231;
    pub(super) const PPOLL: usize = 271;
    pub(super) const SIGNALFD4: usize = 289;
    pub(super) const PIPE2: usize = 293;
    pub(super) const PRLIMIT64: usize = 302;
    pub(super) const CLOSE_RANGE: usize = 436;
}

/// The same where the kernel numbers them alike for all newer machines.
#[cfg(any(target_arch = "aarch64", target_arch = "riscv64"))]
mod number {
    pub(super) const FCNTL: usize = 25;
    pub(super) const PIPE2: usize = 59;
    pub(super) const READ: usize = 63;
    pub(super) const WRITE: usize = 64;
    pub(super) const PPOLL: usize = 73;
    pub(super) const SIGNALFD4: usize = 74;
    pub(super) const EXIT_GROUP: usize = 94;
    pub(super) const KILL: usize = 129;
    pub(super) const RT_SIGPROCMASK: usize = 135;
    pub(super) const GETRUSAGE: usize = 165;
    pub(super) const PRCTL: usize = 167;
    pub(super) const GETPID: usize = 172;
    pub(super) const CLONE: usize = 220;
    pub(super) const EXECVE: usize = 221;
    pub(super) const WAIT4: usize = 260;
    pub(super) const PRLIMIT64: usize = 261;
    pub(super) const CLOSE_RANGE: usize = 436;
}

/// One call; a negative answer is an error.
///
/// # Safety
///
/// As the call has it.
unsafe fn call(number: usize, args: [usize; 5]) -> isize {
    let answer: isize;
    // SAFETY: this is how the kernel is called on this machine; what it may change
    // is said.
    #[cfg(target_arch = "x86_64")]
    unsafe {
        asm!(
            "syscall",
            inlateout("rax") number => answer,
            in("rdi") args[0], in("rsi") args[1], in("rdx") args[2], in("r10") args[3],
            in("r8") args[4],
            lateout("rcx") _, lateout("r11") _,
            options(nostack),
        );
    }
    // SAFETY: the same.
    #[cfg(target_arch = "aarch64")]
    unsafe {
        asm!(
            "svc #0",
            in("x8") number,
            inlateout("x0") args[0] => answer,
            in("x1") args[1], in("x2") args[2], in("x3") args[3], in("x4") args[4],
            options(nostack),
        );
    }
    // SAFETY: the same.
    #[cfg(target_arch = "riscv64")]
    unsafe {
        asm!(
            "ecall",
            in("a7") number,
            inlateout("a0") args[0] => answer,
            in("a1") args[1], in("a2") args[2], in("a3") args[3], in("a4") args[4],
            options(nostack),
        );
    }
    answer
}

/// The answer of a call that says with a negative one why it failed.
fn done(answer: isize) -> Result<c_int, Errno> {
    // No answer of the calls in here takes more.
    #[expect(clippy::cast_possible_truncation, reason = "as said")]
    let answer = answer as c_int;
    if answer < 0 { Err(-answer) } else { Ok(answer) }
}

/// An integer as the kernel takes it.
const fn word(number: c_int) -> usize {
    number.cast_unsigned() as usize
}

pub(crate) fn getpid() -> c_int {
    // SAFETY: it takes nothing.
    done(unsafe { call(number::GETPID, [0; 5]) }).unwrap_or(0)
}

pub(crate) fn write(descriptor: c_int, bytes: &[u8]) -> Result<c_int, Errno> {
    let args = [word(descriptor), bytes.as_ptr() as usize, bytes.len(), 0, 0];
    // SAFETY: the bytes are there.
    done(unsafe { call(number::WRITE, args) })
}

pub(crate) fn read(descriptor: c_int, bytes: &mut [u8]) -> Result<usize, Errno> {
    let args = [
        word(descriptor),
        bytes.as_mut_ptr() as usize,
        bytes.len(),
        0,
        0,
    ];
    // SAFETY: there is room for so many bytes.
    done(unsafe { call(number::READ, args) }).map(|read| read.cast_unsigned() as usize)
}

pub(crate) fn prctl(option: c_int, value: usize) -> Result<c_int, Errno> {
    // SAFETY: the options in use here take integers alone.
    done(unsafe { call(number::PRCTL, [word(option), value, 0, 0, 0]) })
}

pub(crate) fn fcntl(descriptor: c_int, command: c_int, value: c_int) -> Result<c_int, Errno> {
    let args = [word(descriptor), word(command), word(value), 0, 0];
    // SAFETY: the commands in use here take integers alone.
    done(unsafe { call(number::FCNTL, args) })
}

pub(crate) fn close_range(first: c_uint, last: c_uint) -> Result<c_int, Errno> {
    // SAFETY: it takes integers alone; nobody here uses a descriptor after it.
    done(unsafe {
        call(
            number::CLOSE_RANGE,
            [first as usize, last as usize, 0, 0, 0],
        )
    })
}

/// Sets a limit if one is given; answers with the one before.
pub(crate) fn prlimit(resource: c_int, limit: Option<&Limit>) -> Result<Limit, Errno> {
    let mut before = Limit { soft: 0, hard: 0 };
    let limit = limit.map_or(0, |limit| core::ptr::from_ref(limit) as usize);
    let args = [0, word(resource), limit, &raw mut before as usize, 0];
    // SAFETY: both pointers are to what is expected, or null where that is allowed.
    done(unsafe { call(number::PRLIMIT64, args) })?;
    Ok(before)
}

/// Has this process hear all signals but these.
pub(crate) fn block(signals: Signals) -> Result<c_int, Errno> {
    const SIG_SETMASK: usize = 2;
    let set = &raw const signals as usize;
    let args = [SIG_SETMASK, set, 0, size_of::<Signals>(), 0];
    // SAFETY: the pointer is to a live local; no old mask is asked for.
    done(unsafe { call(number::RT_SIGPROCMASK, args) })
}

/// A descriptor that tells of these signals.
pub(crate) fn signalfd(signals: Signals, flags: c_int) -> Result<c_int, Errno> {
    let set = &raw const signals as usize;
    let args = [word(-1), set, size_of::<Signals>(), word(flags), 0];
    // SAFETY: the pointer is to a live local.
    done(unsafe { call(number::SIGNALFD4, args) })
}

/// Waits until something happens.
pub(crate) fn poll(wanted: &mut [Poll]) -> Result<c_int, Errno> {
    let args = [wanted.as_mut_ptr() as usize, wanted.len(), 0, 0, 0];
    // SAFETY: the entries are there; no time and no signals are given.
    done(unsafe { call(number::PPOLL, args) })
}

pub(crate) fn kill(pid: c_int, signal: c_int) -> Result<c_int, Errno> {
    // SAFETY: it takes integers alone.
    done(unsafe { call(number::KILL, [word(pid), word(signal), 0, 0, 0]) })
}

/// Reaps any child that has ended: its number and its wait status.
pub(crate) fn reap() -> Option<(c_int, c_int)> {
    const WNOHANG: usize = 1;
    let mut status = 0;
    let args = [word(-1), &raw mut status as usize, WNOHANG, 0, 0];
    // SAFETY: the pointer is to a live local; no usage is asked for.
    match done(unsafe { call(number::WAIT4, args) }) {
        Ok(pid) if pid > 0 => Some((pid, status)),
        _ => None,
    }
}

/// What all children used that were waited for.
pub(crate) fn usage_of_children() -> Result<Usage, Errno> {
    const RUSAGE_CHILDREN: c_int = -1;
    let mut usage = Usage::default();
    let args = [word(RUSAGE_CHILDREN), &raw mut usage as usize, 0, 0, 0];
    // SAFETY: the pointer is to a live local of the type that is expected.
    done(unsafe { call(number::GETRUSAGE, args) })?;
    Ok(usage)
}

/// The end to read and the end to write, neither for other programs.
pub(crate) fn pipe() -> Result<[c_int; 2], Errno> {
    const O_CLOEXEC: usize = 0o2_000_000;
    let mut ends = [0; 2];
    // SAFETY: there is room for two descriptors.
    done(unsafe {
        call(
            number::PIPE2,
            [ends.as_mut_ptr() as usize, O_CLOEXEC, 0, 0, 0],
        )
    })?;
    Ok(ends)
}

/// Makes a copy of this process: 0 in the copy, and its number here.
pub(crate) fn fork() -> Result<c_int, Errno> {
    const SIGCHLD: usize = 17;
    // SAFETY: the copy has memory of its own, and there are no threads.
    done(unsafe { call(number::CLONE, [SIGCHLD, 0, 0, 0, 0]) })
}

/// Becomes another program; answers only if it cannot.
///
/// # Safety
///
/// The arrays are of strings and end with a null pointer.
pub(crate) unsafe fn execve(
    program: *const c_char,
    arguments: *const *const c_char,
    variables: *const *const c_char,
) -> Errno {
    let args = [
        program as usize,
        arguments as usize,
        variables as usize,
        0,
        0,
    ];
    // SAFETY: as promised.
    done(unsafe { call(number::EXECVE, args) })
        .err()
        .unwrap_or(0)
}

pub(crate) fn exit(status: c_int) -> ! {
    loop {
        // SAFETY: it takes an integer alone, and does not come back.
        unsafe { call(number::EXIT_GROUP, [word(status), 0, 0, 0, 0]) };
    }
}

// Where the kernel begins: the stack has all that the program is given.
#[cfg(all(panic = "abort", target_arch = "x86_64"))]
global_asm!(
    ".globl _start",
    "_start:",
    "xor ebp, ebp",
    "mov rdi, rsp",
    "and rsp, -16",
    "call {begin}",
    begin = sym begin,
);
#[cfg(all(panic = "abort", target_arch = "aarch64"))]
global_asm!(
    ".globl _start",
    "_start:",
    "mov x29, #0",
    "mov x30, #0",
    "mov x0, sp",
    "bl {begin}",
    begin = sym begin,
);
#[cfg(all(panic = "abort", target_arch = "riscv64"))]
global_asm!(
    ".globl _start",
    "_start:",
    ".option push",
    ".option norelax",
    "la gp, __global_pointer$",
    ".option pop",
    "mv a0, sp",
    "andi sp, sp, -16",
    "call {begin}",
    begin = sym begin,
);

/// Takes from the stack the number of arguments, the arguments, and the variables,
/// each list ended by a null pointer.
///
/// # Safety
///
/// The stack is as the kernel made it.
#[cfg(panic = "abort")]
unsafe extern "C" fn begin(stack: *const usize) -> ! {
    // SAFETY: as promised.
    let (arguments, variables) = unsafe {
        let count = *stack;
        let arguments = stack.add(1).cast::<*const c_char>();
        (
            core::slice::from_raw_parts(arguments, count),
            arguments.add(count + 1),
        )
    };
    exit(crate::live(arguments, variables))
}

/// What the compiler may call for memory, and would be in the C library.
#[cfg(panic = "abort")]
mod memory {
    #[unsafe(no_mangle)]
    unsafe extern "C" fn memcpy(to: *mut u8, from: *const u8, bytes: usize) -> *mut u8 {
        for i in 0..bytes {
            // SAFETY: as the caller promises.
            unsafe { *to.add(i) = *from.add(i) };
        }
        to
    }

    #[unsafe(no_mangle)]
    unsafe extern "C" fn memset(to: *mut u8, value: i32, bytes: usize) -> *mut u8 {
        for i in 0..bytes {
            // SAFETY: as the caller promises.
            unsafe { *to.add(i) = value.to_le_bytes()[0] };
        }
        to
    }

    #[unsafe(no_mangle)]
    unsafe extern "C" fn memcmp(one: *const u8, other: *const u8, bytes: usize) -> i32 {
        for i in 0..bytes {
            // SAFETY: as the caller promises.
            let (one, other) = unsafe { (*one.add(i), *other.add(i)) };
            if one != other {
                return i32::from(one) - i32::from(other);
            }
        }
        0
    }

    #[unsafe(no_mangle)]
    unsafe extern "C" fn strlen(text: *const u8) -> usize {
        let mut bytes = 0;
        // SAFETY: as the caller promises.
        while unsafe { *text.add(bytes) } != 0 {
            bytes += 1;
        }
        bytes
    }

    #[unsafe(no_mangle)]
    unsafe extern "C" fn bcmp(one: *const u8, other: *const u8, bytes: usize) -> i32 {
        // SAFETY: as the caller promises.
        unsafe { memcmp(one, other, bytes) }
    }

    /// Named by what the core library could unwind; nothing here does.
    #[unsafe(no_mangle)]
    extern "C" fn rust_eh_personality() {}

    #[panic_handler]
    fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
        super::exit(super::PANICKED)
    }
}

/// Status of a program that panicked.
#[cfg(panic = "abort")]
const PANICKED: c_int = 101;
