//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#include "posix/child.hpp"

#include "posix/close_on_exec.hpp"
#include "posix/inherit.hpp"
#include "posix/spawn_plan.hpp"

#include <boost/asio/error.hpp>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstddef>
#include <string_view>

#include <spawn.h>
#include <sys/wait.h>

extern char** environ;

namespace strait::detail::os {
namespace {

constexpr int first_given_number = 3;

// A program that uses select() reaches no descriptor beyond, and the work is linear in the highest.
constexpr int last_given_number = 1023;

[[noreturn]] void refuse() {
    throw system_error(make_error_code(boost::system::errc::invalid_argument), "a child's options");
}

std::string_view name_of(std::string_view entry) {
    const std::size_t equals = entry.find('=');
    if (equals == std::string_view::npos || equals == 0) refuse();
    return entry.substr(0, equals);
}

// A null-terminated array as exec wants it, over strings that must outlive it.
class pointer_array {
public:
    void add(const std::string& text) {
        if (text.find('\0') != std::string::npos) refuse();
        // exec does not write to its strings; the type is older than const.
        pointers_.back() = const_cast<char*>(text.c_str());
        pointers_.push_back(nullptr);
    }

    char* const* data() const noexcept { return pointers_.data(); }

private:
    std::vector<char*> pointers_{nullptr};
};

std::vector<std::string> own_environment() {
    std::vector<std::string> entries;
    for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
        if (std::string_view(*entry).starts_with(inherited_variable_prefix)) continue;
        entries.emplace_back(*entry);
    }
    return entries;
}

std::vector<std::string> make_environment(const child_options& options) {
    std::vector<std::string> entries =
        options.environment ? *options.environment : own_environment();
    for (const std::string& added : options.added_environment) {
        const std::string prefix = std::string(name_of(added)) + '=';
        std::erase_if(entries, [&](const std::string& e) { return e.starts_with(prefix); });
        entries.push_back(added);
    }
    return entries;
}

// The lowest number that nothing was given.
int first_free_number(const child_options& options) {
    int highest = first_given_number - 1;
    std::vector<int> numbers;
    for (const placed_descriptor& d : options.descriptors) {
        const bool given_before = std::count(numbers.begin(), numbers.end(), d.number) != 0;
        if (d.number < first_given_number || d.number > last_given_number || given_before) refuse();
        numbers.push_back(d.number);
        highest = std::max(highest, d.number);
    }
    return highest + 1;
}

void place_standard_streams(const child_options& options, spawn_plan& plan) {
    for (int number = 0; number < first_given_number; ++number) {
        const redirection& r = options.standard_streams[static_cast<std::size_t>(number)];
        if (r.to == redirection::target::null_device) plan.open_null_device(number);
        if (r.to == redirection::target::descriptor) plan.place(r.descriptor, number);
    }
}

pid_t spawn(const child_options& options, const child_watch& watch) {
    pointer_array arguments;
    arguments.add(options.program);
    for (const std::string& argument : options.arguments)
        arguments.add(argument);
    const std::vector<std::string> entries = make_environment(options);
    pointer_array environment;
    for (const std::string& entry : entries) {
        if (options.environment) name_of(entry);
        environment.add(entry);
    }
    if (options.working_directory.find('\0') != std::string::npos) refuse();

    const int watch_number = first_free_number(options);
    spawn_plan plan(watch.inherited() == -1 ? watch_number : watch_number + 1);
    place_standard_streams(options, plan);
    for (const placed_descriptor& d : options.descriptors)
        plan.place(d.source, d.number);
    if (watch.inherited() != -1) plan.place(watch.inherited(), watch_number);
    plan.close_others();
    if (!options.working_directory.empty()) {
        plan.change_directory(options.working_directory.c_str());
    }

    pid_t pid = -1;
    const auto start = options.search_path ? &::posix_spawnp : &::posix_spawn;
    const int error_number = [&] {
        const starting_program starting;
        return start(&pid, options.program.c_str(), plan.actions(), plan.attributes(),
            arguments.data(), environment.data());
    }();
    if (error_number != 0) {
        throw system_error(error_number, boost::system::system_category(), "posix_spawn");
    }
    return pid;
}

std::chrono::milliseconds until(child::clock::time_point deadline) {
    const auto left = deadline - child::clock::now();
    return std::max(
        std::chrono::ceil<std::chrono::milliseconds>(left), std::chrono::milliseconds(0));
}

}  // namespace

child child::start(const child_options& options, error_code& ec) {
    child c;
    c.watch_ = child_watch::prepare(options.ends_with_parent, ec);
    if (ec) return child();
    try {
        c.pid_ = spawn(options, c.watch_);
    } catch (const system_error& e) {
        ec = e.code();
        return child();
    }
    c.watch_.started(c.pid_, ec);
    if (ec) {
        ::kill(c.pid_, SIGKILL);
        while (::waitpid(c.pid_, nullptr, 0) == -1 && errno == EINTR) {
        }
        return child();
    }
    return c;
}

std::optional<exit_status> child::try_wait(error_code& ec) {
    ec = {};
    if (!is_open()) {
        ec = error::not_open;
    } else if (!status_) {
        status_ = watch_.collect(pid_, ec);
    }
    return status_;
}

exit_status child::wait(error_code& ec) { return wait_until(std::nullopt, ec); }

exit_status child::wait_until(clock::time_point deadline, error_code& ec) {
    return wait_until(std::optional(deadline), ec);
}

exit_status child::wait_until(std::optional<clock::time_point> deadline, error_code& ec) {
    for (;;) {
        const std::optional<exit_status> status = try_wait(ec);
        if (ec) return exit_status();
        if (status) return *status;
        std::optional<std::chrono::milliseconds> timeout;
        if (deadline) {
            timeout = until(*deadline);
            if (timeout->count() == 0) {
                ec = boost::asio::error::timed_out;
                return exit_status();
            }
        }
        watch_.wait(pid_, timeout, ec);
        if (ec) return exit_status();
    }
}

void child::pause(std::optional<std::chrono::milliseconds> timeout, error_code& ec) {
    watch_.wait(pid_, timeout, ec);
}

void child::ask_to_end(error_code& ec) { send_signal(SIGTERM, ec); }

void child::kill(error_code& ec) { send_signal(SIGKILL, ec); }

void child::send_signal(int signal, error_code& ec) {
    // Also so that the number is not another process's by now.
    const std::optional<exit_status> ended = try_wait(ec);
    if (ec) return;
    if (ended) {
        ec.assign(ESRCH, boost::system::system_category());
        return;
    }
    watch_.send_signal(pid_, signal, ec);
}

}  // namespace strait::detail::os
