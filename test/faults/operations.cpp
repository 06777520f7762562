//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#include "faults/each_failing.hpp"
#include "support/loaded_item.hpp"

#include <strait.hpp>

#include <boost/asio/error.hpp>
#include <boost/test/unit_test.hpp>

#include <cstdint>
#include <functional>
#include <optional>
#include <utility>

// Every operation, with every system call that it makes failing in turn, with each error that it can
// have. A message is sent whole or not at all, nothing leaks, and the ends go on working, or have ended as
// they say.

using namespace strait::test;
namespace asio = boost::asio;
using strait::error;
using strait::error_code;
using strait::receiver;
using strait::sender;

namespace {

using channel = std::pair<sender<item>, receiver<item>>;

struct fixture : fault_fixture {
    channel make(load what) { return new_channel<item>(context, options_for(what)); }

    void sends(const std::function<error_code(sender<item>&, item&)>& operation) {
        for (const load what : all_loads) {
            sends(what, false, operation);
            sends(what, true, operation);
        }
    }

    // Over a new channel each time, or one that has what it needs.
    void sends(load what, bool is_new,
        const std::function<error_code(sender<item>&, item&)>& operation) {
        std::optional<channel> c;
        item value;
        each_failing(
            [&](std::uint64_t n) {
                if (is_new || !c) c = make(what);
                value = make_item(n, what);
            },
            [&] { return operation(c->first, value); },
            [&](std::uint64_t n, const outcome& o) {
                BOOST_TEST_CONTEXT("load " << static_cast<int>(what)) {
                    if (o.ec == asio::error::broken_pipe) {
                        // The link is at its end: nothing of the message comes.
                        error_code ec;
                        c->first.send(item(), ec);
                        BOOST_TEST(ec == asio::error::broken_pipe);
                        c->first.close();
                        c->second.recv(ec);
                        BOOST_TEST(ec == asio::error::eof, ec.message());
                        c.reset();
                        return;
                    }
                    expect_sent_or_not(c->first, c->second, n, what, !o.ec);
                }
            });
    }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(operations, fixture)

BOOST_AUTO_TEST_CASE(of_a_send) {
    sends([](sender<item>& tx, item& value) {
        error_code ec;
        tx.send(value, ec);
        return ec;
    });
}

BOOST_AUTO_TEST_CASE(of_a_send_in_one_write) {
    sends([](sender<item>& tx, item& value) {
        error_code ec;
        tx.try_send(value, ec);
        return ec;
    });
}

BOOST_AUTO_TEST_CASE(of_an_asynchronous_send) {
    sends([this](sender<item>& tx, item& value) {
        error_code result = asio::error::in_progress;
        tx.async_send(std::move(value), [&](error_code ec) { result = ec; });
        run_through();
        return result;
    });
}

BOOST_AUTO_TEST_CASE(of_a_receive) {
    for (const load what : all_loads) {
        std::optional<channel> c;
        item got;
        each_failing(
            [&](std::uint64_t n) {
                c = make(what);
                c->first.send(make_item(n, what));
                c->first.close();
            },
            [&] {
                error_code ec;
                got = c->second.recv(ec);
                return ec;
            },
            [&](std::uint64_t n, const outcome& o) {
                BOOST_TEST_CONTEXT("load " << static_cast<int>(what)) {
                    const bool is_there =
                        expect_received_or_not(got, c->second, n, what, !o.ec);
                    // What could not be read is there still.
                    if (o.call == system_call::recvmsg && o.ec == asio::error::no_buffer_space)
                        BOOST_TEST(is_there);
                }
            });
    }
}

// What a set or several links need.
BOOST_AUTO_TEST_CASE(of_a_receive_from_two_links) {
    std::optional<channel> c;
    std::optional<sender<item>> other;
    each_failing(
        [&](std::uint64_t n) {
            c = make(load::nothing);
            auto [carrier, carried] = new_channel<sender<item>>();
            carrier.send(c->first);
            other = carried.recv();
            other->send(make_item(n, load::nothing));
            c->first.close();
            other->close();
        },
        [&] {
            error_code ec;
            const item got = c->second.recv(ec);
            return ec;
        },
        [&](std::uint64_t, const outcome& o) {
            error_code ec;
            c->second.recv(ec);
            if (!ec) BOOST_TEST(bool(o.ec));
            if (!ec) c->second.recv(ec);
            BOOST_TEST(ec == asio::error::eof, ec.message());
        });
}

BOOST_AUTO_TEST_CASE(of_an_asynchronous_receive) {
    std::optional<channel> c;
    each_failing(
        [&](std::uint64_t) { c = make(load::nothing); },
        [&] {
            error_code result = asio::error::in_progress;
            c->second.async_recv([&](error_code ec, const item&) { result = ec; });
            c->first.send(make_item(1, load::nothing));
            run_through();
            return result;
        },
        [&](std::uint64_t, const outcome& o) {
            if (o.ec == asio::error::broken_pipe || o.ec == asio::error::in_progress) return;
            c->first.close();
            error_code ec;
            const item got = c->second.recv(ec);
            if (!ec) BOOST_TEST(bool(o.ec));
            if (!ec) BOOST_TEST(got.number == 1u);
            if (!ec) c->second.recv(ec);
            BOOST_TEST(ec == asio::error::eof, ec.message());
        });
}

BOOST_AUTO_TEST_CASE(of_making_a_channel) {
    std::optional<channel> c;
    each_failing([&](std::uint64_t) { c.reset(); },
        [&] {
            error_code ec;
            c = new_channel<item>(context.get_executor(), {}, ec);
            return ec;
        },
        [&](std::uint64_t n, const outcome& o) {
            if (o.ec) return;
            c->first.send(make_item(n, load::nothing));
            BOOST_TEST(c->second.recv().number == n);
        });
}

BOOST_AUTO_TEST_CASE(of_opening_a_name) {
    std::optional<strait::one_shot_server<std::uint64_t>> server;
    each_failing([&](std::uint64_t) { server.reset(); },
        [&] {
            error_code ec;
            server.emplace();
            return ec;
        },
        [&](std::uint64_t, const outcome&) {});
}

BOOST_AUTO_TEST_SUITE_END()
