//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#include "process/started.hpp"
#include "support/sanitized.hpp"
#include "support/watchdog.hpp"

#include <strait/inherited.hpp>

#include <boost/test/unit_test.hpp>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace strait::test;

namespace {

using strait::error_code;
using strait::handle;
using strait::inherited;
using strait::make_channel;
using strait::process;
using strait::process_options;
using strait::sender;

int open_descriptors() {
    int n = 0;
    for (int number = 0; number < 1024; ++number) n += ::fcntl(number, F_GETFD) != -1;
    return n;
}

bool has_no_child() { return ::waitpid(-1, nullptr, WNOHANG) == -1 && errno == ECHILD; }

// Lets this process open that many descriptors more; all numbers below the first free one are in
// use then.
void leave_descriptors(int n) {
    const handle first_free(::fcntl(0, F_DUPFD_CLOEXEC, 0));
    rlimit limit{};
    ::getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = static_cast<rlim_t>(first_free.native_handle() + n);
    ::setrlimit(RLIMIT_NOFILE, &limit);
}

}  // namespace

// Says how many descriptors it has.
STRAIT_TEST_ROLE(count_descriptors) {
    auto report = inherited::take().take<sender<int>>("report");
    report.send(open_descriptors());
    return 5;
}

// Starts a child with ever more descriptors to spare, until it succeeds.
STRAIT_TEST_ROLE(start_with_few_descriptors) {
    auto [tx, rx] = make_channel<int>();
    process_options options = role_options("count_descriptors");
    options.give("report", std::move(tx));
    const int open_before = open_descriptors();
    for (int spare = 0; spare < 64; ++spare) {
        leave_descriptors(spare);
        error_code ec;
        process child = process::start(options, ec);
        if (!ec) {
            if (spare == 0 || child.wait(ec).code() != 5) return 1;
            leave_descriptors(64);
            // Three standard streams, the lifeline, and the link of the report.
            if (rx.recv() != 5) return 2;
            child.close();
            return has_no_child() ? 0 : 3;
        }
        if (ec != boost::system::errc::too_many_files_open) return 4;
        if (child.is_open() || !has_no_child()) return 5;
        if (open_descriptors() != open_before) return 6;
    }
    return 7;
}

BOOST_AUTO_TEST_SUITE(spawn_races)

BOOST_AUTO_TEST_CASE(a_start_that_runs_out_of_descriptors_leaves_nothing_and_can_be_repeated) {
    if (sanitizer_needs_descriptors) return;
    const watchdog dog("few descriptors");
    process child = process::start(role_options("start_with_few_descriptors"));
    BOOST_TEST(code_of(child) == 0);
}

BOOST_AUTO_TEST_CASE(children_started_from_many_threads_inherit_nothing_of_each_other) {
    const watchdog dog("many starters");
    constexpr int rounds = 20;
    std::atomic<int> clean = 0;
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t) {
        threads.emplace_back([&clean] {
            for (int i = 0; i < rounds; ++i) {
                auto [tx, rx] = make_channel<int>();
                process_options options = role_options("count_descriptors");
                options.give("report", std::move(tx));
                process child = process::start(options);
                error_code ec;
                const int open = rx.recv(ec);
                // The end shows that no other child holds the sender.
                rx.recv(ec);
                const bool ended = ec == boost::asio::error::eof;
                if (open == 5 && ended && child.wait().code() == 5) ++clean;
            }
        });
    }
    for (std::thread& t : threads) t.join();
    BOOST_TEST(clean == 4 * rounds);
}

BOOST_AUTO_TEST_CASE(a_child_is_killed_while_another_thread_waits_for_it) {
    const watchdog dog("wait and kill");
    for (int i = 0; i < 50; ++i) {
        process_options options("/bin/sleep");
        options.argument("1000");
        process child = process::start(options);
        std::atomic<bool> waits = false;
        int signal = 0;
        std::thread waiter([&] {
            waits = true;
            signal = child.wait().signal();
        });
        while (!waits) std::this_thread::yield();
        child.kill();
        waiter.join();
        BOOST_TEST(signal == SIGKILL);
        error_code ec;
        child.kill(ec);
        BOOST_TEST(ec == boost::system::errc::no_such_process);
    }
}

BOOST_AUTO_TEST_SUITE_END()
