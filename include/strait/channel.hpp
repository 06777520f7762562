//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#ifndef STRAIT_CHANNEL_HPP
#define STRAIT_CHANNEL_HPP

#include <strait/limits.hpp>
#include <strait/receiver.hpp>
#include <strait/sender.hpp>

#include <boost/asio/execution_context.hpp>

#include <concepts>
#include <utility>

namespace strait {

/// How a channel is made.
struct channel_options {
    /// The bounds of the channel, which travel with its ends.
    limits bounds;

    /// The channel stays in this process: it costs memory and no object of the system, and messages
    /// pass from thread to thread without a system call. Everything else is as for every channel; some
    /// 208 KiB of unread messages make it full. Its ends travel through other in-process channels
    /// only: others refuse them with `error::in_process_end`. A receiver is refused with
    /// `error::own_receiver` where it could never be received: when the receiver of the channel that it
    /// is sent through lies, directly or not, in its own queue.
    bool in_process = false;

    // Not an aggregate: g++ 12 destroys aggregates made inside a co_await expression twice.
    channel_options() noexcept = default;
    explicit channel_options(const limits& l) noexcept : bounds(l) {}
};

/// Makes a channel: its first sender, and its receiver. Costs a pair of connected local sockets,
/// unless it is to stay in the process.
///
/// With an executor both ends use it; without, they are unbound.
///
/// *Errors*: what the system reports, such as `too_many_files_open`; the ends are empty then.
template <class T>
std::pair<sender<T>, receiver<T>> make_channel(const boost::asio::any_io_executor& executor,
    const channel_options& options, error_code& ec) {
    const auto type = detail::identity_of<T>();
    ec.clear();
    auto cores = options.in_process
                     ? detail::make_in_process_cores(type, options.bounds, executor)
                     : detail::make_channel_cores(type, options.bounds, executor, ec);
    return {sender<T>(std::move(cores.first), executor),
        receiver<T>(std::move(cores.second), executor)};
}

/// As above, but throws `system_error`.
template <class T>
std::pair<sender<T>, receiver<T>> make_channel(
    const boost::asio::any_io_executor& executor, const channel_options& options = {}) {
    error_code ec;
    auto ends = make_channel<T>(executor, options, ec);
    if (ec) throw system_error(ec, "make_channel");
    return ends;
}

/// As above, with the executor of a context.
template <class T, std::derived_from<boost::asio::execution_context> Context>
std::pair<sender<T>, receiver<T>> make_channel(
    Context& context, const channel_options& options = {}) {
    return make_channel<T>(boost::asio::any_io_executor(context.get_executor()), options);
}

/// As above, unbound.
template <class T>
std::pair<sender<T>, receiver<T>> make_channel(const channel_options& options = {}) {
    return make_channel<T>(boost::asio::any_io_executor(), options);
}

}  // namespace strait

#endif
