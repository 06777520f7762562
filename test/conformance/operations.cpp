//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#include "conformance/operations.hpp"
#include "support/channels.hpp"

#include <boost/asio/error.hpp>
#include <boost/test/unit_test.hpp>

namespace strait::test {

namespace {

constexpr operation operations[] = {
    {"async_send(T&&)", true, false, true, false,
        [](scene& s, probe_handler h) { s.tx->async_send(note(s.value), std::move(h)); }},
    {"async_send(T&)", true, false, true, true,
        [](scene& s, probe_handler h) { s.tx->async_send(s.value, std::move(h)); }},
    {"async_send(const T&)", true, false, true, true,
        [](scene& s, probe_handler h) { s.tx->async_send(std::as_const(s.value), std::move(h)); }},
    {"async_send_for(T&&)", true, true, false, false,
        [](scene& s, probe_handler h) {
            s.tx->async_send_for(note(s.value), s.timeout, std::move(h));
        }},
    {"async_send_for(T&)", true, true, false, true,
        [](scene& s, probe_handler h) { s.tx->async_send_for(s.value, s.timeout, std::move(h)); }},
    {"async_send_for(const T&)", true, true, false, true,
        [](scene& s, probe_handler h) {
            s.tx->async_send_for(std::as_const(s.value), s.timeout, std::move(h));
        }},
    {"async_send_or_return", true, false, true, true,
        [](scene& s, probe_handler h) { s.tx->async_send_or_return(note(s.value), std::move(h)); }},
    {"async_send_all", true, false, true, true,
        [](scene& s, probe_handler h) {
            s.tx->async_send_all(std::span(&s.value, 1), std::move(h));
        }},
    {"async_recv", false, false, false, false,
        [](scene& s, probe_handler h) { s.rx->async_recv(std::move(h)); }},
    {"async_recv_for", false, true, false, false,
        [](scene& s, probe_handler h) { s.rx->async_recv_for(s.timeout, std::move(h)); }},
    {"async_next", false, false, false, false,
        [](scene& s, probe_handler h) { s.rx->async_next(std::move(h)); }, true},
};

}  // namespace

std::span<const operation> all_operations() { return operations; }

scene::scene(const operation& o, const asio::any_io_executor& executor, const limits& bounds)
    : op(o) {
    auto ends = strait::test::new_channel<note>(executor, channel_options(bounds));
    tx.emplace(std::move(ends.first));
    rx.emplace(std::move(ends.second));
}

void scene::start(probe& p) {
    p.start([this](probe_handler h) { op.initiate(*this, std::move(h)); });
}

void scene::make_it_wait() {
    if (!op.sends) return;
    const note page{.number = filling, .text = std::string(1000, 'p')};
    while (tx->try_send(page)) continue;
    value.text = page.text;  // or it would fit where a page does not
}

void scene::make_it_ready() {
    if (!op.sends) tx->send(value);
}

void scene::let_it_go() {
    if (op.sends)
        drain();
    else
        tx->send(value);
}

void scene::cancel() { op.sends ? tx->cancel() : rx->cancel(); }

void scene::close() { op.sends ? tx->close() : rx->close(); }

void scene::destroy() {
    if (op.sends)
        tx.reset();
    else
        rx.reset();
}

void scene::move_end() {
    if (op.sends) {
        moved_tx.emplace(std::move(*tx));
        tx.swap(moved_tx);
    } else {
        moved_rx.emplace(std::move(*rx));
        rx.swap(moved_rx);
    }
}

void scene::bind(const asio::any_io_executor& executor) {
    op.sends ? tx->bind(executor) : rx->bind(executor);
}

void scene::replace(const asio::any_io_executor& executor) {
    if (op.sends)
        tx.emplace(executor);
    else
        rx.emplace(executor);
}

void scene::destroy_peer() {
    if (op.sends)
        rx.reset();
    else
        tx.reset();
}

error_code scene::end_of_channel() const {
    if (op.sends) return asio::error::broken_pipe;
    return op.ends_well ? error_code() : error_code(asio::error::eof);
}

std::vector<std::uint64_t> scene::drain() {
    std::vector<std::uint64_t> numbers;
    while (auto received = rx->try_recv()) numbers.push_back(received->number);
    return numbers;
}

}  // namespace strait::test
