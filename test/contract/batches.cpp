//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#include "contract/two_processes.hpp"
#include "support/context_fixture.hpp"
#include "support/leak_check.hpp"

#include <strait/bytes.hpp>
#include <strait/shared_memory.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/deferred.hpp>

#include <array>
#include <csignal>
#include <list>
#include <numeric>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

using namespace std::chrono_literals;
using namespace strait::test;
using strait::error;
using strait::error_code;
using strait::limits;
using strait::receiver;
using strait::sender;

// Many values by one operation, of which each is a message like any other (C1 to C7, C10).

namespace {

struct item {
    std::uint64_t number = 0;
    std::string text;
    std::optional<sender<std::uint64_t>> answer_to;
    std::optional<strait::handle> pipe;
};

std::vector<item> make_items(std::uint64_t first, std::uint64_t count, std::size_t bytes = 20) {
    std::vector<item> all(count);
    for (std::uint64_t i = 0; i != count; ++i) {
        all[i].number = first + i;
        all[i].text = pattern(first + i, bytes);
    }
    return all;
}

// A range that makes each item when it is read. (Of clang 14 the views of libstdc++ cannot be had.)
struct items_on_the_way {
    struct iterator {
        using value_type = item;
        using difference_type = std::ptrdiff_t;

        item operator*() const { return std::move(make_items(number, 1).front()); }
        iterator& operator++() {
            ++number;
            return *this;
        }
        void operator++(int) { ++number; }
        bool operator==(const iterator&) const = default;

        std::uint64_t number = 0;
    };

    iterator begin() const { return {first}; }
    iterator end() const { return {last}; }

    std::uint64_t first;
    std::uint64_t last;
};

bool is_item(const item& i, std::uint64_t number, std::size_t bytes = 20) {
    return i.number == number && i.text == pattern(number, bytes);
}

// What is encoded throws at the given number.
struct failing {
    std::uint64_t number = 0;
    std::uint64_t fails_at = ~std::uint64_t(0);

    template <class Archive>
    void serialize(Archive& ar, unsigned) {
        if (Archive::is_saving::value && number == fails_at) throw std::runtime_error("no");
        ar& number;
    }
};

struct feeding {
    sender<item> out;
    std::uint64_t count = 0;
    bool dies = false;
};

STRAIT_TEST_ROLE(batches_feeder) {
    auto start = from_parent<feeding>();
    feeding f = start.recv();
    for (std::uint64_t i = 0; i != f.count; i += 100) f.out.send_all(make_items(i, 100, i % 3000));
    if (f.dies) ::raise(SIGKILL);
    return 0;
}

using fixture = context_fixture;

}  // namespace

BOOST_FIXTURE_TEST_SUITE(batches, fixture)

BOOST_AUTO_TEST_CASE(values_of_a_range_arrive_in_order) {
    auto ends = new_channel<item>();
    auto& rx = ends.second;
    std::thread producer([&tx = ends.first] {
        tx.send_all(std::vector<item>());
        std::vector<item> all = make_items(0, 1000);
        tx.send_all(all);                       // an lvalue
        tx.send_all(make_items(1000, 500));     // a container given up
        const auto more = make_items(1500, 500);
        tx.send_all(more);                      // constant
        std::list<item> some;
        for (item& i : make_items(2000, 10)) some.push_back(std::move(i));
        tx.send_all(some);
        tx.send_all(std::span(all).first(0));
        tx.send_all(items_on_the_way{2010, 2020});
        tx.close();
    });
    for (std::uint64_t i = 0; i != 2020; ++i) BOOST_TEST(is_item(rx.recv(), i));
    expect_end(rx);
    producer.join();
}

BOOST_AUTO_TEST_CASE(small_large_and_loaded_values_keep_their_order) {
    auto ends = new_channel<item>();
    auto answers = new_channel<std::uint64_t>();
    auto& rx = ends.second;
    constexpr std::uint64_t count = 300;
    const auto size_of = [](std::uint64_t i) {
        return std::size_t(i % 7 == 3 ? 9000 : i % 31 == 5 ? 33'000 : i % 101 == 50 ? 200'000 : i);
    };
    const auto make = [&] {
        std::vector<item> all;
        for (std::uint64_t i = 0; i != count; ++i) {
            item one = std::move(make_items(i, 1, size_of(i)).front());
            if (i % 5 == 1) one.answer_to = answers.first;
            if (i % 11 == 4) one.pipe = make_pipe().read;
            all.push_back(std::move(one));
        }
        return all;
    };
    const auto expect_all = [&] {
        for (std::uint64_t i = 0; i != count; ++i) {
            item got = rx.recv();
            BOOST_TEST(is_item(got, i, size_of(i)), i);
            BOOST_TEST(got.answer_to.has_value() == (i % 5 == 1));
            BOOST_TEST(got.pipe.has_value() == (i % 11 == 4));
            if (got.answer_to) got.answer_to->send(i);
        }
        for (std::uint64_t i = 1; i < count; i += 5) BOOST_TEST(answers.second.recv() == i);
    };
    {
        std::thread producer([&] { ends.first.send_all(make()); });
        expect_all();
        producer.join();
    }
    {
        // The values stay, and what they carried has gone.
        auto values = make();
        std::thread producer([&] { ends.first.send_all(values); });
        expect_all();
        producer.join();
        BOOST_TEST(is_item(values[4], 4, size_of(4)));
        BOOST_TEST(!values[4].pipe->is_open());
    }
    ends.first.bind(context);
    rx.bind(context);
    {
        std::size_t sent = 0;
        ends.first.async_send_all(make(), [&](error_code ec, std::size_t n) {
            BOOST_TEST(!ec, ec.message());
            sent = n;
        });
        std::uint64_t next = 0;
        std::function<void()> receive = [&] {
            rx.async_recv([&](error_code ec, const item& got) {
                BOOST_TEST(!ec, ec.message());
                BOOST_TEST(is_item(got, next, size_of(next)), next);
                BOOST_TEST(got.answer_to.has_value() == (next % 5 == 1));
                if (++next != count) receive();
            });
        };
        receive();
        run();
        BOOST_TEST(sent == count);
    }
}

BOOST_AUTO_TEST_CASE(a_batch_takes_few_writes_and_reads, *over_links()) {
    auto [tx, rx] = new_channel<std::uint64_t>();
    std::vector<std::uint64_t> values(500);
    std::iota(values.begin(), values.end(), 0u);
    error_code ec;
    // 500 messages of 32 bytes are one write, where a write of its own for each would fill the socket
    // after some 280.
    BOOST_TEST(tx.try_send_some(values, ec) == 500u);
    BOOST_TEST(!ec, ec.message());
    std::array<std::uint64_t, 1000> room{};
    BOOST_TEST(rx.recv_some(room) == 500u);
    for (std::uint64_t i = 0; i != 500; ++i) BOOST_TEST(room[i] == i);
}

BOOST_AUTO_TEST_CASE(as_much_as_fits_is_sent_without_waiting) {
    auto [tx, rx] = new_channel<item>();
    auto values = make_items(0, 3000, 1000);
    values[2999].pipe = make_pipe().read;
    error_code ec;
    std::size_t done = 0;
    std::uint64_t next = 0;
    while (done != values.size()) {
        const std::size_t sent = tx.try_send_some(std::span(values).subspan(done), ec);
        BOOST_TEST((ec == asio::error::would_block) == (done + sent != values.size()));
        BOOST_TEST((sent != 0 || done != 0));
        done += sent;
        if (done != values.size()) BOOST_TEST(values[2999].pipe->is_open());
        for (; next != done; ++next) BOOST_TEST(is_item(rx.recv(), next, 1000));
    }
    BOOST_TEST(!rx.try_recv());
    // Values of a container that is given stay as well when they are not sent.
    auto [full, unread] = new_channel<item>();
    while (full.try_send(values[0])) {}
    std::vector<item> rest = make_items(0, 1, 1000);
    rest[0].pipe = make_pipe().read;
    BOOST_TEST(full.try_send_some(std::move(rest)) == 0u);
    BOOST_TEST(rest[0].pipe->is_open());
}

BOOST_AUTO_TEST_CASE(a_value_that_cannot_be_encoded_ends_a_batch) {
    auto [tx, rx] = new_channel<failing>(context);
    std::vector<failing> values(10);
    for (std::uint64_t i = 0; i != 10; ++i) values[i] = {i, 5};
    error_code ec;
    BOOST_TEST(tx.send_all(values, ec) == 5u);
    BOOST_TEST(ec == error::bad_message, ec.message());
    for (std::uint64_t i = 0; i != 5; ++i) BOOST_TEST(rx.recv().number == i);
    BOOST_TEST(tx.try_send_some(values, ec) == 5u);
    BOOST_TEST(ec == error::bad_message, ec.message());
    for (std::uint64_t i = 0; i != 5; ++i) BOOST_TEST(rx.recv().number == i);
    // At once, or not at all.
    std::size_t sent = 99;
    tx.async_send_all(values, [&](error_code e, std::size_t n) {
        ec = e;
        sent = n;
    });
    run();
    BOOST_TEST(ec == error::bad_message, ec.message());
    BOOST_TEST(sent == 0u);
    BOOST_TEST(!rx.try_recv());
}

BOOST_AUTO_TEST_CASE(limits_hold_for_each_value_of_a_batch) {
    limits l;
    l.max_message_bytes = 2000;
    auto [tx, rx] = new_channel<item>(strait::channel_options(l));
    auto values = make_items(0, 5, 100);
    values[3].text.assign(3000, 'x');
    error_code ec;
    BOOST_TEST(tx.send_all(values, ec) == 3u);
    BOOST_TEST(ec == error::message_too_large, ec.message());
    for (std::uint64_t i = 0; i != 3; ++i) BOOST_TEST(is_item(rx.recv(), i, 100));
}

BOOST_AUTO_TEST_CASE(a_batch_that_waits_can_be_cancelled_between_its_messages) {
    auto [tx, rx] = new_channel<item>(context);
    asio::cancellation_signal signal;
    error_code ec;
    std::size_t sent = 0;
    tx.async_send_all(make_items(0, 2000, 1000),
        asio::bind_cancellation_slot(signal.slot(), [&](error_code e, std::size_t n) {
            ec = e;
            sent = n;
        }));
    bool follows = false;
    tx.async_send(make_items(5000, 1).front(), [&](error_code e) {
        BOOST_TEST(!e, e.message());
        follows = true;
    });
    context.poll();
    BOOST_TEST(!ec);
    BOOST_TEST(sent == 0u);
    BOOST_TEST(is_item(rx.recv(), 0, 1000));
    context.poll();
    signal.emit(asio::cancellation_type::total);
    context.poll();
    BOOST_TEST(ec == asio::error::operation_aborted, ec.message());
    BOOST_TEST(sent > 50u);
    BOOST_TEST(sent < 2000u);
    // What it said was sent is received, nothing else of it, and the channel goes on.
    for (std::uint64_t i = 1; i != sent; ++i) BOOST_TEST(is_item(rx.recv(), i, 1000));
    BOOST_TEST(is_item(rx.recv(), 5000));
    run();
    BOOST_TEST(follows);
    BOOST_TEST(!rx.try_recv());
}

BOOST_AUTO_TEST_CASE(a_batch_ends_with_the_receiver_and_with_the_sender) {
    for (const bool closes_sender : {false, true}) {
        auto [tx, rx] = new_channel<item>(context);
        error_code ec;
        std::size_t sent = 2000;
        tx.async_send_all(make_items(0, 2000, 1000), [&](error_code e, std::size_t n) {
            ec = e;
            sent = n;
        });
        context.poll();
        if (closes_sender)
            tx.close();
        else
            rx.close();
        run();
        const error_code expected = closes_sender ? asio::error::operation_aborted
                                                  : error_code(asio::error::broken_pipe);
        BOOST_TEST(ec == expected, ec.message());
        BOOST_TEST(sent < 2000u);
        if (!closes_sender) continue;
        for (std::uint64_t i = 0; i != sent; ++i) BOOST_TEST(is_item(rx.recv(), i, 1000));
        expect_end(rx);
    }
    auto [tx, rx] = new_channel<item>();
    rx.close();
    error_code ec;
    BOOST_TEST(tx.send_all(make_items(0, 10), ec) == 0u);
    BOOST_TEST(ec == asio::error::broken_pipe, ec.message());
    sender<item> nothing;
    BOOST_TEST(nothing.send_all(make_items(0, 10), ec) == 0u);
    BOOST_TEST(ec == error::not_open, ec.message());
    BOOST_TEST(nothing.try_send_some(make_items(0, 10), ec) == 0u);
    BOOST_TEST(ec == error::not_open, ec.message());
}

BOOST_AUTO_TEST_CASE(a_batch_that_is_initiated_later_keeps_its_values) {
    auto [tx, rx] = new_channel<item>(context);
    auto later = tx.async_send_all(make_items(0, 3), asio::deferred);
    std::move(later)([](error_code ec, std::size_t n) {
        BOOST_TEST(!ec, ec.message());
        BOOST_TEST(n == 3u);
    });
    for (std::uint64_t i = 0; i != 3; ++i) BOOST_TEST(is_item(rx.recv(), i));
    run();
}

BOOST_AUTO_TEST_CASE(an_empty_batch_completes) {
    auto [tx, rx] = new_channel<item>(context);
    bool done = false;
    tx.async_send_all(std::vector<item>(), [&](error_code ec, std::size_t n) {
        BOOST_TEST(!ec, ec.message());
        BOOST_TEST(n == 0u);
        done = true;
    });
    BOOST_TEST(!done);
    run();
    BOOST_TEST(done);
}

BOOST_AUTO_TEST_CASE(several_are_received_with_one_call) {
    auto [tx, rx] = new_channel<item>(context);
    std::vector<item> room(8);
    error_code ec;
    BOOST_TEST(rx.try_recv_some(room, ec) == 0u);
    BOOST_TEST(ec == asio::error::would_block, ec.message());
    BOOST_TEST(rx.try_recv_some(room) == 0u);
    BOOST_TEST(rx.recv_some_for(room, 1ms, ec) == 0u);
    BOOST_TEST(ec == asio::error::timed_out, ec.message());
    BOOST_TEST(rx.recv_some(std::span<item>(), ec) == 0u);
    BOOST_TEST(ec == asio::error::invalid_argument, ec.message());
    tx.send_all(make_items(0, 30));
    BOOST_TEST(rx.recv_some(room) == 8u);
    for (std::uint64_t i = 0; i != 8; ++i) BOOST_TEST(is_item(room[i], i));
    BOOST_TEST(rx.try_recv_some(std::span(room).first(3)) == 3u);
    for (std::uint64_t i = 0; i != 3; ++i) BOOST_TEST(is_item(room[i], 8 + i));
    BOOST_TEST(rx.recv_some_for(room, 10s) == 8u);
    BOOST_TEST(is_item(room[7], 18));
    std::size_t got = 0;
    rx.async_recv_some(room, [&](error_code e, std::size_t n) {
        BOOST_TEST(!e, e.message());
        got = n;
    });
    BOOST_TEST(got == 0u);
    run();
    BOOST_TEST(got == 8u);
    BOOST_TEST(is_item(room[0], 19));
    BOOST_TEST(is_item(room[7], 26));
    // The end is for the call after the last value.
    tx.close();
    BOOST_TEST(rx.recv_some(room) == 3u);
    BOOST_TEST(is_item(room[2], 29));
    BOOST_TEST(rx.recv_some(room, ec) == 0u);
    BOOST_TEST(ec == asio::error::eof, ec.message());
    for (int i = 0; i != 2; ++i) {
        rx.async_recv_some(i == 0 ? std::span(room) : std::span<item>(),
            [&](error_code e, std::size_t n) {
                ec = e;
                got = n;
            });
        run();
        BOOST_TEST(got == 0u);
        BOOST_TEST(ec == (i == 0 ? asio::error::eof : error_code(asio::error::invalid_argument)));
    }
}

BOOST_AUTO_TEST_CASE(faults_among_several_cost_one_message_each) {
    for (const bool delivers : {false, true}) {
        auto [tx, rx] = new_channel<strait::bytes>(context);
        auto text = strait::any_receiver(std::move(rx));
        // Another type than was sent: some of it is no string.
        receiver<std::string> in(text.core(), context.get_executor());
        text.release();
        in.deliver_faults(delivers);
        const auto say = [&, &to = tx](std::uint32_t length, std::size_t bytes) {
            std::vector<std::byte> b(4 + bytes, std::byte{'x'});
            std::memcpy(b.data(), &length, 4);
            to.send(b);
        };
        for (int round = 0; round != 2; ++round) {
            say(3, 3);
            say(7, 3);
            say(4, 4);
            std::vector<std::string> room(5);
            error_code ec;
            std::size_t n = 0;
            const auto receive = [&, &from = in] {
                if (round == 0) {
                    n = from.recv_some(room, ec);
                } else {
                    from.async_recv_some(room, [&](error_code e, std::size_t k) {
                        ec = e;
                        n = k;
                    });
                    run();
                }
            };
            receive();
            BOOST_TEST(n == 1u);
            BOOST_TEST(room[0] == "xxx");
            BOOST_TEST((ec == error::bad_message) == delivers, ec.message());
            BOOST_TEST(in.faults() == std::uint64_t(round + 1));
            receive();
            BOOST_TEST(n == 1u);
            BOOST_TEST(room[0] == "xxxx");
            BOOST_TEST(!ec, ec.message());
        }
    }
}

BOOST_AUTO_TEST_CASE(threads_batch_into_one_channel) {
    auto ends = new_channel<item>();
    std::vector<std::thread> threads;
    for (std::uint64_t who = 0; who != 4; ++who)
        threads.emplace_back([who, mine = ends.first]() mutable {
            for (std::uint64_t i = 0; i != 2000; i += 50)
                mine.send_all(make_items(who * 10'000 + i, 50, i % 200));
        });
    ends.first.close();
    std::array<std::uint64_t, 4> next{};
    std::vector<item> room(64);
    error_code ec;
    for (std::size_t n = 0; (n = ends.second.recv_some(room, ec)) != 0;) {
        for (const item& i : std::span(room).first(n)) {
            const std::uint64_t which = i.number % 10'000;
            BOOST_TEST(next[i.number / 10'000]++ == which);
            BOOST_TEST(is_item(i, i.number, which / 50 * 50 % 200));
        }
    }
    BOOST_TEST(ec == asio::error::eof, ec.message());
    for (auto& t : threads) t.join();
    for (const std::uint64_t n : next) BOOST_TEST(n == 2000u);
}

BOOST_AUTO_TEST_CASE(batches_of_another_process_are_handed_over, *over_links()) {
    auto [tx, rx] = new_channel<item>();
    peer<feeding> child("batches_feeder");
    child.start({std::move(tx), 3000, true});
    std::vector<item> room(32);
    std::uint64_t next = 0;
    error_code ec;
    for (std::size_t n = 0; (n = rx.recv_some(room, ec)) != 0;)
        for (const item& i : std::span(room).first(n)) {
            BOOST_TEST(is_item(i, next, next / 100 * 100 % 3000));
            ++next;
        }
    BOOST_TEST(ec == asio::error::eof, ec.message());
    BOOST_TEST(next == 3000u);
    BOOST_TEST(child.process().wait().signal == SIGKILL);
}

BOOST_AUTO_TEST_SUITE_END()
