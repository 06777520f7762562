//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#include "contract/two_processes.hpp"
#include "support/alloc_count.hpp"
#include "support/context_fixture.hpp"
#include "support/sanitized.hpp"

#include <strait/receiver_set.hpp>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include <atomic>
#include <chrono>
#include <csignal>
#include <map>
#include <memory>
#include <optional>
#include <stdexcept>
#include <thread>

#include <pthread.h>

// Faults seen in ipc-channel that no test of a line of the contract looks for. The table of all of
// them is docs/design/ipc-channel-tests.md.

using namespace strait::test;
using strait::error;
using strait::error_code;
using strait::handle;
using strait::receiver;
using strait::sender;

namespace {

using namespace std::chrono_literals;

// Sends another one while it is encoded, between two handles of its own.
struct nesting {
    std::uint64_t number = 0;
    std::optional<handle> before;
    std::optional<handle> after;
    std::shared_ptr<nesting> inner;
    sender<nesting>* through = nullptr;

    template <class Archive>
    void serialize(Archive& ar, unsigned) {
        ar & number & before;
        if constexpr (Archive::is_saving::value)
            if (inner) through->send(*inner);
        ar & after;
    }
};

// Cannot be encoded, which it tells when its handle and its end are in the archive already.
struct spoilt {
    std::optional<handle> pipe;
    std::optional<sender<note>> end;
    bool bad = false;

    template <class Archive>
    void serialize(Archive& ar, unsigned) {
        ar & pipe & end;
        if (bad) throw std::runtime_error("spoilt");
    }
};

handle holding(char c) {
    pipe_ends p = make_pipe();
    BOOST_REQUIRE_EQUAL(::write(p.write.native_handle(), &c, 1), ssize_t{1});
    return std::move(p.read);
}

char held(const std::optional<handle>& pipe) {
    char c = '?';
    return pipe && ::read(pipe->native_handle(), &c, 1) == 1 ? c : '?';
}

// The flags that all holders of a descriptor share, of every descriptor.
std::map<int, int> status_flags() {
    std::map<int, int> flags;
    for (int number = 0; number != 256; ++number)
        if (const int f = ::fcntl(number, F_GETFL); f != -1) flags[number] = f;
    return flags;
}

std::atomic<int> signals_caught{0};

// Has a signal interrupt system calls, which are not begun again by the system.
class interruptions {
public:
    interruptions() {
        struct sigaction action {};
        action.sa_handler = [](int) { ++signals_caught; };
        ::sigaction(SIGUSR1, &action, &before_);
    }
    ~interruptions() { ::sigaction(SIGUSR1, &before_, nullptr); }
    interruptions(const interruptions&) = delete;
    interruptions& operator=(const interruptions&) = delete;

    // Runs `call` in a thread and sends it many signals, then `finish`, which lets the call return.
    template <class Call, class Finish>
    void during(Call call, Finish finish) {
        std::atomic<bool> begun{false};
        std::thread thread([&] {
            begun = true;
            begun.notify_one();
            call();
        });
        begun.wait(false);
        for (int i = 0; i != 100; ++i) {
            const int caught = signals_caught;
            ::pthread_kill(thread.native_handle(), SIGUSR1);
            while (signals_caught == caught) std::this_thread::yield();
        }
        finish();
        thread.join();
    }

private:
    struct sigaction before_ {};
};

// Sends to a receiver that is gone, with SIGPIPE as lethal as the system makes it.
STRAIT_TEST_ROLE(ipc_channel_writes_to_nobody) {
    ::signal(SIGPIPE, SIG_DFL);
    sigset_t none;
    ::sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    auto start = from_parent<with_sender>();
    sender<note> tx = start.recv().end;
    error_code ec;
    while (!ec) tx.send(page(0), ec);
    if (ec != asio::error::broken_pipe) return 1;
    tx.try_send(page(0), ec);
    if (ec != asio::error::broken_pipe) return 2;
    auto [mine, gone] = new_channel<note>();
    gone.close();
    asio::io_context context;
    mine.bind(context);
    ec.clear();
    mine.async_send(note{0, std::string(1u << 20, 'x')}, [&](error_code e) { ec = e; });
    context.run();
    return ec == asio::error::broken_pipe ? 0 : 3;
}

asio::awaitable<void> receive_all(receiver<note> rx, int& received) {
    while (std::optional<note> n = co_await rx.async_next()) ++received;
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(ipc_channel_defects, context_fixture)

// ipc-channel: test_reentrant; D12: there the inner message takes the handles of the outer one.
BOOST_AUTO_TEST_CASE(a_value_that_sends_another_while_it_is_encoded_keeps_its_handles) {
    auto ends = new_channel<nesting>();
    sender<nesting>& tx = ends.first;
    nesting outer;
    outer.number = 2;
    outer.before = holding('a');
    outer.after = holding('b');
    outer.through = &tx;
    outer.inner = std::make_shared<nesting>();
    outer.inner->number = 1;
    outer.inner->before = holding('c');
    tx.send(outer);
    nesting first = ends.second.recv();
    BOOST_TEST(first.number == 1u);
    BOOST_TEST(held(first.before) == 'c');
    BOOST_TEST(!first.after.has_value());
    nesting second = ends.second.recv();
    BOOST_TEST(second.number == 2u);
    BOOST_TEST(held(second.before) == 'a');
    BOOST_TEST(held(second.after) == 'b');
    BOOST_TEST(ends.second.faults() == 0u);
}

// ipc-channel D11: there the handles of a message that could not be encoded go with the next one.
BOOST_AUTO_TEST_CASE(what_a_value_that_could_not_be_encoded_carries_stays_out_of_the_next_message) {
    auto [tx, rx] = new_channel<spoilt>(context);
    auto [inner, inner_rx] = new_channel<note>();
    spoilt value;
    value.pipe = holding('x');
    value.end = inner;
    value.bad = true;
    error_code ec;
    tx.send(value, ec);
    BOOST_TEST(ec == error::bad_message);
    tx.try_send(value, ec);
    BOOST_TEST(ec == error::bad_message);
    ec.clear();
    tx.async_send(value, [&](error_code e) { ec = e; });
    run();
    BOOST_TEST(ec == error::bad_message);
    BOOST_TEST(held(value.pipe) == 'x');  // still the owner's
    value.end.reset();
    inner.close();
    expect_end(inner_rx);

    spoilt good;
    good.pipe = holding('y');
    tx.send(good);
    spoilt got = rx.recv();
    BOOST_TEST(held(got.pipe) == 'y');
    BOOST_TEST(!got.end.has_value());
    BOOST_TEST(rx.faults() == 0u);
}

// ipc-channel D15: there a try_recv changes flags that all holders of the descriptor share.
BOOST_AUTO_TEST_CASE(polling_and_blocking_leave_the_flags_of_descriptors_alone) {
    auto [tx, rx] = new_channel<note>();
    auto [carrier, carried] = new_channel<with_handle>();
    pipe_ends p = make_pipe();
    const std::map<int, int> before = status_flags();
    error_code ec;
    rx.try_recv(ec);
    rx.recv_for(1ms, ec);
    const std::uint64_t n = fill(tx);
    tx.send_for(page(n), 1ms, ec);
    expect_notes(rx, 0, n);
    const int flags = ::fcntl(p.read.native_handle(), F_GETFL);
    carrier.send(with_handle{p.read.duplicate()});
    const with_handle got = carried.recv();
    BOOST_TEST(::fcntl(got.one.native_handle(), F_GETFL) == flags);
    const std::map<int, int> after = status_flags();
    for (const auto& [number, f] : before) BOOST_TEST(after.at(number) == f);
}

// Asio makes a socket that it waits for non-blocking, for whoever holds it.
BOOST_AUTO_TEST_CASE(a_receive_blocks_whatever_an_asynchronous_one_has_made_of_the_socket) {
    auto [tx, rx] = new_channel<note>(context);
    auto [carrier, carried] = new_channel<with_receiver>();
    rx.async_recv([](error_code ec, note) { BOOST_TEST(!ec); });
    context.poll();
    tx.send(note{0, {}});
    run();
    for (std::uint64_t i = 1; i != 3; ++i) {
        error_code ec;
        const auto begin = std::chrono::steady_clock::now();
        rx.recv_for(10ms, ec);
        BOOST_TEST(ec == asio::error::timed_out);
        BOOST_TEST((std::chrono::steady_clock::now() - begin >= 10ms));
        std::thread later([i, mine = tx]() mutable { mine.send(note{i, {}}); });
        expect_notes(rx, i, i + 1);
        later.join();
        carrier.send(with_receiver{std::move(rx)});
        rx = std::move(carried.recv().end);
    }
}

// ipc-channel D16: there each receive allocates some 208 KiB.
BOOST_AUTO_TEST_CASE(receiving_allocates_nothing_but_what_the_value_does) {
    if (!counts_allocations()) return;
    auto [tx, rx] = new_channel<std::uint64_t>();
    const auto some = [&tx = tx, &rx = rx] {
        for (std::uint64_t i = 0; i != 200; ++i) tx.send(i);
        for (std::uint64_t i = 0; i != 200; ++i)
            if (rx.recv() != i) throw std::runtime_error("out of order");
    };
    some();
    const std::uint64_t before = allocations_of_this_thread();
    for (int round = 0; round != 20; ++round) some();
    BOOST_TEST(allocations_of_this_thread() == before);
}

// ipc-channel D20: there a stream that is dropped leaves its receiver open, and senders never know.
BOOST_AUTO_TEST_CASE(senders_learn_that_a_coroutine_that_received_is_gone) {
    auto [tx, rx] = new_channel<note>();
    int received = 0;
    {
        asio::io_context mine;
        rx.bind(mine);
        asio::co_spawn(mine, receive_all(std::move(rx), received), asio::detached);
        tx.send(note{});
        while (received == 0) mine.run_one();
    }
    error_code ec;
    while (!ec) tx.send(note{}, ec);
    BOOST_TEST(ec == asio::error::broken_pipe);
}

// ipc-channel D27: a program in C++ would be killed.
BOOST_AUTO_TEST_CASE(sending_to_nobody_raises_no_signal, *over_links()) {
    auto [tx, rx] = new_channel<note>();
    peer<with_sender> child("ipc_channel_writes_to_nobody");
    rx.close();
    child.start({std::move(tx)});
    BOOST_TEST(child.process().wait() == exit_status{0});
}

// ipc-channel: receives, sends and accepts report an interruption; only a select goes on.
BOOST_AUTO_TEST_CASE(signals_interrupt_no_blocking_receive) {
    if (sanitizer_delays_signals) return;
    interruptions with;
    auto [tx, rx] = new_channel<note>();
    auto [carrier, carried] = new_channel<with_sender>();
    for (std::uint64_t i = 0; i != 2; ++i) {
        note got;
        error_code ec;
        const auto send = [&, &tx = tx] { tx.send(note{i, "sent"}); };
        const auto expect_note = [&] {
            BOOST_TEST(!ec, ec.message());
            BOOST_TEST(got.number == i);
            BOOST_TEST(got.text == "sent");
        };
        with.during([&, &rx = rx] { got = rx.recv(ec); }, send);
        expect_note();
        with.during([&, &rx = rx] { got = rx.recv_for(1h, ec); }, send);
        expect_note();
        // With a second link the receiver waits in another way.
        carrier.send(with_sender{tx});
    }
}

BOOST_AUTO_TEST_CASE(signals_interrupt_no_blocking_send) {
    if (sanitizer_delays_signals) return;
    interruptions with;
    auto [tx, rx] = new_channel<note>();
    error_code ec;
    const std::uint64_t n = fill(tx);
    with.during([&, &tx = tx] { tx.send(page(n), ec); },
        [&, &rx = rx] { expect_notes(rx, 0, n + 1); });
    BOOST_TEST(!ec, ec.message());
    const std::uint64_t m = fill(tx);
    with.during([&, &tx = tx] { tx.send_for(page(m), 1h, ec); },
        [&, &rx = rx] { expect_notes(rx, 0, m + 1); });
    BOOST_TEST(!ec, ec.message());
}

BOOST_AUTO_TEST_CASE(signals_interrupt_no_blocking_send_of_many_writes, *over_links()) {
    if (sanitizer_delays_signals) return;
    interruptions with;
    error_code ec;
    auto [tx, rx] = new_channel<note>(strait::channel_options(in_fragments()));
    with.during([&, &tx = tx] { tx.send(note{1, pattern(1, 4u << 20)}, ec); },
        [&, &rx = rx] { BOOST_TEST((rx.recv().text == pattern(1, 4u << 20))); });
    BOOST_TEST(!ec, ec.message());
}

BOOST_AUTO_TEST_CASE(signals_interrupt_neither_a_select_nor_a_wait_for_a_child) {
    if (sanitizer_delays_signals) return;
    interruptions with;
    auto [tx, rx] = new_channel<note>();
    strait::receiver_set set;
    set.add(std::move(rx));
    error_code ec;
    std::vector<strait::set_event> events;
    with.during([&] { events = set.select(ec); }, [&, &tx = tx] { tx.send(note{5, {}}); });
    BOOST_TEST(!ec, ec.message());
    BOOST_TEST_REQUIRE(events.size() == 1u);
    BOOST_TEST(events[0].as<note>().number == 5u);

    // A child that reads its standard input to the end.
    pipe_ends p = make_pipe();
    auto options = strait::process_options("/bin/cat");
    options.standard_input(std::move(p.read)).null_output();
    auto child = strait::process::start(options);
    strait::exit_status status;
    with.during([&] { status = child.wait(ec); }, [&] { p.write.close(); });
    BOOST_TEST(!ec, ec.message());
    BOOST_TEST(status.success());
}

BOOST_AUTO_TEST_SUITE_END()
