//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#include "contract/raw_link.hpp"
#include "support/context_fixture.hpp"

#include <csignal>
#include <filesystem>
#include <optional>
#include <set>

#include <sys/resource.h>

using namespace strait::test;
using strait::error;
using strait::error_code;
using strait::handle;
using strait::receiver;
using strait::sender;

namespace {

std::set<int> open_numbers() {
    std::set<int> all;
    for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd"))
        all.insert(std::stoi(entry.path().filename().string()));
    return all;
}

// Descriptors that were opened since and would reach a program that is executed now.
std::vector<std::string> inheritable_since(const std::set<int>& before) {
    std::vector<std::string> all;
    for (const int number : open_numbers()) {
        const int flags = ::fcntl(number, F_GETFD);
        if (before.contains(number) || flags == -1 || (flags & FD_CLOEXEC) != 0) continue;
        std::error_code ec;
        const auto what = std::filesystem::read_symlink(
            "/proc/self/fd/" + std::to_string(number), ec);
        all.push_back(std::to_string(number) + ' ' + what.string());
    }
    return all;
}

struct bundle {
    std::vector<handle> handles;
    std::string text;
};

struct bundle_ends {
    std::optional<receiver<bundle>> in;
    std::optional<sender<note>> out;
};

void write_number(const handle& to, std::uint32_t n) {
    BOOST_REQUIRE_EQUAL(::write(to.native_handle(), &n, sizeof(n)), ssize_t{sizeof(n)});
}

std::uint32_t read_number(const handle& from) {
    std::uint32_t n = 0xffff'ffff;
    return ::read(from.native_handle(), &n, sizeof(n)) == sizeof(n) ? n : 0xffff'ffff;
}

// Each handle must be the one of its place, and it must be close-on-exec.
STRAIT_TEST_ROLE(c11_checks_places) {
    auto start = from_parent<bundle_ends>();
    bundle_ends e = start.recv();
    error_code ec;
    for (bundle b = e.in->recv(ec); !ec; b = e.in->recv(ec)) {
        std::uint64_t right = 0;
        for (std::uint32_t i = 0; i != b.handles.size(); ++i)
            if (read_number(b.handles[i]) == i &&
                (::fcntl(b.handles[i].native_handle(), F_GETFD) & FD_CLOEXEC) != 0)
                ++right;
        e.out->send(note{right, {}});
    }
    return 0;
}

// Receives with room for few descriptors, and reports for each message how many handles it had, or
// that it had to be dropped, with what is open afterwards.
STRAIT_TEST_ROLE(c11_has_little_room) {
    auto start = from_parent<bundle_ends>();
    bundle_ends e = start.recv();
    start.close();
    e.in->deliver_faults(true);
    const std::size_t open = open_numbers().size();
    rlimit limit{};
    ::getrlimit(RLIMIT_NOFILE, &limit);
    const std::set<int> used = open_numbers();
    int end = 0;
    for (int room = 0; room != 8; ++end) room += !used.contains(end);
    limit.rlim_cur = static_cast<rlim_t>(end);
    ::setrlimit(RLIMIT_NOFILE, &limit);
    for (;;) {
        error_code ec;
        std::optional<bundle> b = e.in->recv(ec);
        // With the end its link was closed.
        if (ec == asio::error::eof) return open_numbers().size() == open - 1 ? 0 : 1;
        const std::size_t count = b->handles.size();
        b.reset();
        e.out->send(note{count, ec ? ec.message() : ""});
    }
}

STRAIT_TEST_ROLE(c11_holds_unread) {
    auto start = from_parent<bundle_ends>();
    bundle_ends e = start.recv();
    e.in->recv();  // reads the others ahead
    e.out->send(note{});
    for (;;) ::pause();
}

// Sends messages with handles until it is killed.
struct bundle_out {
    std::optional<sender<bundle>> out;
};
STRAIT_TEST_ROLE(c11_sends_for_ever) {
    auto start = from_parent<bundle_out>();
    bundle_out e = start.recv();
    for (;;) {
        bundle b;
        for (int i = 0; i != 20; ++i) b.handles.push_back(make_pipe().read);
        e.out->send(std::move(b));
    }
}

bundle numbered_pipes(std::uint32_t count) {
    bundle b;
    for (std::uint32_t i = 0; i != count; ++i) {
        pipe_ends p = make_pipe();
        write_number(p.write, i);
        b.handles.push_back(std::move(p.read));
    }
    return b;
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(c11_handles, context_fixture)

// ipc-channel D1: there some are not, and a child keeps channels open.
BOOST_AUTO_TEST_CASE(
    every_descriptor_that_the_library_makes_or_receives_is_close_on_exec, *over_links()) {
    const std::set<int> before = open_numbers();
    auto [tx, rx] = new_channel<note>(context);
    auto [carrier, carried] = new_channel<with_sender>(context);
    auto [bundles, got_bundles] = new_channel<bundle>(context);
    auto [receivers, got_receivers] = new_channel<with_receiver>(context);

    with_sender value{tx};
    carrier.send(value);
    with_sender arrived = carried.recv();  // one more link: the receiver has a poller of its own
    rx.async_recv([](error_code, note) {});
    carried.async_recv([](error_code, with_sender) {});
    bundles.send(numbered_pipes(10));
    const bundle held = got_bundles.recv();
    auto [moving, to_move] = new_channel<note>();
    with_receiver unread{std::move(to_move)};
    receivers.send(std::move(unread));
    const with_receiver moved = got_receivers.recv();
    // A message in memory, one that waits on the loop, and one that a thread is blocked in.
    auto [full, full_rx] = new_channel<note>(context);
    full.try_send(note{0, std::string(100'000, 'm')});
    full_rx.recv();
    const std::uint64_t next = fill(full);
    full.async_send(page(next), [](error_code) {});
    context.poll();
    error_code ec;
    full.send_for(page(next), std::chrono::milliseconds(1), ec);
    BOOST_TEST(ec == asio::error::timed_out);
    auto options = strait::process_options("/bin/true");
    auto child = strait::process::start(context, options);

    BOOST_TEST(open_numbers().size() > before.size() + 20);
    BOOST_TEST(inheritable_since(before).empty());
    child.wait();
    rx.close();
    carried.close();
    full_rx.close();
    tx.close();
    arrived.end.close();
    run();
}

// ipc-channel D4: there more than 64 are lost; full_packet_with_64_fds.
BOOST_AUTO_TEST_CASE(
    more_handles_than_one_system_call_carries_travel_as_one_message, *over_links()) {
    auto [tx, rx] = new_channel<bundle>();
    auto [out, in] = new_channel<note>();
    peer<bundle_ends> child("c11_checks_places");
    child.start({std::move(rx), std::move(out)});
    for (const std::uint32_t count : {1u, 63u, 64u, 65u, 252u, 253u, 254u, 506u, 507u, 600u}) {
        tx.send(numbered_pipes(count));
        BOOST_TEST(in.recv().number == count);
        // Also together with the memory that the value lies in, or is moved to.
        for (const std::size_t bytes : {std::size_t(100'000), std::size_t(30'000'000)}) {
            bundle b = numbered_pipes(count);
            b.text.resize(bytes);
            tx.send_for(std::move(b), std::chrono::seconds(100));
            BOOST_TEST_MESSAGE(count << ' ' << bytes);
            BOOST_TEST(in.recv_for(std::chrono::seconds(5)).number == count);
        }
    }
    tx.close();
    BOOST_TEST((child.process().wait() == exit_status{0, 0}));
}

BOOST_AUTO_TEST_CASE(a_receiver_moves_with_more_handles_unread_than_one_system_call_carries, *over_links()) {
    auto [tx, rx] = new_channel<bundle>();
    auto [carrier, carried] = new_channel<receiver<bundle>>();
    error_code ec;
    tx.try_send(numbered_pipes(300), ec);
    BOOST_TEST(!ec, ec.message());
    tx.send(numbered_pipes(2));
    for (int i = 0; i != 2; ++i) {
        carrier.send(std::move(rx));
        rx = carried.recv();
    }
    for (const std::uint32_t count : {300u, 2u}) {
        const bundle b = rx.recv();
        BOOST_REQUIRE(b.handles.size() == count);
        for (std::uint32_t i = 0; i != count; ++i) BOOST_TEST(read_number(b.handles[i]) == i);
    }
}

BOOST_AUTO_TEST_CASE(what_is_no_pack_of_handles_costs_its_message, *over_links()) {
    const auto packed = [](std::size_t count) {
        bundle b;
        for (std::size_t i = 0; i != count; ++i) b.handles.push_back(make_pipe().read);
        return record(std::move(b));
    };
    // In the place of a pack of 300.
    const auto expect_refused = [&](const handle& pack) {
        contested_channel<bundle> c;
        c.raw.write(packed(300).bytes, {&pack});
        c.honest.send(bundle{});
        BOOST_TEST(c.rx.recv().handles.empty());
        BOOST_TEST(c.rx.faults() == 1u);
        BOOST_TEST(!c.raw.is_ended());
    };
    expect_refused(make_pipe().read);
    expect_refused(packed(299).handles[0]);
    expect_refused(packed(301).handles[0]);
    auto [ours, theirs] = connected_streams();
    expect_refused(theirs);  // nothing in it
    raw_link(ours.duplicate()).write(std::string(300, 'x'));
    expect_refused(theirs);
    // One that is not closed at its other side.
    auto [open, read_from] = connected_streams();
    std::vector<const handle*> some;
    std::vector<handle> owned;
    for (int i = 0; i != 253; ++i) owned.push_back(make_pipe().read);
    for (const handle& h : owned) some.push_back(&h);
    raw_link writer(std::move(open));
    writer.write("1", some);
    some.resize(47);
    writer.write("1", some);
    expect_refused(read_from);
}

BOOST_AUTO_TEST_CASE(a_receiver_out_of_descriptors_reports_the_message_and_goes_on, *over_links()) {
    auto [tx, rx] = new_channel<bundle>();
    auto [out, in] = new_channel<note>();
    peer<bundle_ends> child("c11_has_little_room");
    child.start({std::move(rx), std::move(out)});
    for (int round = 0; round != 3; ++round) {
        tx.send(numbered_pipes(3));
        note n = in.recv();
        BOOST_TEST(n.number == 3u);
        BOOST_TEST(n.text == "");
        tx.send(numbered_pipes(40));
        n = in.recv();
        BOOST_TEST(n.number == 0u);
        BOOST_TEST(n.text == make_error_code(error::handles_lost).message());
        tx.send(numbered_pipes(300));
        n = in.recv();
        BOOST_TEST(n.number == 0u);
        BOOST_TEST(n.text == make_error_code(error::handles_lost).message());
        tx.send(bundle{});
        n = in.recv();
        BOOST_TEST(n.number == 0u);
        BOOST_TEST(n.text == "");
    }
    tx.close();
    BOOST_TEST((child.process().wait() == exit_status{0, 0}));
}

BOOST_AUTO_TEST_CASE(handles_in_what_a_killed_process_had_not_read_are_closed, *over_links()) {
    auto [tx, rx] = new_channel<bundle>();
    auto [out, in] = new_channel<note>();
    peer<bundle_ends> child("c11_holds_unread");
    child.start({std::move(rx), std::move(out)});
    std::vector<pipe_ends> pipes;
    for (int i = 0; i != 30; ++i) {
        pipes.push_back(make_pipe());
        bundle b;
        b.handles.push_back(std::move(pipes.back().write));
        tx.send(std::move(b));
    }
    in.recv();
    child.process().kill(SIGKILL);
    child.process().wait();
    for (const pipe_ends& p : pipes) {
        char c;
        BOOST_TEST(::read(p.read.native_handle(), &c, 1) == 0);  // waits for the end
    }
}

BOOST_AUTO_TEST_CASE(a_producer_killed_among_handles_leaves_none_behind, *over_links()) {
    for (int round = 0; round != 10; ++round) {
        auto [tx, rx] = new_channel<bundle>();
        peer<bundle_out> child("c11_sends_for_ever");
        child.start({std::move(tx)});
        for (int i = 0; i != 20 * (round % 3 + 1); ++i) BOOST_TEST(rx.recv().handles.size() == 20u);
        child.process().kill(SIGKILL);
        error_code ec;
        for (bundle b = rx.recv(ec); !ec; b = rx.recv(ec)) BOOST_TEST(b.handles.size() == 20u);
        BOOST_TEST(ec == asio::error::eof);
        BOOST_TEST(rx.faults() == 0u);
        child.process().wait();
    }  // the fixture counts what is open
}

BOOST_AUTO_TEST_CASE(one_handle_several_times_in_a_value_arrives_as_often) {
    auto [tx, rx] = new_channel<bundle>();
    pipe_ends p = make_pipe();
    bundle b;
    for (int i = 0; i != 3; ++i) b.handles.push_back(p.write.duplicate());
    tx.send(b);
    // Taken out of the lvalue, since the send succeeded.
    for (const handle& h : b.handles) BOOST_TEST(!h.is_open());
    p.write.close();
    bundle got = rx.recv();
    for (handle& h : got.handles) {
        BOOST_TEST(!is_at_end(p.read));
        h.close();
    }
    BOOST_TEST(is_at_end(p.read));
}

BOOST_AUTO_TEST_SUITE_END()
