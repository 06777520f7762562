//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#ifndef STRAIT_ONE_SHOT_SERVER_HPP
#define STRAIT_ONE_SHOT_SERVER_HPP

#include <strait/detail/ends/default_token.hpp>
#include <strait/endpoint.hpp>
#include <strait/impl/one_shot_accept.hpp>
#include <strait/listener.hpp>

#include <boost/asio/async_result.hpp>
#include <boost/asio/compose.hpp>
#include <boost/asio/execution_context.hpp>

#include <chrono>
#include <concepts>
#include <memory>
#include <type_traits>
#include <utility>

namespace strait {

/// A name made up for one client: to be told to it, on its command line for example, and gone once it
/// has connected.
///
/// Exactly one client is served. One that comes later sees `asio::error::connection_refused`, or
/// `no_such_file_or_directory`. Who is not allowed in (`listener_options::who`, `policy`) is no client.
///
/// A child that you start yourself needs no name: see `process`.
///
/// *Executor, destruction, default completion token, thread safety, fork*: as `basic_listener`.
template <class T, class Executor = boost::asio::any_io_executor>
class basic_one_shot_server {
public:
    using executor_type = Executor;
    using value_type = T;
    using receiver_type = basic_receiver<T, Executor>;

    /// The same on another type of executor.
    template <class OtherExecutor>
    struct rebind_executor {
        using other = basic_one_shot_server<T, OtherExecutor>;
    };

    /// Listens at a generated name. Throws `system_error`; see `basic_listener::open`.
    explicit basic_one_shot_server(
        const Executor& executor, const listener_options& options = {})
        : basic_one_shot_server(executor, endpoint::generate(), options) {}
    template <std::derived_from<boost::asio::execution_context> Context>
    explicit basic_one_shot_server(Context& context, const listener_options& options = {})
        : basic_one_shot_server(Executor(context.get_executor()), options) {}

    /// The same, unbound.
    basic_one_shot_server()
        requires std::default_initializable<Executor>
        : basic_one_shot_server(Executor()) {}

    /// Listens at a given name, such as `endpoint::generate_path()`.
    basic_one_shot_server(
        const Executor& executor, const endpoint& at, const listener_options& options = {})
        : state_(std::make_shared<state>(executor)), executor_(executor) {
        state_->names.open(at, options);
        state_->names.deliver_faults(true);
    }
    template <std::derived_from<boost::asio::execution_context> Context>
    basic_one_shot_server(
        Context& context, const endpoint& at, const listener_options& options = {})
        : basic_one_shot_server(Executor(context.get_executor()), at, options) {}
    explicit basic_one_shot_server(const endpoint& at, const listener_options& options = {})
        requires std::default_initializable<Executor>
        : basic_one_shot_server(Executor(), at, options) {}

    /// Operations that wait go on; the moved-from server is closed.
    basic_one_shot_server(basic_one_shot_server&& other) noexcept
        : state_(std::move(other.state_)), executor_(other.executor_) {}

    /// Closes what this server was.
    basic_one_shot_server& operator=(basic_one_shot_server&& other) noexcept {
        if (this != &other) {
            close();
            state_ = std::move(other.state_);
            executor_ = other.executor_;
        }
        return *this;
    }

    /// As `close`.
    ~basic_one_shot_server() { close(); }

    /// The executor; an empty one if unbound.
    executor_type get_executor() const noexcept { return executor_; }

    /// Sets the executor; operations that wait complete with `asio::error::operation_aborted`.
    void bind(const Executor& executor) {
        executor_ = executor;
        if (!state_) return;
        state_->names.bind(executor);
        state_->messages.bind(executor);
    }
    template <std::derived_from<boost::asio::execution_context> Context>
    void bind(Context& context) {
        bind(Executor(context.get_executor()));
    }

    /// The name, to be told to the client.
    endpoint local_endpoint() const { return state_ ? state_->names.local_endpoint() : endpoint(); }

    /// Whether a client can still come, or is there and has not been given out.
    bool is_open() const noexcept {
        return state_ && (state_->names.is_open() || state_->messages.is_open());
    }

    /// The client that was served; nobody before that.
    peer client() const { return state_ ? state_->client : peer(); }

    /// Operations that wait complete with `asio::error::operation_aborted`. A client that has connected
    /// is kept for the next accept.
    void cancel() noexcept {
        if (!state_) return;
        state_->names.cancel();
        state_->messages.cancel();
    }

    /// As `cancel`, and gives the name up. A client that was not given out is dropped.
    void close() noexcept {
        if (!state_) return;
        state_->names.close();
        state_->messages.close();
    }

    /// Waits for the client and its first message, blocking; gives them out once. On error both are
    /// empty.
    ///
    /// *Errors.* `error::type_mismatch`, `error::version_mismatch`: a client speaks of something else
    /// (`details` names both), `error::protocol_violation`: it speaks otherwise,
    /// `asio::error::connection_aborted`: it was gone before it had said what it speaks: it was not
    /// served, and the server still is open. `asio::error::eof`: the client was gone before its first
    /// message: it was the one, and the server is closed. `asio::error::no_buffer_space` and other wants
    /// of the system: a client that has connected is kept for the next accept. `error::not_open`,
    /// `error::owner_changed`.
    std::pair<receiver_type, T> accept(error_code& ec, diagnostics& details) {
        return accept_until(std::nullopt, ec, details);
    }
    std::pair<receiver_type, T> accept(error_code& ec) {
        diagnostics details;
        return accept(ec, details);
    }

    /// As above, but throws `system_error`.
    std::pair<receiver_type, T> accept() {
        error_code ec;
        auto first = accept(ec);
        if (ec) throw system_error(ec, "one_shot_server::accept");
        return first;
    }

    /// As `accept`, but gives up with `asio::error::timed_out` after `timeout`; a client that has connected
    /// is kept for the next accept.
    std::pair<receiver_type, T> accept_for(
        std::chrono::nanoseconds timeout, error_code& ec, diagnostics& details) {
        return accept_until(detail::deadline_after(timeout), ec, details);
    }
    std::pair<receiver_type, T> accept_for(std::chrono::nanoseconds timeout, error_code& ec) {
        diagnostics details;
        return accept_for(timeout, ec, details);
    }
    std::pair<receiver_type, T> accept_for(std::chrono::nanoseconds timeout) {
        error_code ec;
        auto first = accept_for(timeout, ec);
        if (ec) throw system_error(ec, "one_shot_server::accept_for");
        return first;
    }

    /// Waits for the client and its first message. One accept at a time.
    ///
    /// @param details As in `basic_listener::async_accept`.
    ///
    /// @param token The completion token.
    ///
    /// *Completion signature*: `void(error_code, receiver_type, T)`; on error both are empty.
    ///
    /// *Executor.* Accepting and waiting go on on the executor of the server; decoding and the handler
    /// run on the handler's associated executor, which is that of the server by default; never
    /// from within this function.
    ///
    /// *Per-operation cancellation.* `terminal`, `partial` and `total` mean the same: the operation
    /// completes with `asio::error::operation_aborted`. A client that has connected, and what it has
    /// sent, are kept for the next accept.
    ///
    /// *Errors.* As `accept`, and `error::not_bound`.
    ///
    /// *Object lifetimes, thread safety, exception safety.* As `basic_listener::async_accept`.
    template <boost::asio::completion_token_for<void(error_code, receiver_type, T)> Token =
                  detail::default_token_t<Executor>>
    auto async_accept(Token&& token = Token()) {
        return initiate<Token>({}, nullptr, token);
    }
    template <boost::asio::completion_token_for<void(error_code, receiver_type, T)> Token =
                  detail::default_token_t<Executor>>
    auto async_accept(diagnostics& details, Token&& token = Token()) {
        return initiate<Token>({}, &details, token);
    }

    /// As `async_accept`, but completes with `asio::error::timed_out` when there was no message within
    /// `timeout`.
    template <boost::asio::completion_token_for<void(error_code, receiver_type, T)> Token =
                  detail::default_token_t<Executor>>
    auto async_accept_for(std::chrono::nanoseconds timeout, Token&& token = Token()) {
        return initiate<Token>(timeout, nullptr, token);
    }
    template <boost::asio::completion_token_for<void(error_code, receiver_type, T)> Token =
                  detail::default_token_t<Executor>>
    auto async_accept_for(
        std::chrono::nanoseconds timeout, diagnostics& details, Token&& token = Token()) {
        return initiate<Token>(timeout, &details, token);
    }

private:
    using state = detail::one_shot_state<T, Executor>;

    std::shared_ptr<state> state_or_closed() const {
        return state_ ? state_ : std::make_shared<state>(executor_);
    }

    std::pair<receiver_type, T> accept_until(
        const detail::deadline& until, error_code& ec, diagnostics& details) {
        const auto s = state_or_closed();
        std::pair<receiver_type, T> first(receiver_type(executor_), make_value<T>());
        ec = {};
        if (!s->messages.is_open()) {
            auto client = until ? s->names.accept_for(detail::time_left(until), ec, details)
                                : s->names.accept(ec, details);
            if (!ec) s->serve(std::move(client.first), std::move(client.second));
        }
        if (ec) return first;
        first.second = until ? s->messages.recv_until(*until, ec) : s->messages.recv(ec);
        s->settle(ec);
        if (!ec) first.first = std::move(s->messages);
        return first;
    }

    // Token is given, not deduced: a token passed as lvalue is copied and not moved from.
    template <class Token>
    auto initiate(
        detail::timeout limit, diagnostics* details, std::remove_reference_t<Token>& token) {
        detail::deadline until;
        if (limit) until = detail::deadline_after(*limit);
        return boost::asio::async_compose<Token, void(error_code, receiver_type, T)>(
            detail::one_shot_accept<T, Executor>(state_or_closed(), until, details), token,
            executor_);
    }

    std::shared_ptr<state> state_;
    Executor executor_;
};

/// A one-shot server on any executor.
template <class T>
using one_shot_server = basic_one_shot_server<T>;

}  // namespace strait

#endif
