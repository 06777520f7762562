//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#include "conformance/fixture.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/use_awaitable.hpp>

using namespace strait::test;
using strait::error_code;
using strait::receiver;
using strait::sender;

// Check 8: an execution context that is destroyed takes the handlers of its operations with it,
// uncalled, whatever they own. AddressSanitizer looks for what is left or used too late.

namespace {

using fixture = strait::test::clean_fixture;

void expect_dropped(const probe& p) {
    BOOST_TEST(p.calls() == 0);
    BOOST_TEST(p.is_gone());
}

const note page{.number = 1, .text = std::string(1000, 'p')};

void fill(sender<note>& tx) {
    while (tx.try_send(page)) continue;
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(destroyed_context, fixture)

BOOST_AUTO_TEST_CASE(what_waits_is_dropped_and_its_end_can_be_used_without_it) {
    for_each_operation([](const operation& op) {
        std::optional<asio::io_context> context(std::in_place);
        scene s(op, context->get_executor());
        s.make_it_wait();
        probe probes[] = {probe(), probe(tracking_executor(context->get_executor(), 2))};
        for (probe& p : probes) s.start(p);
        context->poll();
        context.reset();
        for (const probe& p : probes) expect_dropped(p);
        s.drain();
        s.tx->send(page);
        BOOST_TEST(s.rx->recv().number == page.number);
    });
}

BOOST_AUTO_TEST_CASE(what_is_done_but_not_told_is_dropped_and_loses_no_message) {
    for_each_operation([](const operation& op) {
        std::optional<asio::io_context> context(std::in_place);
        scene s(op, context->get_executor());
        s.make_it_ready();
        probe p;
        s.start(p);
        context.reset();
        expect_dropped(p);
        BOOST_TEST(s.rx->recv().number == scene::own_number);
    });
}

BOOST_AUTO_TEST_CASE(an_end_destroyed_after_stop_and_before_the_context) {
    for_each_operation([](const operation& op) {
        for (const bool waits : {true, false}) {
            asio::io_context context;
            scene s(op, context.get_executor());
            waits ? s.make_it_wait() : s.make_it_ready();
            probe p;
            {
                s.start(p);
                context.stop();
                context.run();
                s.destroy();
                BOOST_TEST(p.calls() == 0);
            }
        }
    });
}

BOOST_AUTO_TEST_CASE(a_message_sent_in_part_is_withdrawn, *over_links()) {
    for_each_operation([](const operation& op) {
        if (!op.by_parts) return;
        std::optional<asio::io_context> context(std::in_place);
        scene s(op, context->get_executor(), in_fragments());
        s.value.text.assign(4 << 20, 'x');
        probe p;
        s.start(p);
        context->poll();
        context.reset();
        expect_dropped(p);
        BOOST_TEST(s.drain().empty());
        s.tx->send(page);
        BOOST_TEST(s.drain() == std::vector<std::uint64_t>{page.number});
    });
}

BOOST_AUTO_TEST_CASE(a_handler_that_owns_both_ends_goes) {
    for (const bool timed : {false, true}) {
        asio::io_context context;
        auto ends = std::make_shared<std::pair<sender<note>, receiver<note>>>(
            new_channel<note>(context));
        const std::weak_ptr<void> seen = ends;
        auto& [tx, rx] = *ends;
        if (timed)
            rx.async_recv_for(std::chrono::hours(1), [ends](error_code, note) {});
        else
            rx.async_recv([ends](error_code, note) {});
        fill(tx);
        tx.async_send(page, [ends](error_code) {});
        tx.async_send_for(page, std::chrono::hours(1), [ends](error_code) {});
        ends.reset();
        BOOST_TEST(!seen.expired());
        // ~clean_fixture sees that the ends are closed.
    }
}

asio::awaitable<void> receive_for_ever(receiver<note> rx, std::shared_ptr<int> life) {
    for (;;) co_await rx.async_recv(asio::use_awaitable);
    life.reset();
}

asio::awaitable<void> send_for_ever(sender<note> tx, std::shared_ptr<int> life) {
    for (;;) co_await tx.async_send(page);
    life.reset();
}

BOOST_AUTO_TEST_CASE(coroutines_that_wait_go_with_what_they_own) {
    const auto life = std::make_shared<int>();
    {
        asio::io_context context;
        // Each owns one end, and the other end of that channel lives outside.
        auto [tx, rx] = new_channel<note>(context);
        auto [tx2, rx2] = new_channel<note>(context);
        asio::co_spawn(context, receive_for_ever(std::move(rx), life), asio::detached);
        asio::co_spawn(context, send_for_ever(std::move(tx2), life), asio::detached);
        context.poll();
        BOOST_TEST(life.use_count() == 3);
    }
    BOOST_TEST(life.use_count() == 1);
}

BOOST_AUTO_TEST_CASE(a_copy_on_another_context_goes_on) {
    for_each_operation([](const operation& op) {
        if (!op.sends) return;
        asio::io_context living;
        std::optional<asio::io_context> dying(std::in_place);
        const tracking_executor here(living.get_executor(), 1);
        scene s(op, here);
        s.moved_tx.emplace(*s.tx, dying->get_executor());
        s.make_it_wait();
        probe mine, lost, behind;
        s.start(mine);
        s.tx.swap(s.moved_tx);
        s.start(lost);
        s.tx.swap(s.moved_tx);
        s.start(behind);
        living.poll();
        dying->poll();
        dying.reset();
        expect_dropped(lost);
        BOOST_TEST(mine.calls() == 0);
        s.let_it_go();
        living.restart();
        living.run();
        expect_code(mine, {});
        expect_code(behind, {});
        // Within a process what waited follows at once when others were received.
        BOOST_TEST(s.drain().size() == (in_process_run() ? 0u : 2u));
    });
}

BOOST_AUTO_TEST_CASE(what_a_closed_copy_had_waited_for_stays_in_no_reactor) {
    asio::io_context living;
    std::optional<asio::io_context> dying(std::in_place);
    auto [tx, rx] = new_channel<note>(living);
    {
        sender<note> copy(tx, dying->get_executor());
        fill(tx);
        probe p(tracking_executor(dying->get_executor(), 2));
        p.start([&](probe_handler h) { copy.async_send(page, std::move(h)); });
        dying->poll();
        BOOST_TEST(!p.completed());
        while (rx.try_recv()) continue;
        dying->run();
        BOOST_TEST(p.completed());
    }
    dying.reset();
    // Destroying the last sender must touch nothing of the context that is gone.
    tx.send(page);
}

BOOST_AUTO_TEST_CASE(what_a_rebound_sender_had_waited_for_stays_in_no_reactor) {
    asio::io_context living;
    std::optional<asio::io_context> dying(std::in_place);
    auto [tx, rx] = new_channel<note>(living);
    std::optional<sender<note>> copy(std::in_place, tx, dying->get_executor());
    fill(tx);
    probe p(tracking_executor(dying->get_executor(), 2));
    p.start([&](probe_handler h) { copy->async_send(page, std::move(h)); });
    copy->bind(living);
    dying->run();
    BOOST_TEST(p.completed());
    copy.reset();
    dying.reset();
    while (rx.try_recv()) continue;
    tx.send(page);
}

BOOST_AUTO_TEST_CASE(an_end_bound_to_another_context_leaves_the_first_behind) {
    for_each_operation([](const operation& op) {
        asio::io_context living;
        std::optional<asio::io_context> dying(std::in_place);
        const tracking_executor here(living.get_executor(), 1);
        scene s(op, dying->get_executor());
        s.make_it_wait();
        probe aborted(tracking_executor(dying->get_executor(), 2));
        s.start(aborted);
        s.bind(here);
        dying->run();
        expect_code(aborted, asio::error::operation_aborted);
        probe p;
        s.start(p);
        living.poll();
        dying.reset();
        s.let_it_go();
        living.restart();
        living.run();
        expect_code(p, {});
    });
}

BOOST_AUTO_TEST_SUITE_END()
