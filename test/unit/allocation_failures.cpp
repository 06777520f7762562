//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#include "support/alloc_count.hpp"
#include "support/channels.hpp"
#include "support/context_fixture.hpp"
#include "support/loaded_item.hpp"

#include <strait.hpp>

#include <boost/asio/error.hpp>
#include <boost/test/unit_test.hpp>

#include <cstdint>
#include <functional>
#include <new>
#include <optional>
#include <utility>

// Every operation, with every one of its allocations failing in turn: it throws bad_alloc or reports
// no_buffer_space, a message is sent whole or not at all, nothing leaks, and the ends go on working.

using namespace strait::test;
namespace asio = boost::asio;
using strait::error_code;
using strait::receiver;
using strait::sender;

namespace {

using channel = std::pair<sender<item>, receiver<item>>;

struct fixture : context_fixture {
    channel make(load what) {
        return new_channel<item>(context, options_for(what));
    }

    // Calls `operation` until none of its allocations fails any more. What it reports is the code that
    // it ended with; one that throws has failed as well.
    void each_failing(const std::function<void(std::uint64_t n)>& prepare,
        const std::function<error_code()>& operation,
        const std::function<void(std::uint64_t n, bool succeeded)>& check) {
        if (!counts_allocations()) return;
        for (std::uint64_t n = 0;; ++n) {
            BOOST_REQUIRE(n != 10'000u);
            prepare(n);
            error_code ec;
            bool threw = false;
            bool failed = false;
            {
                const failing_allocation one(n);
                try {
                    ec = operation();
                } catch (const std::bad_alloc&) {
                    threw = true;
                } catch (const std::exception&) {
                    threw = true;
                }
                failed = failing_allocation::has_failed();
            }
            if (ec) BOOST_TEST(ec == asio::error::no_buffer_space, ec.message());
            if (!failed) BOOST_TEST((!ec && !threw));
            check(n, !ec && !threw);
            if (!failed) break;
        }
    }

    void sends(const std::function<error_code(sender<item>&, item&)>& operation) {
        for (const load what : all_loads) {
            channel c = make(what);
            item value;
            each_failing([&](std::uint64_t n) { value = make_item(n, what); },
                [&] { return operation(c.first, value); },
                [&](std::uint64_t n, bool succeeded) {
                    BOOST_TEST_CONTEXT("load " << static_cast<int>(what) << ", allocation " << n) {
                        item mark;
                        mark.number = ~std::uint64_t(0);
                        c.first.send(mark);
                        item got = c.second.recv();
                        if (succeeded) {
                            BOOST_TEST(got.number == n);
                            BOOST_TEST(is_whole(got, what));
                            got = c.second.recv();
                        }
                        BOOST_TEST(got.number == mark.number);
                        BOOST_TEST(c.second.faults() == 0u);
                    }
                });
        }
    }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(allocation_failures, fixture)

BOOST_AUTO_TEST_CASE(of_a_send) {
    sends([](sender<item>& tx, item& value) {
        error_code ec;
        tx.send(value, ec);
        return ec;
    });
}

BOOST_AUTO_TEST_CASE(of_a_send_that_gives_its_value_up) {
    sends([](sender<item>& tx, item& value) {
        error_code ec;
        tx.send(std::move(value), ec);
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

// What is lost is the message, or the link that it came through, with a fault or an error; and the
// process goes on.
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
                return ec == asio::error::eof && c->second.faults() != 0
                           ? error_code(asio::error::no_buffer_space)
                           : ec;
            },
            [&](std::uint64_t n, bool succeeded) {
                BOOST_TEST_CONTEXT("load " << static_cast<int>(what) << ", allocation " << n) {
                    if (succeeded) {
                        BOOST_TEST(got.number == n);
                        BOOST_TEST(is_whole(got, what));
                    }
                    got = item();
                    error_code ec;
                    item later = c->second.recv(ec);
                    if (!ec) {
                        BOOST_TEST(!succeeded);
                        BOOST_TEST(later.number == n);
                        BOOST_TEST(is_whole(later, what));
                        c->second.recv(ec);
                    }
                    BOOST_TEST(ec == asio::error::eof);
                }
            });
    }
}

BOOST_AUTO_TEST_CASE(of_making_a_channel) {
    std::optional<channel> c;
    each_failing([](std::uint64_t) {},
        [&] {
            error_code ec;
            c = new_channel<item>(context.get_executor(), {}, ec);
            return ec;
        },
        [&](std::uint64_t n, bool succeeded) {
            if (!succeeded) return;
            c->first.send(make_item(n, load::nothing));
            BOOST_TEST(c->second.recv().number == n);
        });
}

BOOST_AUTO_TEST_SUITE_END()
