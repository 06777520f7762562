//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#include "contract/two_processes.hpp"
#include "support/context_fixture.hpp"

#include <boost/asio/strand.hpp>

#include <atomic>
#include <cstring>
#include <optional>
#include <thread>

#include <sys/resource.h>
#include <sys/syscall.h>

using namespace strait::test;
using strait::channel_options;
using strait::error;
using strait::error_code;
using strait::handle;
using strait::limits;
using strait::sender;

namespace {

// Whether a thread sleeps in the system, told by its stat file.
bool is_asleep(const handle& stat) {
    char text[256] = {};
    if (::pread(stat.native_handle(), text, sizeof(text) - 1, 0) <= 0) return false;
    const char* const name_end = std::strrchr(text, ')');
    return name_end != nullptr && name_end[1] == ' ' && name_end[2] == 'S';
}

// No descriptor can be opened while it lives.
class no_descriptors {
public:
    no_descriptors() {
        ::getrlimit(RLIMIT_NOFILE, &before_);
        rlimit none = before_;
        // The lowest number that is free. With less, poll() would be refused as well.
        none.rlim_cur = static_cast<rlim_t>(handle(::dup(STDERR_FILENO)).native_handle());
        ::setrlimit(RLIMIT_NOFILE, &none);
    }
    ~no_descriptors() { ::setrlimit(RLIMIT_NOFILE, &before_); }

private:
    rlimit before_{};
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(c4_waiting_sends, context_fixture)

BOOST_AUTO_TEST_CASE(executors_that_sends_waited_on_cost_no_descriptors_for_good) {
    auto [tx, rx] = new_channel<note>(context);
    const std::size_t before = resources::held().descriptors.size();
    for (int i = 0; i != 40; ++i) {
        fill(tx);
        sender<note> mine(tx, asio::any_io_executor(asio::make_strand(context)));
        bool sent = false;
        mine.async_send(page(0), [&](error_code ec) { sent = !ec; });
        while (!sent) {
            drain(rx);
            context.poll();
            context.restart();
        }
        drain(rx);
    }
    BOOST_TEST(resources::held().descriptors.size() <= before + 8);
}

BOOST_AUTO_TEST_CASE(a_try_send_behind_sends_that_wait_would_block_whatever_they_hold) {
    limits l;
    l.max_waiting_bytes = 2500;
    auto [tx, rx] = new_channel<note>(context, channel_options(l));
    std::uint64_t next = fill(tx);
    int sent = 0;
    for (int i = 0; i != 2; ++i) tx.async_send(page(next++), [&](error_code ec) { sent += !ec; });
    error_code ec;
    tx.try_send(page(next), ec);
    BOOST_TEST(ec == asio::error::would_block, ec.message());
    tx.async_send(page(next), [&](error_code e) { ec = e; });
    context.poll();
    BOOST_TEST(ec == asio::error::no_buffer_space, ec.message());
    while (sent != 2) {
        drain(rx);
        context.poll();
        context.restart();
    }
}

BOOST_AUTO_TEST_CASE(a_sender_closed_by_another_thread_ends_the_send_that_blocks) {
    for (const bool without_descriptors : {false, true}) {
        auto [tx, rx] = new_channel<note>();
        fill(tx);
        std::atomic<int> id = 0;
        std::atomic<bool> go = false;
        error_code ec;
        std::thread blocked([&, &mine = tx] {
            id = static_cast<int>(::syscall(SYS_gettid));
            while (!go) std::this_thread::yield();
            mine.send(page(0), ec);
        });
        while (id == 0) std::this_thread::yield();
        const std::string path = "/proc/self/task/" + std::to_string(id) + "/stat";
        handle stat(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
        std::optional<no_descriptors> none;
        if (without_descriptors) none.emplace();
        go = true;
        while (!is_asleep(stat)) std::this_thread::yield();
        tx.close();
        blocked.join();
        none.reset();
        BOOST_TEST(ec == asio::error::operation_aborted, ec.message());
        while (ec != asio::error::eof) rx.recv(ec);
    }
}

BOOST_AUTO_TEST_CASE(a_handle_that_the_system_refuses_costs_its_message_only, *over_links()) {
    auto [tx, rx] = new_channel<with_handle>(context);
    const int nothing = 19'000;
    with_handle value{handle(nothing)};
    error_code ec;
    tx.send(value, ec);
    BOOST_TEST(ec == boost::system::errc::bad_file_descriptor, ec.message());
    ec = {};
    tx.async_send(std::move(value), [&](error_code e) { ec = e; });
    run();
    BOOST_TEST(ec == boost::system::errc::bad_file_descriptor, ec.message());
    tx.send(with_handle{make_pipe().read}, ec);
    BOOST_TEST(!ec, ec.message());
    BOOST_TEST(rx.recv().one.is_open());
}

BOOST_AUTO_TEST_SUITE_END()
