//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#ifndef STRAIT_PROCESS_OPTIONS_HPP
#define STRAIT_PROCESS_OPTIONS_HPP

#include <strait/detail/config.hpp>
#include <strait/handle.hpp>
#include <strait/impl/process_plan.hpp>
#include <strait/receiver.hpp>
#include <strait/sender.hpp>

#include <memory>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace strait {

/// What a child process is started with: its program, arguments, environment, directory, standard
/// streams, and the ends of channels and the handles that it gets. It gets nothing else: no other
/// descriptor of this process is inherited.
///
///     strait::process_options options("/usr/lib/tool/worker");
///     options.argument("--fast").give("jobs", std::move(jobs_rx)).give("log", log_file);
///     auto worker = strait::process::start(ctx, options);
///
/// *Ownership.* The options own what was given until a start succeeds; then it is the child's and
/// closed here, and the rest of the options may be used again. When a start fails everything stays
/// with the options, for another attempt. A sender given as a copy leaves the original usable, and
/// its channel does not end before that is closed too.
///
/// *Thread safety.* Distinct objects: safe. Shared objects: unsafe.
class process_options {
public:
    /// The program is a path; a relative one is relative to the working directory of the child.
    explicit process_options(std::string program) { plan_.program = std::move(program); }

    /// Options for this program once more, also when its file was replaced or removed meanwhile.
    /// *Errors*, thrown as `system_error`: `operation_not_supported` where the system cannot tell
    /// which program runs (other than Linux).
    STRAIT_DECL static process_options this_program();

    process_options(process_options&&) noexcept = default;
    process_options& operator=(process_options&&) noexcept = default;

    /// Looks for the program in the `PATH` of this process if its name has no slash.
    process_options& search_path(bool on = true) {
        plan_.search_path = on;
        return *this;
    }

    /// Adds an argument. The zeroth, the program's name, is there already.
    process_options& argument(std::string text) {
        plan_.arguments.push_back(std::move(text));
        return *this;
    }

    /// Adds arguments.
    process_options& arguments(const std::vector<std::string>& texts) {
        plan_.arguments.insert(plan_.arguments.end(), texts.begin(), texts.end());
        return *this;
    }

    /// Replaces the environment, which is that of this process by default, by entries "NAME=value".
    process_options& environment(std::vector<std::string> entries) {
        plan_.environment = std::move(entries);
        return *this;
    }

    /// Adds a variable; the last one of a name wins.
    process_options& variable(const std::string& name, const std::string& value) {
        plan_.added_environment.push_back(name + '=' + value);
        return *this;
    }

    /// The directory in which the child starts: that of this process by default.
    process_options& working_directory(std::string path) {
        plan_.working_directory = std::move(path);
        return *this;
    }

    /// What the child gets as standard input, output or error: those of this process by default. The
    /// handle is closed here once the child has started.
    process_options& standard_input(handle h) { return redirect(0, std::move(h)); }
    process_options& standard_output(handle h) { return redirect(1, std::move(h)); }
    process_options& standard_error(handle h) { return redirect(2, std::move(h)); }

    /// The same, with the system's null device.
    process_options& null_input() { return redirect_to_null(0); }
    process_options& null_output() { return redirect_to_null(1); }
    process_options& null_error() { return redirect_to_null(2); }

    /// The child goes on when this process ends or the `process` object is destroyed.
    ///
    /// By default it does not: it is killed then, however this process ends, so that nothing is left
    /// behind after a crash. (On Linux by SIGKILL, on other systems by SIGIO. It does not reach
    /// children of the child, nor a child that changed its user.)
    process_options& outlives_parent(bool on = true) {
        plan_.ends_with_parent = !on;
        return *this;
    }

    /// Gives an end or a handle to the child, which takes it up by this name or by its position:
    /// the first one given is at position 0. It is a `sender<T>`, a `receiver<T>` or a `handle`. Names
    /// must differ. An end that is empty, and a receiver
    /// that is given along with itself, make the start fail.
    template <detail::is_givable End>
    process_options& give(std::string name, End end) {
        detail::given_end given;
        given.name = std::move(name);
        if constexpr (std::is_same_v<End, handle>) {
            given.kind = detail::given_kind::handle;
            given.os_handle = std::move(end);
        } else {
            auto owner = std::make_shared<End>(std::move(end));
            if constexpr (detail::is_sender<End>) {
                given.kind = detail::given_kind::sender;
                given.sender = owner->core();
            } else {
                given.kind = detail::given_kind::receiver;
                given.receiver = owner->core();
            }
            given.owner = std::move(owner);
        }
        plan_.given.push_back(std::move(given));
        return *this;
    }

    /// As above, by position only.
    template <detail::is_givable End>
    process_options& give(End end) {
        return give(std::string(), std::move(end));
    }

    // For strait itself.
    detail::process_plan& plan() noexcept { return plan_; }

private:
    process_options& redirect(std::size_t number, handle h) {
        auto& stream = plan_.standard_streams[number];
        stream.to = detail::standard_stream::target::given;
        stream.given = std::move(h);
        return *this;
    }

    process_options& redirect_to_null(std::size_t number) {
        auto& stream = plan_.standard_streams[number];
        stream.to = detail::standard_stream::target::null_device;
        stream.given.close();
        return *this;
    }

    detail::process_plan plan_;
};

}  // namespace strait

#endif
