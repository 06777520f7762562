//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#ifndef STRAIT_LIB_POSIX_CHILD_HPP
#define STRAIT_LIB_POSIX_CHILD_HPP

#include "posix/child_watch.hpp"

#include <strait/error.hpp>
#include <strait/exit_status.hpp>
#include <strait/handle.hpp>

#include <array>
#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include <sys/types.h>

// Starts and watches child processes, without fork, without a signal handler, and without touching
// what SIGCHLD does in this process.

namespace strait::detail::os {

// What becomes of descriptor 0, 1 or 2 of a child.
struct redirection {
    enum class target { inherited, null_device, descriptor };

    target to = target::inherited;
    int descriptor = -1;

    static redirection null() noexcept { return {target::null_device, -1}; }
    static redirection from(int descriptor) noexcept { return {target::descriptor, descriptor}; }
    static redirection from(const handle& h) noexcept { return from(h.native_handle()); }
};

// A descriptor of this process and its number in the child: 3 to 1023, each once.
struct placed_descriptor {
    int source = -1;
    int number = -1;

    static placed_descriptor of(const handle& h, int number) noexcept {
        return {h.native_handle(), number};
    }
};

struct child_options {
    // A path, or with search_path a name looked for in this process's PATH. A relative path is
    // relative to working_directory.
    std::string program;
    bool search_path = false;

    // Those of main, after the zeroth, which is `program`.
    std::vector<std::string> arguments;

    // "NAME=value". The entries that replace the environment of this process, if given, and those
    // that are added to it and win over others of the same name.
    std::optional<std::vector<std::string>> environment;
    std::vector<std::string> added_environment;

    // Empty: that of this process.
    std::string working_directory;

    std::array<redirection, 3> standard_streams;
    std::vector<placed_descriptor> descriptors;

    // The child is killed when this process ends, however it does, or when the `child` object is
    // dropped; see lifeline in child_watch.hpp for what this cannot do.
    bool ends_with_parent = false;
};

// One child process. Dropping it neither waits nor kills (but see ends_with_parent): a child that
// was never waited for stays a zombie until this process ends.
//
// Distinct objects are safe, a shared object is not.
class child {
public:
    using clock = std::chrono::steady_clock;

    child() = default;

    // Starts a child. It inherits descriptors 0, 1, 2 and the given ones, plus one for its watch,
    // numbered after the highest of them, where child_watch needs it, and nothing else. No signal
    // is blocked in it; SIGPIPE and SIGCHLD have their default effect, since servers ignore them
    // and few children expect that; other signals that this process ignores stay ignored, as under
    // nohup. A variable STRAIT_INHERITED of this process is not passed on.
    //
    // Errors: invalid_argument (an embedded NUL, an entry without '=', a number out of range or
    // given twice), that of the failed step of the start: no_such_file_or_directory,
    // permission_denied and so on for the program or the working directory.
    static child start(const child_options& options, error_code& ec);

    bool is_open() const noexcept { return pid_ > 0; }

    // Not to be used for kill() or wait() once the end was reported: the number may be another's.
    pid_t pid() const noexcept { return pid_; }

    // Becomes readable when the child has ended, and stays so. On systems without process
    // descriptors that can be a moment before try_wait knows the end, or, if the child handed the
    // descriptor on to children of its own, as late as their end.
    const handle& readiness() const noexcept { return watch_.readiness(); }

    // How the child ended, if it did. Once known it stays known.
    std::optional<exit_status> try_wait(error_code& ec);

    // Blocks until the child ends.
    exit_status wait(error_code& ec);

    // Blocks until the child ends or the deadline passes: asio::error::timed_out.
    exit_status wait_until(clock::time_point deadline, error_code& ec);

    // Blocks until it may be worth asking try_wait again, or the timeout passes. Another thread may
    // use the object meanwhile, but not destroy it.
    void pause(std::optional<std::chrono::milliseconds> timeout, error_code& ec);

    // Sends a signal to the child and to nobody else. ESRCH if it has ended.
    void send_signal(int signal, error_code& ec);
    void ask_to_end(error_code& ec);
    void kill(error_code& ec);

private:
    exit_status wait_until(std::optional<clock::time_point> deadline, error_code& ec);

    pid_t pid_ = -1;
    child_watch watch_;
    std::optional<exit_status> status_;
};

}  // namespace strait::detail::os

#endif
