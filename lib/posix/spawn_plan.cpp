//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#include "posix/spawn_plan.hpp"

#include <cerrno>
#include <csignal>
#include <cstddef>
#include <utility>

#include <fcntl.h>
#include <unistd.h>

namespace strait::detail::os {

void spawn_plan::check(int error_number, const char* what) {
    if (error_number != 0) {
        throw system_error(error_number, boost::system::system_category(), what);
    }
}

void spawn_plan::set_signals() {
    sigset_t blocked;
    sigset_t defaulted;
    sigemptyset(&blocked);
    sigemptyset(&defaulted);
    // SIGIO is how the portable lifeline ends a child.
    for (const int signal : {SIGPIPE, SIGCHLD, SIGIO})
        sigaddset(&defaulted, signal);
    check(::posix_spawnattr_setsigmask(&attributes_, &blocked), "posix_spawnattr_setsigmask");
    check(
        ::posix_spawnattr_setsigdefault(&attributes_, &defaulted), "posix_spawnattr_setsigdefault");
    short flags = POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF;
#if defined(POSIX_SPAWN_CLOEXEC_DEFAULT)
    flags |= POSIX_SPAWN_CLOEXEC_DEFAULT;
#endif
    check(::posix_spawnattr_setflags(&attributes_, flags), "posix_spawnattr_setflags");
}

spawn_plan::spawn_plan(int first_free)
    : first_free_(first_free), used_(static_cast<std::size_t>(first_free)) {
    check(::posix_spawn_file_actions_init(&actions_), "posix_spawn_file_actions_init");
    const int error_number = ::posix_spawnattr_init(&attributes_);
    if (error_number != 0) {
        ::posix_spawn_file_actions_destroy(&actions_);
        check(error_number, "posix_spawnattr_init");
    }
    try {
        set_signals();
    } catch (...) {
        ::posix_spawnattr_destroy(&attributes_);
        ::posix_spawn_file_actions_destroy(&actions_);
        throw;
    }
}

spawn_plan::~spawn_plan() {
    ::posix_spawnattr_destroy(&attributes_);
    ::posix_spawn_file_actions_destroy(&actions_);
}

void spawn_plan::change_directory(const char* path) {
    check(::posix_spawn_file_actions_addchdir_np(&actions_, path), "addchdir");
}

void spawn_plan::open_null_device(int number) {
    const int mode = number == 0 ? O_RDONLY : O_WRONLY;
    check(::posix_spawn_file_actions_addopen(&actions_, number, "/dev/null", mode, 0), "addopen");
    used_[static_cast<std::size_t>(number)] = true;
}

void spawn_plan::place(int source, int number) {
    // Out of the way of the numbers that are being filled; dup2 onto itself would also leave
    // close-on-exec set on some systems.
    if (source < first_free_) {
        const int moved = ::fcntl(source, F_DUPFD_CLOEXEC, first_free_);
        check(moved == -1 ? errno : 0, "fcntl(F_DUPFD_CLOEXEC)");
        handle owner(moved);
        moved_.push_back(std::move(owner));
        source = moved;
    }
    check(::posix_spawn_file_actions_adddup2(&actions_, source, number), "adddup2");
    used_[static_cast<std::size_t>(number)] = true;
}

}  // namespace strait::detail::os
