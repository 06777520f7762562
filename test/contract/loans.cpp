//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#include "contract/raw_link.hpp"
#include "contract/two_processes.hpp"
#include "link/block_table.hpp"
#include "shm/block_memory.hpp"
#include "support/context_fixture.hpp"
#include "support/leak_check.hpp"

#include <strait/any_end.hpp>
#include <strait/bytes.hpp>
#include <strait/loan.hpp>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/use_future.hpp>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstring>
#include <fstream>
#include <functional>
#include <memory>
#include <numeric>
#include <optional>
#include <span>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

using namespace std::chrono_literals;
using namespace strait::test;
using strait::bytes;
using strait::channel_options;
using strait::error;
using strait::error_code;
using strait::limits;
using strait::loan;
using strait::receiver;
using strait::sender;
using strait::shared_span;

// Memory of a channel that is filled in place, sent without a copy and looked at where it lies.

namespace {

namespace detail = strait::detail;

constexpr std::size_t kib = 1024;
constexpr std::size_t mib = 1024 * kib;

struct picture {
    std::uint64_t number = 0;
    shared_span<std::uint32_t> pixels;
    std::string name;
    std::vector<shared_span<double>> layers;
};

void paint(std::span<std::uint32_t> pixels, std::uint64_t number) {
    std::iota(pixels.begin(), pixels.end(), static_cast<std::uint32_t>(number * 1000));
}

bool is_painted(std::span<const std::uint32_t> pixels, std::uint64_t number, std::size_t count) {
    if (pixels.size() != count) return false;
    for (std::size_t i = 0; i != count; ++i)
        if (pixels[i] != number * 1000 + i) return false;
    return true;
}

picture make_picture(sender<picture>& tx, std::uint64_t number, std::size_t count) {
    auto pixels = tx.allocate<std::uint32_t>(count);
    paint(pixels, number);
    picture p;
    p.number = number;
    p.pixels = std::move(pixels);
    return p;
}

bool is_picture(const picture& p, std::uint64_t number, std::size_t count) {
    return p.number == number && is_painted(p.pixels, number, count);
}

std::string text_of(std::span<const std::byte> content) {
    return {reinterpret_cast<const char*>(content.data()), content.size()};
}

loan<> make_text(strait::bytes_sender& tx, std::string_view text) {
    auto memory = tx.allocate(text.size());
    std::memcpy(memory.data(), text.data(), text.size());
    return memory;
}

// Whether it lies in shared memory, and not on the heap.
template <class T>
bool is_in_pool(const loan<T>& l) {
    const auto where = reinterpret_cast<std::uintptr_t>(l.data());
    std::ifstream maps("/proc/self/maps");
    for (std::string line; std::getline(maps, line);) {
        std::uintptr_t begin = 0;
        std::uintptr_t end = 0;
        char dash = 0;
        std::istringstream(line) >> std::hex >> begin >> dash >> end;
        if (where >= begin && where < end) return line.find("memfd:strait") != std::string::npos;
    }
    return false;
}

// The other processes.

struct painting {
    sender<picture> out;
    receiver<note> go;  // each asks for a picture of so many pixels
};

STRAIT_TEST_ROLE(loans_painter) {
    auto start = from_parent<painting>();
    painting p = start.recv();
    std::uint64_t number = 0;
    error_code ec;
    for (note n = p.go.recv(ec); !ec; n = p.go.recv(ec)) {
        p.out.send(make_picture(p.out, number++, n.number));
        if (n.text == "die") ::raise(SIGKILL);
    }
    return 0;
}

struct looking {
    receiver<picture> in;
    sender<note> report;
    std::uint64_t first = 0;
    std::uint64_t count = 0;
    std::uint64_t pixels = 0;
    std::optional<sender<receiver<picture>>> back;
};

STRAIT_TEST_ROLE(loans_looker) {
    auto start = from_parent<looking>();
    looking l = start.recv();
    std::vector<picture> kept;
    for (std::uint64_t i = 0; i != l.count; ++i) {
        error_code ec;
        kept.push_back(l.in.recv(ec));
        l.report.send(note{!ec && is_picture(kept.back(), l.first + i, l.pixels), ec.message()});
        if (kept.size() == 3) kept.clear();
    }
    if (l.back) l.back->send(std::move(l.in));
    return 0;
}

// Waits for memory of the channel for each, so that all of them are made in place.
struct waiting_painter {
    sender<picture> out;
    std::uint64_t count = 0;
    std::uint64_t pixels = 0;
};

STRAIT_TEST_ROLE(loans_waiting_painter) {
    auto start = from_parent<waiting_painter>();
    waiting_painter p = start.recv();
    for (std::uint64_t i = 0; i != p.count; ++i) {
        auto pixels = p.out.allocate_for<std::uint32_t>(p.pixels, std::chrono::nanoseconds::max());
        if (!is_in_pool(pixels)) return 1;
        paint(pixels, i);
        picture made{i, std::move(pixels), {}, {}};
        p.out.send(std::move(made));
    }
    return 0;
}

channel_options with_pool_of(std::size_t bytes) {
    limits l;
    l.max_pool_bytes = bytes;
    return channel_options(l);
}

// A channel all of whose memory is used by a message that nobody has received.
struct used_up : context_fixture {
    used_up() { tx.send(tx.allocate(900 * kib)); }

    static constexpr std::size_t size = 600 * kib;
    std::pair<strait::bytes_sender, strait::bytes_receiver> ends =
        new_channel<bytes>(context, with_pool_of(mib));
    strait::bytes_sender& tx = ends.first;
    strait::bytes_receiver& rx = ends.second;
    error_code ec;
};

using fixture = context_fixture;

}  // namespace

BOOST_FIXTURE_TEST_SUITE(loans, fixture)

BOOST_AUTO_TEST_CASE(a_loan_is_a_message_of_bytes) {
    auto [tx, rx] = new_channel<bytes>(context);
    for (const std::size_t size : {std::size_t(1), std::size_t(100), 5 * kib, 31 * kib, 32 * kib,
             100 * kib, mib, 20 * mib}) {
        const std::string text = pattern(size, size);
        error_code ec;
        tx.try_send(make_text(tx, text), ec);
        BOOST_TEST(!ec, ec.message());
        BOOST_TEST(text_of(rx.recv_view()) == text);
        tx.send_for(make_text(tx, text), 100s, ec);
        BOOST_TEST(!ec, ec.message());
        BOOST_TEST(text_of(rx.recv()) == text);
        tx.async_send(make_text(tx, text), [](error_code e) { BOOST_TEST(!e, e.message()); });
        std::vector<std::byte> into(size);
        std::size_t received = 0;
        std::thread receiving([&, &from = rx] { received = from.recv_into(into); });
        run();
        receiving.join();
        BOOST_TEST(received == size);
        BOOST_TEST(text_of(into) == text);
        // A view of what was not a loan.
        tx.async_send(bytes(std::as_bytes(std::span(text))), [](error_code) {});
        rx.async_recv_view([&](error_code e, shared_span<std::byte> view) {
            BOOST_TEST(!e, e.message());
            BOOST_TEST(text_of(view) == text);
        });
        run();
    }
    tx.send(tx.allocate(0));
    BOOST_TEST(rx.recv_view().empty());
    tx.close();
    error_code ec;
    BOOST_TEST(rx.recv_view(ec).empty());
    BOOST_TEST(ec == asio::error::eof);
    BOOST_TEST(rx.recv_view_for(1ms, ec).empty());
}

BOOST_AUTO_TEST_CASE(the_same_memory_goes_round, *only_if(os::has_seals)* over_links()) {
    limits l;
    l.max_pool_bytes = 256 * mib;
    auto [tx, rx] = new_channel<bytes>(channel_options(l));
    for (const std::size_t size : {mib, 64 * mib}) {
        auto first = tx.allocate(size);
        const std::byte* const where = first.data();
        BOOST_TEST(reinterpret_cast<std::uintptr_t>(where) % 4096 == 0u);
        first[0] = first[size - 1] = std::byte{1};
        tx.send(std::move(first));
        BOOST_TEST(first.empty());
        auto view = rx.recv_view();
        const std::byte* const seen = view.data();
        BOOST_TEST((view[0] == std::byte{1} && view[size - 1] == std::byte{1}));
        // While it is looked at, it is not used for another.
        auto second = tx.allocate(size);
        BOOST_TEST(second.data() != where);
        second = {};
        view = {};
        for (std::uint8_t i = 2; i != 10; ++i) {
            auto next = tx.allocate(size);
            next[0] = next[size - 1] = std::byte{i};
            tx.send(std::move(next));
            view = rx.recv_view();
            BOOST_TEST((view[0] == std::byte{i} && view[size - 1] == std::byte{i}));
        }
        view = {};
        auto last = tx.allocate(size);
        auto before_last = tx.allocate(size);
        BOOST_TEST((last.data() == where || before_last.data() == where));
        last[0] = std::byte{99};
        tx.send(last.data() == where ? std::move(last) : std::move(before_last));
        BOOST_TEST(rx.recv_view().data() == seen);
    }
}

BOOST_AUTO_TEST_CASE(a_send_that_was_not_possible_does_not_keep_loans_out_of_the_pool,
    *only_if(os::has_seals)* over_links()) {
    auto [tx, rx] = new_channel<bytes>(with_pool_of(mib));
    const std::vector<std::byte> small(300 * kib), large(900 * kib);
    tx.send(small);
    error_code ec;
    tx.try_send(large, ec);
    BOOST_TEST(ec == asio::error::would_block, ec.message());
    BOOST_TEST(is_in_pool(tx.allocate(100 * kib)));
}

BOOST_FIXTURE_TEST_CASE(an_allocation_waits_for_memory_of_the_channel, used_up,
    *only_if(os::has_seals)* over_links()) {
    BOOST_TEST(!is_in_pool(tx.allocate(size)));
    BOOST_TEST(tx.allocate_for(size, 1ms, ec).empty());
    BOOST_TEST(ec == asio::error::timed_out, ec.message());
    loan<> got;
    tx.async_allocate(size, [&](error_code e, loan<> l) {
        ec = e;
        got = std::move(l);
    });
    context.poll();
    BOOST_TEST(got.empty());
    rx.recv_view();
    run();
    BOOST_TEST(!ec, ec.message());
    BOOST_TEST(is_in_pool(got));
    tx.send(std::move(got));
    std::thread blocked([&, mine = tx] { BOOST_TEST(is_in_pool(mine.allocate_for(size, 100s))); });
    std::this_thread::sleep_for(10ms);
    rx.recv_view();
    blocked.join();
    BOOST_TEST(is_in_pool(tx.allocate_for(size, 0s)));
}

BOOST_FIXTURE_TEST_CASE(allocations_and_sends_that_wait_are_served_in_turn, used_up,
    *only_if(os::has_seals)* over_links()) {
    std::string order;
    std::vector<std::byte> large(size);
    tx.async_send(std::span<const std::byte>(large), [&](error_code e) { order += e ? '?' : 's'; });
    tx.async_allocate(size, [&](error_code e, loan<> l) {
        order += e || !is_in_pool(l) ? '?' : 'a';
        tx.async_send(std::move(l), [&](error_code e2) { order += e2 ? '?' : 'l'; });
    });
    tx.async_send(std::span<const std::byte>(large).first(8), [&](error_code e) { order += e ? '?' : 'x'; });
    context.poll();
    BOOST_TEST(order == "");
    for (const std::size_t expected : {900 * kib, size, std::size_t(8), size}) {
        rx.async_recv_view([&](error_code e, const shared_span<std::byte>& view) {
            BOOST_TEST(!e, e.message());
            BOOST_TEST(view.size() == expected);
        });
        context.restart();
        context.run_for(100ms);
    }
    run();
    BOOST_TEST(order.size() == 4u);
    BOOST_TEST(order.find('?') == std::string::npos, order);
    BOOST_TEST(order.find('s') < order.find('a'), order);
}

BOOST_FIXTURE_TEST_CASE(an_allocation_that_waits_can_be_ended, used_up,
    *only_if(os::has_seals)* over_links()) {
    int calls = 0;
    const auto expect = [&](error_code expected) {
        return [&calls, expected](error_code e, const loan<>& l) {
            ++calls;
            BOOST_TEST(e == expected, e.message());
            BOOST_TEST(l.empty());
        };
    };
    asio::cancellation_signal signal;
    tx.async_allocate(size,
        asio::bind_cancellation_slot(signal.slot(), expect(asio::error::operation_aborted)));
    signal.emit(asio::cancellation_type::total);
    sender<bytes> other = tx;
    other.async_allocate(size, expect(asio::error::operation_aborted));
    other.cancel();
    other.async_allocate(size, expect(asio::error::operation_aborted));
    { const sender<bytes> dropped = std::move(other); }
    BOOST_TEST(calls == 0);  // never from within the call
    run();
    BOOST_TEST(calls == 3);
    tx.async_allocate(size, expect(asio::error::broken_pipe));
    rx.close();
    run();
    BOOST_TEST(calls == 4);
    BOOST_TEST(tx.allocate_for(size, 100s, ec).empty());
    BOOST_TEST(ec == asio::error::broken_pipe, ec.message());
}

BOOST_FIXTURE_TEST_CASE(an_allocation_is_an_operation_of_asio, used_up,
    *only_if(os::has_seals)* over_links()) {
    // Any token, on the executor of its handler.
    auto future = tx.async_allocate(size, asio::use_future);
    asio::io_context elsewhere;
    bool called = false;
    tx.async_allocate(size, asio::bind_executor(elsewhere, [&](error_code e, loan<> l) {
        called = true;
        BOOST_TEST(!e, e.message());
        BOOST_TEST(l.size() == size);  // the other one has all of the channel's
    }));
    rx.recv_view();
    run();
    BOOST_TEST(is_in_pool(future.get()));
    BOOST_TEST(!called);
    elsewhere.run();  // it was work there all the time
    BOOST_TEST(called);
    asio::co_spawn(context, [](strait::bytes_sender& from) -> asio::awaitable<void> {
        const loan<> l = co_await from.async_allocate(size, asio::use_awaitable);
        BOOST_TEST(is_in_pool(l));
    }(tx), asio::detached);
    run();
    // One that is never completed.
    tx.send(tx.allocate(900 * kib));
    auto doomed = std::make_unique<asio::io_context>();
    sender<bytes> bound = tx;
    bound.bind(*doomed);
    auto token = std::make_shared<int>();
    bound.async_allocate(size, [token](error_code, loan<>) { BOOST_TEST(false); });
    doomed.reset();
    BOOST_TEST(token.use_count() == 1);
    strait::bytes_sender unbound;
    BOOST_CHECK_THROW(unbound.async_allocate(size, [](error_code, loan<>) {}), strait::system_error);
}

BOOST_AUTO_TEST_CASE(an_allocation_does_not_wait_where_that_is_of_no_use) {
    auto [tx, rx] = new_channel<bytes>(with_pool_of(mib));
    // All of it is here.
    std::vector<loan<>> held;
    for (int i = 0; i != 5; ++i) held.push_back(tx.allocate_for(900 * kib, 100s));
    for (const auto& l : held) BOOST_TEST(l.size() == 900 * kib);
    error_code ec;
    BOOST_TEST(tx.allocate_for(0, 1s, ec).empty());
    BOOST_TEST(!ec, ec.message());
    BOOST_TEST(tx.allocate_for(100, 1s).size() == 100u);
    BOOST_TEST(tx.allocate_for(65 * mib, 1s, ec).empty());
    BOOST_TEST(ec == error::message_too_large, ec.message());
    BOOST_TEST(tx.allocate_for<double>(std::size_t(-1) / 4, 1s, ec).empty());
    BOOST_TEST(ec == error::message_too_large, ec.message());
    tx.close();
    BOOST_TEST(tx.allocate_for(100, 1s, ec).empty());
    BOOST_TEST(ec == error::not_open, ec.message());
    BOOST_TEST(strait::bytes_sender().allocate_for(100, 1s, ec).empty());
    BOOST_TEST(ec == error::not_open, ec.message());
}

BOOST_AUTO_TEST_CASE(who_waits_for_memory_makes_every_message_in_place, *only_if(os::has_seals) * over_links()) {
    auto [tx, rx] = new_channel<picture>(with_pool_of(4 * mib));
    peer<waiting_painter> child("loans_waiting_painter");
    constexpr std::uint64_t count = 300;
    constexpr std::uint64_t pixels = 256 * kib;
    child.start({std::move(tx), count, pixels});
    std::vector<picture> kept;
    for (std::uint64_t i = 0; i != count; ++i) {
        kept.push_back(rx.recv());
        BOOST_TEST(is_picture(kept.back(), i, pixels));
        // More than there is in the pool, now and then.
        if (kept.size() == 1 + i % 7) kept.clear();
    }
    expect_end(rx);
    BOOST_TEST((child.process().wait() == exit_status{0, 0}));
}

BOOST_AUTO_TEST_CASE(loans_travel_as_members) {
    auto [tx, rx] = new_channel<picture>();
    for (const std::size_t count : {std::size_t(0), std::size_t(1), std::size_t(1000), 8 * kib,
             256 * kib, mib}) {
        picture p = make_picture(tx, count, count);
        p.name = "a name";
        for (int i = 0; i != 3; ++i) {
            auto layer = tx.allocate<double>(count);
            std::fill(layer.begin(), layer.end(), i + 0.5);
            p.layers.emplace_back(std::move(layer));
        }
        p.layers.emplace_back();
        const std::vector<double> own(count, 9.0);
        p.layers.push_back(shared_span<double>::refer_to(own));
        p.layers.push_back(shared_span<double>::copy_of(own));
        std::thread producer([&, &to = tx] { to.send(std::move(p)); });
        const picture got = rx.recv();
        producer.join();
        BOOST_TEST(is_picture(got, count, count));
        BOOST_TEST(got.name == "a name");
        BOOST_TEST_REQUIRE(got.layers.size() == 6u);
        for (std::size_t i = 0; i != 6; ++i) {
            if (i == 3) {
                BOOST_TEST(got.layers[i].empty());
                continue;
            }
            BOOST_TEST(got.layers[i].size() == count);
            const double expected = i < 3 ? double(i) + 0.5 : 9.0;
            BOOST_TEST(std::all_of(got.layers[i].begin(), got.layers[i].end(),
                [&](double d) { return d == expected; }));
        }
    }
    BOOST_TEST(rx.faults() == 0u);
}

BOOST_AUTO_TEST_CASE(more_loans_than_a_message_takes_are_copied) {
    auto [tx, rx] = new_channel<picture>();
    picture p;
    for (std::size_t i = 0; i != 40; ++i) {
        auto layer = tx.allocate<double>(5000);
        std::fill(layer.begin(), layer.end(), double(i));
        p.layers.emplace_back(std::move(layer));
    }
    std::thread producer([&, &to = tx] { to.send(std::move(p)); });
    const picture got = rx.recv();
    producer.join();
    BOOST_TEST_REQUIRE(got.layers.size() == 40u);
    for (std::size_t i = 0; i != 40; ++i)
        BOOST_TEST((got.layers[i].size() == 5000u && got.layers[i][4999] == double(i)));
}

BOOST_AUTO_TEST_CASE(what_stays_with_the_sender_is_copied, *only_if(os::has_seals)) {
    auto [tx, rx] = new_channel<picture>();
    const std::size_t count = 100'000;
    picture p = make_picture(tx, 1, count);
    tx.send(p);  // an lvalue
    const picture first = rx.recv();
    const picture& constant = p;
    tx.send(constant);
    const picture second = rx.recv();
    picture copy = p;
    tx.send(std::move(copy));  // not the only one
    const picture third = rx.recv();
    // A part of what was received, on to somebody else.
    picture part;
    part.number = 1;
    part.pixels = third.pixels.subspan(0, 50'000);
    tx.send(std::move(part));
    const picture fourth = rx.recv();
    BOOST_TEST(is_picture(p, 1, count));
    for (const picture* got : {&first, &second, &third}) BOOST_TEST(is_picture(*got, 1, count));
    BOOST_TEST(is_picture(fourth, 1, 50'000));
    BOOST_TEST((fourth.pixels == p.pixels.subspan(0, 50'000)));
}

BOOST_AUTO_TEST_CASE(a_part_of_a_loan_is_sent_where_it_lies) {
    auto [tx, rx] = new_channel<picture>();
    auto pixels = tx.allocate<std::uint32_t>(100'000);
    paint(pixels, 0);
    picture p;
    p.pixels = std::move(pixels);
    p.pixels = p.pixels.subspan(1000, 50'000);
    tx.send(std::move(p));
    BOOST_TEST(is_painted(rx.recv().pixels, 1, 50'000));
    auto truncated = tx.allocate<std::uint32_t>(100'000);
    paint(truncated, 7);
    truncated.truncate(20'000);
    picture q;
    q.number = 7;
    q.pixels = std::move(truncated);
    tx.send(std::move(q));
    BOOST_TEST(is_picture(rx.recv(), 7, 20'000));
}

BOOST_AUTO_TEST_CASE(a_loan_that_was_not_sent_stays, *over_links()) {
    auto [tx, rx] = new_channel<bytes>();
    error_code ec;
    const std::string filler = pattern(1, 1000);
    while (!ec) tx.try_send(std::as_bytes(std::span(filler)), ec);
    const std::string text = pattern(5, 100 * kib);
    auto memory = make_text(tx, text);
    tx.try_send(std::move(memory), ec);
    BOOST_TEST(ec == asio::error::would_block, ec.message());
    tx.send_for(std::move(memory), 1ms, ec);
    BOOST_TEST(ec == asio::error::timed_out, ec.message());
    BOOST_TEST(text_of(memory.span()) == text);
    while (rx.try_recv()) {}
    tx.send(std::move(memory));
    BOOST_TEST(memory.empty());
    BOOST_TEST(text_of(rx.recv_view()) == text);
    // Nor is it lost with the receiver.
    memory = make_text(tx, text);
    rx.close();
    tx.send(std::move(memory), ec);
    BOOST_TEST(ec == asio::error::broken_pipe, ec.message());
    BOOST_TEST(text_of(memory.span()) == text);
}

BOOST_AUTO_TEST_CASE(loans_that_cannot_be) {
    limits l;
    l.max_message_bytes = 100'000;
    auto [tx, rx] = new_channel<picture>(channel_options(l));
    error_code ec;
    BOOST_TEST(tx.allocate<std::uint32_t>(25'001, ec).empty());
    BOOST_TEST(ec == error::message_too_large, ec.message());
    BOOST_TEST(tx.allocate<std::uint32_t>(std::size_t(-1) / 2, ec).empty());
    BOOST_TEST(ec == error::message_too_large, ec.message());
    BOOST_TEST(tx.allocate<std::uint32_t>(25'000, ec).size() == 25'000u);
    BOOST_TEST(!ec);
    tx.close();
    BOOST_TEST(tx.allocate<std::uint32_t>(10, ec).empty());
    BOOST_TEST(ec == error::not_open, ec.message());
    BOOST_CHECK_THROW(sender<picture>().allocate(10), strait::system_error);
}

BOOST_AUTO_TEST_CASE(views_that_are_held_do_not_hold_up_the_channel) {
    auto [tx, rx] = new_channel<picture>(with_pool(mib));
    constexpr std::uint64_t count = 30;
    const std::size_t pixels = 75'000;
    std::thread producer([mine = std::move(tx)]() mutable {
        for (std::uint64_t i = 0; i != count; ++i) mine.send(make_picture(mine, i, 75'000));
    });
    std::vector<picture> held;
    for (std::uint64_t i = 0; i != count; ++i) held.push_back(rx.recv());
    producer.join();
    expect_end(rx);
    rx.close();
    for (std::uint64_t i = 0; i != count; ++i) BOOST_TEST(is_picture(held[i], i, pixels));
}

// A message that was promised to a receive whose executor does not run is unread for as long as that.
BOOST_AUTO_TEST_CASE(views_do_not_hold_up_the_channel_while_a_receive_waits_elsewhere) {
    using span = shared_span<double>;
    auto ends = new_channel<span>(context, with_pool(mib));
    auto& rx = ends.second;
    asio::io_context stopped;
    constexpr std::size_t count = 20;
    std::thread producer([mine = std::move(ends.first)]() mutable {
        for (std::size_t i = 0; i != count; ++i)
            mine.send(span(mine.allocate_for<double>(200 * kib / 8, std::chrono::nanoseconds::max())));
    });
    std::vector<span> views;
    error_code last;
    rx.async_recv(
        asio::bind_executor(stopped, [&](error_code, span s) { views.push_back(std::move(s)); }));
    std::function<void()> next = [&] {
        rx.async_recv([&](error_code ec, span s) {
            if (!ec) views.push_back(std::move(s));
            last = ec;
            if (!ec) next();
        });
    };
    next();
    run();
    producer.join();
    BOOST_TEST(last == asio::error::eof, last.message());
    stopped.run();
    BOOST_TEST(views.size() == count);
}

BOOST_AUTO_TEST_CASE(loans_that_are_held_do_not_hold_up_the_channel) {
    auto ends = new_channel<picture>(with_pool(mib));
    auto& tx = ends.first;
    std::vector<loan<std::uint32_t>> held;
    for (std::uint64_t i = 0; i != 10; ++i) {
        held.push_back(tx.allocate<std::uint32_t>(75'000));
        paint(held.back(), i);
    }
    std::thread producer([&] {
        for (std::uint64_t i = 0; i != 5; ++i) {
            picture p;
            p.number = i;
            p.pixels = std::move(held[i]);
            tx.send(std::move(p));
        }
        tx.send(make_picture(tx, 5, 75'000));
        // Large values beside them.
        picture q;
        q.number = 6;
        q.name = pattern(6, 300 * kib);
        tx.send(std::move(q));
    });
    for (std::uint64_t i = 0; i != 6; ++i) BOOST_TEST(is_picture(ends.second.recv(), i, 75'000));
    BOOST_TEST((ends.second.recv().name == pattern(6, 300 * kib)));
    producer.join();
    // They outlive what they are of.
    tx.close();
    ends.second.close();
    for (std::uint64_t i = 6; i != 10; ++i) BOOST_TEST(is_painted(held[i], i, 75'000));
}

BOOST_AUTO_TEST_CASE(a_message_with_loans_survives_the_process_that_sent_it, *over_links()) {
    auto [tx, rx] = new_channel<picture>();
    auto [go, gone] = new_channel<note>();
    peer<painting> child("loans_painter");
    child.start({std::move(tx), std::move(gone)});
    std::vector<picture> held;
    for (std::uint64_t i = 0; i != 5; ++i) {
        go.send(note{100'000, i == 4 ? "die" : ""});
        held.push_back(rx.recv());
    }
    BOOST_TEST(child.process().wait().signal == SIGKILL);
    expect_end(rx);
    for (std::uint64_t i = 0; i != 5; ++i) BOOST_TEST(is_picture(held[i], i, 100'000));
}

BOOST_AUTO_TEST_CASE(a_receiver_moves_with_loans_unread_and_held, *only_if(os::has_seals) * over_links()) {
    const std::size_t pixels = 50'000;
    auto [tx, rx] = new_channel<picture>(with_pool(2 * mib));
    auto [report, reports] = new_channel<note>();
    auto [back, returned] = new_channel<receiver<picture>>();
    std::uint64_t sent = 0, first = 0;
    receiver<picture> in = std::move(rx);
    std::vector<picture> held;
    for (int round = 0; round != 3; ++round) {
        for (int i = 0; i != 7; ++i, ++sent) tx.send(make_picture(tx, sent, pixels));
        held.push_back(in.recv());
        BOOST_TEST(is_picture(held.back(), first++, pixels));
        strait::any_receiver any = std::move(in);
        strait::message undecoded = any.recv();
        in = any.into<picture>();
        peer<looking> taker("loans_looker");
        taker.start({std::move(in), report, first + 1, 5 + 3, pixels, back});
        for (int i = 0; i != 3; ++i, ++sent) tx.send(make_picture(tx, sent, pixels));
        for (int i = 0; i != 8; ++i) {
            const note said = reports.recv();
            BOOST_TEST(said.number == 1u, said.text);
        }
        in = returned.recv();
        BOOST_TEST(taker.process().wait() == exit_status{0});
        BOOST_TEST(is_picture(undecoded.as<picture>(), first, pixels));
        first += 9;
    }
    for (std::size_t i = 0; i != held.size(); ++i)
        BOOST_TEST(is_picture(held[i], i * 10, pixels));
    BOOST_TEST(in.faults() == 0u);
}

BOOST_AUTO_TEST_CASE(messages_with_loans_may_be_dropped_undecoded, *only_if(os::has_seals)) {
    auto [tx, rx] = new_channel<picture>(with_pool(mib));
    strait::any_receiver any = std::move(rx);
    for (std::uint64_t i = 0; i != 50; ++i) {
        tx.send(make_picture(tx, i, 75'000));
        strait::message m = any.recv();
        if (i % 3 == 0) BOOST_TEST(is_picture(m.as<picture>(), i, 75'000));
    }
    // And so may the channel.
    tx.send(make_picture(tx, 50, 75'000));
    tx.send(make_picture(tx, 51, 75'000));
}

BOOST_AUTO_TEST_CASE(threads_share_a_pool_for_loans) {
    auto ends = new_channel<picture>(with_pool(2 * mib));
    std::vector<std::thread> threads;
    for (std::uint64_t who = 0; who != 3; ++who)
        threads.emplace_back([who, mine = ends.first]() mutable {
            for (std::uint64_t i = 0; i != 40; ++i)
                mine.send(make_picture(mine, who * 1000 + i, 10'000 + i * 1000));
        });
    ends.first.close();
    std::array<std::uint64_t, 3> next{};
    error_code ec;
    std::vector<picture> held;
    for (picture p = ends.second.recv(ec); !ec; p = ends.second.recv(ec)) {
        const std::uint64_t i = p.number % 1000;
        BOOST_TEST(next[p.number / 1000]++ == i);
        BOOST_TEST(is_picture(p, p.number, 10'000 + i * 1000));
        held.push_back(std::move(p));
        if (held.size() == 4) held.clear();
    }
    for (auto& t : threads) t.join();
    for (const auto n : next) BOOST_TEST(n == 40u);
}

// What a hostile producer can say of loans.

struct loan_peer : contested_channel<std::vector<shared_span<std::uint32_t>>> {
    static limits bounds() {
        limits l;
        l.max_pool_bytes = mib;
        return l;
    }
    loan_peer() : contested_channel<std::vector<shared_span<std::uint32_t>>>(bounds()) {
        error_code ec;
        memory = detail::block_memory::make(64 * kib, ec);
        BOOST_REQUIRE_MESSAGE(!ec, ec.message());
    }

    template <class Integer>
    static std::string number(Integer n) {
        std::string s(sizeof(n), '\0');
        std::memcpy(s.data(), &n, sizeof(n));
        return s;
    }
    static std::string ref(std::uint32_t id, bool is_new, std::uint64_t bytes = 4000,
        std::uint64_t offset = 0, std::uint64_t block_bytes = 64 * kib) {
        return block_reference(id, is_new ? 1 : 0, offset, bytes, block_bytes);
    }
    // A value with one span.
    static std::string value(std::uint32_t index = 0, std::uint64_t bytes = 4000) {
        return number(std::uint32_t(1)) + number(bytes) + number(index);
    }

    void say(const std::string& payload, std::size_t handles = 0, std::uint8_t flags = 0) {
        wire::frame_header h = whole(payload.size(), handles);
        h.flags |= static_cast<std::uint8_t>(wire::flag_loans | flags);
        raw.write(h, payload,
            std::vector<const strait::handle*>(handles, &memory->memory()));
    }

    void expect_ended() {
        honest.send({});
        error_code ec;
        BOOST_TEST(rx.recv(ec).empty());
        BOOST_TEST(!ec, ec.message());
        BOOST_TEST(raw.is_ended());
        BOOST_TEST(rx.faults() >= 1u);
    }
    void expect_fault() {
        const std::uint64_t before = rx.faults();
        honest.send({});
        BOOST_TEST(rx.recv().empty());
        BOOST_TEST(rx.faults() == before + 1);
    }
    void expect_received() {
        const auto got = rx.recv();
        BOOST_TEST_REQUIRE(got.size() == 1u);
        BOOST_TEST(got[0].size() == 1000u);
    }

    std::unique_ptr<detail::block_memory> memory;
};

BOOST_AUTO_TEST_CASE(loans_of_a_peer_are_received, *only_if(os::has_seals)* over_links()) {
    loan_peer p;
    const std::string one = p.number(std::uint32_t(1));
    p.say(p.value() + p.ref(1, true) + one, 1);
    p.expect_received();
    p.say(p.value() + p.ref(1, false, 4000, 400) + one);
    p.expect_received();
    // Twice the same, and both hold it.
    p.say(p.number(std::uint32_t(2)) + p.value().substr(4) + p.value().substr(4) +
          p.ref(1, false) + one);
    const auto got = p.rx.recv();
    BOOST_TEST_REQUIRE(got.size() == 2u);
    BOOST_TEST(got[0].data() == got[1].data());
}

// A peer that waits for a block is told of one that is free, and what a user looks at stays in the pool. Only
// when none is free he keeps it for good.
BOOST_AUTO_TEST_CASE(what_is_held_stays_in_the_pool_while_others_are_to_come_back,
    *only_if(os::has_seals)* over_links()) {
    using told = std::vector<std::pair<std::uint32_t, bool>>;
    loan_peer p;
    const auto heard = [&] {
        told all;
        std::byte said[1024];
        std::vector<os::handle_batch> nothing;
        const std::size_t bytes = os::recv_some(p.raw.stream(), said, nothing, false).bytes;
        for (std::size_t at = 0; at != bytes; at += wire::header_bytes) {
            const wire::frame_header h = wire::fetch_header(said + at);
            if (h.kind == wire::frame_kind::release)
                all.emplace_back(h.message_bytes, h.flags == wire::flag_for_good);
        }
        return all;
    };
    wire::frame_header want;
    want.kind = wire::frame_kind::want;
    const std::string one = p.number(std::uint32_t(1));
    for (std::uint32_t id = 1; id != 5; ++id) {
        p.say(p.value() + p.ref(id, true) + one, 1);
        p.expect_received();
    }
    BOOST_TEST(heard().size() == 4u);
    for (std::uint32_t id = 1; id != 5; ++id) p.say(p.value() + p.ref(id, false) + one);
    p.raw.write(want);
    error_code ec;
    const auto first = p.rx.recv();
    p.expect_received();
    const auto third = p.rx.recv();
    BOOST_TEST((heard() == told{}));
    const auto last = p.rx.recv();
    p.rx.try_recv(ec);
    BOOST_TEST(ec == asio::error::would_block, ec.message());
    BOOST_TEST((heard() == told{{2, false}}));
    p.raw.write(want);
    p.rx.try_recv(ec);
    BOOST_TEST((heard() == told{{1, true}, {3, true}, {4, true}}));
    // A message says that it is over.
    p.say(p.value() + p.ref(2, false) + one);
    const auto kept = p.rx.recv();
    BOOST_TEST((heard() == told{}));
    p.raw.write(want);
    p.rx.try_recv(ec);
    BOOST_TEST((heard() == told{{2, true}}));
}

BOOST_AUTO_TEST_CASE(references_to_loans_that_cannot_be_end_the_link,
    *only_if(os::has_seals)* over_links()) {
    const std::string one = loan_peer::number(std::uint32_t(1));
    const auto expect = [&](auto break_word) {
        loan_peer p;
        p.say(p.value() + p.ref(1, true) + one, 1);
        p.expect_received();
        break_word(p);
        p.expect_ended();
    };
    expect([&](loan_peer& p) { p.say(p.value() + p.ref(2, false) + one); });       // unknown
    expect([&](loan_peer& p) { p.say(p.value() + p.ref(0, false) + one); });       // no number
    expect([&](loan_peer& p) { p.say(p.value() + p.ref(1, true) + one, 1); });     // known already
    expect([&](loan_peer& p) { p.say(p.value() + p.ref(2, true) + one); });        // without memory
    expect([&](loan_peer& p) { p.say(p.value() + p.ref(1, false, 4000, 62'000) + one); });
    expect([&](loan_peer& p) { p.say(p.value() + p.ref(1, false, ~0ull, 1) + one); });
    expect([&](loan_peer& p) { p.say(p.value() + p.ref(1, false) + std::string(4, '\0')); });
    expect([&](loan_peer& p) { p.say(p.value() + p.ref(1, false) + p.number(17u)); });
    expect([&](loan_peer& p) { p.say(p.value() + p.ref(1, false) + p.number(~0u)); });
    expect([&](loan_peer& p) { p.say("x"); });
    expect([&](loan_peer& p) {                                                     // used twice
        p.say(p.value() + p.ref(1, false) + p.ref(1, false) + p.number(2u));
    });
    expect([&](loan_peer& p) {                                                     // past the pool
        p.say(p.value() + p.ref(9, true, 4000, 0, 2 * mib) + one, 1);
    });
    expect([&](loan_peer& p) {                                                     // in memory as well
        p.say(p.value() + p.ref(1, false) + one, 1, wire::flag_memory);
    });
}

BOOST_AUTO_TEST_CASE(loans_that_do_not_fit_the_value_cost_its_message,
    *only_if(os::has_seals)* over_links()) {
    const std::string one = loan_peer::number(std::uint32_t(1));
    loan_peer p;
    p.say(p.value() + p.ref(1, true) + one, 1);
    p.expect_received();
    const auto expect = [&](const std::string& payload) {
        p.say(payload);
        p.expect_fault();
    };
    expect(p.number(0u) + p.ref(1, false) + one);                     // nobody takes it
    expect(p.value(1) + p.ref(1, false) + one);                       // another than there is
    expect(p.value(0, 3996) + p.ref(1, false) + one);                 // of another size
    expect(p.value(0, 4001) + p.ref(1, false, 4001) + one);           // no number of objects
    expect(p.value() + p.ref(1, false, 4000, 2) + one);               // where no object may lie
    expect(p.value(~0u, 4000) + p.ref(1, false) + one);               // bytes that are not there
    expect(p.number(5u) + p.ref(1, false) + one);
    // The block is free again each time.
    p.say(p.value() + p.ref(1, false) + one);
    p.expect_received();
    // Memory that is none.
    const pipe_ends pipe = make_pipe();
    wire::frame_header h = whole(p.value().size() + 36, 1);
    h.flags |= wire::flag_loans;
    p.raw.write(h, p.value() + p.ref(5, true) + one, {&pipe.read});
    p.expect_fault();
}

BOOST_AUTO_TEST_SUITE_END()
