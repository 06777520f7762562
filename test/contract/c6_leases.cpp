//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#include "contract/raw_link.hpp"
#include "support/leak_check.hpp"

#include <vector>

// Links that are given to the same process again and again are leased: see
// docs/design/data-flow.md.

using namespace strait::test;
using strait::error_code;
using strait::sender;

BOOST_FIXTURE_TEST_SUITE(c6_leases, clean_fixture)

BOOST_AUTO_TEST_CASE(a_copy_of_a_closed_sender_leaves_a_parked_link_as_it_is) {
    auto [tx, rx] = new_channel<note>();
    auto [carrier, carried] = new_channel<with_sender>();
    carrier.send(with_sender{tx});
    with_sender arrived = carried.recv();
    arrived.end.send(note{0, {}});
    arrived.end.close();
    {
        const sender<note> copy = arrived.end;
        BOOST_TEST(!copy.is_open());
    }
    expect_notes(rx, 0, 1);
    error_code ec;
    rx.try_recv(ec);
    BOOST_TEST(ec == asio::error::would_block);
    BOOST_TEST(rx.faults() == 0u);
    carrier.send(with_sender{tx});
    arrived = carried.recv();
    arrived.end.send(note{1, {}}, ec);
    BOOST_TEST(!ec);
    expect_notes(rx, 1, 2);
}

BOOST_AUTO_TEST_CASE(a_link_kept_from_a_failed_send_is_no_lease_of_whoever_gets_it, *over_links()) {
    auto [tx, rx] = new_channel<note>();
    auto [carrier, carried] = new_channel<with_sender>();
    error_code ec;
    while (!ec) carrier.try_send(with_sender{tx}, ec);
    BOOST_REQUIRE(ec == asio::error::would_block);

    // The link made for the last one goes to another process, which breaks its word.
    auto [ours, theirs] = connected_streams();
    sender<with_sender> other(
        strait::detail::link_sender::make(std::move(theirs), first_identity<with_sender>(), {}, {}),
        {});
    other.send(with_sender{tx});
    std::vector<std::byte> room(64u << 10);
    std::vector<os::handle_batch> batches;
    os::recv_some(ours, room, batches, false);
    BOOST_REQUIRE(batches.size() == 1u);
    raw_link hostile(std::move(batches[0].handles.at(0)));
    wire::frame_header park;
    park.kind = wire::frame_kind::park;
    hostile.write(park);
    rx.try_recv(ec);
    BOOST_TEST(ec == asio::error::would_block);

    std::vector<with_sender> held;
    for (;;) {
        with_sender one = carried.try_recv(ec);
        if (ec) break;
        held.push_back(std::move(one));
    }
    carrier.send(with_sender{tx});
    with_sender last = carried.try_recv(ec);
    BOOST_TEST(!ec, ec.message());
    BOOST_TEST(carried.faults() == 0u);
    last.end.send(note{1, {}}, ec);
    expect_notes(rx, 1, 2);
}

BOOST_AUTO_TEST_SUITE_END()
