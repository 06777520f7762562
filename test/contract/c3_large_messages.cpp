//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#include "contract/raw_link.hpp"
#include "support/context_fixture.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>

using namespace strait::test;
using strait::channel_options;
using strait::error_code;
using strait::limits;
using strait::receiver;
using strait::sender;

namespace {

constexpr std::size_t large_bytes = 256u << 20;

limits large_limits() {
    limits l;
    l.max_message_bytes = large_bytes + 1024;
    return l;
}

struct large_job {
    receiver<note> in;
    sender<note> out;
};

// Reads a link by hand.
struct parsed_link {
    wire::chunk_cache chunks;
    wire::link_reader reader;
    std::vector<std::size_t> messages;  // their bytes
    bool broken = false;

    void parse() {
        using event = wire::link_reader::event;
        strait::detail::incoming_message m;
        os::handle_batch adopted;
        for (;;) {
            const event e = reader.next(limits(), m, adopted);
            broken = broken || e == event::broken;
            if (e == event::none || e == event::broken) return;
            if (e == event::message) messages.push_back(m.body.size());
        }
    }
};

STRAIT_TEST_ROLE(c3_returns_large) {
    // What carries ends decides how large their limits may be.
    auto core = std::make_shared<strait::detail::link_receiver>(
        first_identity<large_job>(large_limits()), asio::any_io_executor());
    if (core->add_first(strait::handle(first_link_number))) return 3;
    large_job job = receiver<large_job>(core, {}).recv();
    note n = job.in.recv();
    if (n.text != pattern(n.number, large_bytes)) return 2;
    job.out.send(std::move(n));
    return 0;
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(c3_large_messages, context_fixture)

// ipc-channel: big_data, huge_data
BOOST_AUTO_TEST_CASE(a_message_of_256_mebibytes_goes_to_another_process_and_back, *over_links()) {
    const channel_options options(large_limits());
    auto [to, in] = new_channel<note>(options);
    auto [out, from] = new_channel<note>(options);
    peer<large_job> child("c3_returns_large");
    child.start({std::move(in), std::move(out)});
    to.send(note{3, pattern(3, large_bytes)});
    const note back = from.recv();
    BOOST_TEST(back.number == 3u);
    BOOST_TEST((back.text == pattern(3, large_bytes)));
    BOOST_TEST(child.process().wait() == exit_status{0});
}

// After each write of a message in turn: what the send reports is what comes out of the link.
BOOST_AUTO_TEST_CASE(a_send_cancelled_after_any_of_its_writes_is_received_whole_or_not_at_all) {
    constexpr std::size_t bytes = 600'000;
    for (int after = 0; after != 24; ++after) {
        auto streams = connected_streams();  // clang 14 captures no structured bindings
        const strait::handle& ours = streams.first;
        strait::handle& theirs = streams.second;
        sender<note> tx(strait::detail::link_sender::make(
                            std::move(theirs), first_identity<note>(in_fragments()), {},
                            context.get_executor()),
            context.get_executor());
        asio::cancellation_signal signal;
        error_code told = asio::error::in_progress;
        tx.async_send(note{1, pattern(1, bytes)},
            asio::bind_cancellation_slot(signal.slot(), [&](error_code ec) { told = ec; }));
        error_code behind = asio::error::in_progress;
        tx.async_send(note{2, {}}, [&](error_code ec) { behind = ec; });

        parsed_link link;
        const auto read = [&] {
            std::vector<os::handle_batch> batches;
            const auto room = link.reader.prepare(link.chunks).first(32u << 10);
            const os::io_result io = os::recv_some(ours, room, batches, false);
            if (io.ec || io.bytes == 0) return false;
            link.reader.commit(io.bytes, batches, os::now_ns());
            link.parse();
            return true;
        };
        for (int i = 0; i != after; ++i) {
            read();
            context.poll();
            context.restart();
        }
        signal.emit(asio::cancellation_type::total);
        do {
            context.poll();
            context.restart();
        } while (read() || told == asio::error::in_progress || behind == asio::error::in_progress);
        BOOST_TEST(!behind);
        BOOST_TEST(!link.broken);
        const std::size_t expected = told ? 1 : 2;
        BOOST_TEST(link.messages.size() == expected);
        if (!told) BOOST_TEST(link.messages[0] > bytes);
        if (told) BOOST_TEST(told == asio::error::operation_aborted);
    }
}

BOOST_AUTO_TEST_SUITE_END()
