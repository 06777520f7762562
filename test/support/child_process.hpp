//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#ifndef STRAIT_TEST_SUPPORT_CHILD_PROCESS_HPP
#define STRAIT_TEST_SUPPORT_CHILD_PROCESS_HPP

#include <iosfwd>
#include <string>
#include <vector>

#include <sys/types.h>

namespace strait::test {

// How a process ended: with an exit code, or by a signal (then code is -1).
struct exit_status {
    int code = -1;
    int signal = 0;

    friend bool operator==(const exit_status&, const exit_status&) = default;
};

std::ostream& operator<<(std::ostream& out, const exit_status& status);

// A descriptor of this process and the number that the child shall find it at. It stays open here.
struct inherited_descriptor {
    int from;
    int at;
};

// This program, run once more in one of its roles (roles.hpp). Nothing but the standard descriptors
// and the named ones reaches the child, unless it was left without close-on-exec here.
class child_process {
public:
    // Throws std::system_error if the process cannot be started.
    explicit child_process(
        const std::string& role, const std::vector<std::string>& args = {},
        const std::vector<inherited_descriptor>& descriptors = {});

    // Kills it with SIGKILL, unless it was waited for.
    ~child_process();

    child_process(child_process&& other) noexcept;
    child_process& operator=(child_process&&) = delete;

    pid_t pid() const noexcept { return pid_; }

    // Sends a signal; nothing if it was waited for.
    void kill(int signal) noexcept;

    bool has_ended() const noexcept;

    // Waits for its end, under the watchdog of the test case. Once: again gives the same.
    exit_status wait();

private:
    pid_t pid_ = -1;
    bool reaped_ = false;
    exit_status status_;
};

}  // namespace strait::test

#endif
