//! What only a foreign call can try, for the test that shows what a confined agent cannot do.

#![expect(unsafe_code, reason = "a system call that makes a process")]

/// Whether this process can make another in a namespace of users, where it would have every capability; or could say so where no
/// filter sees it.
pub fn makes_a_namespace() -> bool {
    let no_address = std::ptr::null::<libc::c_void>();
    // SAFETY: without an address the kernel reads nothing: it refuses the call, or does not know it.
    let hidden = unsafe { libc::syscall(libc::SYS_clone3, no_address, 0_usize) };
    debug_assert_eq!(hidden, -1);
    let is_known = std::io::Error::last_os_error().raw_os_error() != Some(libc::ENOSYS);
    let flags = libc::CLONE_NEWUSER | libc::SIGCHLD;
    // SAFETY: no stack and no addresses are given: as fork(2) does, the child goes on with a copy of this one.
    let child = unsafe { libc::syscall(libc::SYS_clone, flags, no_address, no_address, no_address, no_address) };
    if child == 0 {
        // SAFETY: ends the child at once; it has touched nothing since it began.
        unsafe { libc::_exit(0) };
    }
    if let Ok(child) = libc::pid_t::try_from(child)
        && child > 0
    {
        // SAFETY: the child is ours, and its status is not asked for.
        let _ended = unsafe { libc::waitpid(child, std::ptr::null_mut(), 0) };
        return true;
    }
    is_known
}
