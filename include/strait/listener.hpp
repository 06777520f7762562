//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#ifndef STRAIT_LISTENER_HPP
#define STRAIT_LISTENER_HPP

#include <strait/connect.hpp>
#include <strait/detail/ends/default_token.hpp>
#include <strait/endpoint.hpp>
#include <strait/impl/listener_core.hpp>
#include <strait/listener_options.hpp>
#include <strait/peer.hpp>
#include <strait/receiver.hpp>

#include <boost/asio/async_result.hpp>
#include <boost/asio/execution_context.hpp>

#include <chrono>
#include <concepts>
#include <cstdint>
#include <functional>
#include <memory>
#include <type_traits>
#include <utility>

namespace strait {

/// A name at which many clients connect, each for a channel of its own.
///
/// An accept gives the receiver of the channel, and who connected, before any message is there. The
/// client has a sender; it sends a sender along with a request to get replies.
///
/// *The name.* One listener has it. A path that a dead listener left behind is taken over; a live
/// one, or a file that is no socket, gives `asio::error::address_in_use`. Beside a path lies a file
/// "<path>.lock", whose lock says who the owner is. Both are removed at close; of a killed
/// process they stay until the next listener takes the path. Do not remove them while it is listened at.
///
/// *Clients that misbehave* hold up nobody: one that says nothing is dropped after
/// `listener_options::handshake_time`, one that speaks of another type or in another version is told
/// so, and one that sends garbage is dropped. These are counted and skipped, so that an accept
/// fails only when the listener is of no further use; see `on_fault`, `faults`, `deliver_faults`.
///
/// *Busy.* The listener takes connections from the queue of the system only while an accept waits; the
/// others stay there, and then clients wait. When this process is out of descriptors or memory it
/// leaves them there for a tenth of a second.
///
/// *Executor.* Accepted receivers have that of the listener. A listener without an executor is
/// *unbound*: blocking operations work, and asynchronous ones need `bind` first.
///
/// *Destruction* closes. *Default completion token*: that of the executor, else `asio::deferred`.
///
/// *Thread safety.* Distinct objects: safe. Shared objects: unsafe; a listener belongs to one thread
/// or strand at a time, which is that of its executor while asynchronous operations wait.
///
/// *After fork.* In a child made by `fork` without `exec` every operation fails with
/// `error::owner_changed`; closing and destruction leave the name to the parent.
template <class T, class Executor = boost::asio::any_io_executor>
class basic_listener {
public:
    using executor_type = Executor;
    using value_type = T;
    using receiver_type = basic_receiver<T, Executor>;

    /// The same on another type of executor.
    template <class OtherExecutor>
    struct rebind_executor {
        using other = basic_listener<T, OtherExecutor>;
    };

    /// Constructs a listener without name: every operation fails with `error::not_open`.
    basic_listener()
        requires std::default_initializable<Executor>
    = default;

    /// The same, with an executor.
    explicit basic_listener(const Executor& executor) : executor_(executor) {}

    /// The same, with the executor of a context.
    template <std::derived_from<boost::asio::execution_context> Context>
    explicit basic_listener(Context& context) : executor_(context.get_executor()) {}

    /// Listens; see `open`. Throws `system_error`.
    basic_listener(
        const Executor& executor, const endpoint& at, const listener_options& options = {})
        : executor_(executor) {
        open(at, options);
    }
    template <std::derived_from<boost::asio::execution_context> Context>
    basic_listener(Context& context, const endpoint& at, const listener_options& options = {})
        : executor_(context.get_executor()) {
        open(at, options);
    }

    /// The same, unbound.
    explicit basic_listener(const endpoint& at, const listener_options& options = {})
        requires std::default_initializable<Executor>
    {
        open(at, options);
    }

    /// Operations that wait go on; the moved-from listener has no name.
    basic_listener(basic_listener&& other) noexcept
        : core_(std::move(other.core_)), executor_(other.executor_) {}

    /// As above, onto an executor converted from the other's.
    template <class OtherExecutor>
        requires(std::convertible_to<OtherExecutor, Executor> &&
                 !std::same_as<OtherExecutor, Executor>)
    basic_listener(basic_listener<T, OtherExecutor>&& other)
        : core_(std::move(other.core_)), executor_(other.executor_) {}

    /// Closes what this listener was.
    basic_listener& operator=(basic_listener&& other) noexcept {
        if (this != &other) {
            close();
            core_ = std::move(other.core_);
            executor_ = other.executor_;
        }
        return *this;
    }

    /// As `close`.
    ~basic_listener() { close(); }

    /// The executor of this listener; an empty one if it is unbound.
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

    /// Takes the name and listens; clients can connect from now on. What this listener was is closed.
    ///
    /// Looks at the file system, and asks what listens at a path that exists already; does not wait for
    /// anybody.
    ///
    /// *Errors*: `asio::error::address_in_use`; see `endpoint::check`; what the system reports, such
    /// as `permission_denied` or `no_such_file_or_directory` for the directory. Then nothing is left.
    void open(const endpoint& at, const listener_options& options, error_code& ec) {
        close();
        core_ = detail::open_listener(detail::identity_of<T>(), at, options, executor_, ec);
    }
    void open(const endpoint& at, error_code& ec) { open(at, listener_options(), ec); }

    /// As above, but throws `system_error`.
    void open(const endpoint& at, const listener_options& options = {}) {
        error_code ec;
        open(at, options, ec);
        if (ec) throw system_error(ec, "listener::open(" + at.to_string() + ')');
    }

    /// Whether this listener has a name.
    bool is_open() const noexcept { return core_ && core_->is_open(); }

    /// The name, to be given to clients; an empty one if there is none.
    endpoint local_endpoint() const { return core_ ? core_->local_endpoint() : endpoint(); }

    /// The operations that wait complete with `asio::error::operation_aborted`. No client is lost.
    void cancel() noexcept {
        if (core_) core_->cancel();
    }

    /// As `cancel`, and gives the name up: later operations fail with `error::not_open`, and clients
    /// that have not been accepted see `asio::error::connection_refused`. Channels that were accepted
    /// go on.
    void close() noexcept {
        if (core_) core_->close();
    }

    /// Waits for a client, blocking. On error the receiver is empty.
    ///
    /// *Errors.* `error::not_open`, `error::owner_changed` (fatal); what the system reports, if it is more
    /// than a want of descriptors or memory. With `deliver_faults(true)` also every fault, which is not
    /// fatal; `details` then names both sides.
    std::pair<receiver_type, peer> accept(error_code& ec, diagnostics& details) {
        return accept_until(std::nullopt, ec, details);
    }
    std::pair<receiver_type, peer> accept(error_code& ec) {
        diagnostics details;
        return accept_until(std::nullopt, ec, details);
    }

    /// As above, but throws `system_error`.
    std::pair<receiver_type, peer> accept() {
        error_code ec;
        auto client = accept(ec);
        check(ec, "listener::accept");
        return client;
    }

    /// As `accept`, but gives up with `asio::error::timed_out` after `timeout`; with zero it takes a client
    /// that is there already.
    std::pair<receiver_type, peer> accept_for(
        std::chrono::nanoseconds timeout, error_code& ec, diagnostics& details) {
        return accept_until(detail::deadline_after(timeout), ec, details);
    }
    std::pair<receiver_type, peer> accept_for(std::chrono::nanoseconds timeout, error_code& ec) {
        diagnostics details;
        return accept_for(timeout, ec, details);
    }
    std::pair<receiver_type, peer> accept_for(std::chrono::nanoseconds timeout) {
        error_code ec;
        auto client = accept_for(timeout, ec);
        check(ec, "listener::accept_for");
        return client;
    }

    /// Waits for a client. Several accepts may wait, first come first served.
    ///
    /// @param details Names both sides of a disagreement that is delivered; must live until the
    /// operation completes.
    ///
    /// @param token The completion token.
    ///
    /// *Completion signature*: `void(error_code, receiver_type, peer)`; on error the receiver is
    /// empty.
    ///
    /// *Executor.* Accepting, the policy and the handshake run on the executor of the listener, the
    /// handler on its associated executor, which is that of the listener by default; never from
    /// within this function.
    ///
    /// *Per-operation cancellation.* `terminal`, `partial` and `total` mean the same: unless the
    /// handler was called already the operation completes with `asio::error::operation_aborted`, and
    /// loses nobody: a client that was on its way to it is first in line for the next accept.
    ///
    /// *Errors.* As `accept`, and `error::not_bound` for an unbound listener; what the event loop reports
    /// when it cannot wait for clients, after which another accept may. When neither the
    /// listener nor the handler has an executor that is thrown from here.
    ///
    /// *Object lifetimes.* The listener may be moved or destroyed while the operation waits; the
    /// latter cancels it. Destroying the execution context destroys the handler, uncalled.
    ///
    /// *Thread safety.* As the class. *Exception safety.* Only allocation of the operation throws.
    template <boost::asio::completion_token_for<void(error_code, receiver_type, peer)> Token =
                  detail::default_token_t<Executor>>
    auto async_accept(Token&& token = Token()) {
        return initiate<Token>({}, nullptr, token);
    }
    template <boost::asio::completion_token_for<void(error_code, receiver_type, peer)> Token =
                  detail::default_token_t<Executor>>
    auto async_accept(diagnostics& details, Token&& token = Token()) {
        return initiate<Token>({}, &details, token);
    }

    /// As `async_accept`, but completes with `asio::error::timed_out` when there was no client within
    /// `timeout`.
    template <boost::asio::completion_token_for<void(error_code, receiver_type, peer)> Token =
                  detail::default_token_t<Executor>>
    auto async_accept_for(std::chrono::nanoseconds timeout, Token&& token = Token()) {
        return initiate<Token>(timeout, nullptr, token);
    }
    template <boost::asio::completion_token_for<void(error_code, receiver_type, peer)> Token =
                  detail::default_token_t<Executor>>
    auto async_accept_for(
        std::chrono::nanoseconds timeout, diagnostics& details, Token&& token = Token()) {
        return initiate<Token>(timeout, &details, token);
    }

    /// How many clients came to nothing: refused, silent, gone before they were answered, or speaking
    /// of something else. Thread-safe.
    std::uint64_t faults() const noexcept { return core_ ? core_->faults() : 0; }

    /// Calls `handler` with each of these from now on, from within accepting operations.
    ///
    /// Its code is `error::type_mismatch` or `error::version_mismatch`, with both sides named;
    /// `asio::error::access_denied`; `asio::error::timed_out` (silent for too long);
    /// `asio::error::connection_aborted` (gone, or dropped for a newer one);
    /// `error::protocol_violation`. Also a want of descriptors or memory, without a peer, when that
    /// keeps the listener from accepting.
    void on_fault(std::function<void(const fault&, const peer&)> handler) {
        if (core_) core_->on_fault(std::move(handler));
    }

    /// Whether faults are delivered as errors of accepts, which then complete with them, rather than
    /// skipped; those who are not allowed are skipped in any case. Default: false.
    void deliver_faults(bool on) noexcept {
        if (core_) core_->deliver_faults(on);
    }

private:
    template <class, class>
    friend class basic_listener;

    static void check(const error_code& ec, const char* what) {
        if (ec) throw system_error(ec, what);
    }

    std::pair<receiver_type, peer> accept_until(
        const detail::deadline& until, error_code& ec, diagnostics& details) {
        detail::accepted_client client;
        ec = core_ ? core_->accept(client, until) : error_code(error::not_open);
        if (client.wrong.code) details = std::move(client.wrong.details);
        return {receiver_type(std::move(client.channel), executor_), std::move(client.who)};
    }

    // Token is given, not deduced: a token passed as lvalue is copied and not moved from.
    template <class Token>
    auto initiate(detail::timeout limit, diagnostics* details, std::remove_reference_t<Token>& token) {
        return boost::asio::async_initiate<Token, void(error_code, receiver_type, peer)>(
            detail::initiate_accept<T, Executor>(core_, executor_), token, limit, details);
    }

    std::shared_ptr<detail::listener_core> core_;
    Executor executor_;
};

/// A listener on any executor.
template <class T>
using listener = basic_listener<T>;

}  // namespace strait

#endif
