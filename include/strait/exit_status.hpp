//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#ifndef STRAIT_EXIT_STATUS_HPP
#define STRAIT_EXIT_STATUS_HPP

#include <cstdint>

namespace strait {

/// How a process ended.
class exit_status {
public:
    /// What is known of the end.
    enum class reason : std::uint8_t {
        /// It ended, but its status was taken by another part of the program: by a `wait` for any
        /// child, or by the system because `SIGCHLD` is ignored.
        unknown,
        /// It returned from `main` or called `exit`.
        exited,
        /// A signal ended it.
        signalled,
    };

    /// An unknown end.
    exit_status() noexcept = default;

    static exit_status exited(int code) noexcept { return {reason::exited, code}; }
    static exit_status signalled(int signal) noexcept { return {reason::signalled, signal}; }

    reason why() const noexcept { return reason_; }

    /// Whether the process exited with code 0.
    bool success() const noexcept { return reason_ == reason::exited && value_ == 0; }

    /// The code, 0 to 255, of a process that exited; -1 of others.
    int code() const noexcept { return reason_ == reason::exited ? value_ : -1; }

    /// The number of the signal that ended the process; 0 if none did.
    int signal() const noexcept { return reason_ == reason::signalled ? value_ : 0; }

    friend bool operator==(const exit_status&, const exit_status&) = default;

private:
    exit_status(reason why, int value) noexcept : reason_(why), value_(value) {}

    reason reason_ = reason::unknown;
    int value_ = 0;
};

}  // namespace strait

#endif
