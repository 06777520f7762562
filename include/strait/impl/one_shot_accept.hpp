//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#ifndef STRAIT_IMPL_ONE_SHOT_ACCEPT_HPP
#define STRAIT_IMPL_ONE_SHOT_ACCEPT_HPP

#include <strait/listener.hpp>

#include <boost/asio/cancellation_state.hpp>
#include <boost/asio/cancellation_type.hpp>
#include <boost/asio/error.hpp>

#include <algorithm>
#include <chrono>
#include <memory>
#include <utility>

namespace strait::detail {

// What a one-shot server consists of. A client that was accepted stays here until its first message
// is there, whatever becomes of the accept.
template <class T, class Executor>
struct one_shot_state {
    explicit one_shot_state(const Executor& executor) : names(executor), messages(executor) {}

    basic_listener<T, Executor> names;
    basic_receiver<T, Executor> messages;
    peer client;
    diagnostics unwanted;

    // Exactly one client is served: the others are turned away from here on.
    void serve(basic_receiver<T, Executor> channel, peer who) {
        messages = std::move(channel);
        client = std::move(who);
        names.close();
    }

    // A receive came to its end: one that took no message, since it was given up or the system had
    // nothing to give, can be tried again.
    void settle(const error_code& ec) noexcept {
        namespace errc = boost::system::errc;
        const bool took_none = ec == asio::error::operation_aborted ||
                               ec == asio::error::timed_out ||
                               ec == errc::no_buffer_space || ec == errc::not_enough_memory ||
                               ec == errc::no_space_on_device;
        if (ec && !took_none) messages.close();
    }
};

inline std::chrono::nanoseconds time_left(const deadline& until) {
    return std::max(std::chrono::nanoseconds::zero(),
        std::chrono::nanoseconds(*until - std::chrono::steady_clock::now()));
}

// Accepts, then receives: the steps of an asynchronous accept.
template <class T, class Executor>
class one_shot_accept {
public:
    using receiver_type = basic_receiver<T, Executor>;

    one_shot_accept(std::shared_ptr<one_shot_state<T, Executor>> state, deadline until,
        diagnostics* details) noexcept
        : state_(std::move(state)), until_(until), details_(details) {}

    template <class Self>
    void operator()(Self& self) {
        self.reset_cancellation_state(asio::enable_total_cancellation());
        if (state_->messages.is_open()) return receive(self);
        const auto state = state_;  // it goes away with self
        diagnostics& details = details_ != nullptr ? *details_ : state->unwanted;
        if (until_)
            state->names.async_accept_for(time_left(until_), details, std::move(self));
        else
            state->names.async_accept(details, std::move(self));
    }

    template <class Self>
    void operator()(Self& self, const error_code& ec, receiver_type channel, peer who) {
        if (ec) return fail(self, ec);
        state_->serve(std::move(channel), std::move(who));
        if (self.cancelled() != asio::cancellation_type::none)
            return fail(self, asio::error::operation_aborted);
        receive(self);
    }

    template <class Self>
    void operator()(Self& self, const error_code& ec, T value) {
        state_->settle(ec);
        if (ec) return fail(self, ec);
        receiver_type channel = std::move(state_->messages);
        self.complete(ec, std::move(channel), std::move(value));
    }

private:
    template <class Self>
    void receive(Self& self) {
        const auto state = state_;
        if (until_)
            state->messages.async_recv_for(time_left(until_), std::move(self));
        else
            state->messages.async_recv(std::move(self));
    }

    template <class Self>
    void fail(Self& self, const error_code& ec) {
        receiver_type none(state_->names.get_executor());
        self.complete(ec, std::move(none), make_value<T>());
    }

    std::shared_ptr<one_shot_state<T, Executor>> state_;
    deadline until_;
    diagnostics* details_;
};

}  // namespace strait::detail

#endif
