//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#include "support/channels.hpp"
#include "support/leak_check.hpp"

#include <strait.hpp>

#include <boost/asio/strand.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/error.hpp>
#include <boost/test/unit_test.hpp>

#include <atomic>
#include <chrono>
#include <future>
#include <thread>
#include <vector>

namespace asio = boost::asio;
using strait::error_code;
using strait::receiver;
using strait::sender;

// Check 10: the rule for threads. A receiver is used in a strand over a pool of threads, senders are
// shared by all of them. ThreadSanitizer looks on.

namespace {

constexpr int threads = 4;
constexpr int messages = 2000;  // of each thread

using strand = asio::strand<asio::thread_pool::executor_type>;

// Receives in a strand until the channel ends, with several receives waiting.
struct consumer {
    receiver<int> rx;
    std::vector<int> last = std::vector<int>(threads, -1);
    int received = 0;
    int waiting = 0;
    bool in_order = true;
    std::promise<void> ended = {};

    void more() {
        ++waiting;
        rx.async_recv([this](error_code ec, int n) {
            --waiting;
            if (ec) {
                if (waiting == 0) ended.set_value();
                return;
            }
            ++received;
            in_order &= last[static_cast<std::size_t>(n / messages)] < n;
            last[static_cast<std::size_t>(n / messages)] = n;
            more();
        });
    }
};

// Sends its share from within its own handlers.
struct producer {
    sender<int> tx;
    int next;
    int end;

    void more() {
        if (next == end) return tx.close();
        tx.async_send(int(next), [this](error_code ec) {
            // Nothing is missing in the end unless all went well. Boost.Test is not for several threads.
            if (ec) return tx.close();
            ++next;
            more();
        });
    }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(threads_and_strands, strait::test::clean_fixture)

BOOST_AUTO_TEST_CASE(a_receiver_in_a_strand_and_senders_in_all_threads) {
    asio::thread_pool pool(threads);
    auto [tx, any_rx] = strait::test::new_channel<int>(asio::make_strand(pool));
    consumer in{std::move(any_rx)};
    std::vector<std::unique_ptr<producer>> producers;
    for (int i = 0; i != threads; ++i)
        producers.emplace_back(new producer{
            sender<int>(tx, pool.get_executor()), i * messages, (i + 1) * messages});
    asio::post(in.rx.get_executor(), [&] {
        in.more();
        in.more();
        in.more();
    });
    for (auto& p : producers) asio::post(pool, [&p] { p->more(); });
    tx.close();
    in.ended.get_future().wait();
    pool.join();
    BOOST_TEST(in.received == threads * messages);
    BOOST_TEST(in.in_order);
}

BOOST_AUTO_TEST_CASE(one_sender_object_shared_by_threads) {
    asio::thread_pool pool(threads);
    auto [tx, any_rx] = strait::test::new_channel<int>(asio::make_strand(pool));
    consumer in{std::move(any_rx)};
    asio::post(in.rx.get_executor(), [&] { in.more(); });
    std::atomic<int> sent = 0;
    std::vector<std::thread> senders;
    for (int t = 0; t != threads; ++t)
        senders.emplace_back([&, t, &shared = tx] {
            for (int i = 0; i != messages; ++i) {
                const int n = t * messages + i;
                // In three ways, each of which may have to wait for the others' messages.
                if (i % 3 == 0) {
                    shared.send(n);
                    ++sent;
                } else if (i % 3 == 1) {
                    sender<int> copy(shared);
                    copy.send(n);
                    ++sent;
                } else {
                    std::promise<error_code> done;
                    shared.async_send(n, [&](error_code ec) { done.set_value(ec); });
                    if (!done.get_future().get()) ++sent;
                }
            }
        });
    for (auto& t : senders) t.join();
    tx.close();
    in.ended.get_future().wait();
    pool.join();
    BOOST_TEST(sent == threads * messages);
    BOOST_TEST(in.received == threads * messages);
    BOOST_TEST(in.in_order);
}

// A time limit that is over while the operation is being started by another thread still ends it.
BOOST_AUTO_TEST_CASE(time_limits_that_are_over_at_once_end_every_receive) {
    asio::thread_pool pool(threads);
    auto [tx, rx] = strait::test::new_channel<int>(pool);
    std::atomic<int> timed_out = 0;
    for (int i = 0; i != messages; ++i)
        rx.async_recv_for(std::chrono::nanoseconds(i % 3), [&](error_code ec, int) {
            if (ec == asio::error::timed_out) ++timed_out;
        });
    pool.join();
    BOOST_TEST(timed_out == messages);
}

// A sender is closed, or cancelled, by one thread while others send through it.
BOOST_AUTO_TEST_CASE(a_sender_closed_while_others_use_it_completes_everything_once) {
    for (int round = 0; round != 50; ++round) {
        asio::thread_pool pool(threads);
        auto [tx, rx] = strait::test::new_channel<int>(pool);
        std::atomic<int> started = 0;
        std::atomic<int> ended = 0;
        std::vector<std::thread> senders;
        for (int t = 0; t != 2; ++t)
            senders.emplace_back([&, &shared = tx] {
                for (int i = 0; i != 400; ++i) {
                    ++started;
                    shared.async_send(int(i), [&](error_code) { ++ended; });
                    if (i % 100 == 50) shared.cancel();
                }
            });
        senders.emplace_back([&, &shared = tx] {
            while (started < 300) std::this_thread::yield();
            shared.close();
        });
        for (auto& t : senders) t.join();
        pool.join();
        BOOST_TEST(started == ended);
    }
}

BOOST_AUTO_TEST_SUITE_END()
