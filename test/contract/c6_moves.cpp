//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#include "contract/two_processes.hpp"
#include "support/context_fixture.hpp"

#include <strait/any_end.hpp>

#include <boost/asio/io_context.hpp>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

// What becomes of messages, parked links and blocks when a receiver moves, or a link ends, while
// something still refers to them (C1, C3, C5, C6).

using namespace std::chrono_literals;
using namespace strait::test;
using strait::any_receiver;
using strait::error_code;
using strait::receiver;
using strait::sender;

namespace {

struct parcel {
    std::uint64_t number = 0;
    std::string text;
    std::optional<sender<note>> end;
    std::optional<receiver<note>> way;
};

struct with_parcels {
    receiver<parcel> end;
};

struct blob {
    std::uint64_t number = 0;
    std::vector<std::uint32_t> data;
};

struct with_blobs {
    receiver<blob> end;
};

constexpr std::size_t large = 10'000;  // elements: 40,000 bytes, which want a block

blob make_blob(std::uint64_t number) {
    return {number, std::vector<std::uint32_t>(large, static_cast<std::uint32_t>(number))};
}

bool is_blob(const blob& b, std::uint64_t number) {
    return b.number == number && b.data == make_blob(number).data;
}

// A pool in which one of these has place.
strait::channel_options with_one_block() {
    return with_pool(48u << 10);
}

template <class T>
parcel parcel_with(const T& end) {
    parcel p;
    p.end = end;
    return p;
}

// A receiver that went through a message, as if to another process.
template <class Holder, class T>
receiver<T> moved(receiver<T> rx) {
    auto [there, here] = new_channel<Holder>();
    Holder h{std::move(rx)};
    there.send(std::move(h));
    return std::move(here.recv().end);
}

// The message that a pending receive was granted, but did not take, lies first in line.
template <class T>
void leave_in_line(receiver<T>& rx, int receives) {
    for (int i = 0; i != receives; ++i) rx.async_recv([](error_code, T) {});
    rx.cancel();
}

std::size_t open_descriptors() {
    std::size_t count = 0;
    for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator("/proc/self/fd"))
        ++count;
    return count;
}

std::uint64_t fill_with_parcels(sender<parcel>& to) {
    error_code ec;
    for (std::uint64_t n = 0;; ++n) {
        parcel p;
        p.text = std::string(1000, 'p');
        to.try_send(std::move(p), ec);
        if (ec) return n;
    }
}

// Takes up a link that is parked at the other side of the carrier, moves its receiver away, and dies.
struct giving {
    sender<parcel> carrier;
    sender<with_receiver> mover;
    receiver<note> go;
};

STRAIT_TEST_ROLE(c6_moves_giver) {
    auto start = from_parent<giving>();
    giving g = start.recv();
    asio::io_context context;
    auto [tx, rx] = strait::make_channel<note>();
    g.carrier.bind(context);
    g.carrier.send(parcel_with(tx));
    rx.recv();
    g.go.recv();
    error_code ec;
    rx.try_recv(ec);  // that it is parked
    // A message with an attachment, but not with that sender.
    g.carrier.send(parcel_with(strait::make_channel<note>().first));
    fill_with_parcels(g.carrier);
    g.carrier.async_send(parcel_with(tx), [](error_code) {});
    with_receiver w{std::move(rx)};
    g.mover.send(std::move(w));
    ::raise(SIGKILL);
    return 0;
}

struct fixture : context_fixture {
    std::pair<sender<note>, receiver<note>> notes = new_channel<note>(context);
    std::pair<sender<parcel>, receiver<parcel>> parcels = new_channel<parcel>(context);
    sender<note>& tx = notes.first;
    receiver<note>& rx = notes.second;
    sender<parcel>& carrier = parcels.first;
    receiver<parcel>& carried = parcels.second;

    // A link for `tx` has gone to the other side of the carrier, and is parked there.
    void park() {
        carrier.send(parcel_with(tx));
        parcel p = carried.recv();
        p.end->send(note{100, {}});
        p.end->close();
        expect_notes(rx, 100, 101);
        error_code ec;
        rx.try_recv(ec);
        BOOST_TEST(ec == asio::error::would_block);
    }

    // `rx` moves while a message that takes up the parked link waits and is called off. Then nobody sends any
    // more, and `other_side`, the carrier's, learns that the link is not used.
    receiver<note> moved_while_a_send_is_called_off(receiver<parcel>& other_side) {
        const std::uint64_t in_the_way = fill_with_parcels(carrier);
        error_code result;
        carrier.async_send(parcel_with(tx), [&](error_code ec) { result = ec; });
        receiver<note> there = moved<with_receiver>(std::move(rx));
        carrier.cancel();
        run();
        BOOST_TEST(result == asio::error::operation_aborted);
        tx.close();
        for (std::uint64_t n = 0; n != in_the_way; ++n) other_side.recv();
        other_side.try_recv(result);
        BOOST_TEST(result == asio::error::would_block);
        return there;
    }

    template <class Receiver>
    void expect_end(Receiver& of) {
        error_code ec;
        of.recv(ec);
        BOOST_TEST(ec == asio::error::eof, ec.message());
    }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(c6_moves, fixture)

BOOST_AUTO_TEST_CASE(a_message_read_ahead_keeps_its_place_before_those_sent_while_the_receiver_moves) {
    // A sender with a link of its own.
    carrier.send(parcel_with(tx));
    parcel other = carried.recv();
    tx.send(note{0, {}});
    tx.send(note{1, {}});
    expect_notes(rx, 0, 1);

    auto [there, here] = new_channel<with_receiver>();
    with_receiver w{std::move(rx)};
    there.send(std::move(w));
    std::this_thread::sleep_for(2ms);
    other.end->send(note{2, {}});
    std::this_thread::sleep_for(2ms);
    receiver<note> arrived = std::move(here.recv().end);
    expect_notes(arrived, 1, 3);
}

BOOST_AUTO_TEST_CASE(a_message_kept_undecoded_has_its_sender_though_its_link_is_gone) {
    park();
    carrier.send(parcel_with(tx));  // by number
    any_receiver any = std::move(carried);
    strait::message kept = any.recv();
    carrier.close();
    error_code ec;
    any.recv(ec);
    BOOST_TEST(ec == asio::error::eof);
    parcel p = kept.as<parcel>(ec);
    BOOST_REQUIRE_MESSAGE(!ec, ec.message());
    p.end->send(note{1, {}});
    expect_notes(rx, 1, 2);
    p.end->close();
    tx.close();
    expect_end(rx);
}

BOOST_AUTO_TEST_CASE(a_message_kept_undecoded_has_its_sender_though_the_receiver_has_moved) {
    park();
    carrier.send(parcel_with(tx));
    any_receiver any = std::move(carried);
    strait::message kept = any.recv();
    receiver<parcel> there = moved<with_parcels>(any.into<parcel>());
    error_code ec;
    parcel p = kept.as<parcel>(ec);
    BOOST_REQUIRE_MESSAGE(!ec, ec.message());
    p.end->send(note{1, {}});
    expect_notes(rx, 1, 2);
    p.end->close();
    carrier.send(parcel_with(tx));
    p = there.recv();
    p.end->send(note{2, {}});
    expect_notes(rx, 2, 3);
    p.end->close();
    tx.close();
    expect_end(rx);
}

BOOST_AUTO_TEST_CASE(a_message_dropped_undecoded_ends_its_parked_link) {
    park();
    carrier.send(parcel_with(tx));
    any_receiver any = std::move(carried);
    strait::message kept = any.recv();
    kept = {};
    tx.close();
    expect_end(rx);
}

BOOST_AUTO_TEST_CASE(a_message_in_line_has_its_sender_though_its_link_is_gone, *over_links()) {
    park();
    carrier.send(parcel_with(tx));
    carrier.close();
    leave_in_line(carried, 2);  // the second has seen the end
    run();
    parcel p = carried.recv();
    p.end->send(note{1, {}});
    expect_notes(rx, 1, 2);
}

BOOST_AUTO_TEST_CASE(a_message_in_line_moves_with_its_sender_though_its_link_is_gone, *over_links()) {
    park();
    carrier.send(parcel_with(tx));
    carrier.close();
    leave_in_line(carried, 2);
    run();
    receiver<parcel> there = moved<with_parcels>(std::move(carried));
    error_code ec;
    parcel p = there.recv(ec);
    BOOST_REQUIRE_MESSAGE(!ec, ec.message());
    p.end->send(note{1, {}});
    expect_notes(rx, 1, 2);
    p.end->close();
    expect_end(there);
    tx.close();
    expect_end(rx);
}

BOOST_AUTO_TEST_CASE(a_parked_link_that_was_taken_up_for_nothing_does_not_hide_the_end_of_a_moved_receiver, *over_links()) {
    park();
    receiver<note> there = moved_while_a_send_is_called_off(carried);
    expect_end(there);
}

BOOST_AUTO_TEST_CASE(a_closed_sender_does_not_keep_a_parked_link_that_has_moved, *over_links()) {
    carrier.send(parcel_with(tx));
    parcel p = carried.recv();
    p.end->send(note{100, {}});
    p.end->close();  // parked; what was the sender stays
    expect_notes(rx, 100, 101);
    error_code ec;
    rx.try_recv(ec);
    receiver<parcel> moved_on = moved<with_parcels>(std::move(carried));
    receiver<note> there = moved_while_a_send_is_called_off(moved_on);
    expect_end(there);
    BOOST_TEST(!p.end->is_open());
}

BOOST_AUTO_TEST_CASE(a_parked_link_that_was_taken_up_for_nothing_is_there_for_the_next_message, *over_links()) {
    park();
    const std::uint64_t in_the_way = fill_with_parcels(carrier);
    error_code ec;
    parcel both = parcel_with(tx);
    both.way = std::move(rx);
    carrier.try_send(both, ec);
    BOOST_TEST(ec == asio::error::would_block);
    BOOST_REQUIRE((both.way && both.way->is_open()));  // it is back
    for (std::uint64_t n = 0; n != in_the_way; ++n) carried.recv();
    carrier.send(parcel_with(tx));
    parcel p = carried.recv(ec);
    BOOST_REQUIRE_MESSAGE(!ec, ec.message());
    p.end->send(note{1, {}});
    expect_notes(*both.way, 1, 2);
    p.end->close();
    tx.close();
    both.end->close();
    expect_end(*both.way);
}

BOOST_AUTO_TEST_CASE(a_message_that_is_kept_does_not_keep_the_parked_links_of_its_link, *over_links()) {
    auto [mover, moved_here] = new_channel<with_receiver>();
    auto [go, gone_on] = new_channel<note>();
    peer<giving> giver("c6_moves_giver");
    giver.start({std::move(carrier), std::move(mover), std::move(gone_on)});
    any_receiver any = std::move(carried);
    parcel p = any.recv().as<parcel>();
    p.end->send(note{100, {}});
    p.end->close();  // parked
    go.send(note{});
    receiver<note> there = std::move(moved_here.recv().end);
    BOOST_TEST((giver.process().wait() == exit_status{-1, SIGKILL}));
    strait::message kept = any.recv();
    error_code ec;
    while (any.recv(ec), !ec) {}
    BOOST_TEST(ec == asio::error::eof, ec.message());
    expect_end(there);
    BOOST_TEST(!kept.empty());
}

BOOST_AUTO_TEST_CASE(a_block_is_wanted_again_after_a_send_that_waited_for_one_was_cancelled, *only_if(os::has_seals) * over_links()) {
    auto [out, in] = new_channel<blob>(context, with_one_block());
    out.send(make_blob(0));
    error_code result;
    out.async_send(make_blob(1), [&](error_code ec) { result = ec; });
    out.cancel();
    run();
    BOOST_TEST(result == asio::error::operation_aborted);
    any_receiver any = std::move(in);
    BOOST_TEST(is_blob(any.recv().as<blob>(), 0));
    out.send(make_blob(2));
    strait::message kept = any.recv();
    std::thread sending([&to = out] { to.send(make_blob(3)); });
    BOOST_TEST(is_blob(any.recv().as<blob>(), 3));
    sending.join();
    BOOST_TEST(is_blob(kept.as<blob>(), 2));
}

BOOST_AUTO_TEST_CASE(a_receiver_that_moved_still_knows_that_a_block_is_wanted, *only_if(os::has_seals) * over_links()) {
    auto [out, in] = new_channel<blob>(context, with_one_block());
    out.send(make_blob(0));
    std::thread sending([&to = out] { to.send(make_blob(1)); });
    std::this_thread::sleep_for(10ms);  // it waits for a block then, and has said so
    leave_in_line(in, 1);
    run();
    any_receiver any = moved<with_blobs>(std::move(in));
    strait::message kept = any.recv();
    BOOST_TEST(is_blob(any.recv().as<blob>(), 1));
    sending.join();
    BOOST_TEST(is_blob(kept.as<blob>(), 0));
}

BOOST_AUTO_TEST_CASE(a_large_message_in_line_moves_though_its_link_is_gone, *over_links()) {
    auto [out, in] = new_channel<blob>(context);
    out.send(make_blob(0));
    out.close();
    leave_in_line(in, 2);
    run();
    receiver<blob> there = moved<with_blobs>(std::move(in));
    BOOST_TEST(is_blob(there.recv(), 0));
    expect_end(there);
}

BOOST_AUTO_TEST_CASE(a_receiver_whose_only_sender_was_given_away_costs_one_descriptor, *over_links()) {
    auto [out, in] = new_channel<note>(context);
    bool ended = false;
    std::uint64_t received = 0;
    in.async_recv([&, &from = in](error_code, const note& n) {
        received = n.number;
        from.async_recv([&](error_code ec, const note&) { ended = ec == asio::error::eof; });
    });
    const std::size_t before = open_descriptors();
    carrier.send(parcel_with(out));
    out.close();
    parcel p = carried.recv();
    context.poll();  // the first link is at its end
    BOOST_TEST(open_descriptors() == before);
    p.end->send(note{7, {}});
    context.poll();
    BOOST_TEST(received == 7u);
    p.end->close();
    run();
    BOOST_TEST(ended);
}

BOOST_AUTO_TEST_CASE(a_large_message_read_before_moves_twice_and_back) {
    auto [out, in] = new_channel<blob>(context);
    for (std::uint64_t n = 0; n != 3; ++n) {
        out.send(make_blob(2 * n));
        out.send(make_blob(2 * n + 1));
        BOOST_TEST(is_blob(in.recv(), 2 * n));
        in = moved<with_blobs>(moved<with_blobs>(std::move(in)));
        BOOST_TEST(is_blob(in.recv(), 2 * n + 1));
    }
}

BOOST_AUTO_TEST_SUITE_END()
