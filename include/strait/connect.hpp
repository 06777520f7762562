//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#ifndef STRAIT_CONNECT_HPP
#define STRAIT_CONNECT_HPP

#include <strait/detail/ends/default_token.hpp>
#include <strait/detail/ends/executor_of.hpp>
#include <strait/endpoint.hpp>
#include <strait/impl/connect_core.hpp>
#include <strait/sender.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/async_result.hpp>

#include <chrono>
#include <utility>

namespace strait {

/// Connects to a listener of `T`: a sender of a new channel, whose receiver the listener gets. The
/// sender is unbound.
///
/// Blocks until the listener has answered, which it does while it has an accept waiting: a listener
/// that is too busy to accept keeps `connect` waiting, as a full channel keeps a send. So success
/// says that the listener is alive, lets this process in, and speaks of the same type; what is
/// sent from then on is in the channel, in order. A thread must therefore not connect to a listener
/// on which it is the one to accept.
///
/// While the queue of the listener is full it tries again, at most 20 times a second. (BSD and macOS
/// report that as `asio::error::connection_refused`, which nobody can tell from a dead listener.)
///
/// The channel has the limits of the listener, as far as they are not beyond strait's defaults.
///
/// *Errors*: `no_such_file_or_directory`, `asio::error::connection_refused`: nobody listens there,
/// or not any longer. `asio::error::access_denied`: the listener, or the system, does not let
/// this process in. `error::type_mismatch`, `error::version_mismatch`: the listener speaks of
/// another type or in another version; `details` names both. `asio::error::connection_reset`: it
/// ended before it answered, or dropped a connection that was late. `error::protocol_violation`:
/// what listens there is none of strait's. `filename_too_long`, `invalid_argument`,
/// `operation_not_supported`: see `endpoint::check`; and what the system reports. Then the sender
/// is empty, and no descriptor is left.
template <class T>
sender<T> connect(const endpoint& at, error_code& ec, diagnostics& details) {
    return sender<T>(
        detail::connect_now(detail::identity_of<T>(), at, {}, std::nullopt, ec, details), {});
}
template <class T>
sender<T> connect(const endpoint& at, error_code& ec) {
    diagnostics details;
    return connect<T>(at, ec, details);
}

/// As above, but throws `system_error`, whose text names the endpoint and both sides of a
/// disagreement.
template <class T>
sender<T> connect(const endpoint& at) {
    error_code ec;
    diagnostics details;
    sender<T> end = connect<T>(at, ec, details);
    if (ec) detail::throw_connect_error(at, ec, details);
    return end;
}

/// As `connect`, but gives up with `asio::error::timed_out` after `timeout`.
template <class T>
sender<T> connect_for(const endpoint& at, std::chrono::nanoseconds timeout, error_code& ec,
    diagnostics& details) {
    return sender<T>(detail::connect_now(detail::identity_of<T>(), at, {},
                         detail::deadline_after(timeout), ec, details),
        {});
}
template <class T>
sender<T> connect_for(const endpoint& at, std::chrono::nanoseconds timeout, error_code& ec) {
    diagnostics details;
    return connect_for<T>(at, timeout, ec, details);
}
template <class T>
sender<T> connect_for(const endpoint& at, std::chrono::nanoseconds timeout) {
    error_code ec;
    diagnostics details;
    sender<T> end = connect_for<T>(at, timeout, ec, details);
    if (ec) detail::throw_connect_error(at, ec, details);
    return end;
}

/// Connects to a listener of `T`; see `connect` for when that succeeds.
///
/// @param where The executor of the sender, or an execution context that has one.
///
/// @param at The name; copied.
///
/// @param details Names both sides of a disagreement; must live until the operation completes.
///
/// @param token The completion token.
///
/// *Completion signature*: `void(error_code, sender<T>)`; on error the sender is empty.
///
/// *Executor.* Connecting goes on on `where`, the handler is called on its associated executor, which is
/// `where` by default; never from within this function.
///
/// *Per-operation cancellation.* `terminal`, `partial` and `total` mean the same: unless the listener
/// has answered already the operation completes with `asio::error::operation_aborted` and the
/// connection is closed. A listener that was about to answer may see a client that ends at once.
///
/// *Errors.* As `connect`, and `error::not_bound` for an empty executor. When the handler has none either
/// that is thrown from here.
///
/// *Object lifetimes.* Nothing but `details` need live. Destroying the execution context destroys
/// the handler, uncalled.
///
/// *Thread safety.* Safe. *Exception safety.* Only allocation of the operation throws.
template <class T, detail::executor_or_context Where,
    boost::asio::completion_token_for<void(error_code, sender<T>)> Token =
        detail::default_token_t<boost::asio::any_io_executor>>
auto async_connect(Where&& where, const endpoint& at, Token&& token = Token()) {
    return boost::asio::async_initiate<Token, void(error_code, sender<T>)>(
        detail::initiate_connect<T>(detail::executor_of(where)), token, at, detail::timeout(),
        static_cast<diagnostics*>(nullptr));
}
template <class T, detail::executor_or_context Where,
    boost::asio::completion_token_for<void(error_code, sender<T>)> Token =
        detail::default_token_t<boost::asio::any_io_executor>>
auto async_connect(
    Where&& where, const endpoint& at, diagnostics& details, Token&& token = Token()) {
    return boost::asio::async_initiate<Token, void(error_code, sender<T>)>(
        detail::initiate_connect<T>(detail::executor_of(where)), token, at, detail::timeout(),
        &details);
}

/// As `async_connect`, but completes with `asio::error::timed_out` when the listener has not answered
/// within `timeout`.
template <class T, detail::executor_or_context Where,
    boost::asio::completion_token_for<void(error_code, sender<T>)> Token =
        detail::default_token_t<boost::asio::any_io_executor>>
auto async_connect_for(Where&& where, const endpoint& at, std::chrono::nanoseconds timeout,
    Token&& token = Token()) {
    return boost::asio::async_initiate<Token, void(error_code, sender<T>)>(
        detail::initiate_connect<T>(detail::executor_of(where)), token, at,
        detail::timeout(timeout), static_cast<diagnostics*>(nullptr));
}
template <class T, detail::executor_or_context Where,
    boost::asio::completion_token_for<void(error_code, sender<T>)> Token =
        detail::default_token_t<boost::asio::any_io_executor>>
auto async_connect_for(Where&& where, const endpoint& at, std::chrono::nanoseconds timeout,
    diagnostics& details, Token&& token = Token()) {
    return boost::asio::async_initiate<Token, void(error_code, sender<T>)>(
        detail::initiate_connect<T>(detail::executor_of(where)), token, at,
        detail::timeout(timeout), &details);
}

}  // namespace strait

#endif
