//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#include "contract/values.hpp"
#include "support/context_fixture.hpp"

#include <strait/any_end.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <optional>
#include <ranges>
#include <thread>

using namespace strait::test;
using strait::any_receiver;
using strait::any_sender;
using strait::error;
using strait::error_code;
using strait::message;
using strait::receiver;
using strait::sender;

namespace {

struct other_note {
    std::vector<int> values;
};

struct with_any {
    std::optional<any_sender> tx;
    std::optional<any_receiver> rx;
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(any_ends, context_fixture)

// ipc-channel: opaque_sender
BOOST_AUTO_TEST_CASE(ends_lose_their_type_and_get_it_back) {
    auto [tx, rx] = new_channel<note>();
    any_sender erased = tx;
    tx.close();
    BOOST_TEST(erased.type_name().find("note") != std::string_view::npos);
    auto typed = erased.into<note>();
    typed.send(note{1, {}});
    any_receiver any = std::move(rx);
    BOOST_TEST(!rx.is_open());
    receiver<note> back = any.into<note>();
    BOOST_TEST(!any.is_open());
    expect_notes(back, 1, 2);
    typed.close();
    erased.close();
    expect_end(back);
}

BOOST_AUTO_TEST_CASE(the_way_back_is_checked_and_names_both_types) {
    auto [tx, rx] = new_channel<note>();
    any_sender erased = tx;
    any_receiver any = std::move(rx);
    error_code ec;
    strait::diagnostics details;
    BOOST_TEST(!erased.into<other_note>(ec, details).is_open());
    BOOST_TEST(ec == error::type_mismatch);
    BOOST_TEST(details.found.find("note") != std::string::npos);
    BOOST_TEST(details.expected.find("other_note") != std::string::npos);
    details = {};
    BOOST_TEST(!any.into<other_note>(ec, details).is_open());
    BOOST_TEST(ec == error::type_mismatch);
    BOOST_TEST(details.expected.find("other_note") != std::string::npos);
    BOOST_TEST(any.is_open());
    BOOST_CHECK_EXCEPTION(any.into<other_note>(), strait::system_error, [](const auto& e) {
        return std::string_view(e.what()).find("other_note") != std::string_view::npos;
    });
    BOOST_TEST(any.into<note>().is_open());
    BOOST_TEST(!any_receiver().into<note>(ec).is_open());
    BOOST_TEST(ec == error::not_open);
}

BOOST_AUTO_TEST_CASE(messages_are_received_undecoded_and_decoded_later) {
    auto [tx, rx] = new_channel<note>();
    any_receiver any = std::move(rx);
    tx.send(note{1, "later"});
    tx.send(note{2, {}});
    message m = any.recv();
    BOOST_TEST(!m.empty());
    BOOST_TEST(m.is<note>());
    BOOST_TEST(!m.is<other_note>());
    error_code ec;
    m.as<other_note>(ec);
    BOOST_TEST(ec == error::type_mismatch);
    any.close();
    BOOST_TEST(m.as<note>().text == "later");
    BOOST_TEST(m.empty());
    m.as<note>(ec);
    BOOST_TEST(ec == error::not_open);
}

// ipc-channel D10: there such a message leaks its handles.
BOOST_AUTO_TEST_CASE(a_message_dropped_undecoded_closes_all_it_carries) {
    auto [tx, rx] = new_channel<with_handle>();
    auto [senders, with_senders] = new_channel<with_sender>();
    auto [inner, inner_rx] = new_channel<note>();
    pipe_ends p = make_pipe();
    tx.send(with_handle{std::move(p.write)});
    senders.send(with_sender{std::move(inner)});
    any_receiver any = std::move(rx);
    any_receiver any2 = std::move(with_senders);
    {
        const message m = any.recv();
        const message m2 = any2.recv();
        BOOST_TEST(!is_at_end(p.read));
    }
    BOOST_TEST(is_at_end(p.read));
    expect_end(inner_rx);
}

// ipc-channel: embedded_opaque_senders
BOOST_AUTO_TEST_CASE(erased_ends_travel_in_messages) {
    auto [tx, rx] = new_channel<note>();
    auto [carrier, carried] = new_channel<with_any>();
    with_any value;
    value.tx = tx;
    tx.send(note{1, {}});
    tx.close();
    value.rx = std::move(rx);
    carrier.send(std::move(value));
    with_any got = carried.recv();
    got.tx->into<note>().send(note{2, {}});
    error_code ec;
    got.tx->into<std::string>(ec);
    BOOST_TEST(ec == error::type_mismatch);
    got.tx.reset();
    auto typed = got.rx->into<note>();
    expect_notes(typed, 1, 3);
    expect_end(typed);
}

BOOST_AUTO_TEST_CASE(an_erased_receiver_receives_asynchronously) {
    auto [tx, rx] = new_channel<note>(context);
    any_receiver any = std::move(rx);
    std::string text;
    any.async_recv([&](error_code ec, message m) {
        BOOST_TEST(!ec);
        text = m.as<note>().text;
    });
    tx.send(note{1, "async"});
    run();
    BOOST_TEST(text == "async");
    error_code code;
    any.async_recv_for(std::chrono::milliseconds(1), [&](error_code ec, message m) {
        code = ec;
        BOOST_TEST(m.empty());
    });
    run();
    BOOST_TEST(code == asio::error::timed_out);
}

// ipc-channel: test_receiver_stream
BOOST_AUTO_TEST_CASE(a_coroutine_reads_a_receiver_to_its_end) {
    auto [tx, rx] = new_channel<note>(context);
    std::uint64_t sum = 0;
    bool ended = false;
    const auto read = [](receiver<note>& in, std::uint64_t& total, bool& end) -> asio::awaitable<void> {
        while (std::optional<note> n = co_await in.async_next()) total += n->number;
        end = true;
    };
    asio::co_spawn(context, read(rx, sum, ended), asio::detached);
    context.poll();
    BOOST_TEST(!ended);
    for (std::uint64_t i = 1; i <= 10; ++i) tx.send(note{i, {}});
    context.poll();
    BOOST_TEST(sum == 55u);
    BOOST_TEST(!ended);
    tx.close();
    run();
    BOOST_TEST(ended);
}

BOOST_AUTO_TEST_CASE(what_keeps_a_sequence_from_going_on_is_an_error) {
    auto [tx, rx] = new_channel<note>(context);
    error_code code;
    std::optional<note> value(std::in_place);
    rx.async_next([&](error_code ec, std::optional<note> n) {
        code = ec;
        value = std::move(n);
    });
    context.poll();
    rx.cancel();
    run();
    BOOST_TEST(code == asio::error::operation_aborted);
    BOOST_TEST(!value.has_value());
    rx.close();
    rx.next(code);
    BOOST_TEST(code == error::not_open);
}

BOOST_AUTO_TEST_CASE(a_range_of_values_ends_with_the_channel) {
    auto ends = new_channel<note>();
    std::thread producer([tx = std::move(ends.first)]() mutable {
        for (std::uint64_t i = 0; i != 100; ++i) tx.send(note{i, {}});
    });
    receiver<note>& rx = ends.second;
    std::uint64_t next = 0;
    for (note& n : rx.values()) {
        BOOST_TEST(n.number == next++);
        if (next == 10) break;
    }
    static_assert(std::ranges::input_range<decltype(rx.values())>);
    for (note& n : rx.values()) BOOST_TEST(n.number == next++);
    BOOST_TEST(next == 100u);
    producer.join();
    rx.close();
    BOOST_CHECK_THROW(rx.values().begin(), strait::system_error);
}

BOOST_AUTO_TEST_SUITE_END()
