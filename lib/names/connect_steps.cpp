//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#include "names/connect_steps.hpp"

#include "link/link_sender.hpp"
#include "posix/local_socket.hpp"
#include "posix/stream.hpp"

#include <strait/impl/connect_core.hpp>

#include <boost/asio/error.hpp>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

namespace strait::detail {

namespace {

// Between attempts while the queue of the listener is full: soon at first, since it empties as fast
// as the listener can accept, and at most 20 times a second in the end.
constexpr std::chrono::milliseconds first_pause{1};
constexpr std::chrono::milliseconds longest_pause{50};

}  // namespace

connect_steps::connect_steps(const type_identity& type, const endpoint& at) : at_(at) {
    ours_.fingerprint = type.fingerprint;
    ours_.type_name = type.name;
}

connect_steps::action connect_steps::finish(const error_code& ec) noexcept {
    result_ = ec;
    return action::done;
}

connect_steps::action connect_steps::resume() {
    if (!stream_.is_open()) {
        const action next = connect();
        if (next != action::read) return next;
    }
    return read_answer();
}

connect_steps::action connect_steps::connect() {
    error_code ec;
    handle stream = os::connect_to(at_, ec);
    if (ec == asio::error::would_block) {
        pause_ = std::clamp(2 * pause_, first_pause, longest_pause);
        return action::pause;
    }
    if (ec) return finish(ec);
    const byte_buffer hello = encode_greeting(answer_code::none, ours_);
    const piece whole{hello.data(), hello.size()};
    const os::io_result io = os::send_some(stream, {&whole, 1}, {});
    stream_ = std::move(stream);
    // A listener that refuses the peer may be gone already, and have left its answer.
    if (io.ec && io.ec != asio::error::broken_pipe) return finish(io.ec);
    return action::read;
}

connect_steps::action connect_steps::read_answer() {
    for (;;) {
        std::vector<os::handle_batch> handles;
        const os::io_result io = os::recv_some(stream_, reader_.room(), handles, false);
        if (io.ec == asio::error::would_block) return action::read;
        if (io.ec == asio::error::no_buffer_space) return finish(io.ec);
        if (io.ec || io.bytes == 0) return finish(asio::error::connection_reset);
        const auto state =
            handles.empty() ? reader_.on_read(io.bytes) : greeting_reader::state::broken;
        if (state == greeting_reader::state::broken) return finish(error::protocol_violation);
        if (state == greeting_reader::state::complete) return finish(judge());
    }
}

error_code connect_steps::judge() {
    const greeting& theirs = reader_.value();
    if (theirs.what == answer_code::not_allowed) return asio::error::access_denied;
    if (theirs.what == answer_code::closed) return asio::error::connection_refused;
    if (error_code ec = compare(theirs, ours_, details_)) return ec;
    return theirs.what == answer_code::accepted ? error_code() : error::protocol_violation;
}

std::shared_ptr<sender_core> connect_steps::make_sender(const asio::any_io_executor& executor) {
    channel_identity channel = reader_.value().channel;
    channel.type_name = ours_.type_name;
    return link_sender::make(std::move(stream_), std::move(channel), {}, executor);
}

std::shared_ptr<sender_core> connect_now(const type_identity& type, const endpoint& at,
    const asio::any_io_executor& executor, const deadline& until, error_code& ec,
    diagnostics& details) {
    using action = connect_steps::action;
    using nanoseconds = std::chrono::nanoseconds;
    try {
        connect_steps steps(type, at);
        for (;;) {
            const action next = steps.resume();
            if (next == action::done) break;
            nanoseconds left = nanoseconds::max();
            if (until) left = *until - std::chrono::steady_clock::now();
            if (left <= nanoseconds::zero()) {
                ec = asio::error::timed_out;
                return nullptr;
            }
            ec = {};
            if (next == action::pause)
                os::pause(std::min<nanoseconds>(left, steps.pause_time()).count());
            else
                ec = os::wait_readable(steps.stream(), until ? left.count() : -1);
            if (ec) return nullptr;
        }
        ec = steps.result();
        if (!ec) return steps.make_sender(executor);
        details = std::move(steps.details());
    } catch (...) {
        ec = asio::error::no_buffer_space;
    }
    return nullptr;
}

void throw_connect_error(const endpoint& at, const error_code& ec, const diagnostics& details) {
    std::string what = "connect(" + at.to_string() + ')';
    if (!details.found.empty()) what += ": " + details.found + " instead of " + details.expected;
    throw system_error(ec, what);
}

}  // namespace strait::detail
