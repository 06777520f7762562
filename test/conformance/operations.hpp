//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#ifndef STRAIT_TEST_CONFORMANCE_OPERATIONS_HPP
#define STRAIT_TEST_CONFORMANCE_OPERATIONS_HPP

#include "conformance/probe.hpp"

#include <chrono>
#include <span>

namespace strait::test {

struct scene;

// A row of the table of asynchronous operations.
struct operation {
    const char* name;
    bool sends;
    bool is_timed;
    bool by_parts;     // a large message is written part by part
    bool keeps_value;  // the value sent stays with the caller, or comes back
    void (*initiate)(scene&, probe_handler);
    bool ends_well = false;  // the end of the channel is no error
};

// Every asynchronous operation of the ends of a channel.
std::span<const operation> all_operations();

// A channel in which one operation is looked at.
struct scene {
    scene(const operation& op, const asio::any_io_executor& executor, const limits& bounds = {});

    void start(probe& p);

    // Before the operation: it will have to wait, or can be done at once. Afterwards: what it waits
    // for happens. Other operations that wait may need it once more.
    void make_it_wait();
    void make_it_ready();
    void let_it_go();

    // To the end that the operation is started on.
    void cancel();
    void close();
    void destroy();
    void move_end();  // to another object, which is the end from now on
    void bind(const asio::any_io_executor& executor);

    // The end becomes one without a channel.
    void replace(const asio::any_io_executor& executor);

    // To the other end; and what the operation then completes with.
    void destroy_peer();
    error_code end_of_channel() const;

    // Everything that the receiver has at hand is received; the numbers of the notes.
    std::vector<std::uint64_t> drain();

    const operation& op;
    std::optional<sender<note>> tx;
    std::optional<receiver<note>> rx;
    note value{.number = own_number, .text = {}};
    std::chrono::nanoseconds timeout = std::chrono::hours(1);
    std::optional<sender<note>> moved_tx;
    std::optional<receiver<note>> moved_rx;

    static constexpr std::uint64_t own_number = 7;  // of the note that the operation sends
    static constexpr std::uint64_t filling = 1000;  // of the notes that fill the channel
};

// The same for all operations, each named in what fails.
template <class Body>
void for_each_operation(Body body) {
    for (const operation& op : all_operations()) BOOST_TEST_CONTEXT(op.name) body(op);
}

}  // namespace strait::test

#endif
