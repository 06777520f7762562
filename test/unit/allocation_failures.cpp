//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#include "names/connect_steps.hpp"
#include "support/alloc_count.hpp"
#include "support/channels.hpp"
#include "support/context_fixture.hpp"
#include "support/loaded_item.hpp"
#include "support/roles.hpp"

#include <strait.hpp>

#include <boost/asio/error.hpp>
#include <boost/test/unit_test.hpp>

#include <cerrno>
#include <chrono>
#include <cstdint>
#include <exception>
#include <functional>
#include <optional>
#include <utility>

#include <sys/wait.h>

// Every operation, with every one of its allocations failing in turn: it throws bad_alloc or reports
// no_buffer_space, a message is sent whole or not at all, nothing leaks, and the ends go on working.

using namespace strait::test;
namespace asio = boost::asio;
using strait::error_code;
using strait::receiver;
using strait::sender;

namespace {

using channel = std::pair<sender<item>, receiver<item>>;

STRAIT_TEST_ROLE(allocation_child) {
    auto in = strait::inherited::take();
    in.take<sender<std::uint64_t>>("tx").send(7);
    return 0;
}

STRAIT_TEST_ROLE(allocation_idle_child) {
    auto in = strait::inherited::take();
    auto rx = in.take<receiver<std::uint64_t>>("rx");
    in = {};
    error_code ec;
    while (rx.recv(ec), !ec) {
    }
    return 0;
}

// Running, or ended and not taken off the table.
bool has_children() {
    siginfo_t info{};
    return ::waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == 0 || errno != ECHILD;
}

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
                        expect_sent_or_not(c.first, c.second, n, what, succeeded);
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
                    expect_received_or_not(got, c->second, n, what, succeeded);
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

BOOST_AUTO_TEST_CASE(of_connecting_and_accepting, *over_links()) {
    using steps = strait::detail::connect_steps;
    std::optional<strait::listener<std::uint64_t>> names;
    receiver<std::uint64_t> rx;
    sender<std::uint64_t> tx;
    const auto type = strait::detail::identity_of<std::uint64_t>();
    const auto is_over = [](steps& client) { return client.resume() == steps::action::done; };
    each_failing(
        [&](std::uint64_t) {
            names.emplace(strait::endpoint::generate());
            rx.close();
            tx.close();
        },
        [&] {
            error_code ec;
            steps client(type, names->local_endpoint());
            if (!is_over(client)) rx = names->accept_for(std::chrono::nanoseconds(0), ec).first;
            // Who was not served in no time came to nothing.
            if (ec == asio::error::timed_out) return error_code(asio::error::no_buffer_space);
            if (!ec && is_over(client)) ec = client.result();
            if (!ec) tx = sender<std::uint64_t>(client.make_sender({}), {});
            return ec;
        },
        [&](std::uint64_t n, bool succeeded) {
            if (!succeeded) {
                steps client(type, names->local_endpoint());
                BOOST_TEST_REQUIRE(!is_over(client));
                error_code ec;
                rx = names->accept(ec).first;
                BOOST_TEST_REQUIRE(!ec, ec.message());
                BOOST_TEST_REQUIRE(is_over(client));
                tx = sender<std::uint64_t>(client.make_sender({}), {});
            }
            tx.send(n);
            BOOST_TEST(rx.recv() == n);
        });
}

BOOST_AUTO_TEST_CASE(of_starting_a_child, *over_links()) {
    std::optional<strait::process_options> options;
    std::optional<receiver<std::uint64_t>> answers;
    strait::process child;
    each_failing(
        [&](std::uint64_t) {
            auto [tx, rx] = strait::make_channel<std::uint64_t>();
            answers.emplace(std::move(rx));
            options.emplace(self_path());
            options->argument("--role=allocation_child").outlives_parent();
            options->give("tx", std::move(tx));
        },
        [&] {
            error_code ec;
            child = strait::process::start(*options, ec);
            return ec;
        },
        [&](std::uint64_t, bool succeeded) {
            if (!succeeded) {
                BOOST_TEST(!has_children());
                child = strait::process::start(*options);
            }
            options.reset();
            BOOST_TEST(answers->recv() == 7u);
            BOOST_TEST(child.wait().code() == 0);
        });
}

// It ends in any case; who cannot be remembered stays on the process table.
BOOST_AUTO_TEST_CASE(of_dropping_a_child, *over_links()) {
    strait::process child;
    sender<std::uint64_t> life;
    const auto start = [&] {
        auto [tx, rx] = strait::make_channel<std::uint64_t>();
        strait::process_options options(self_path());
        options.argument("--role=allocation_idle_child").give("rx", std::move(rx));
        child = strait::process::start(options);
        life = std::move(tx);
    };
    each_failing([&](std::uint64_t) { start(); },
        [&] {
            child.close();
            return error_code();
        },
        [&](std::uint64_t, bool) {
            error_code ec;
            while (life.send(0, ec), !ec) {
            }
            BOOST_TEST(ec == asio::error::broken_pipe, ec.message());
        });
    while (::waitpid(-1, nullptr, 0) > 0) {
    }
    // Those that were remembered are looked at by the next start.
    start();
    life.close();
    BOOST_TEST(child.wait().code() == 0);
}

BOOST_AUTO_TEST_SUITE_END()
