//! A socket that hands descriptors over, message by message.

#![expect(
    unsafe_code,
    reason = "a pair of sockets that keeps messages apart, and descriptors in a message, have no safe wrapper here"
)]

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsRawFd as _, BorrowedFd, FromRawFd as _, OwnedFd, RawFd};
use std::time::Duration;

/// Most descriptors of one message.
const DESCRIPTORS_MAX: usize = 8;
/// Longest message that is received.
const MESSAGE_BYTES: usize = 256;
/// Room for one message's descriptors, with their header, aligned as it is to be.
type Control = [u64; 8];

/// One end of a `SOCK_SEQPACKET` pair.
#[derive(Debug)]
pub(super) struct Socket(OwnedFd);

/// A message, and the first of its descriptors.
#[derive(Debug)]
pub(super) struct Message {
    pub(super) text: String,
    pub(super) descriptor: Option<OwnedFd>,
}

impl Socket {
    /// Our end, and the one to give away.
    pub(super) fn pair() -> io::Result<(Self, OwnedFd)> {
        let mut ends = [0; 2];
        let kind = libc::SOCK_SEQPACKET | libc::SOCK_CLOEXEC;
        // SAFETY: the pointer is to a live array of two integers.
        check(unsafe { libc::socketpair(libc::AF_UNIX, kind, 0, ends.as_mut_ptr()) })?;
        // SAFETY: the call has just opened both, and nobody else knows of them.
        let [ours, theirs] = ends.map(|end| unsafe { OwnedFd::from_raw_fd(end) });
        Ok((Self(ours), theirs))
    }

    /// Another name for it, to watch.
    pub(super) fn try_clone(&self) -> io::Result<OwnedFd> {
        self.0.try_clone()
    }

    /// Sends a message; never waits for whoever should read it.
    pub(super) fn send(&self, text: &[u8], descriptors: &[BorrowedFd<'_>]) -> io::Result<()> {
        let mut control: Control = [0; _];
        // SAFETY: all-zero is a valid value of this plain C struct.
        let mut header: libc::msghdr = unsafe { std::mem::zeroed() };
        let mut content = libc::iovec {
            iov_base: text.as_ptr().cast_mut().cast(),
            iov_len: text.len(),
        };
        header.msg_iov = &raw mut content;
        header.msg_iovlen = 1;
        if !descriptors.is_empty() {
            if descriptors.len() > DESCRIPTORS_MAX {
                return Err(io::ErrorKind::InvalidInput.into());
            }
            let bytes = u32::try_from(size_of::<RawFd>() * descriptors.len()).unwrap_or(u32::MAX);
            header.msg_control = control.as_mut_ptr().cast();
            // SAFETY: these compute sizes; the room above is as large as eight
            // descriptors with their header take.
            header.msg_controllen = unsafe { libc::CMSG_SPACE(bytes) } as usize;
            // SAFETY: the header is of a live buffer that is large enough, so
            // what the macros point to lies within it.
            unsafe {
                let first = libc::CMSG_FIRSTHDR(&raw const header);
                (*first).cmsg_level = libc::SOL_SOCKET;
                (*first).cmsg_type = libc::SCM_RIGHTS;
                (*first).cmsg_len = libc::CMSG_LEN(bytes) as usize;
                let place = libc::CMSG_DATA(first);
                for (i, descriptor) in descriptors.iter().enumerate() {
                    let bytes = descriptor.as_raw_fd().to_ne_bytes();
                    let place = place.add(i * size_of::<RawFd>());
                    place.copy_from_nonoverlapping(bytes.as_ptr(), bytes.len());
                }
            }
        }
        let flags = libc::MSG_NOSIGNAL | libc::MSG_DONTWAIT;
        // SAFETY: the header points to live buffers of the sizes that it says.
        let sent = unsafe { libc::sendmsg(self.0.as_raw_fd(), &raw const header, flags) };
        if sent < 0 {
            return Err(io::Error::last_os_error());
        }
        Ok(())
    }

    /// The next message; none where the other end is closed. `TimedOut` where
    /// nothing comes for so long.
    pub(super) fn receive(&self, within: Duration) -> io::Result<Option<Message>> {
        let timeout = Timespec {
            tv_sec: i64::try_from(within.as_secs()).unwrap_or(i64::MAX),
            tv_nsec: within.subsec_nanos().into(),
        };
        let mut readable = [PollFd::new(&self.0, PollFlags::IN)];
        if poll(&mut readable, Some(&timeout))? == 0 {
            return Err(io::ErrorKind::TimedOut.into());
        }
        let mut text = [0_u8; MESSAGE_BYTES];
        let mut control: Control = [0; _];
        // SAFETY: all-zero is a valid value of this plain C struct.
        let mut header: libc::msghdr = unsafe { MaybeUninit::zeroed().assume_init() };
        let mut content = libc::iovec {
            iov_base: text.as_mut_ptr().cast(),
            iov_len: text.len(),
        };
        header.msg_iov = &raw mut content;
        header.msg_iovlen = 1;
        header.msg_control = control.as_mut_ptr().cast();
        header.msg_controllen = size_of::<Control>();
        let flags = libc::MSG_CMSG_CLOEXEC | libc::MSG_DONTWAIT;
        // SAFETY: the header points to live buffers of the sizes that it says.
        let read = unsafe { libc::recvmsg(self.0.as_raw_fd(), &raw mut header, flags) };
        let read = usize::try_from(read).map_err(|_| io::Error::last_os_error())?;
        let mut descriptors = received(&header);
        // The others are closed.
        let descriptor = (!descriptors.is_empty()).then(|| descriptors.swap_remove(0));
        if read == 0 {
            return Ok(None);
        }
        Ok(Some(Message {
            text: String::from_utf8_lossy(&text[..read]).into_owned(),
            descriptor,
        }))
    }
}

/// The descriptors that came with a message.
fn received(header: &libc::msghdr) -> Vec<OwnedFd> {
    let mut descriptors = Vec::new();
    // SAFETY: the kernel has filled in the header and the buffer that it points
    // to; the macros stay within it, and each descriptor in it is new and ours.
    unsafe {
        let mut part = libc::CMSG_FIRSTHDR(header);
        while !part.is_null() {
            if (*part).cmsg_level == libc::SOL_SOCKET && (*part).cmsg_type == libc::SCM_RIGHTS {
                let bytes = (*part).cmsg_len - libc::CMSG_LEN(0) as usize;
                let content = std::slice::from_raw_parts(libc::CMSG_DATA(part), bytes);
                for number in content.as_chunks().0 {
                    descriptors.push(OwnedFd::from_raw_fd(RawFd::from_ne_bytes(*number)));
                }
            }
            part = libc::CMSG_NXTHDR(header, part);
        }
    }
    descriptors
}

fn check(answer: libc::c_int) -> io::Result<()> {
    if answer < 0 {
        Err(io::Error::last_os_error())
    } else {
        Ok(())
    }
}
