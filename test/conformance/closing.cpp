//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#include "conformance/fixture.hpp"

using namespace strait::test;
using strait::error_code;

// Check 7: cancel, close and the destructor complete what waits, later, once, and while the end may
// be gone already.

namespace {

using action = void (*)(scene&);

struct named_action {
    const char* name;
    action act;
};

constexpr named_action actions[] = {
    {"cancel", [](scene& s) { s.cancel(); }},
    {"close", [](scene& s) { s.close(); }},
    {"destroy", [](scene& s) { s.destroy(); }},
    {"assign", [](scene& s) { s.op.sends ? void(*s.tx = {}) : void(*s.rx = {}); }},
    {"cancel, close, destroy",
        [](scene& s) {
            s.cancel();
            s.cancel();
            s.close();
            s.close();
            s.destroy();
        }},
};

struct fixture : operation_fixture {
    template <class Body>
    void for_each_action(Body body) {
        for_each_operation([&](const operation& op) {
            for (const named_action& a : actions)
                BOOST_TEST_CONTEXT(a.name) body(op, a.act);
        });
    }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(closing, fixture)

BOOST_AUTO_TEST_CASE(all_that_waits_completes_with_operation_aborted) {
    for_each_action([this](const operation& op, action act) {
        scene s(op, first);
        s.make_it_wait();
        probe probes[] = {probe(), probe(second), probe()};
        for (probe& p : probes) s.start(p);
        act(s);
        for (const probe& p : probes) BOOST_TEST(!p.completed());
        run();
        for (const probe& p : probes) expect_code(p, asio::error::operation_aborted);
    });
}

BOOST_AUTO_TEST_CASE(what_was_done_but_not_told_yet_is_still_told) {
    for_each_action([this](const operation& op, action act) {
        scene s(op, first);
        s.make_it_ready();
        probe p;
        s.start(p);
        act(s);
        BOOST_TEST(!p.completed());
        run();
        expect_code(p, op.sends ? error_code() : asio::error::operation_aborted);
    });
}

BOOST_AUTO_TEST_CASE(a_cancelled_receive_leaves_its_message_to_the_next) {
    for_each_operation([this](const operation& op) {
        if (op.sends) return;
        scene s(op, first);
        s.make_it_ready();
        probe p;
        s.start(p);
        s.cancel();
        BOOST_TEST(s.rx->recv().number == scene::own_number);
        run();
        expect_code(p, asio::error::operation_aborted);
    });
}

BOOST_AUTO_TEST_CASE(after_cancel_the_end_works) {
    for_each_operation([this](const operation& op) {
        scene s(op, first);
        s.cancel();
        s.make_it_ready();
        probe p;
        s.start(p);
        run();
        expect_code(p, {});
    });
}

BOOST_AUTO_TEST_CASE(a_handler_may_destroy_the_end) {
    for_each_operation([this](const operation& op) {
        scene s(op, first);
        s.make_it_wait();
        probe destroys, behind;
        destroys.then([&] { s.destroy(); });
        s.start(destroys);
        s.start(behind);
        expect_waiting(context, behind);
        if (op.sends) {
            s.cancel();
        } else {
            s.tx->send({});
        }
        run();
        BOOST_TEST(destroys.calls() == 1);
        expect_code(behind, asio::error::operation_aborted);
    });
}

BOOST_AUTO_TEST_CASE(a_large_message_sent_in_part_is_withdrawn_by_close, *over_links()) {
    for_each_operation([this](const operation& op) {
        if (!op.by_parts) return;
        scene s(op, first, in_fragments());
        strait::sender<note> copy(*s.tx);
        s.value.text.assign(4 << 20, 'x');
        probe p;
        s.start(p);
        expect_waiting(context, p);
        s.destroy();
        run();
        expect_code(p, asio::error::operation_aborted);
        BOOST_TEST(s.drain().empty());
        copy.send({});
        BOOST_TEST(s.drain().size() == 1u);
    });
}

BOOST_AUTO_TEST_CASE(closing_a_sender_leaves_the_operations_of_its_copies) {
    for_each_operation([this](const operation& op) {
        if (!op.sends) return;
        scene s(op, first);
        s.make_it_wait();
        probe mine;
        s.start(mine);
        s.moved_tx.emplace(*s.tx);
        s.tx.swap(s.moved_tx);
        probe of_copy;
        s.start(of_copy);
        s.moved_tx.reset();
        expect_waiting(context, of_copy);
        expect_code(mine, asio::error::operation_aborted);
        s.let_it_go();
        run();
        expect_code(of_copy, {});
    });
}

BOOST_AUTO_TEST_CASE(bind_aborts_what_waits) {
    for_each_operation([this](const operation& op) {
        scene s(op, first);
        s.make_it_wait();
        probe p;
        s.start(p);
        s.bind(second);
        BOOST_TEST(!p.completed());
        run();
        expect_code(p, asio::error::operation_aborted);
    });
}

BOOST_AUTO_TEST_SUITE_END()
