//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#include "faults/each_failing.hpp"
#include "process/started.hpp"

#include <strait/channel.hpp>
#include <strait/inherited.hpp>
#include <strait/process.hpp>

#include <boost/asio/error.hpp>
#include <boost/test/unit_test.hpp>

#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <string>
#include <utility>

#include <fcntl.h>
#include <sys/wait.h>

// Starting children, waiting for them and ending them, with every system call failing in turn. A child runs
// with all that it was given, or there is none and the options have everything still.

using namespace strait::test;
namespace asio = boost::asio;
using strait::error;
using strait::error_code;
using strait::handle;
using strait::make_channel;
using strait::process;
using strait::receiver;
using strait::sender;

namespace {

// Gives back one more than it is sent.
STRAIT_TEST_ROLE(fault_child) {
    error_code ec;
    auto in = strait::inherited::take(ec);
    if (ec) return 1;
    auto tx = in.take<sender<std::uint64_t>>("tx");
    auto rx = in.take<receiver<std::uint64_t>>("rx");
    tx.send(rx.recv() + 1);
    return 0;
}

// Lives as long as somebody has the other end.
STRAIT_TEST_ROLE(fault_idle_child) {
    auto in = strait::inherited::take();
    auto rx = in.take<receiver<std::uint64_t>>("rx");
    in = {};
    error_code ec;
    rx.recv(ec);
    return 3;
}

constexpr int took_all = 0;
constexpr int took_all_and_nothing_failed = 10;
constexpr int was_told = 11;
constexpr int was_told_wrong = 12;

// Takes what it was given while a call fails: of the row, with the error, after so many.
STRAIT_TEST_ROLE(fault_heir) {
    const auto number = [&](std::size_t i) { return std::strtoull(args[i], nullptr, 10); };
    outcome o;
    o.call = static_cast<system_call>(number(0));
    o.why = static_cast<int>(number(1));
    std::uint64_t got = 0;
    {
        const failing_call one(o.call, o.why, number(2));
        auto in = strait::inherited::take(o.ec);
        receiver<std::uint64_t> rx;
        if (!o.ec) rx = in.take<receiver<std::uint64_t>>("rx", o.ec);
        if (!o.ec) got = rx.recv(o.ec);
        o.failed = failing_call::has_failed();
    }
    // What cannot be looked at is not what it should be.
    const bool is_unknown =
        (o.call == system_call::fstat && o.ec == error::no_inherited_ends) ||
        ((o.call == system_call::getsockopt || o.call == system_call::getpeername) &&
            o.ec == error::bad_attachment);
    if (o.ec) return o.is_what_failed() || is_unknown ? was_told : was_told_wrong;
    if (got != 7) return was_told_wrong;
    return o.failed ? took_all : took_all_and_nothing_failed;
}

// Running, or ended and not taken off the table.
bool has_children() {
    siginfo_t info{};
    return ::waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == 0 || errno != ECHILD;
}

struct fixture : fault_fixture {
    process child;
    sender<std::uint64_t> life;

    process& start_idle() {
        auto [tx, rx] = make_channel<std::uint64_t>();
        auto options = role_options("fault_idle_child");
        options.give("rx", std::move(rx));
        child = process::start(context, options);
        life = std::move(tx);
        return child;
    }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(processes, fixture)

BOOST_AUTO_TEST_CASE(of_starting) {
    std::optional<strait::process_options> options;
    std::optional<receiver<std::uint64_t>> answers;
    each_failing(
        [&](std::uint64_t n) {
            auto [answer, answered] = make_channel<std::uint64_t>();
            auto [question, questions] = make_channel<std::uint64_t>();
            question.send(n);
            answers.emplace(std::move(answered));
            options.emplace(role_options("fault_child"));
            options->give("tx", std::move(answer)).give("rx", std::move(questions));
            options->standard_input(handle(::open("/dev/null", O_RDONLY | O_CLOEXEC)));
            options->null_output().working_directory("/");
        },
        [&] {
            error_code ec;
            child = process::start(context, *options, ec);
            return ec;
        },
        [&](std::uint64_t n, const outcome& o) {
            if (o.ec) {
                BOOST_TEST(o.is_what_failed(), o.ec.message());
                BOOST_TEST(!has_children());
                BOOST_TEST(!child.is_open());
                child = process::start(context, *options);
            }
            options.reset();
            error_code ec;
            const std::uint64_t answer = answers->recv(ec);
            // One that lost its parent before it was told anything.
            const bool was_cut_off = o.failed && !o.ec && (o.why == EPIPE || o.why == ECONNRESET);
            if (was_cut_off) {
                BOOST_TEST(ec == asio::error::eof, ec.message());
            } else {
                BOOST_TEST(!ec, ec.message());
                BOOST_TEST(answer == n + 1);
            }
            BOOST_TEST(code_of(child) == (was_cut_off ? 1 : 0));
            BOOST_TEST(!has_children());
            child.close();
        });
}

BOOST_AUTO_TEST_CASE(of_waiting) {
    for (const bool has_ended : {false, true}) {
        each_failing(
            [&](std::uint64_t) {
                start_idle();
                if (!has_ended) return;
                life.close();
                while (::waitid(P_PID, static_cast<id_t>(child.pid()), nullptr,
                           WEXITED | WNOWAIT) != 0) {
                }
            },
            [&] {
                error_code ec;
                child.try_wait(ec);
                if (ec) return ec;
                life.close();
                child.wait(ec);
                return ec;
            },
            [&](std::uint64_t, const outcome& o) {
                if (o.ec) BOOST_TEST(o.is_what_failed(), o.ec.message());
                life.close();
                BOOST_TEST(code_of(child) == 3);
            });
    }
}

BOOST_AUTO_TEST_CASE(of_waiting_asynchronously) {
    each_failing([&](std::uint64_t) { start_idle(); },
        [&] {
            error_code result = asio::error::in_progress;
            child.async_wait([&](error_code ec, strait::exit_status) { result = ec; });
            life.close();
            run_through();
            return result;
        },
        [&](std::uint64_t, const outcome& o) {
            if (o.ec) BOOST_TEST(o.is_what_failed(), o.ec.message());
            life.close();
            BOOST_TEST(code_of(child) == 3);
        });
}

BOOST_AUTO_TEST_CASE(of_killing) {
    each_failing([&](std::uint64_t) { start_idle(); },
        [&] {
            error_code ec;
            child.kill(ec);
            return ec;
        },
        [&](std::uint64_t, const outcome& o) {
            if (o.ec) {
                BOOST_TEST(o.is_what_failed(), o.ec.message());
                child.kill();
            }
            BOOST_TEST((child.wait().why() == strait::exit_status::reason::signalled));
        });
}

// What can be done without the call that fails is done: the child ends, and is taken off the table.
BOOST_AUTO_TEST_CASE(of_dropping) {
    each_failing([&](std::uint64_t) { start_idle(); },
        [&] {
            child.close();
            return error_code();
        },
        [&](std::uint64_t, const outcome&) {
            error_code ec;
            while (life.send(0, ec), !ec) {
            }
            BOOST_TEST(ec == asio::error::broken_pipe, ec.message());
        });
    // By starting another one.
    while (has_children()) {
        start_idle();
        life.close();
        child.wait();
        child.close();
    }
}

BOOST_AUTO_TEST_CASE(of_taking_what_was_given) {
    for (const fault_row& row : all_faults()) {
        for (const int why : row.errors) {
            for (std::uint64_t n = 0;; ++n) {
                BOOST_TEST_CONTEXT(row.name << " " << n << ": " << std::strerror(why)) {
                    auto [tx, rx] = make_channel<std::uint64_t>();
                    auto options = role_options("fault_heir");
                    options.argument(std::to_string(static_cast<int>(row.call)));
                    options.argument(std::to_string(why)).argument(std::to_string(n));
                    tx.send(7);
                    options.give("rx", std::move(rx));
                    child = process::start(options);
                    const int code = code_of(child);
                    if (code == took_all_and_nothing_failed) break;
                    const bool is_right =
                        code == took_all || (code == was_told && why != EINTR);
                    BOOST_TEST(is_right, code);
                    error_code ec;
                    tx.send(8, ec);
                    BOOST_TEST(ec == asio::error::broken_pipe, ec.message());
                    ++failures;
                }
            }
        }
    }
}

BOOST_AUTO_TEST_SUITE_END()
