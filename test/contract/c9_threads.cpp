//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#include "contract/two_processes.hpp"
#include "support/context_fixture.hpp"

#include <boost/asio/bind_executor.hpp>
#include <boost/asio/executor_work_guard.hpp>

#include <array>
#include <csignal>
#include <fstream>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <thread>

#include <sys/wait.h>

extern char** environ;

using namespace strait::test;
using strait::error;
using strait::error_code;
using strait::receiver;
using strait::sender;

namespace {

// What a library may change behind the back of its user.
struct process_state {
    std::string status;  // threads, umask, signals blocked, ignored and caught
    std::vector<std::string> environment;
    std::array<struct sigaction, 31> actions;

    static process_state now() {
        process_state s;
        std::ifstream file("/proc/self/status");
        for (std::string line; std::getline(file, line);)
            for (const char* name : {"Threads:", "Umask:", "SigBlk:", "SigIgn:", "SigCgt:"})
                if (line.starts_with(name)) s.status += line + '\n';
        for (char** e = environ; *e != nullptr; ++e) s.environment.emplace_back(*e);
        for (int signal = 1; signal <= 31; ++signal)
            ::sigaction(signal, nullptr, &s.actions[static_cast<std::size_t>(signal - 1)]);
        return s;
    }

    void expect_unchanged() const {
        const process_state after = now();
        BOOST_TEST(after.status == status);
        BOOST_TEST(after.environment == environment, boost::test_tools::per_element());
        for (std::size_t i = 0; i != actions.size(); ++i)
            BOOST_TEST((after.actions[i].sa_handler == actions[i].sa_handler), "signal " << i + 1);
    }
};

struct drain_ends {
    std::optional<receiver<note>> in;
    std::optional<sender<std::uint64_t>> seen;
};

// Reports what it receives, once it is told to begin.
STRAIT_TEST_ROLE(c9_drain) {
    auto start = from_parent<drain_ends>();
    drain_ends e = start.recv();
    error_code ec;
    for (note n = e.in->recv(ec); !ec; n = e.in->recv(ec)) e.seen->send(n.number);
    return 0;
}

// Runs `body` in a forked copy of this process, which then ends without any of its destructors.
// What it returns is the number of the first check that failed, 0 if none.
int in_forked_copy(const std::function<int()>& body) {
    const pid_t pid = ::fork();
    BOOST_REQUIRE(pid != -1);
    if (pid == 0) {
        int code = 99;
        try {
            code = body();
        } catch (...) {
        }
        ::_exit(code);
    }
    int status = 0;
    ::waitpid(pid, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 98;
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(c9_threads, context_fixture)

BOOST_AUTO_TEST_CASE(nothing_of_the_process_changes_but_descriptors) {
    const process_state before = process_state::now();
    {
        auto [tx, rx] = new_channel<note>(context);
        auto [carrier, carried] = new_channel<with_receiver>(context);
        fill(tx);
        tx.async_send(page(0), [](error_code) {});
        rx.async_recv([](error_code, note) {});
        context.poll();
        before.expect_unchanged();
        with_receiver value{std::move(rx)};
        carrier.send(std::move(value));
        with_receiver arrived = carried.recv();
        drain(arrived.end);
        run();

        auto options = strait::process_options("/bin/true");
        auto child = strait::process::start(context, options);
        child.async_wait([](error_code, strait::exit_status) {});
        before.expect_unchanged();
        run();
        arrived.end.close();
        error_code ec;
        while (!ec) tx.send(page(0), ec);
        BOOST_TEST(ec == asio::error::broken_pipe);
        before.expect_unchanged();
    }
    before.expect_unchanged();
}

BOOST_AUTO_TEST_CASE(copies_on_contexts_that_are_stopped_or_destroyed_stall_nobody, *over_links()) {
    auto [tx, rx] = new_channel<note>(context);
    auto [seen, seen_here] = new_channel<std::uint64_t>();
    const std::uint64_t first = fill(tx);

    // Each context has a send that waits, in this order.
    asio::io_context stopped;
    auto doomed = std::make_unique<asio::io_context>();
    sender<note> on_stopped(tx, stopped.get_executor());
    sender<note> on_doomed(tx, doomed->get_executor());
    std::vector<std::string> done;
    const auto note_down = [&](const char* who) {
        return [&done, who](error_code ec) { done.push_back(who + (ec ? ec.message() : "")); };
    };
    on_doomed.async_send(page(first), note_down("doomed"));
    on_stopped.async_send(page(first + 1), note_down("stopped"));
    tx.async_send(page(first + 2), note_down("running"));
    stopped.poll();
    doomed->poll();
    context.poll();
    BOOST_TEST(done.empty());
    doomed.reset();
    stopped.stop();

    peer<drain_ends> child("c9_drain");
    child.start({std::move(rx), std::move(seen)});
    context.restart();
    context.run();  // ends when the send of this context is done
    BOOST_TEST(done == std::vector<std::string>{"running"}, boost::test_tools::per_element());
    on_stopped.close();
    on_doomed.close();
    tx.close();
    std::set<std::uint64_t> numbers;
    error_code ec;
    std::uint64_t last = 0;
    for (std::uint64_t n = seen_here.recv(ec); !ec; n = seen_here.recv(ec)) {
        BOOST_TEST(numbers.insert(n).second);
        BOOST_TEST((numbers.size() == 1 || n > last));
        last = n;
    }
    BOOST_TEST(ec == asio::error::eof);
    // The one whose context is gone was never written, the one whose context stands still was.
    BOOST_TEST(!numbers.contains(first));
    BOOST_TEST(numbers.contains(first + 1));
    BOOST_TEST(numbers.contains(first + 2));
    stopped.restart();
    stopped.run();
    BOOST_TEST((done == std::vector<std::string>{"running", "stopped"}));
    BOOST_TEST((child.process().wait() == exit_status{0, 0}));
}

BOOST_AUTO_TEST_CASE(senders_shared_by_threads_feed_another_process, *over_links()) {
    auto [tx, rx] = new_channel<note>();
    auto [seen, seen_here] = new_channel<std::uint64_t>();
    peer<drain_ends> child("c9_drain");
    child.start({std::move(rx), std::move(seen)});
    constexpr std::uint64_t each = 500;
    constexpr std::uint64_t count = 4;
    std::vector<std::thread> threads;
    for (std::uint64_t t = 0; t != count; ++t)
        threads.emplace_back([&, t, &shared = tx] {
            for (std::uint64_t i = 0; i != each; ++i) {
                if (i % 2 == 0) {
                    shared.send(note{t * each + i, {}});
                } else {
                    sender<note> copy = shared;
                    copy.send(note{t * each + i, {}});
                }
            }
        });
    std::array<std::uint64_t, count> next{};
    for (std::uint64_t n = 0; n != each * count; ++n) {
        const std::uint64_t number = seen_here.recv();
        BOOST_TEST_REQUIRE(number % each == next[number / each]++);
    }
    for (auto& t : threads) t.join();
    tx.close();
    expect_end(seen_here);
    child.process().wait();
}

BOOST_AUTO_TEST_CASE(after_fork_without_exec_only_closing_works_in_the_child) {
    // clang 14 captures no structured bindings.
    auto first = new_channel<note>(context);
    auto& tx = first.first;
    auto& rx = first.second;
    auto ends = new_channel<note>(context);
    auto& other = ends.first;
    auto& many = ends.second;
    auto carriers = new_channel<with_sender>();
    auto& carrier = carriers.first;
    auto& carried = carriers.second;
    carrier.send(with_sender{other});
    with_sender second = carried.recv();  // a receiver of two links, by a poller of its own
    note got;
    rx.async_recv([&](error_code ec, note n) {
        BOOST_TEST(!ec);
        got = std::move(n);
    });
    many.async_recv([&](error_code ec, note) { BOOST_TEST(!ec); });
    context.poll();

    const int failed = in_forked_copy([&] {
        error_code ec;
        const auto refused = [&] { return ec == error::owner_changed; };
        if (tx.send(note{}, ec); !refused()) return 1;
        if (tx.try_send(note{}, ec); !refused()) return 2;
        if (tx.send_for(note{}, std::chrono::seconds(1), ec); !refused()) return 3;
        if (rx.recv(ec); !refused()) return 4;
        if (rx.try_recv(ec); !refused()) return 5;
        if (rx.recv_for(std::chrono::seconds(1), ec); !refused()) return 6;
        if (with_sender v{tx}; carrier.send(v, ec), !refused()) return 7;
        {
            // A channel of the child's own carries none of the parent's ends.
            auto [mine, my_end] = new_channel<with_receiver>();
            with_receiver v{std::move(rx)};
            if (mine.send(v, ec); !refused()) return 8;
            rx = std::move(v.end);
        }
        // The parent's context is the parent's; a handler of another one is called.
        asio::io_context own;
        int called = 0;
        const auto on_own = [&](error_code e) { called += e == error::owner_changed; };
        tx.async_send(note{}, asio::bind_executor(own, on_own));
        many.async_recv(asio::bind_executor(own, [&](error_code e, note) { on_own(e); }));
        own.run();
        if (called != 2) return 9;
        // A copy is a sender of this process no more than its original.
        sender<note> copy = tx;
        if (copy.send(note{}, ec); !refused()) return 10;
        tx.cancel();
        rx.cancel();
        tx.close();
        rx.close();
        many.close();
        copy.close();
        second.end.close();
        other.close();
        if (rx.recv(ec); ec != error::not_open && !refused()) return 11;
        // New channels are the child's own.
        auto [to, from] = new_channel<note>();
        to.send(note{3, {}});
        return from.recv().number == 3 ? 0 : 12;
    });
    BOOST_TEST(failed == 0);

    // The parent did not notice.
    tx.send(note{1, "still here"});
    second.end.send(note{2, {}});
    run();
    BOOST_TEST(got.text == "still here");
    other.send(note{3, {}});
    expect_notes(many, 3, 4);
    other.close();
    second.end.close();
    expect_end(many);
}

BOOST_AUTO_TEST_CASE(a_forked_copy_that_goes_on_does_not_keep_a_channel_from_ending) {
    auto [tx, rx] = new_channel<note>();
    auto [gate, opened] = new_channel<note>();
    pipe_ends until = make_pipe();
    const pid_t pid = ::fork();
    BOOST_REQUIRE(pid != -1);
    if (pid == 0) {
        // What the child holds of the ends it must close itself; then the parent is alone with them.
        tx.close();
        rx.close();
        gate.close();
        opened.close();
        char c;
        until.write.close();
        [[maybe_unused]] const auto n = ::read(until.read.native_handle(), &c, 1);
        ::_exit(0);
    }
    tx.send(note{1, {}});
    tx.close();
    expect_notes(rx, 1, 2);
    expect_end(rx);
    until.write.close();
    int status = 0;
    ::waitpid(pid, &status, 0);
    BOOST_TEST(status == 0);
}

BOOST_AUTO_TEST_SUITE_END()
