//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#include "contract/raw_link.hpp"
#include "contract/two_processes.hpp"
#include "link/block_pool.hpp"
#include "link/block_table.hpp"
#include "shm/block_memory.hpp"
#include "support/context_fixture.hpp"
#include "support/leak_check.hpp"
#include "support/sanitized.hpp"

#include <strait/any_end.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>

#include <atomic>
#include <chrono>
#include <csignal>
#include <deque>
#include <map>
#include <optional>
#include <random>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

using namespace std::chrono_literals;
using namespace strait::test;
using strait::channel_options;
using strait::error;
using strait::error_code;
using strait::limits;
using strait::receiver;
using strait::sender;

// Large values travel in blocks of shared memory that are used again. What the contract says of
// messages holds for them (C1 to C7, C10, C12).

namespace {

namespace detail = strait::detail;

constexpr std::size_t kib = 1024;
constexpr std::size_t mib = 1024 * kib;

struct blob {
    std::uint64_t number = 0;
    std::vector<double> data;
    std::optional<sender<note>> answer_to;
};

blob make_blob(std::uint64_t number, std::size_t bytes) {
    blob b;
    b.number = number;
    b.data.resize(bytes / sizeof(double));
    for (std::size_t i = 0; i < b.data.size(); ++i)
        b.data[i] = static_cast<double>(number * 1000 + i % 997);
    return b;
}

bool is_blob(const blob& b, std::uint64_t number, std::size_t bytes) {
    return b.number == number && b.data == make_blob(number, bytes).data;
}

// The other processes.

struct sending {
    sender<blob> out;
    receiver<note> go;  // each note asks for as many as its number; the end ends it
    std::uint64_t bytes = 0;
};

STRAIT_TEST_ROLE(large_payloads_sender) {
    auto start = from_parent<sending>();
    sending s = start.recv();
    std::uint64_t number = 0;
    error_code ec;
    for (note n = s.go.recv(ec); !ec; n = s.go.recv(ec)) {
        for (std::uint64_t i = 0; i != n.number; ++i) {
            s.out.send(make_blob(number, s.bytes));
            ++number;
        }
        if (n.text == "die") ::raise(SIGKILL);
    }
    return 0;
}

struct taking {
    receiver<blob> in;
    sender<note> report;
    std::uint64_t first = 0;
    std::uint64_t count = 0;
    std::uint64_t bytes = 0;
    std::optional<sender<receiver<blob>>> back;
};

STRAIT_TEST_ROLE(large_payloads_taker) {
    auto start = from_parent<taking>();
    taking t = start.recv();
    for (std::uint64_t i = 0; i != t.count; ++i) {
        error_code ec;
        const blob b = t.in.recv(ec);
        t.report.send(note{!ec && is_blob(b, t.first + i, t.bytes), ec.message()});
    }
    if (t.back) t.back->send(std::move(t.in));
    return 0;
}

// A value that grows while it is encoded.
struct lines {
    std::uint64_t number = 0;
    std::vector<std::string> text;
};

lines make_lines(std::uint64_t number, std::size_t bytes) {
    return lines{number, std::vector<std::string>(bytes / 128, std::string(120, 'x'))};
}

struct counts {
    std::atomic<int> sent = 0;
    std::atomic<int> failed = 0;  // but for want of time
};

// Sends values of any size in all ways.
void send_a_mixture(sender<lines> out, std::uint64_t who, unsigned seed, counts& count) {
    std::mt19937 random(seed);
    std::optional<strait::loan<std::byte>> held;
    for (std::uint64_t i = 0; i != 60; ++i) {
        const lines value = make_lines(
            who * 1000 + i, (random() % 4 == 0 ? random() % 1600 : random() % 300) * kib);
        error_code ec;
        switch (random() % 5) {
        case 0: out.send_for(value, std::chrono::microseconds(random() % 3000), ec); break;
        case 1: out.send_all(std::vector<lines>{value}, ec); break;
        case 2: held = out.allocate(random() % (400 * kib) + 1); [[fallthrough]];
        default: out.send(value, ec);
        }
        if (random() % 3 == 0) held.reset();
        if (!ec) ++count.sent;
        if (ec && ec != asio::error::timed_out) ++count.failed;
    }
}

using fixture = context_fixture;

}  // namespace

BOOST_FIXTURE_TEST_SUITE(large_payloads, fixture, *only_if(os::has_seals))

BOOST_AUTO_TEST_CASE(values_of_all_sizes_arrive_however_they_are_sent) {
    auto [tx, rx] = new_channel<blob>(context);
    std::uint64_t number = 0;
    for (const std::size_t bytes : {std::size_t(8), 16 * kib - 64, 16 * kib - 32, 16 * kib,
             16 * kib + 32, 32 * kib, 64 * kib, mib, 3 * mib, 15 * mib, 17 * mib, 40 * mib}) {
        for (int how = 0; how != 4; ++how, ++number) {
            error_code ec = asio::error::in_progress;
            std::optional<std::thread> blocked;
            const blob value = make_blob(number, bytes);
            switch (how) {
            case 0: blocked.emplace([&, &to = tx] { to.send(value, ec); }); break;
            case 1: tx.try_send(value, ec); break;
            case 2: tx.send_for(value, 100s, ec); break;
            case 3: tx.async_send(value, [&](error_code e) { ec = e; }); break;
            }
            const blob got = rx.recv();
            if (blocked) blocked->join();
            if (how == 3) run();
            BOOST_TEST(!ec, ec.message());
            BOOST_TEST(is_blob(got, number, bytes), bytes << " bytes, " << how);
        }
    }
    BOOST_TEST(rx.faults() == 0u);
}

BOOST_AUTO_TEST_CASE(attachments_travel_beside_values_in_blocks) {
    auto [tx, rx] = new_channel<blob>();
    auto [answers, answers_rx] = new_channel<note>();
    for (std::uint64_t i = 0; i != 20; ++i) {
        blob b = make_blob(i, 100 * kib);
        b.answer_to = answers;
        tx.send(std::move(b));
        blob got = rx.recv();
        BOOST_TEST(is_blob(got, i, 100 * kib));
        got.answer_to->send(note{i, {}});
    }
    expect_notes(answers_rx, 0, 20);
}

BOOST_AUTO_TEST_CASE(a_pool_in_use_is_backpressure_and_order_is_kept, *over_links()) {
    auto [tx, rx] = new_channel<blob>(context, with_pool(mib));
    const std::size_t bytes = 300 * kib;
    std::uint64_t sent = 0;
    error_code ec;
    for (;; ++sent) {
        tx.try_send(make_blob(sent, bytes), ec);
        if (ec) break;
        BOOST_REQUIRE(sent < 1000u);
    }
    BOOST_TEST(ec == asio::error::would_block, ec.message());
    BOOST_TEST(sent == 3u);
    // Behind it wait large ones and small ones.
    const auto size_of = [&](std::uint64_t i) { return i > sent && i % 3 == 0 ? 8 : bytes; };
    std::uint64_t completed = 0;
    for (std::uint64_t i = sent; i != sent + 12; ++i)
        tx.async_send(make_blob(i, size_of(i)), [&, i](error_code e) {
            BOOST_TEST(!e, e.message());
            BOOST_TEST(completed++ == i - sent);
        });
    context.poll();
    BOOST_TEST(completed == 0u);
    for (std::uint64_t i = 0; i != sent + 12; ++i) {
        rx.async_recv([&, i](error_code e, const blob& b) {
            BOOST_TEST(!e, e.message());
            BOOST_TEST(is_blob(b, i, size_of(i)));
        });
    }
    run();
    BOOST_TEST(completed == 12u);
}

BOOST_AUTO_TEST_CASE(sends_that_wait_for_a_block_can_be_cancelled_and_time_out, *over_links()) {
    auto [tx, rx] = new_channel<blob>(context, with_pool(mib));
    const std::size_t bytes = 900 * kib;
    tx.send(make_blob(0, bytes));
    asio::cancellation_signal signal;
    error_code first, second, third;
    tx.async_send(make_blob(1, bytes), [&](error_code e) { first = e; });
    tx.async_send(make_blob(7, bytes),
        asio::bind_cancellation_slot(signal.slot(), [&](error_code e) { second = e; }));
    tx.async_send_for(make_blob(8, bytes), 1ms, [&](error_code e) { third = e; });
    context.poll();
    signal.emit(asio::cancellation_type::total);
    error_code ec;
    tx.send_for(make_blob(9, bytes), 1ms, ec);
    BOOST_TEST(ec == asio::error::timed_out, ec.message());
    std::this_thread::sleep_for(2ms);
    context.poll();
    BOOST_TEST(second == asio::error::operation_aborted, second.message());
    BOOST_TEST(third == asio::error::timed_out, third.message());
    BOOST_TEST(is_blob(rx.recv(), 0, bytes));
    run();
    BOOST_TEST(!first, first.message());
    BOOST_TEST(is_blob(rx.recv(), 1, bytes));
    tx.close();
    expect_end(rx);
}

BOOST_AUTO_TEST_CASE(a_send_is_written_when_the_one_that_kept_it_waiting_times_out, *over_links()) {
    auto [tx, rx] = new_channel<blob>(context, with_pool(mib));
    const std::size_t bytes = 900 * kib;
    tx.send(make_blob(0, bytes));
    std::atomic<bool> begins = false;
    std::thread large([&, mine = tx]() mutable {
        const blob value = make_blob(1, bytes);
        begins = true;
        error_code ec;
        mine.send_for(value, 500ms, ec);
        BOOST_TEST(ec == asio::error::timed_out, ec.message());
    });
    while (!begins) std::this_thread::yield();
    std::this_thread::sleep_for(50ms);
    error_code small = asio::error::in_progress;
    tx.async_send(make_blob(2, 8), [&](error_code e) { small = e; });
    large.join();
    run();  // though nothing was received
    BOOST_TEST(!small, small.message());
    BOOST_TEST(is_blob(rx.recv(), 0, bytes));
    BOOST_TEST(is_blob(rx.recv(), 2, 8));
}

// C1, of two threads.
BOOST_AUTO_TEST_CASE(a_later_send_does_not_overtake_one_that_waits_for_a_block, *over_links()) {
    for (int round = 0; round != 5; ++round) {
        auto [tx, rx] = new_channel<blob>(context, with_pool(mib));
        tx.send(make_blob(0, 900 * kib));
        tx.async_send(make_blob(1, 900 * kib), [](error_code ec) { BOOST_TEST(!ec, ec.message()); });
        std::thread later([mine = tx]() mutable { mine.send(make_blob(2, 8)); });
        for (std::uint64_t i = 0; i != 3; ++i) BOOST_TEST(rx.recv().number == i);
        later.join();
        run();
    }
}

// A thread that polls for all of them waits for a release, until the send that needs one is cancelled: what is
// behind that needs room in the socket, and the receiver, which keeps the block, releases nothing.
BOOST_AUTO_TEST_CASE(who_polls_for_a_release_learns_that_there_is_none_to_wait_for, *over_links()) {
    auto [tx, rx] = new_channel<blob>(context, with_pool(mib));
    tx.send(make_blob(0, 900 * kib));
    error_code ec;
    std::uint64_t full = 1;
    for (;; ++full) {
        tx.try_send(make_blob(full, 8 * kib), ec);
        if (ec) break;
    }
    asio::cancellation_signal signal;
    error_code large;
    tx.async_send(make_blob(99, 900 * kib),
        asio::bind_cancellation_slot(signal.slot(), [&](error_code e) { large = e; }));
    std::thread small([mine = tx]() mutable { mine.send(make_blob(100, 8 * kib)); });
    std::this_thread::sleep_for(50ms);
    signal.emit(asio::cancellation_type::total);
    run();
    BOOST_TEST(large == asio::error::operation_aborted);
    strait::any_receiver any = std::move(rx);
    std::vector<strait::message> kept;
    for (std::uint64_t i = 0; i != full - 1; ++i) kept.push_back(any.recv());  // all but one
    small.join();
    any.recv();
    BOOST_TEST(any.recv().as<blob>().number == 100u);
}

// Some of which need fragments, as a loan is held that leaves no room in the pool.
BOOST_AUTO_TEST_CASE(threads_that_need_blocks_and_that_do_not_wait_for_each_other_in_vain, *over_links()) {
    for (int round = 0; round != 10; ++round) {
        auto [tx, rx] = new_channel<blob>(with_pool(mib));
        const auto held = tx.allocate(600 * kib);
        std::vector<std::thread> threads;
        for (std::uint64_t who = 0; who != 4; ++who)
            threads.emplace_back([who, mine = tx]() mutable {
                for (std::uint64_t i = 0; i != 60; ++i)
                    mine.send(make_blob(who * 1000 + i, (20 + i * 7 % 380) * kib));
            });
        for (int got = 0; got != 240; ++got) rx.recv();
        for (auto& t : threads) t.join();
    }
}

BOOST_AUTO_TEST_CASE(nothing_that_senders_and_receivers_do_makes_them_wait_for_ever, *over_links()) {
    for (unsigned seed = 0; seed != 4; ++seed) {
        auto [tx, rx] = new_channel<lines>(with_pool(mib));
        auto [carrier, carried] = new_channel<receiver<lines>>();
        auto [lost, nobody] = new_channel<receiver<lines>>();
        nobody.close();
        counts count;
        std::vector<std::thread> threads;
        for (unsigned who = 0; who != 4; ++who)
            threads.emplace_back([who, seed, mine = tx, &count] {
                send_a_mixture(mine, who, seed * 10 + who, count);
            });
        tx.close();
        std::mt19937 random(seed);
        std::map<std::uint64_t, std::uint64_t> next;
        std::deque<strait::message> kept;
        int got = 0;
        const auto take = [&](const lines& v) {
            ++got;
            auto& n = next[v.number / 1000];
            BOOST_TEST(v.number % 1000 >= n);
            n = v.number % 1000 + 1;
        };
        error_code ec;
        while (ec != asio::error::eof) {
            ec.clear();
            switch (random() % 6) {
            case 0: {
                sender<receiver<lines>>& out = carrier;
                receiver<lines>& in = rx;
                std::thread moves([&] { out.send(in); });
                receiver<lines> arrived = carried.recv();
                moves.join();
                rx = std::move(arrived);
                break;
            }
            case 1:
                lost.send(rx, ec);
                BOOST_TEST(ec == asio::error::broken_pipe, ec.message());
                break;
            case 2: {
                std::vector<lines> some(4);
                const std::size_t n = rx.recv_some(some, ec);
                for (std::size_t i = 0; i != n; ++i) take(some[i]);
                break;
            }
            case 3: {
                strait::any_receiver any = std::move(rx);
                strait::message m = any.recv(ec);
                if (!ec) kept.push_back(std::move(m));
                got += !ec;
                if (kept.size() > random() % 8) kept.clear();
                rx = any.into<lines>();
                break;
            }
            default: {
                const lines v = rx.recv(ec);
                if (!ec) take(v);
            }
            }
        }
        for (auto& t : threads) t.join();
        BOOST_TEST(got == count.sent);
        BOOST_TEST(count.failed == 0);
        BOOST_TEST(rx.faults() == 0u);
    }
}

BOOST_AUTO_TEST_CASE(threads_share_the_pool_of_a_link) {
    auto [tx, rx] = new_channel<blob>(with_pool(mib));
    std::vector<std::thread> threads;
    for (std::uint64_t who = 0; who != 3; ++who)
        threads.emplace_back([who, mine = tx]() mutable {
            for (std::uint64_t i = 0; i != 60; ++i)
                mine.send(make_blob(who * 1000 + i, (20 + i * 7 % 400) * kib));
        });
    tx.close();
    std::map<std::uint64_t, std::uint64_t> next;
    error_code ec;
    for (blob b = rx.recv(ec); !ec; b = rx.recv(ec)) {
        const std::uint64_t i = b.number % 1000;
        BOOST_TEST(next[b.number / 1000]++ == i);
        BOOST_TEST(is_blob(b, b.number, (20 + i * 7 % 400) * kib));
    }
    for (auto& t : threads) t.join();
    BOOST_TEST(ec == asio::error::eof);
    BOOST_TEST(next.size() == 3u);
    for (const auto& [who, n] : next) BOOST_TEST(n == 60u);
}

BOOST_AUTO_TEST_CASE(messages_that_are_kept_undecoded_do_not_hold_up_the_channel) {
    auto [tx, rx] = new_channel<blob>(with_pool(mib));
    const std::size_t bytes = 300 * kib;
    constexpr std::uint64_t count = 20;
    std::thread producer([mine = std::move(tx)]() mutable {
        for (std::uint64_t i = 0; i != count; ++i) mine.send(make_blob(i, 300 * kib));
    });
    strait::any_receiver any = std::move(rx);
    std::vector<strait::message> kept;
    error_code ec;
    for (std::uint64_t i = 0; i != count && !ec; ++i) kept.push_back(any.recv(ec));
    BOOST_TEST(!ec, ec.message());
    if (ec) any.close();
    producer.join();
    expect_end(any);
    any.close();
    for (std::uint64_t i = 0; i != count; ++i) BOOST_TEST(is_blob(kept[i].as<blob>(), i, bytes));
}

BOOST_AUTO_TEST_CASE(a_message_in_a_block_survives_the_process_that_sent_it, *over_links()) {
    for (int round = 0; round != 3; ++round) {
        auto [tx, rx] = new_channel<blob>();
        auto [go, gone] = new_channel<note>();
        peer<sending> child("large_payloads_sender");
        child.start({std::move(tx), std::move(gone), mib});
        // The first ones go round in known blocks.
        go.send(note{2, {}});
        for (std::uint64_t i = 0; i != 2; ++i) BOOST_TEST(is_blob(rx.recv(), i, mib));
        go.send(note{5, "die"});
        BOOST_TEST(child.process().wait().signal == SIGKILL);
        for (std::uint64_t i = 2; i != 7; ++i) BOOST_TEST(is_blob(rx.recv(), i, mib));
        expect_end(rx);
        BOOST_TEST(rx.faults() == 0u);
    }
}

BOOST_AUTO_TEST_CASE(a_receiver_moves_with_messages_in_blocks_and_with_its_blocks, *over_links()) {
    const std::size_t bytes = 200 * kib;
    auto [tx, rx] = new_channel<blob>(with_pool(2 * mib));
    auto [go, gone] = new_channel<note>();
    auto [report, reports] = new_channel<note>();
    auto [back, returned] = new_channel<receiver<blob>>();
    peer<sending> source("large_payloads_sender");
    source.start({std::move(tx), std::move(gone), bytes});
    go.send(note{8, {}});
    // Some are read, of which one is kept undecoded, and some are read ahead.
    for (std::uint64_t i = 0; i != 3; ++i) BOOST_TEST(is_blob(rx.recv(), i, bytes));
    strait::any_receiver any = std::move(rx);
    strait::message kept = any.recv();
    receiver<blob> in = any.into<blob>();

    std::uint64_t first = 4;
    for (int round = 0; round != 3; ++round) {
        peer<taking> taker("large_payloads_taker");
        go.send(note{30, {}});
        taker.start({std::move(in), report, first, 25, bytes, back});
        for (std::uint64_t i = 0; i != 25; ++i) {
            const note said = reports.recv();
            BOOST_TEST(said.number == 1u, first + i << ": " << said.text);
        }
        in = returned.recv();
        BOOST_TEST(taker.process().wait() == exit_status{0});
        first += 25;
    }
    BOOST_TEST(is_blob(kept.as<blob>(), 3, bytes));
    go.close();
    for (; first != 98; ++first) BOOST_TEST(is_blob(in.recv(), first, bytes));
    expect_end(in);
    BOOST_TEST(in.faults() == 0u);
    BOOST_TEST(source.process().wait() == exit_status{0});
}

BOOST_AUTO_TEST_CASE(a_receiver_with_a_granted_message_in_a_block_moves_whole, *over_links()) {
    auto [tx, rx] = new_channel<blob>(context);
    auto [carrier, carried] = new_channel<receiver<blob>>();
    tx.send(make_blob(0, mib));
    tx.send(make_blob(1, mib));
    rx.async_recv([](error_code ec, const blob&) {
        BOOST_TEST(ec == asio::error::operation_aborted);
    });
    carrier.send(std::move(rx));
    run();
    receiver<blob> in = carried.recv();
    tx.send(make_blob(2, mib));
    for (std::uint64_t i = 0; i != 3; ++i) BOOST_TEST(is_blob(in.recv(), i, mib));
}

// The buffer of a thread goes from message to message, the block of one that failed does not.
struct failing {
    std::string text;
    bool fails = false;

    template <class Archive>
    void serialize(Archive& ar, unsigned) {
        ar& text;
        if (Archive::is_saving::value && fails) throw std::runtime_error("no");
        ar& fails;
    }
};

BOOST_AUTO_TEST_CASE(a_value_that_fails_to_encode_into_a_block_leaves_nothing_of_it_behind) {
    auto ends = new_channel<failing>();  // clang 14 captures no structured bindings
    auto& tx = ends.first;
    auto& rx = ends.second;
    error_code ec;
    for (std::uint64_t i = 0; i != 20; ++i) {
        const std::string text = pattern(i, 40 * kib);
        tx.send(failing{text, false});  // lies in the block that the next one is not to have
        std::thread([&] {
            tx.send(failing{text, true}, ec);
            BOOST_TEST(!!ec);
            failing small{"small", false};
            for (int k = 0; k != 3; ++k) tx.send(small);
        }).join();
        BOOST_TEST((rx.recv().text == text));
        for (int k = 0; k != 3; ++k) BOOST_TEST(rx.recv().text == "small");
    }
}

// What a hostile producer can say of blocks.

struct block_peer : contested_channel<std::string> {
    static limits bounds() {
        limits l;
        l.max_pool_bytes = mib;
        l.max_message_bytes = 4 * mib;
        return l;
    }
    explicit block_peer(std::size_t bytes = 64 * kib)
        : contested_channel<std::string>(bounds()) {
        error_code ec;
        memory = detail::block_memory::make(bytes, ec);
        BOOST_REQUIRE_MESSAGE(!ec, ec.message());
        put(1000);
    }

    // A string of zeros: its length is what is encoded first.
    void put(std::uint32_t length) {
        std::memcpy(memory->bytes().data() + wire::header_bytes, &length, sizeof(length));
    }
    static std::string ref(std::uint32_t id, std::uint32_t flags, std::uint64_t value_bytes,
        std::uint64_t block_bytes, std::uint64_t offset = wire::header_bytes) {
        return block_reference(id, flags, offset, value_bytes, block_bytes);
    }

    void say(const std::string& payload, const std::vector<const strait::handle*>& handles = {}) {
        wire::frame_header h = whole(payload.size(), handles.size());
        h.flags |= wire::flag_block;
        raw.write(h, payload, handles);
    }
    void introduce(std::uint32_t id = 1, std::uint64_t value_bytes = 1004) {
        say(ref(id, 1, value_bytes, memory->bytes().size()), {&memory->memory()});
    }

    // Everything that it says ends its link, and harms nobody else.
    void expect_ended() {
        honest.send("after");
        error_code ec;
        std::string got;
        do got = rx.recv(ec);
        while (!ec && got != "after");
        BOOST_TEST(!ec, ec.message());
        BOOST_TEST(raw.is_ended());
        BOOST_TEST(rx.faults() >= 1u);
    }
    // It costs that message, and the link goes on.
    void expect_fault() {
        const std::uint64_t before = rx.faults();
        honest.send("after");
        BOOST_TEST(rx.recv() == "after");
        BOOST_TEST(rx.faults() == before + 1);
    }
    void expect_received(std::uint32_t length) {
        honest.send("after");
        BOOST_TEST(rx.recv().size() == length);
        BOOST_TEST(rx.recv() == "after");
    }

    std::unique_ptr<detail::block_memory> memory;
};

BOOST_AUTO_TEST_CASE(a_block_that_is_told_of_as_it_should_be_is_received) {
    block_peer p;
    p.introduce();
    BOOST_TEST(p.rx.recv().size() == 1000u);
    p.put(500);
    p.say(p.ref(1, 0, 504, 64 * kib));
    BOOST_TEST(p.rx.recv().size() == 500u);
}

BOOST_AUTO_TEST_CASE(references_that_cannot_be_end_the_link) {
    const auto expect = [](auto break_word) {
        block_peer p;
        p.introduce();
        BOOST_TEST(p.rx.recv().size() == 1000u);
        break_word(p);
        p.expect_ended();
    };
    const std::size_t bytes = 64 * kib;
    expect([&](block_peer& p) { p.say(p.ref(2, 0, 100, bytes)); });              // unknown
    expect([&](block_peer& p) { p.say(p.ref(0, 0, 100, bytes)); });              // no number
    expect([&](block_peer& p) { p.say(p.ref(1, 1, 100, bytes)); });              // new, without memory
    expect([&](block_peer& p) { p.introduce(1); });                              // known already
    expect([&](block_peer& p) { p.say(p.ref(1, 0, bytes, bytes)); });            // past its end
    expect([&](block_peer& p) { p.say(p.ref(1, 0, ~0ull - 8, bytes)); });
    expect([&](block_peer& p) { p.say(p.ref(1, 0, 0, bytes, bytes + 1)); });
    expect([&](block_peer& p) { p.say(p.ref(1, 0, 100, bytes, ~0ull - 50)); });
    expect([&](block_peer& p) { p.say(p.ref(1, 0, 100, 2 * bytes)); });          // another size
    expect([&](block_peer& p) { p.say(p.ref(1, 2, 100, bytes)); });              // unknown flags
    expect([&](block_peer& p) { p.say("short"); });
    expect([&](block_peer& p) {                                                  // used twice
        p.say(p.ref(1, 0, 100, bytes));
        p.say(p.ref(1, 0, 100, bytes));
    });
    expect([&](block_peer& p) {                                                  // past the pool
        p.say(p.ref(5, 1, 100, mib), {&p.memory->memory()});
    });
    expect([&](block_peer& p) { p.say(p.ref(6, 1, 100, 1u << 30), {&p.memory->memory()}); });
    expect([&](block_peer& p) {
        wire::frame_header h = whole(0);
        h.kind = wire::frame_kind::forget;
        h.message_bytes = 9;
        h.flags = 0;
        p.raw.write(h);
    });
    expect([&](block_peer& p) {
        wire::frame_header h = whole(0);
        h.kind = wire::frame_kind::release;
        p.raw.write(h);
    });
}

BOOST_AUTO_TEST_CASE(more_blocks_than_there_may_be_end_the_link) {
    block_peer p(4 * kib);
    for (std::uint32_t id = 1; id <= detail::max_blocks; ++id) {
        p.introduce(id);
        BOOST_TEST(p.rx.recv().size() == 1000u);
    }
    p.introduce(1000);
    p.expect_ended();
}

BOOST_AUTO_TEST_CASE(memory_that_is_not_what_it_should_be_costs_its_message) {
    error_code ec;
    {
        block_peer p;  // no memory at all
        const pipe_ends pipe = make_pipe();
        p.say(p.ref(1, 1, 100, 64 * kib), {&pipe.read});
        p.expect_fault();
        // The number was given up with the message.
        p.introduce(1);
        p.expect_received(1000);
    }
    {
        block_peer p;  // smaller than it says
        p.say(p.ref(1, 1, 100, 128 * kib), {&p.memory->memory()});
        p.expect_fault();
    }
    {
        block_peer p;  // not sealed
        os::new_memory loose = os::open_memory(64 * kib, ec);
        BOOST_REQUIRE(!os::allocate_memory(loose, 64 * kib));
        p.say(p.ref(1, 1, 100, 64 * kib), {&loose.writing});
        p.expect_fault();
    }
    {
        block_peer p;  // not there
        os::new_memory hollow = os::open_memory(64 * kib, ec);
        BOOST_REQUIRE(::ftruncate(hollow.writing.native_handle(), 64 * kib) == 0);
        BOOST_REQUIRE(!os::seal_for_readers(hollow));
        p.say(p.ref(1, 1, 100, 64 * kib), {&hollow.writing});
        p.expect_fault();
    }
    {
        block_peer p;  // a value that does not decode
        p.put(0xffff'fff0);
        p.introduce();
        p.expect_fault();
        p.put(10);
        p.say(p.ref(1, 0, 14, 64 * kib));
        p.expect_received(10);
    }
}

BOOST_AUTO_TEST_CASE(a_sender_whose_receiver_releases_what_it_does_not_have_is_told_that_it_is_gone) {
    for (const std::uint32_t id : {1u, 2u, 0u}) {
        auto [ours, theirs] = connected_streams();
        raw_link raw(std::move(ours));
        sender<std::string> tx(detail::link_sender::make(std::move(theirs),
                                   first_identity<std::string>(), {}, {}),
            {});
        error_code ec;
        tx.send(std::string(100'000, 'a'), ec);
        BOOST_TEST(!ec);
        wire::frame_header h;
        h.kind = wire::frame_kind::release;
        h.message_bytes = id;
        raw.write(h);
        raw.write(h);  // block 1 was sent once
        for (int i = 0; i != 3 && !ec; ++i) tx.send(std::string(100'000, 'b'), ec);
        BOOST_TEST(ec == asio::error::broken_pipe, ec.message());
    }
}

// Decoding reads memory that its writer changes at that very moment.
BOOST_AUTO_TEST_CASE(who_does_not_read_which_blocks_are_free_is_ended) {
    contested_channel<std::string> c;
    error_code ec;
    auto memory = detail::block_memory::make(64 * kib, ec);
    BOOST_REQUIRE(!ec);
    strait::detail::byte_buffer encoded;
    strait::output_archive archive(encoded);
    archive << std::string("raw");
    archive.finish();
    std::memcpy(memory->bytes().data() + wire::header_bytes, encoded.data(), encoded.size());
    int rounds = 0;
    for (; c.rx.faults() == 0 && rounds != 10'000; ++rounds) {
        wire::frame_header h = whole(detail::block_ref::wire_bytes, rounds == 0 ? 1 : 0);
        h.flags |= wire::flag_block;
        std::vector<const strait::handle*> lent;
        if (rounds == 0) lent.push_back(&memory->memory());
        c.raw.write(h, block_peer::ref(1, rounds == 0, encoded.size(), 64 * kib), lent);
        c.honest.send("honest");
        while (c.rx.recv() != "honest") {}
    }
    BOOST_TEST(rounds > 64);
    BOOST_TEST(c.rx.faults() == 1u);
    BOOST_TEST(c.raw.is_ended());
}

BOOST_AUTO_TEST_CASE(a_block_that_is_scribbled_over_while_it_is_decoded_harms_nobody) {
    struct tree {
        std::string name;
        std::vector<tree> children;
        std::map<std::uint32_t, std::string> table;
        std::set<std::string> words;
        std::optional<std::vector<double>> numbers;
        std::vector<bool> bits;
    };
    tree t{"root", {}, {}, {}, std::vector<double>(50, 1.5), std::vector<bool>(99, true)};
    for (std::uint32_t i = 0; i != 40; ++i) {
        t.table.emplace(i, std::string(i, 't'));
        t.words.insert("word" + std::to_string(i));
        t.children.push_back(tree{"child", {}, {{i, "x"}}, {"y"}, std::nullopt, {true}});
    }
    strait::detail::byte_buffer encoded;
    strait::output_archive archive(encoded);
    archive << t;
    archive.finish();

    error_code ec;
    auto memory = detail::block_memory::make(64 * kib, ec);
    BOOST_REQUIRE(!ec);
    std::byte* const value = memory->bytes().data() + wire::header_bytes;
    const auto restore = [&] { std::memcpy(value, encoded.data(), encoded.size()); };
    contested_channel<tree> c;
    std::atomic<bool> done{false};
    restore();
    std::thread scribbler([&] {
        std::mt19937_64 random(42);
        while (!done) {
            // The bytes are shared with a reader that does not take part in any memory order.
            auto* at = reinterpret_cast<volatile unsigned char*>(value) + random() % encoded.size();
            const auto old = *at;
            *at = static_cast<unsigned char>(random());
            if (random() % 3 != 0) *at = old;
            if (random() % 64 == 0) restore();
        }
    });
    const int rounds = is_sanitized ? 3000 : 20'000;
    std::uint64_t decoded = 0;
    for (int i = 0; i != rounds; ++i) {
        wire::frame_header h = whole(detail::block_ref::wire_bytes, i == 0 ? 1 : 0);
        h.flags |= wire::flag_block;
        std::vector<const strait::handle*> lent;
        if (i == 0) lent.push_back(&memory->memory());
        c.raw.write(h, block_peer::ref(1, i == 0, encoded.size(), 64 * kib), lent);
        c.honest.send(tree{"honest", {}, {}, {}, {}, {}});
        for (tree got = c.rx.recv(); got.name != "honest"; got = c.rx.recv()) ++decoded;
        c.raw.hear();
    }
    done = true;
    scribbler.join();
    BOOST_TEST(decoded + c.rx.faults() == static_cast<std::uint64_t>(rounds));
    BOOST_TEST(decoded != 0u);
    BOOST_TEST(c.rx.faults() != 0u);
}

BOOST_AUTO_TEST_SUITE_END()
