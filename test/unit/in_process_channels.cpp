//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#include "contract/values.hpp"
#include "support/context_fixture.hpp"
#include "support/leak_check.hpp"

#include <strait/receiver_set.hpp>

#include <boost/asio/bind_executor.hpp>

#include <atomic>
#include <chrono>
#include <memory>
#include <optional>
#include <thread>
#include <vector>

// What is particular to channels that stay in the process. That they keep the contract is shown by
// the suites that run over both kinds.

using namespace std::chrono_literals;
using namespace strait::test;
using strait::channel_options;
using strait::error;
using strait::error_code;
using strait::receiver;
using strait::receiver_set;
using strait::sender;
using strait::set_event;

namespace {

channel_options inside() {
    channel_options o;
    o.in_process = true;
    return o;
}

template <class T>
auto make_inside() {
    return strait::make_channel<T>(inside());
}

template <class T>
auto make_inside(asio::io_context& context) {
    return strait::make_channel<T>(context, inside());
}

// Receivers in receivers' queues.
struct nest {
    std::optional<receiver<nest>> inner;
};

struct everything {
    std::optional<sender<note>> tx;
    std::optional<receiver<note>> rx;
    std::vector<strait::handle> handles;
    std::optional<strait::shared_memory> memory;
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(in_process_channels, context_fixture)

BOOST_AUTO_TEST_CASE(they_cost_no_object_of_the_system) {
    const resources before = resources::held();
    std::vector<std::pair<sender<note>, receiver<note>>> channels;
    for (std::uint64_t i = 0; i != 100; ++i) {
        channels.push_back(make_inside<note>(context));
        channels.back().first.send(page(i));
        sender<note> copy = channels.back().first;
        copy.async_send(page(i), [](error_code ec) { BOOST_TEST(!ec); });
        channels.back().second.async_recv([](error_code ec, const note&) { BOOST_TEST(!ec); });
    }
    run();
    const resources after = resources::held();
    BOOST_TEST((after == before), difference(before, after));
}

BOOST_AUTO_TEST_CASE(their_ends_do_not_leave_the_process) {
    // clang 14 captures no structured bindings.
    auto ends = strait::make_channel<everything>(context);
    auto& out = ends.first;
    auto [tx, rx] = make_inside<note>(context);
    tx.send(page(1));

    const auto expect_refused = [&](everything value) {
        error_code ec;
        out.send(value, ec);
        BOOST_TEST(ec == error::in_process_end, ec.message());
        out.try_send(value, ec);
        BOOST_TEST(ec == error::in_process_end, ec.message());
        out.async_send_or_return(
            std::move(value), [&](error_code told, std::optional<everything> back) {
                ec = told;
                value = std::move(back.value());
            });
        run();
        BOOST_TEST(ec == error::in_process_end, ec.message());
        return value;
    };
    everything with_sender;
    with_sender.tx = tx;
    BOOST_TEST(expect_refused(std::move(with_sender)).tx->is_open());
    everything with_receiver;
    with_receiver.rx = std::move(rx);
    with_receiver.handles.push_back(make_pipe().read);
    everything back = expect_refused(std::move(with_receiver));
    BOOST_TEST(back.handles.at(0).is_open());
    expect_notes(*back.rx, 1, 2);
    tx.send(page(2));
    expect_notes(*back.rx, 2, 3);
    error_code ec;
    ends.second.try_recv(ec);
    BOOST_TEST(ec == asio::error::would_block);
}

BOOST_AUTO_TEST_CASE(all_kinds_of_attachments_travel_as_they_are) {
    auto [tx, rx] = make_inside<everything>();
    for (const bool over_links : {false, true}) {
        auto [other_tx, other_rx] = over_links ? strait::make_channel<note>() : make_inside<note>();
        sender<note> stays = other_tx;
        stays.send(page(0));
        everything value;
        value.tx = std::move(other_tx);
        value.rx = std::move(other_rx);
        pipe_ends pipe = make_pipe();
        value.handles.push_back(std::move(pipe.read));
        value.handles.push_back(std::move(pipe.write));
        value.memory = strait::shared_memory::copy_of(std::as_bytes(std::span("some bytes")));
        const void* const where = value.memory->data();
        tx.send(std::move(value));
        stays.send(page(1));
        everything got = rx.recv();
        got.tx->send(page(2));
        expect_notes(*got.rx, 0, 3);
        BOOST_TEST(got.memory->data() == where);  // not even mapped anew
        BOOST_TEST(::write(got.handles.at(1).native_handle(), "x", 1) == 1);
        got.tx->close();
        stays.close();
        expect_end(*got.rx);
    }
}

BOOST_AUTO_TEST_CASE(an_lvalue_keeps_what_it_carries_until_it_is_sent) {
    auto [tx, rx] = make_inside<everything>();
    auto [other_tx, other_rx] = make_inside<note>();
    everything value;
    value.rx = std::move(other_rx);
    value.handles.push_back(make_pipe().read);
    // Full, so that it cannot be sent.
    for (error_code ec; !ec;) tx.try_send(everything{}, ec);
    error_code ec;
    tx.send_for(value, 1ms, ec);
    BOOST_TEST(ec == asio::error::timed_out);
    BOOST_TEST(value.handles.at(0).is_open());
    other_tx.send(page(0));
    expect_notes(*value.rx, 0, 1);
    while (rx.try_recv()) {}
    tx.send(value, ec);
    BOOST_TEST(!ec, ec.message());
    BOOST_TEST(!value.handles.at(0).is_open());
    BOOST_TEST(!value.rx->is_open());
    BOOST_TEST(rx.recv().handles.at(0).is_open());
}

BOOST_AUTO_TEST_CASE(receivers_that_nobody_could_ever_receive_are_refused) {
    auto [a, a_rx] = make_inside<nest>();
    auto [b, b_rx] = make_inside<nest>();
    auto [c, c_rx] = make_inside<nest>();
    error_code ec;
    nest value{std::move(a_rx)};
    a.send(value, ec);
    BOOST_TEST(ec == error::own_receiver);
    b.send(value);  // a lies in b
    value.inner = std::move(b_rx);
    a.send(value, ec);
    BOOST_TEST(ec == error::own_receiver);
    c.send(value);  // and b in c
    value.inner = std::move(c_rx);
    a.send(value, ec);
    BOOST_TEST(ec == error::own_receiver);
    b.send(value, ec);
    BOOST_TEST(ec == error::own_receiver);

    // What was taken out is free to go where it likes.
    c_rx = std::move(*value.inner);
    nest with_b = c_rx.recv();
    value.inner = std::move(c_rx);
    b.send(value);
    nest with_a = with_b.inner->recv();
    nest with_c = with_b.inner->recv();
    with_a.inner->close();
    a.send(nest{}, ec);
    BOOST_TEST(ec == asio::error::broken_pipe);
    c.send(nest{});
    with_c.inner->recv();
}

// Also when the message is already on its way to a receive.
BOOST_AUTO_TEST_CASE(a_receiver_is_in_the_queue_until_it_is_given_out) {
    auto [a, a_rx] = make_inside<nest>(context);
    auto [b, b_rx] = make_inside<nest>(context);
    nest value{std::move(b_rx)};
    a_rx.async_recv([](error_code ec, const nest&) {
        BOOST_TEST(ec == asio::error::operation_aborted);
    });
    a.send(value);  // b lies in a, and is granted
    error_code ec;
    nest with_a{std::move(a_rx)};
    b.send(with_a, ec);
    BOOST_TEST(ec == error::own_receiver);
    BOOST_TEST(with_a.inner->is_open());
    with_a.inner->cancel();
    run();
    nest with_b = with_a.inner->recv();
    b.send(with_a, ec);
    BOOST_TEST(!ec, ec.message());
    with_b.inner->recv();
}

BOOST_AUTO_TEST_CASE(what_is_dropped_unread_is_closed_however_deep_it_lies) {
    auto [first, rx] = make_inside<nest>();
    receiver<nest> outer = std::move(rx);
    for (int i = 0; i != 100'000; ++i) {
        auto [next, next_rx] = make_inside<nest>();
        next.send(nest{std::move(outer)});
        outer = std::move(next_rx);
    }
    first.send(nest{});
    outer.close();
    error_code ec;
    first.send(nest{}, ec);
    BOOST_TEST(ec == asio::error::broken_pipe);
}

BOOST_AUTO_TEST_CASE(a_message_larger_than_the_bound_has_the_channel_to_itself) {
    auto [tx, rx] = make_inside<note>();
    tx.send(note{1, pattern(1, 5u << 20)});
    BOOST_TEST(!tx.try_send(note{2, {}}));
    BOOST_TEST((rx.recv().text == pattern(1, 5u << 20)));
    BOOST_TEST(tx.try_send(note{2, {}}));
    BOOST_TEST(!tx.try_send(note{3, pattern(3, 5u << 20)}));
    BOOST_TEST(rx.recv().number == 2u);
}

BOOST_AUTO_TEST_CASE(threads_feed_one_that_blocks) {
    auto [tx, rx] = make_inside<note>();
    constexpr std::uint64_t each = 20'000;
    std::vector<std::thread> threads;
    for (std::uint64_t who = 0; who != 4; ++who) {
        threads.emplace_back([who, mine = tx]() mutable {
            for (std::uint64_t i = 0; i != each; ++i)
                mine.send(note{i, std::string(i % 300, static_cast<char>('a' + who))});
        });
    }
    tx.close();
    std::uint64_t next[4] = {};
    error_code ec;
    bool right = true;
    for (note n = rx.recv(ec); !ec; n = rx.recv(ec)) {
        if (n.text.empty()) continue;
        const auto who = static_cast<std::size_t>(n.text[0] - 'a');
        right = right && n.number >= next[who] && n.text.size() == n.number % 300;
        next[who] = n.number + 1;
    }
    for (auto& t : threads) t.join();
    BOOST_TEST(ec == asio::error::eof);
    BOOST_TEST(right);
    for (const std::uint64_t n : next) BOOST_TEST(n == each);
}

BOOST_AUTO_TEST_CASE(contexts_of_different_threads_exchange) {
    asio::io_context other;
    auto [tx, rx] = make_inside<std::uint64_t>(context);
    auto [back, back_rx] = make_inside<std::uint64_t>(other);
    rx.bind(other);
    back_rx.bind(context);
    constexpr std::uint64_t rounds = 20'000;
    std::uint64_t sum = 0;
    std::function<void(error_code, std::uint64_t)> answer = [&, &in = rx, &out = back](
                                                                error_code ec, std::uint64_t n) {
        if (ec) return out.close();
        out.async_send(n + 1, [](error_code) {});
        in.async_recv(answer);
    };
    rx.async_recv(answer);
    std::uint64_t round = 0;
    std::function<void(error_code, std::uint64_t)> next = [&, &in = back_rx, &out = tx](
                                                              error_code ec, std::uint64_t n) {
        if (ec) return;
        sum += n;
        if (++round == rounds) return out.close();
        out.async_send(round, [](error_code) {});
        in.async_recv(next);
    };
    tx.async_send(0, [](error_code) {});
    back_rx.async_recv(next);
    // What waits is work: neither returns before it is done.
    std::thread thread([&] { other.run(); });
    context.run();
    thread.join();
    BOOST_TEST(round == rounds);
    BOOST_TEST(sum == rounds * (rounds + 1) / 2);
}

BOOST_AUTO_TEST_CASE(a_blocked_set_hears_of_members_of_either_kind) {
    receiver_set set;
    auto [tx, rx] = make_inside<note>();
    auto [linked_tx, linked_rx] = strait::make_channel<note>();
    const auto inner = set.add(std::move(rx));
    const auto linked = set.add(std::move(linked_rx));
    std::thread thread([mine = std::move(tx), theirs = std::move(linked_tx)]() mutable {
        for (std::uint64_t i = 0; i != 500; ++i) {
            if (i % 50 == 0) std::this_thread::sleep_for(1ms);
            (i % 3 == 0 ? theirs : mine).send(note{i, {}});
        }
    });
    std::uint64_t seen[2] = {};
    while (!set.empty()) {
        for (set_event& e : set.select()) {
            BOOST_TEST((e.id() == inner || e.id() == linked));
            seen[e.id() == linked] += e.has_message();
        }
    }
    thread.join();
    BOOST_TEST(seen[0] == 333u);
    BOOST_TEST(seen[1] == 167u);
}

BOOST_AUTO_TEST_CASE(a_member_that_closes_the_last_sender_of_another_in_its_set_holds_nothing_up) {
    struct last {
        sender<note> of_other;
    };
    auto set = std::make_unique<receiver_set>(context);
    auto [tx, rx] = make_inside<last>(context);
    auto [other, other_rx] = make_inside<note>(context);
    set->add(std::move(rx));
    set->add(std::move(other_rx));
    // Waits, and is sent while the set takes what is before it.
    const auto padding = [] { return last{strait::make_channel<note>(inside()).first}; };
    for (error_code ec; !ec;) tx.try_send(padding(), ec);
    last value{std::move(other)};
    tx.async_send(std::move(value), [&tx = tx](error_code ec) {
        BOOST_TEST(!ec);
        tx.close();
    });
    bool ended = false;
    std::size_t messages = 0;
    while (!set->empty()) {
        set->async_select([&](error_code ec, std::vector<set_event> events) {
            BOOST_TEST(!ec);
            for (set_event& e : events) {
                messages += e.has_message();
                ended |= e.is_end();
            }
        });
        run();
    }
    BOOST_TEST(ended);
    BOOST_TEST(messages > 100u);
}

BOOST_AUTO_TEST_CASE(a_destroyed_context_takes_its_waiting_operations_and_nothing_else) {
    auto [tx, rx] = make_inside<note>();
    const std::uint64_t n = fill(tx);
    std::optional<asio::io_context> dying(std::in_place);
    const auto token = std::make_shared<int>();
    {
        sender<note> doomed(tx, dying->get_executor());
        doomed.async_send(page(n), [token](error_code) { BOOST_TEST(false); });
        tx.bind(context);
        tx.async_send(page(n + 1), [](error_code ec) { BOOST_TEST(!ec); });
        dying.reset();
        BOOST_TEST(token.use_count() == 1);
        expect_notes(rx, 0, n);
        expect_notes(rx, n + 1, n + 2);
    }
    run();
    dying.emplace();
    rx.bind(*dying);
    rx.async_recv([token](error_code, const note&) { BOOST_TEST(false); });
    dying.reset();
    BOOST_TEST(token.use_count() == 1);
    rx.bind(context);
    tx.send(page(0));
    expect_notes(rx, 0, 1);
}

BOOST_AUTO_TEST_SUITE_END()
