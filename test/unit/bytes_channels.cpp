//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#include "contract/values.hpp"
#include "support/context_fixture.hpp"

#include <strait/any_end.hpp>
#include <strait/bytes.hpp>
#include <strait/receiver_set.hpp>

#include <array>
#include <optional>
#include <span>
#include <thread>

using namespace strait::test;
using strait::bytes;
using strait::bytes_receiver;
using strait::bytes_sender;
using strait::error;
using strait::error_code;

namespace {

std::span<const std::byte> view(std::string_view text) {
    return std::as_bytes(std::span(text));
}

std::string text_of(std::span<const std::byte> content) {
    return {reinterpret_cast<const char*>(content.data()), content.size()};
}

struct with_bytes {
    std::optional<bytes_sender> tx;
    std::optional<bytes_receiver> rx;
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(bytes_channels, context_fixture)

// ipc-channel: bytes
BOOST_AUTO_TEST_CASE(what_is_sent_is_what_arrives) {
    auto [tx, rx] = new_channel<bytes>();
    for (const std::size_t size : {0u, 1u, 7u, 64u, 4097u, 32'744u, 32'745u}) {
        const std::string text = pattern(size, size);
        tx.send(view(text));
        BOOST_TEST(text_of(rx.recv()) == text);
        tx.send(bytes(view(text)));
        BOOST_TEST(text_of(rx.recv()) == text);
    }
    tx.close();
    expect_end(rx);
}

BOOST_AUTO_TEST_CASE(messages_are_received_into_memory_of_the_caller) {
    auto [tx, rx] = new_channel<bytes>();
    std::array<std::byte, 16> buffer{};
    tx.send(view("short"));
    tx.send(view("much too long for the buffer"));
    tx.send(view("next"));
    BOOST_TEST(rx.recv_into(buffer) == 5u);
    BOOST_TEST(text_of(std::span(buffer).first(5)) == "short");
    error_code ec;
    BOOST_TEST(rx.recv_into(buffer, ec) == 28u);
    BOOST_TEST(ec == asio::error::message_size);
    BOOST_TEST(rx.faults() == 0u);
    // It stays first in line.
    std::array<std::byte, 64> larger{};
    BOOST_TEST(rx.recv_into(larger) == 28u);
    BOOST_TEST(text_of(std::span(larger).first(9)) == "much too ");
    BOOST_TEST(text_of(rx.recv()) == "next");
    BOOST_TEST(rx.recv_into_for(buffer, std::chrono::milliseconds(1), ec) == 0u);
    BOOST_TEST(ec == asio::error::timed_out);
}

BOOST_AUTO_TEST_CASE(asynchronous_operations_take_and_fill_memory_of_the_caller) {
    auto [tx, rx] = new_channel<bytes>(context);
    std::array<std::byte, 4> buffer{};
    std::vector<std::pair<error_code, std::size_t>> results;
    const auto note_down = [&](error_code ec, std::size_t n) { results.emplace_back(ec, n); };
    rx.async_recv_into(buffer, note_down);
    tx.async_send(view("four"), [](error_code ec) { BOOST_TEST(!ec); });
    run();
    BOOST_TEST(text_of(buffer) == "four");
    tx.async_send(view("five!"), [](error_code ec) { BOOST_TEST(!ec); });
    rx.async_recv_into(buffer, note_down);
    run();
    BOOST_TEST_REQUIRE(results.size() == 2u);
    BOOST_TEST(!results[0].first);
    BOOST_TEST(results[0].second == 4u);
    BOOST_TEST(results[1].first == asio::error::message_size);
    BOOST_TEST(results[1].second == 5u);
    BOOST_TEST(text_of(rx.recv()) == "five!");
}

BOOST_AUTO_TEST_CASE(large_messages_and_those_in_memory_arrive_as_well) {
    auto [tx, rx] = new_channel<bytes>(context);
    const std::string text = pattern(3, 1u << 20);
    error_code ec;
    tx.try_send(view(text), ec);
    BOOST_TEST(!ec);
    std::vector<std::byte> buffer(text.size());
    BOOST_TEST(rx.recv_into(buffer) == text.size());
    BOOST_TEST(text_of(buffer) == text);
    tx.async_send(view(text), [](error_code e) { BOOST_TEST(!e); });
    rx.async_recv([&](error_code e, bytes b) {
        BOOST_TEST(!e);
        BOOST_TEST(text_of(b) == text);
    });
    run();
}

// ipc-channel: embedded_bytes_receivers
BOOST_AUTO_TEST_CASE(ends_of_bytes_travel_are_erased_and_are_in_sets) {
    auto [carrier, carried] = new_channel<with_bytes>();
    auto [tx, rx] = new_channel<bytes>();
    with_bytes value;
    value.tx = tx;
    value.rx = std::move(rx);
    carrier.send(std::move(value));
    with_bytes got = carried.recv();
    got.tx->send(view("one"));
    strait::any_receiver any = std::move(*got.rx);
    auto m = any.recv();
    error_code ec;
    m.as<std::string>(ec);
    BOOST_TEST(ec == error::type_mismatch);
    BOOST_TEST(text_of(m.as<bytes>()) == "one");
    strait::receiver_set set;
    set.add(std::move(any));
    tx.send(view("two"));
    auto events = set.select();
    BOOST_TEST_REQUIRE(events.size() == 1u);
    BOOST_TEST(text_of(events[0].as<bytes>()) == "two");
}

BOOST_AUTO_TEST_CASE(what_does_not_fit_one_buffer_goes_to_the_next_and_nothing_is_left_behind) {
    auto [tx, rx] = new_channel<bytes>(context);
    std::array<std::byte, 2> small{};
    std::array<std::byte, 16> second{};
    std::array<std::byte, 16> third{};
    std::vector<std::pair<error_code, std::size_t>> results(3);
    tx.send(view("first"));
    tx.send(view("second"));
    const auto note_down = [&](std::size_t i) {
        return [&, i](error_code ec, std::size_t n) { results[i] = {ec, n}; };
    };
    rx.async_recv_into(small, note_down(0));
    rx.async_recv_into(second, note_down(1));
    rx.async_recv_into(third, note_down(2));
    run();
    BOOST_TEST(results[0].first == asio::error::message_size);
    BOOST_TEST(text_of(std::span(second).first(results[1].second)) == "first");
    BOOST_TEST(text_of(std::span(third).first(results[2].second)) == "second");
}

BOOST_AUTO_TEST_CASE(empty_buffers_and_empty_messages) {
    auto [tx, rx] = new_channel<bytes>(context);
    const std::span<std::byte> nothing;
    tx.send(view(""));
    tx.send(view("x"));
    error_code ec;
    BOOST_TEST(rx.recv_into(nothing, ec) == 0u);
    BOOST_TEST(!ec);
    BOOST_TEST(rx.recv_into(nothing, ec) == 1u);
    BOOST_TEST(ec == asio::error::message_size);
    std::array<std::byte, 1> one{};
    BOOST_TEST(rx.recv_into(one, ec) == 1u);
    tx.send(view(""));
    std::size_t size = 9;
    rx.async_recv_into(nothing, [&](error_code e, std::size_t n) {
        ec = e;
        size = n;
    });
    run();
    BOOST_TEST(!ec);
    BOOST_TEST(size == 0u);
}

BOOST_AUTO_TEST_CASE(
    a_large_message_that_did_not_fit_travels_on_with_its_receiver, *over_links()) {
    auto [carrier, carried] = new_channel<with_bytes>();
    auto [tx, rx] = new_channel<bytes>();
    const std::string text = pattern(5, 1u << 20);
    error_code ec;
    tx.try_send(view(text), ec);  // in memory
    BOOST_TEST(!ec);
    tx.send(view("behind"));
    std::array<std::byte, 1> one{};
    rx.recv_into(one, ec);
    BOOST_TEST(ec == asio::error::message_size);
    with_bytes value;
    value.rx = std::move(rx);
    std::thread sending([&tx = carrier, &value] { tx.send(std::move(value)); });
    with_bytes got = carried.recv();
    sending.join();
    BOOST_TEST((text_of(got.rx->recv()) == text));
    BOOST_TEST(text_of(got.rx->recv()) == "behind");
}

BOOST_AUTO_TEST_SUITE_END()
