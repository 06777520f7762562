//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#ifndef STRAIT_PROCESS_HPP
#define STRAIT_PROCESS_HPP

#include <strait/detail/ends/default_token.hpp>
#include <strait/exit_status.hpp>
#include <strait/impl/process_core.hpp>
#include <strait/inherited.hpp>
#include <strait/process_options.hpp>

#include <boost/asio/async_result.hpp>
#include <boost/asio/execution_context.hpp>

#include <chrono>
#include <concepts>
#include <cstdint>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

namespace strait {

/// A child process, started with ends of channels handed to it. No name in any file system or
/// registry is involved.
///
/// In the child `inherited::take` gives the ends; see there. When the child ends, in whatever
/// way, every end that it held is gone: here a pending receive completes with
/// `asio::error::eof` after everything that the child had sent, and a pending send with
/// `asio::error::broken_pipe`.
///
/// *Destruction* neither waits nor throws: a child that was not told to outlive its parent is
/// killed, another one goes on. Either is taken off the process table when it has ended, at the
/// latest when another child is started or destroyed. No signal handler is installed and `SIGCHLD`
/// is left alone; a program that waits for any child itself takes the exit status away, which is then
/// `exit_status::reason::unknown`.
///
/// *Default completion token*: that of the executor, else `asio::deferred`.
///
/// *Thread safety.* Distinct objects: safe. Shared objects: unsafe.
///
/// *After fork.* In a child made by `fork` without `exec` every operation fails with
/// `error::owner_changed`; destruction closes and does not kill.
template <class Executor = boost::asio::any_io_executor>
class basic_process {
public:
    using executor_type = Executor;

    /// The same on another type of executor.
    template <class OtherExecutor>
    struct rebind_executor {
        using other = basic_process<OtherExecutor>;
    };

    /// Constructs an object without process: every operation fails with `error::not_open`.
    basic_process()
        requires std::default_initializable<Executor>
    = default;

    /// The same, with an executor.
    explicit basic_process(const Executor& executor) : executor_(executor) {}

    /// The same, with the executor of a context.
    template <std::derived_from<boost::asio::execution_context> Context>
    explicit basic_process(Context& context) : executor_(context.get_executor()) {}

    /// Operations that wait go on; the moved-from object has no process.
    basic_process(basic_process&& other) noexcept
        : core_(std::move(other.core_)), executor_(other.executor_) {}

    /// As above, onto an executor converted from the other's.
    template <class OtherExecutor>
        requires(std::convertible_to<OtherExecutor, Executor> &&
                 !std::same_as<OtherExecutor, Executor>)
    basic_process(basic_process<OtherExecutor>&& other)
        : core_(std::move(other.core_)), executor_(other.executor_) {}

    /// Lets go of the process that this was, as destruction does.
    basic_process& operator=(basic_process&& other) noexcept {
        if (this != &other) {
            close();
            core_ = std::move(other.core_);
            executor_ = other.executor_;
        }
        return *this;
    }

    /// As `close`.
    ~basic_process() { close(); }

    /// Starts a child.
    ///
    /// It inherits the standard streams, what was given, and nothing else. No signal is blocked in
    /// it, and SIGPIPE and SIGCHLD have their default effect.
    ///
    /// The ends are written to a socket that the child inherits; that does not wait for the child.
    ///
    /// *Errors*: what the system reports, such as `no_such_file_or_directory` for the program or
    /// the directory; `invalid_argument` for options that make no sense: an embedded zero, a
    /// variable without name, two ends of one name; `error::empty_end`; `error::not_open` for a
    /// receiver that was closed; `asio::error::no_buffer_space`. Then no child is left and the
    /// options keep what was given. A child that ends before it took its ends up is no error.
    static basic_process start(
        const Executor& executor, process_options& options, error_code& ec) {
        basic_process p(executor);
        p.core_ = detail::start_process(options.plan(), executor, ec);
        return p;
    }
    static basic_process start(
        const Executor& executor, process_options&& options, error_code& ec) {
        return start(executor, options, ec);
    }

    /// As above, but throws `system_error`.
    template <class Options>
        requires std::same_as<std::remove_cvref_t<Options>, process_options>
    static basic_process start(const Executor& executor, Options&& options) {
        error_code ec;
        basic_process p = start(executor, options, ec);
        check(ec, "process::start");
        return p;
    }

    /// As above, with the executor of a context.
    template <std::derived_from<boost::asio::execution_context> Context, class Options>
        requires std::same_as<std::remove_cvref_t<Options>, process_options>
    static basic_process start(Context& context, Options&& options, error_code& ec) {
        return start(Executor(context.get_executor()), options, ec);
    }
    template <std::derived_from<boost::asio::execution_context> Context, class Options>
        requires std::same_as<std::remove_cvref_t<Options>, process_options>
    static basic_process start(Context& context, Options&& options) {
        return start(Executor(context.get_executor()), options);
    }

    /// As above, unbound: `async_wait` needs `bind` first.
    template <class Options>
        requires(std::same_as<std::remove_cvref_t<Options>, process_options> &&
                 std::default_initializable<Executor>)
    static basic_process start(Options&& options, error_code& ec) {
        return start(Executor(), options, ec);
    }
    template <class Options>
        requires(std::same_as<std::remove_cvref_t<Options>, process_options> &&
                 std::default_initializable<Executor>)
    static basic_process start(Options&& options) {
        return start(Executor(), options);
    }

    /// The executor; an empty one if unbound.
    executor_type get_executor() const noexcept { return executor_; }

    /// Sets the executor; operations that wait complete with `asio::error::operation_aborted`.
    void bind(const Executor& executor) {
        executor_ = executor;
        if (core_) core_->bind(executor);
    }

    /// Sets the executor to that of a context.
    template <std::derived_from<boost::asio::execution_context> Context>
    void bind(Context& context) {
        bind(Executor(context.get_executor()));
    }

    /// Whether this object has a process, running or ended.
    bool is_open() const noexcept { return core_ && core_->is_open(); }

    /// The number of the process; -1 if there is none. After its end was reported the number may
    /// be another's.
    std::int64_t pid() const noexcept { return core_ ? core_->id() : -1; }

    /// Operations that wait complete with `asio::error::operation_aborted`.
    void cancel() noexcept {
        if (core_) core_->cancel();
    }

    /// As `cancel`, and lets go of the process, as destruction does.
    void close() noexcept {
        if (core_) core_->close();
    }

    /// How the process ended, if it did; once known it stays known.
    std::optional<exit_status> try_wait(error_code& ec) {
        if (core_) return core_->try_wait(ec);
        ec = error::not_open;
        return std::nullopt;
    }
    std::optional<exit_status> try_wait() {
        error_code ec;
        auto status = try_wait(ec);
        check(ec, "process::try_wait");
        return status;
    }

    /// Blocks until the process ends. *Errors*: `error::not_open`, `error::owner_changed`, what the
    /// system reports.
    exit_status wait(error_code& ec) { return wait_until(std::nullopt, ec); }
    exit_status wait() {
        error_code ec;
        const exit_status status = wait(ec);
        check(ec, "process::wait");
        return status;
    }

    /// As `wait`, but gives up with `asio::error::timed_out` after `timeout`.
    exit_status wait_for(std::chrono::nanoseconds timeout, error_code& ec) {
        return wait_until(detail::deadline_after(timeout), ec);
    }
    exit_status wait_for(std::chrono::nanoseconds timeout) {
        error_code ec;
        const exit_status status = wait_for(timeout, ec);
        check(ec, "process::wait_for");
        return status;
    }

    /// Asks the process to end: SIGTERM. *Errors*: `no_such_process` if it has ended.
    void terminate(error_code& ec) {
        ec = error::not_open;
        if (core_) core_->ask_to_end(ec);
    }
    void terminate() {
        error_code ec;
        terminate(ec);
        check(ec, "process::terminate");
    }

    /// Ends the process at once: SIGKILL. *Errors*: as `terminate`.
    void kill(error_code& ec) {
        ec = error::not_open;
        if (core_) core_->kill(ec);
    }
    void kill() {
        error_code ec;
        kill(ec);
        check(ec, "process::kill");
    }

    /// Sends a signal by number, to this process and to no other. *Errors*: as `terminate`.
    void send_signal(int signal, error_code& ec) {
        ec = error::not_open;
        if (core_) core_->send_signal(signal, ec);
    }
    void send_signal(int signal) {
        error_code ec;
        send_signal(signal, ec);
        check(ec, "process::send_signal");
    }

    /// Waits for the end of the process. Any number of waits may be started; each gets the status.
    ///
    /// @param token The completion token.
    ///
    /// *Completion signature*: `void(error_code, exit_status)`.
    ///
    /// *Executor.* Waiting goes on on the executor of this object, the handler is called on its
    /// associated executor, which is that of this object by default; never from within this
    /// function.
    ///
    /// *Per-operation cancellation.* `terminal`, `partial` and `total` mean the same: a wait that is
    /// not over completes with `asio::error::operation_aborted`. The process goes on, and its status
    /// is there for the next wait.
    ///
    /// *Errors.* `asio::error::operation_aborted`, `error::not_open`, `error::not_bound`,
    /// `error::owner_changed`, what the system reports. When neither this object nor the handler
    /// has an executor that is thrown from here.
    ///
    /// *Object lifetimes.* This object may be moved or destroyed while the operation waits; the
    /// latter cancels it. Destroying the execution context destroys the handler, uncalled.
    ///
    /// *Thread safety.* As the class. *Exception safety.* Only allocation of the operation throws.
    ///
    /// Where the system has no process descriptors (Linux before 5.4, macOS, BSD), a child that passes
    /// descriptors that it does not know to children of its own delays the completion up to their
    /// end.
    template <boost::asio::completion_token_for<void(error_code, exit_status)> Token =
                  detail::default_token_t<Executor>>
    auto async_wait(Token&& token = Token()) {
        return initiate<Token>({}, token);
    }

    /// As `async_wait`, but completes with `asio::error::timed_out` when the process has not ended
    /// within `timeout`.
    template <boost::asio::completion_token_for<void(error_code, exit_status)> Token =
                  detail::default_token_t<Executor>>
    auto async_wait_for(std::chrono::nanoseconds timeout, Token&& token = Token()) {
        return initiate<Token>(timeout, token);
    }

private:
    template <class>
    friend class basic_process;

    static void check(const error_code& ec, const char* what) {
        if (ec) throw system_error(ec, what);
    }

    exit_status wait_until(const detail::deadline& until, error_code& ec) {
        if (core_) return core_->wait(until, ec);
        ec = error::not_open;
        return exit_status();
    }

    // Token is given, not deduced: a token passed as lvalue is copied and not moved from.
    template <class Token>
    auto initiate(detail::timeout limit, std::remove_reference_t<Token>& token) {
        return boost::asio::async_initiate<Token, void(error_code, exit_status)>(
            detail::initiate_wait<Executor>(core_, executor_), token, limit);
    }

    std::shared_ptr<detail::process_core> core_;
    Executor executor_;
};

/// A child process on any executor.
using process = basic_process<>;

}  // namespace strait

#endif
