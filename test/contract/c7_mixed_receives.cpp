//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#include "contract/raw_link.hpp"
#include "support/context_fixture.hpp"

#include <stdexcept>

using namespace strait::test;
using strait::error_code;
using strait::receiver;
using strait::sender;

namespace {

using number = std::uint64_t;
using channel = contested_channel<number>;

struct unwelcome : std::runtime_error {
    unwelcome() : runtime_error("unwelcome") {}
};

wire::frame_header control(wire::frame_kind kind, std::uint16_t handles = 0) {
    wire::frame_header h;
    h.kind = kind;
    h.handles = handles;
    return h;
}

// A frame as it should be, whose value is none.
void write_undecodable(raw_link& link) { link.write(whole(3), "abc"); }

void break_rules(raw_link& link) { link.write(std::string(300, '\xff')); }

}  // namespace

BOOST_FIXTURE_TEST_SUITE(c7_mixed_receives, context_fixture)

BOOST_AUTO_TEST_CASE(a_try_recv_that_finds_the_end_ends_asynchronous_receives_as_well) {
    auto [tx, rx] = new_channel<note>(context);
    error_code told;
    rx.async_recv([&](error_code ec, note) { told = ec; });
    context.poll();
    tx.close();
    error_code ec;
    rx.try_recv(ec);
    BOOST_TEST(ec == asio::error::eof);
    context.poll();
    BOOST_TEST(told == asio::error::eof);
}

BOOST_AUTO_TEST_CASE(a_link_adopted_by_a_try_recv_wakes_asynchronous_receives) {
    auto [ours, theirs] = connected_streams();
    auto core = std::make_shared<strait::detail::link_receiver>(
        first_identity<note>(), context.get_executor());
    BOOST_REQUIRE(!core->add_first(std::move(ours)));
    receiver<note> rx(core, context.get_executor());
    raw_link first(std::move(theirs));
    std::uint64_t got = 0;
    rx.async_recv([&](error_code, note n) { got = n.number; });
    context.poll();
    auto [adopted, kept] = connected_streams();
    first.write(control(wire::frame_kind::adopt, 1), {}, {&adopted});
    error_code ec;
    rx.try_recv(ec);
    BOOST_TEST(ec == asio::error::would_block);
    sender<note> second(
        strait::detail::link_sender::make(std::move(kept), first_identity<note>(), {}, {}), {});
    second.send(note{7, {}});
    for (int i = 0; i != 10 && got == 0; ++i) context.poll();
    BOOST_TEST(got == 7u);
    rx.cancel();
    context.poll();
}

BOOST_AUTO_TEST_CASE(a_fault_handler_that_throws_costs_no_message) {
    channel c;
    c.rx.on_fault([](const strait::fault&) { throw unwelcome(); });
    break_rules(c.raw);
    c.honest.send(1);
    error_code ec;
    BOOST_CHECK_THROW(c.rx.recv(ec), unwelcome);
    BOOST_TEST(c.rx.try_recv(ec) == 1u);
    BOOST_TEST(!ec);
}

BOOST_AUTO_TEST_CASE(a_fault_handler_that_throws_leaves_the_receive_waiting) {
    channel c({}, context.get_executor());
    c.rx.on_fault([](const strait::fault&) { throw unwelcome(); });
    write_undecodable(c.raw);
    number got = 0;
    c.rx.async_recv([&](error_code, number n) { got = n; });
    BOOST_CHECK_THROW(context.run(), unwelcome);
    c.honest.send(1);
    context.restart();
    for (int i = 0; i != 10 && got == 0; ++i) context.poll();
    BOOST_TEST(got == 1u);
}

BOOST_AUTO_TEST_CASE(starting_a_receive_calls_no_fault_handler) {
    channel c({}, context.get_executor());
    break_rules(c.raw);
    bool starting = false;
    int told = 0;
    c.rx.on_fault([&](const strait::fault&) {
        BOOST_TEST(!starting);
        ++told;
    });
    c.honest.send(1);
    number got = 0;
    starting = true;
    c.rx.async_recv([&](error_code, number n) { got = n; });
    starting = false;
    run();
    BOOST_TEST(got == 1u);
    BOOST_TEST(told == 1);
}

BOOST_AUTO_TEST_CASE(a_fault_handler_can_cancel_the_receive_that_met_the_fault) {
    for (const bool close : {false, true}) {
        channel c({}, context.get_executor());
        c.rx.on_fault([&](const strait::fault&) { close ? c.rx.close() : c.rx.cancel(); });
        write_undecodable(c.raw);
        error_code told;
        c.rx.async_recv([&](error_code ec, number) { told = ec; });
        for (int i = 0; i != 10 && !told; ++i) {
            context.poll();
            context.restart();
        }
        BOOST_TEST(told == asio::error::operation_aborted, told.message());
    }
}

BOOST_AUTO_TEST_SUITE_END()
