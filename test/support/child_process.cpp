//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#include "support/child_process.hpp"

#include "support/roles.hpp"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <ostream>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

namespace strait::test {

namespace {

[[noreturn]] void fail(int code, const char* what) {
    throw std::system_error(code, std::generic_category(), what);
}

class file_actions {
public:
    file_actions() { ::posix_spawn_file_actions_init(&actions_); }
    ~file_actions() {
        ::posix_spawn_file_actions_destroy(&actions_);
        for (const int fd : copies_) ::close(fd);
    }
    file_actions(const file_actions&) = delete;
    file_actions& operator=(const file_actions&) = delete;

    // By way of a copy above all the numbers asked for, so that no descriptor is overwritten before
    // its turn and dup2 always clears close-on-exec.
    void inherit(const inherited_descriptor& descriptor, int above) {
        const int copy = ::fcntl(descriptor.from, F_DUPFD_CLOEXEC, above);
        if (copy == -1) fail(errno, "fcntl");
        copies_.push_back(copy);
        const int code = ::posix_spawn_file_actions_adddup2(&actions_, copy, descriptor.at);
        if (code != 0) fail(code, "posix_spawn_file_actions_adddup2");
    }

    const posix_spawn_file_actions_t* get() const noexcept { return &actions_; }

private:
    posix_spawn_file_actions_t actions_;
    std::vector<int> copies_;
};

}  // namespace

std::ostream& operator<<(std::ostream& out, const exit_status& status) {
    if (status.signal != 0) return out << "killed by signal " << status.signal;
    return out << "exited with " << status.code;
}

child_process::child_process(
    const std::string& role, const std::vector<std::string>& args,
    const std::vector<inherited_descriptor>& descriptors) {
    std::vector<std::string> words{self_path(), "--role=" + role};
    words.insert(words.end(), args.begin(), args.end());
    std::vector<char*> argv;
    for (std::string& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);

    int above = STDERR_FILENO + 1;
    for (const inherited_descriptor& d : descriptors) above = std::max(above, d.at + 1);
    file_actions actions;
    for (const inherited_descriptor& d : descriptors) actions.inherit(d, above);

    const int code =
        ::posix_spawn(&pid_, argv.front(), actions.get(), nullptr, argv.data(), ::environ);
    if (code != 0) fail(code, "posix_spawn");
}

child_process::~child_process() {
    if (pid_ == -1 || reaped_) return;
    kill(SIGKILL);
    while (::waitpid(pid_, nullptr, 0) == -1 && errno == EINTR) {
    }
}

child_process::child_process(child_process&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)), reaped_(other.reaped_), status_(other.status_) {}

void child_process::kill(int signal) noexcept {
    if (pid_ != -1 && !reaped_) ::kill(pid_, signal);
}

bool child_process::has_ended() const noexcept {
    siginfo_t info{};
    return reaped_ || (::waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
                          info.si_pid == pid_);
}

exit_status child_process::wait() {
    if (reaped_) return status_;
    int raw = 0;
    while (::waitpid(pid_, &raw, 0) == -1) {
        if (errno != EINTR) fail(errno, "waitpid");
    }
    reaped_ = true;
    if (WIFEXITED(raw)) status_.code = WEXITSTATUS(raw);
    if (WIFSIGNALED(raw)) status_.signal = WTERMSIG(raw);
    return status_;
}

}  // namespace strait::test
