//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#include "contract/raw_link.hpp"
#include "posix/memory.hpp"
#include "support/context_fixture.hpp"

#include <strait/any_end.hpp>
#include <strait/receiver_set.hpp>

#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <sys/resource.h>
#include <sys/socket.h>

// What a peer can make a receiver hold or do, many small things in place of a wrong one.

using namespace strait::test;
using strait::channel_options;
using strait::error;
using strait::error_code;
using strait::handle;
using strait::limits;
using strait::receiver;
using strait::sender;

namespace {

using number = std::uint64_t;

struct parts {
    std::string text;
    std::optional<handle> one;
};
using channel = contested_channel<number>;

#if !defined(SO_PASSPIDFD)
constexpr int SO_PASSPIDFD = 76;  // Linux 6.5
#endif

wire::frame_header control(wire::frame_kind kind, std::uint16_t handles = 0) {
    wire::frame_header h;
    h.kind = kind;
    h.handles = handles;
    return h;
}

// Has that one of the links have six others adopted, which become links of theirs too.
void offer_six_links(std::vector<raw_link>& theirs, std::size_t by) {
    for (int i = 0; i != 6; ++i) {
        auto pair = connected_streams();
        if (theirs[by].write(control(wire::frame_kind::adopt, 1), {}, {&pair.first}))
            theirs.emplace_back(std::move(pair.second));
    }
}

void put_u32(std::string& to, std::uint32_t value) {
    for (int shift = 0; shift != 32; shift += 8) to.push_back(static_cast<char>(value >> shift));
}

long peak_kilobytes() {
    rusage usage{};
    ::getrusage(RUSAGE_SELF, &usage);
    return usage.ru_maxrss;
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(c10_limits, context_fixture)

BOOST_AUTO_TEST_CASE(descriptors_that_the_system_adds_to_a_read_are_closed) {
    auto [ours, theirs] = connected_streams();
    const int on = 1;
    const bool adds_pidfd =
        ::setsockopt(ours.native_handle(), SOL_SOCKET, SO_PASSPIDFD, &on, sizeof(on)) == 0;
    BOOST_TEST_MESSAGE("SO_PASSPIDFD: " << adds_pidfd);
    channel c;
    c.raw.write(control(wire::frame_kind::adopt, 1), {}, {&ours});
    raw_link with_pidfd(std::move(theirs));
    ours.close();
    const std::size_t before = resources::held().descriptors.size();
    for (number n = 1; n != 20; ++n) {
        with_pidfd.write(whole(8), std::string(8, '\0'));
        BOOST_TEST(c.rx.recv() == 0u);
    }
    // And the link that was adopted meanwhile, with what its waiting takes.
    BOOST_TEST(resources::held().descriptors.size() <= before + 2);
}

BOOST_AUTO_TEST_CASE(a_table_of_nothing_but_entries_is_bounded_by_what_a_message_may_carry) {
    // Each entry is a handle without any handle.
    constexpr std::uint32_t entries = 4u << 20;
    std::string body;
    for (std::uint32_t i = 0; i != entries; ++i) {
        put_u32(body, 1);
        put_u32(body, 0);
    }
    put_u32(body, entries);
    put_u32(body, static_cast<std::uint32_t>(body.size() + 4));
    error_code ec;
    const handle memory = os::make_memory(std::as_bytes(std::span(body)), ec);
    BOOST_REQUIRE(!ec);
    channel c;
    wire::frame_header h = whole(0, 1);
    h.flags |= wire::flag_table | wire::flag_memory;
    h.message_bytes = static_cast<std::uint32_t>(body.size());
    c.raw.write(h, {}, {&memory});
    const long before = peak_kilobytes();
    c.rx.try_recv(ec);
    BOOST_TEST(ec == asio::error::would_block);
    BOOST_TEST(c.rx.faults() == 1u);
    BOOST_TEST(peak_kilobytes() - before < 128 * 1024);
}

BOOST_AUTO_TEST_CASE(a_message_may_have_as_many_ends_as_handles) {
    limits l;
    l.max_handles_per_message = 3;
    using receivers = std::vector<receiver<note>>;
    auto [tx, rx] = new_channel<receivers>(channel_options(l));
    const auto ended = [] {
        auto ends = new_channel<note>();
        ends.first.close();
        expect_end(ends.second);
        return std::move(ends.second);
    };
    for (const std::size_t count : {std::size_t(4), std::size_t(3)}) {
        receivers many;
        while (many.size() != count) many.push_back(ended());
        error_code ec;
        tx.send(many, ec);
        if (count == 4)
            BOOST_TEST(ec == error::too_many_handles);
        else
            BOOST_TEST(!ec, ec.message());
    }
    BOOST_TEST(rx.recv().size() == 3u);
}

BOOST_AUTO_TEST_CASE(links_adopted_by_adopted_links_are_charged_to_the_same_peer) {
    limits l;
    l.max_links = 40;
    l.max_adopted_per_link = 5;
    channel c(l);
    std::vector<raw_link> theirs;
    theirs.push_back(std::move(c.raw));
    // Each new link adopts as many as it may.
    for (std::size_t by = 0; by != theirs.size() && theirs.size() < 60; ++by) {
        offer_six_links(theirs, by);
        error_code ec;
        c.rx.try_recv(ec);
    }
    // Nothing is left of max_links for the honest one, unless that was prevented.
    error_code ec;
    c.rx.try_recv(ec);
    auto [carrier, carried] = new_channel<sender<number>>();
    carrier.send(c.honest);
    sender<number> third = carried.recv();
    third.send(5);
    BOOST_TEST(c.rx.try_recv(ec) == 5u);
    BOOST_TEST(!ec, ec.message());
}

BOOST_AUTO_TEST_CASE(links_are_charged_to_the_same_peer_where_the_receiver_moves) {
    limits l;
    l.max_links = 100;
    l.max_adopted_per_link = 5;
    channel c(l);
    std::vector<raw_link> theirs;
    theirs.push_back(std::move(c.raw));
    auto [carrier, carried] = new_channel<receiver<number>>();
    error_code ec;
    for (int move = 0; move != 3; ++move) {
        const std::size_t count = theirs.size();
        for (std::size_t by = 0; by != count; ++by) offer_six_links(theirs, by);
        c.rx.try_recv(ec);
        std::erase_if(theirs, [](const raw_link& one) { return one.is_closed(); });
        BOOST_TEST(theirs.size() == 6u);
        carrier.send(std::move(c.rx));
        c.rx = carried.recv();
    }
    c.honest.send(7);
    BOOST_TEST(c.rx.try_recv(ec) == 7u);
}

BOOST_AUTO_TEST_CASE(copies_of_a_sender_in_a_value_are_within_the_budget_of_decoding, *over_links()) {
    // Numbers enough that the elements themselves are within the budget.
    using many = std::vector<std::pair<sender<number>, std::uint32_t>>;
    auto [tx, rx] = new_channel<number>();
    auto [carrier, carried] = new_channel<many>();
    const many fits(8192, {tx, 0});
    carrier.send(fits);
    BOOST_TEST(carried.recv().size() == fits.size());
    const many too_many(100'000, {tx, 0});
    error_code ec;
    carrier.send(too_many, ec);
    BOOST_TEST(ec == error::message_too_large, ec.message());

    // From a sender that allows more than the receiver does.
    contested_channel<many> c;
    limits l;
    l.max_expansion = 1000;
    sender<many> generous(strait::detail::link_sender::make(c.raw.stream().duplicate(),
        strait::test::first_identity<many>(l), {}, {}), {});
    std::thread blocked([&] { generous.send(too_many); });
    c.rx.deliver_faults(true);
    c.rx.recv(ec);
    blocked.join();
    BOOST_TEST(ec == error::bad_message, ec.message());
}

BOOST_AUTO_TEST_CASE(a_message_at_hand_is_found_among_any_number_of_links) {
    auto [tx, rx] = new_channel<number>();
    auto [carrier, carried] = new_channel<sender<number>>();
    std::vector<sender<number>> senders;
    for (int i = 0; i != 150; ++i) {
        carrier.send(tx);
        senders.push_back(carried.recv());
    }
    for (number n = 0; n != 150; ++n) senders[n].send(n);
    for (number n = 0; n != 150; ++n) {
        error_code ec;
        BOOST_TEST(rx.try_recv(ec) == n);
        BOOST_TEST(!ec, ec.message());
    }
}

// ipc-channel D8: there one of them holds up everybody.
BOOST_AUTO_TEST_CASE(links_that_never_finish_a_message_hold_up_nobody) {
    auto core = std::make_shared<strait::detail::link_receiver>(
        first_identity<number>(), context.get_executor());
    const auto link = [&] {
        auto [ours, theirs] = connected_streams();
        BOOST_REQUIRE(!core->add_first(std::move(ours)));
        return raw_link(std::move(theirs));
    };
    raw_link honest = link();
    std::vector<raw_link> others;
    for (int i = 0; i != 100; ++i) others.push_back(link());
    receiver<number> rx(core, context.get_executor());
    bool received = false;
    rx.async_recv([&](error_code ec, number) { received = !ec; });
    wire::frame_header part;
    part.payload_bytes = 1;
    part.message_bytes = 1'000'000;
    honest.write(whole(8), std::string(8, '\0'));
    int turns = 0;
    for (; turns != 200 && !received; ++turns) {
        for (raw_link& other : others) other.write(part, "x");
        context.poll_one();
        context.restart();
    }
    BOOST_TEST(received);
    rx.cancel();
    context.poll();
}

BOOST_AUTO_TEST_CASE(a_sender_refuses_what_its_receiver_may_not_hold) {
    limits l;
    l.max_inbox_bytes = 100'000;
    auto [tx, rx] = new_channel<note>(context, channel_options(l));
    error_code ec;
    tx.async_send(note{1, std::string(200'000, 'x')}, [&](error_code e) { ec = e; });
    std::uint64_t got = 0;
    rx.async_recv([&](error_code, note n) { got = n.number; });
    context.poll();
    BOOST_TEST(ec == error::message_too_large, ec.message());
    tx.send(note{2, {}}, ec);
    BOOST_TEST(!ec, ec.message());
    context.poll();
    BOOST_TEST(got == 2u);
    BOOST_TEST(rx.faults() == 0u);
}

BOOST_AUTO_TEST_CASE(a_fault_that_a_set_delivers_is_counted_and_told) {
    channel c;
    std::vector<error_code> told;
    c.rx.deliver_faults(true);
    c.rx.on_fault([&](const strait::fault& f) { told.push_back(f.code); });
    strait::receiver_set set;
    const auto id = set.add(std::move(c.rx));
    c.raw.write(std::string(100, '\xff'));
    const auto events = set.select();
    BOOST_REQUIRE(events.size() == 1u);
    BOOST_TEST(events[0].code() == error::protocol_violation);
    BOOST_REQUIRE(told.size() == 1u);
    BOOST_TEST(told[0] == error::protocol_violation);
    BOOST_TEST(set.remove(id).faults() == 1u);
}

BOOST_AUTO_TEST_CASE(memory_that_a_large_value_lies_in_is_none_of_its_handles) {
    limits l;
    l.max_handles_per_message = 1;
    for (const bool pooled : {true, false}) {
        if (!pooled) l.max_pool_bytes = 0;
        auto [tx, rx] = new_channel<parts>(context, channel_options(l));
        for (const std::size_t bytes : {std::size_t(100), std::size_t(60'000), std::size_t(500'000)}) {
            error_code ec;
            tx.try_send(parts{std::string(bytes, 'x'), {}}, ec);
            BOOST_TEST(!ec, ec.message());
            BOOST_TEST(rx.recv().text.size() == bytes);
            parts p{std::string(bytes, 'x'), make_pipe().read};
            tx.try_send(std::move(p), ec);
            BOOST_TEST(!ec, ec.message());
            const parts got = rx.recv();
            BOOST_TEST(got.text.size() == bytes);
            BOOST_TEST((got.one && got.one->is_open()));
        }
        BOOST_TEST(rx.faults() == 0u);
    }
}

BOOST_AUTO_TEST_CASE(without_handles_large_values_go_through_the_socket) {
    limits l;
    l.max_handles_per_message = 0;
    auto [tx, rx] = new_channel<std::string>(context, channel_options(l));
    const std::string large(1'000'000, 'x');
    error_code ec;
    tx.try_send(large, ec);
    if (!in_process_run()) BOOST_TEST(ec == error::message_too_large);
    if (in_process_run()) BOOST_TEST((rx.recv() == large));
    std::thread sending([&to = tx, &large] { to.send(large); });
    BOOST_TEST((rx.recv() == large));
    sending.join();
    BOOST_TEST(rx.faults() == 0u);
}

BOOST_AUTO_TEST_SUITE_END()
