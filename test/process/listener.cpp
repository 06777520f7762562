//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#include "process/names.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>

#include <csignal>
#include <filesystem>
#include <set>
#include <thread>

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>

using namespace strait;
using namespace strait::test;
using namespace std::chrono_literals;
using strait::test::line_of_text;
using strait::test::request;
namespace errc = boost::system::errc;

STRAIT_TEST_ROLE(names_send) {
    auto tx = connect<line_of_text>(endpoint(args[0]));
    for (int i = 1; i <= std::atoi(args[1]); ++i) tx.send(line_of_text{i, "from a client"});
    return 0;
}

STRAIT_TEST_ROLE(names_hold) {
    auto tx = connect<line_of_text>(endpoint(args[0]));
    tx.send(line_of_text{1, "held"});
    for (;;) ::pause();
}

STRAIT_TEST_ROLE(names_ask) {
    auto tx = connect<request>(endpoint(args[0]));
    auto [reply, replies] = make_channel<line_of_text>();
    tx.send(request{std::atoi(args[1]), reply});
    reply.close();
    return replies.recv().number == 2 * std::atoi(args[1]) ? 0 : 1;
}

STRAIT_TEST_ROLE(names_wrong_type) {
    error_code ec;
    diagnostics details;
    auto tx = connect<int>(endpoint(args[0]), ec, details);
    const bool names_both = details.expected.find("int") != std::string::npos &&
                            details.found.find("line_of_text") != std::string::npos;
    return ec == error::type_mismatch && names_both && !tx.is_open() ? 0 : 1;
}

STRAIT_TEST_ROLE(names_denied) {
    error_code ec;
    connect<line_of_text>(endpoint(args[0]), ec);
    return ec == asio::error::access_denied ? 0 : 1;
}

// As another user. 0 if it was let in, 1 if it was not.
STRAIT_TEST_ROLE(names_stranger) {
    if (::setgid(65534) != 0 || ::setuid(65534) != 0) return 2;
    error_code ec;
    connect<line_of_text>(endpoint(args[0]), ec);
    if (!ec) return 0;
    return ec == asio::error::access_denied ? 1 : 3;
}

namespace {

std::set<std::string> open_descriptors() {
    std::set<std::string> all;
    for (const auto& e : std::filesystem::directory_iterator("/proc/self/fd"))
        all.insert(e.path().filename().native());
    return all;
}

mode_t mode_of(const endpoint& at) {
    struct stat s {};
    BOOST_TEST_REQUIRE(::stat(at.name().c_str(), &s) == 0);
    return s.st_mode & 07777;
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(listener, names_fixture)

BOOST_AUTO_TEST_CASE(a_client_in_another_process_sends_and_the_channel_ends_with_it) {
    for (const endpoint& at : some_endpoints()) {
        strait::listener<line_of_text> names(at);
        BOOST_TEST(names.local_endpoint() == at);
        auto child = sending_client(at, 1000);
        auto [rx, who] = names.accept();
        BOOST_TEST(who.pid() == child.pid());
        // What was sent right after connecting is all there, in order.
        for (int i = 1; i <= 1000; ++i) BOOST_TEST(rx.recv().number == i);
        error_code ec;
        rx.recv(ec);
        BOOST_TEST(ec == asio::error::eof);
        BOOST_TEST(child.wait().code == 0);
    }
    BOOST_TEST(files.is_empty());
}

// ipc-channel's servers take one client; its users ask for many (#378, #410).
BOOST_AUTO_TEST_CASE(two_clients_have_channels_of_their_own_and_get_replies) {
    for (const endpoint& at : some_endpoints()) {
        strait::listener<request> names(context, at);
        child_process children[] = {
            child_process("names_ask", {at.to_string(), "10"}),
            child_process("names_ask", {at.to_string(), "20"}),
        };
        std::set<std::int64_t> pids;
        std::vector<std::unique_ptr<receiver<request>>> clients;
        for (int i = 0; i != 2; ++i)
            names.async_accept([&](error_code ec, receiver<request> rx, strait::peer who) {
                BOOST_TEST(!ec);
                pids.insert(who.pid());
                clients.push_back(std::make_unique<receiver<request>>(std::move(rx)));
                clients.back()->async_recv([](error_code recv_ec, request r) {
                    BOOST_TEST(!recv_ec);
                    r.reply.send(line_of_text{2 * r.number, {}});
                });
            });
        run();
        for (auto& child : children) BOOST_TEST(child.wait().code == 0);
        BOOST_TEST((pids == std::set<std::int64_t>{children[0].pid(), children[1].pid()}));
    }
}

BOOST_AUTO_TEST_CASE(the_peer_is_known_before_any_message_and_stays_known_by_its_process_handle) {
    const endpoint at = endpoint::generate();
    strait::listener<line_of_text> names(at);
    auto child = holding_client(at);
    auto [rx, who] = names.accept();
    BOOST_TEST(who.pid() == child.pid());
    BOOST_TEST(who.uid() == ::geteuid());
    BOOST_TEST(who.gid() == ::getegid());
    const strait::peer copy = who;
    BOOST_TEST((copy == who));
    BOOST_TEST((copy != strait::peer()));
    if (who.process().is_open()) BOOST_TEST(!is_readable(who.process()));
    BOOST_TEST(rx.recv().text == "held");
    child.kill(SIGKILL);
    error_code ec;
    rx.recv(ec);
    BOOST_TEST(ec == asio::error::eof);
    child.wait();
    if (who.process().is_open()) BOOST_TEST(is_readable(who.process()));
}

// ipc-channel D23: connecting to a missing server "succeeds" by making what it looks for. D2: each
// failure leaks a descriptor; the fixture counts them.
BOOST_AUTO_TEST_CASE(connecting_to_a_missing_server_fails_and_makes_nothing) {
    for (const endpoint& at : some_endpoints()) {
        for (int i = 0; i != 10; ++i) {
            error_code ec;
            BOOST_TEST(!connect<line_of_text>(at, ec).is_open());
            const bool is_path = at.what() == endpoint::kind::path;
            BOOST_TEST((is_path ? ec == errc::no_such_file_or_directory
                                : ec == asio::error::connection_refused));
            async_connect<line_of_text>(context, at,
                [ec](error_code same, sender<line_of_text> tx) {
                    BOOST_TEST(same == ec);
                    BOOST_TEST(!tx.is_open());
                });
        }
        run();
        BOOST_CHECK_THROW(connect<line_of_text>(at), system_error);
    }
    error_code ec;
    connect<line_of_text>(files.at(std::string(200, 'x')), ec);
    BOOST_TEST(ec == errc::filename_too_long);
    strait::listener<line_of_text> names;
    names.open(files.at(std::string(200, 'x')), ec);
    BOOST_TEST(ec == errc::filename_too_long);
    BOOST_TEST(files.is_empty());
}

// ipc-channel D1: accept without close-on-exec.
BOOST_AUTO_TEST_CASE(every_descriptor_is_close_on_exec) {
    for (const endpoint& at : some_endpoints()) {
        const auto before = open_descriptors();
        strait::listener<line_of_text> names(context, at);
        const handle silent = raw_connection(at);
        receiver<line_of_text> rx;
        sender<line_of_text> tx;
        strait::peer client;
        names.async_accept([&](error_code, receiver<line_of_text> r, strait::peer who) {
            rx = std::move(r);
            client = who;
        });
        async_connect<line_of_text>(
            context, at, [&](error_code, sender<line_of_text> s) { tx = std::move(s); });
        run();
        BOOST_TEST(rx.is_open());
        for (const std::string& fd : open_descriptors()) {
            if (before.contains(fd)) continue;
            const int flags = ::fcntl(std::atoi(fd.c_str()), F_GETFD);
            BOOST_TEST((flags == -1 || (flags & FD_CLOEXEC) != 0), fd);
        }
    }
}

BOOST_AUTO_TEST_CASE(another_type_is_one_error_that_names_both_on_both_sides) {
    const endpoint at = endpoint::generate();
    strait::listener<line_of_text> names(at);
    std::vector<diagnostics> told;
    names.on_fault([&](const fault& f, const strait::peer& who) {
        BOOST_TEST((f.code == error::type_mismatch));
        BOOST_TEST(who.uid() == ::geteuid());
        told.push_back(f.details);
    });
    child_process wrong("names_wrong_type", {at.to_string()});
    error_code ec;
    names.deliver_faults(true);
    diagnostics details;
    auto first = names.accept(ec, details);
    BOOST_TEST((ec == error::type_mismatch));
    BOOST_TEST(!first.first.is_open());
    BOOST_TEST(details.expected.find("line_of_text") != std::string::npos);
    BOOST_TEST(details.found.find("int") != std::string::npos);
    BOOST_TEST(wrong.wait().code == 0);
    BOOST_TEST((told == std::vector{details}));
    BOOST_TEST(names.faults() == 1u);

    // Skipped when not delivered: the accept gets the next client.
    names.deliver_faults(false);
    child_process again("names_wrong_type", {at.to_string()});
    std::thread good([&] { connect<line_of_text>(at).send(line_of_text{}); });
    auto second = names.accept();
    good.join();
    BOOST_TEST(second.second.pid() == ::getpid());
    // The other one comes before or after.
    while (names.faults() != 2) names.accept_for(0ns, ec);
    BOOST_TEST(again.wait().code == 0);
}

BOOST_AUTO_TEST_CASE(another_version_is_one_error_that_names_both_on_both_sides) {
    const endpoint at = files.at("socket");
    std::string hello = text_of(
        detail::encode_greeting(detail::answer_code::none, identity_for<line_of_text>()));
    hello[4] = 77;
    {
        strait::listener<line_of_text> names(at);
        names.deliver_faults(true);
        const handle client = raw_connection(at);
        raw_write(client, hello.data(), hello.size());
        error_code ec;
        diagnostics details;
        names.accept(ec, details);
        BOOST_TEST((ec == error::version_mismatch));
        BOOST_TEST(details.found == "protocol version 77");
        BOOST_TEST(details.expected == "protocol version " + std::to_string(protocol_version));
        // It is told what is spoken here.
        const std::string answer = raw_read_all(client);
        BOOST_TEST_REQUIRE(answer.size() > 8u);
        BOOST_TEST(answer.substr(0, 4) == "strt");
        BOOST_TEST(answer[4] == static_cast<char>(protocol_version));
    }
    error_code ec;
    auto server = os::listening_socket::open(at, 0600, ec);
    diagnostics details;
    async_connect<line_of_text>(
        context, at, details, [](error_code e, sender<line_of_text>) {
            BOOST_TEST((e == error::version_mismatch));
        });
    const handle accepted = server.accept(ec);
    BOOST_TEST(!ec);
    raw_write(accepted, hello.data(), hello.size());
    run();
    BOOST_TEST(details.found == "protocol version 77");
}

BOOST_AUTO_TEST_CASE(a_server_that_speaks_otherwise_or_ends_is_an_error_and_no_hang) {
    const endpoint at = files.at("socket");
    error_code ec;
    auto server = os::listening_socket::open(at, 0600, ec);
    error_code found;
    const auto keep = [&](error_code e, sender<line_of_text> tx) {
        found = e;
        BOOST_TEST(!tx.is_open());
    };
    async_connect<line_of_text>(context, at, keep);
    raw_write(server.accept(ec), "HTTP/1.1 400 Bad Request\r\n", 26);
    run();
    BOOST_TEST((found == error::protocol_violation));
    async_connect<line_of_text>(context, at, keep);
    server.accept(ec).close();
    run();
    BOOST_TEST(found == asio::error::connection_reset);
    async_connect_for<line_of_text>(context, at, 1ms, keep);
    run();
    BOOST_TEST(found == asio::error::timed_out);
    connect_for<line_of_text>(at, 1ms, ec);
    BOOST_TEST(ec == asio::error::timed_out);
}

// ipc-channel's accept waits for ever for a client that never speaks (#201, #261).
BOOST_AUTO_TEST_CASE(clients_that_say_nothing_or_garbage_hold_up_nobody_and_are_dropped) {
    for (const endpoint& at : some_endpoints()) {
        listener_options options;
        options.handshake_time = 1ms;
        strait::listener<line_of_text> names(context, at, options);
        std::vector<error_code> told;
        names.on_fault([&](const fault& f, const strait::peer&) { told.push_back(f.code); });
        std::vector<handle> silent;
        for (int i = 0; i != 3; ++i) silent.push_back(raw_connection(at));
        const handle garbage = raw_connection(at);
        raw_write(garbage, "GET / HTTP/1.1\r\n\r\n", 18);
        const handle half = raw_connection(at);
        raw_write(half, "strt", 4);
        raw_connection(at).close();
        sender<line_of_text> tx;
        async_connect<line_of_text>(context, at, [&](error_code ec, sender<line_of_text> s) {
            BOOST_TEST(!ec);
            tx = std::move(s);
            tx.send(line_of_text{5, {}});
        });
        receiver<line_of_text> rx;
        names.async_accept([&](error_code ec, receiver<line_of_text> r, strait::peer) {
            BOOST_TEST(!ec);
            rx = std::move(r);
        });
        run();
        BOOST_TEST(rx.recv().number == 5);
        // The next accept, though nobody comes any more, sees their time be over.
        names.async_accept_for(1h, [](error_code ec, receiver<line_of_text>, strait::peer) {
            BOOST_TEST(ec == asio::error::operation_aborted);
        });
        context.restart();
        while (names.faults() != 6) context.run_one();
        names.cancel();
        run();
        for (const handle& h : silent) BOOST_TEST(raw_read_all(h).empty());
        BOOST_TEST(raw_read_all(garbage).empty());
        BOOST_TEST(raw_read_all(half).empty());
        BOOST_TEST(std::count(told.begin(), told.end(), error_code(asio::error::timed_out)) == 4);
        BOOST_TEST(std::count(told.begin(), told.end(),
                       error_code(error::protocol_violation)) == 1);
        BOOST_TEST(std::count(told.begin(), told.end(),
                       error_code(asio::error::connection_aborted)) == 1);
    }
}

BOOST_AUTO_TEST_CASE(a_client_that_brings_handles_with_its_hello_is_dropped_with_them) {
    const endpoint at = endpoint::generate();
    strait::listener<line_of_text> names(at);
    names.deliver_faults(true);
    const handle client = raw_connection(at);
    const auto hello =
        detail::encode_greeting(detail::answer_code::none, identity_for<line_of_text>());
    const detail::piece whole{hello.data(), hello.size()};
    const handle* carried[] = {&client};
    BOOST_TEST(!os::send_some(client, {&whole, 1}, carried).ec);
    error_code ec;
    names.accept(ec);
    BOOST_TEST((ec == error::protocol_violation));
}

BOOST_AUTO_TEST_CASE(unfinished_handshakes_are_bounded_and_the_oldest_goes) {
    const endpoint at = endpoint::generate();
    listener_options options;
    options.max_handshakes = 2;
    strait::listener<line_of_text> names(at, options);
    std::vector<handle> silent;
    for (int i = 0; i != 5; ++i) silent.push_back(raw_connection(at));
    error_code ec;
    names.accept_for(0ns, ec);
    BOOST_TEST(ec == asio::error::timed_out);
    BOOST_TEST(names.faults() == 3u);
    for (std::size_t i = 0; i != 5; ++i) BOOST_TEST(is_readable(silent[i]) == (i < 3));
    auto child = sending_client(at, 1);
    BOOST_TEST(names.accept().first.recv().number == 1);
    child.wait();
}

// A word that came in time counts, even if nobody wanted a client meanwhile.
BOOST_AUTO_TEST_CASE(a_client_that_spoke_is_not_late_because_the_server_was_busy) {
    const endpoint at = endpoint::generate();
    listener_options options;
    options.handshake_time = 0ns;
    strait::listener<line_of_text> names(at, options);
    const handle client = raw_connection(at);
    error_code ec;
    BOOST_TEST(!names.accept_for(0ns, ec).first.is_open());
    const auto hello =
        detail::encode_greeting(detail::answer_code::none, identity_for<line_of_text>());
    raw_write(client, hello.data(), hello.size());
    BOOST_TEST(names.accept_for(1h, ec).first.is_open());
    BOOST_TEST(!ec);
}

BOOST_AUTO_TEST_CASE(the_policy_sees_the_peer_and_may_refuse_it) {
    for (const endpoint& at : some_endpoints()) {
        listener_options options;
        std::vector<strait::peer> asked;
        options.policy = [&](const strait::peer& who) {
            asked.push_back(who);
            if (asked.size() == 2) throw std::runtime_error("a policy that fails refuses");
            return asked.size() == 3;
        };
        strait::listener<line_of_text> names(at, options);
        std::vector<error_code> told;
        names.on_fault([&](const fault& f, const strait::peer&) { told.push_back(f.code); });
        names.deliver_faults(true);  // not these
        for (int i = 0; i != 2; ++i) {
            child_process child("names_denied", {at.to_string()});
            error_code ec;
            while (asked.size() == static_cast<std::size_t>(i)) names.accept_for(1ms, ec);
            BOOST_TEST(ec == asio::error::timed_out);
            BOOST_TEST(asked.back().pid() == child.pid());
            BOOST_TEST(child.wait().code == 0);
        }
        auto child = sending_client(at, 1);
        BOOST_TEST(names.accept().first.recv().number == 1);
        BOOST_TEST(child.wait().code == 0);
        BOOST_TEST(names.faults() == 2u);
        BOOST_TEST((told == std::vector<error_code>(2, asio::error::access_denied)));
    }
}

BOOST_AUTO_TEST_CASE(a_policy_may_close_the_listener) {
    const endpoint at = endpoint::generate();
    auto names = std::make_unique<strait::listener<line_of_text>>();
    listener_options options;
    options.policy = [&](const strait::peer&) {
        names.reset();
        return true;
    };
    *names = strait::listener<line_of_text>(context, at, options);
    names->async_accept([](error_code ec, receiver<line_of_text>, strait::peer) {
        BOOST_TEST(ec == asio::error::operation_aborted);
    });
    async_connect<line_of_text>(context, at, [](error_code ec, sender<line_of_text>) {
        BOOST_TEST(ec == asio::error::connection_refused);
    });
    run();
}

BOOST_AUTO_TEST_CASE(the_mode_of_the_file_is_as_asked_whatever_the_umask_which_is_left_alone) {
    const endpoint at = files.at("socket");
    for (const mode_t mask : {0000u, 0022u, 0777u}) {
        const mode_t before = ::umask(mask);
        {
            strait::listener<line_of_text> names(at);
            BOOST_TEST(mode_of(at) == 0600u);
            listener_options options;
            options.who = strait::access::own_group;
            names.open(at, options);
            BOOST_TEST(mode_of(at) == 0660u);
            options.who = strait::access::everybody;
            names.open(at, options);
            BOOST_TEST(mode_of(at) == 0666u);
        }
        BOOST_TEST(::umask(before) == mask);
    }
}

// Abstract names have no permissions: the listener compares the user itself.
BOOST_AUTO_TEST_CASE(another_user_is_let_in_only_if_everybody_is) {
    if (::geteuid() != 0) return;  // nobody else can become another user
    std::filesystem::permissions(files.path(), std::filesystem::perms(0755));
    for (const endpoint& at : some_endpoints()) {
        if (at.what() == endpoint::kind::path && at != files.at("socket")) continue;
        for (const auto who : {strait::access::own_user, strait::access::own_group,
                 strait::access::everybody}) {
            listener_options options;
            options.who = who;
            strait::listener<line_of_text> names(context, at, options);
            bool accepted = false;
            std::int64_t uid = 65534;
            names.async_accept([&](error_code, receiver<line_of_text> rx, strait::peer from) {
                accepted = rx.is_open();
                if (accepted) uid = static_cast<std::int64_t>(from.uid());
            });
            auto work = asio::make_work_guard(context);
            std::thread loop([&] { context.run(); });
            child_process stranger("names_stranger", {at.to_string()});
            BOOST_TEST(stranger.wait().code == (who == strait::access::everybody ? 0 : 1));
            asio::post(context, [&] { names.cancel(); });
            work.reset();
            loop.join();
            context.restart();
            BOOST_TEST(accepted == (who == strait::access::everybody));
            BOOST_TEST(uid == 65534);
        }
    }
}

BOOST_AUTO_TEST_CASE(a_generated_path_lies_in_a_private_directory_which_is_removed) {
    const endpoint at = endpoint::generate_path();
    const auto directory = std::filesystem::path(at.name()).parent_path();
    {
        strait::listener<line_of_text> names(at);
        BOOST_TEST(mode_of(endpoint::path(directory.native())) == 0700u);
        auto child = sending_client(at, 1);
        BOOST_TEST(names.accept().first.recv().number == 1);
        child.wait();
    }
    BOOST_TEST(!std::filesystem::exists(directory));
}

// ipc-channel D26: a backlog of 10, beyond which clients hang; and Asio's connect reports success on
// a socket that is not connected (chriskohlhoff/asio #1014).
BOOST_AUTO_TEST_CASE(a_full_queue_of_the_listener_is_waited_for_and_is_no_success) {
    const endpoint at = files.at("socket");
    error_code ec;
    const handle server = os::new_socket(ec);
    const auto address = os::socket_address::of(at, ec);
    BOOST_TEST(::bind(server.native_handle(), address.get(), address.bytes) == 0);
    BOOST_TEST(::listen(server.native_handle(), 1) == 0);
    std::vector<handle> queued;
    for (;;) {
        handle h = os::connect_to(at, ec);
        if (ec) break;
        queued.push_back(std::move(h));
    }
    BOOST_TEST(ec == asio::error::would_block);
    connect_for<line_of_text>(at, 5ms, ec);
    BOOST_TEST(ec == asio::error::timed_out);
    async_connect_for<line_of_text>(context, at, 5ms,
        [](error_code e, sender<line_of_text>) { BOOST_TEST(e == asio::error::timed_out); });
    run();

    bool connected = false;
    async_connect<line_of_text>(context, at, [&](error_code e, sender<line_of_text> tx) {
        BOOST_TEST(!e);
        connected = true;
        tx.send(line_of_text{3, {}});
    });
    context.restart();
    context.poll();
    BOOST_TEST(!connected);
    // There is room, and somebody answers.
    handle last;
    for (std::size_t accepted = 0; accepted <= queued.size();) {
        handle h(::accept(server.native_handle(), nullptr, nullptr));
        if (h.is_open()) {
            ++accepted;
            last = std::move(h);
        } else {
            context.run_one();
        }
    }
    const auto answer = text_of(
        detail::encode_greeting(detail::answer_code::accepted, identity_for<line_of_text>()));
    raw_write(last, answer.data(), answer.size());
    run();
    BOOST_TEST(connected);
}

BOOST_AUTO_TEST_CASE(closing_turns_those_who_wait_away_and_lets_accepted_channels_go_on) {
    for (const endpoint& at : some_endpoints()) {
        strait::listener<line_of_text> names(context, at);
        sender<line_of_text> tx;
        receiver<line_of_text> rx;
        async_connect<line_of_text>(
            context, at, [&](error_code, sender<line_of_text> s) { tx = std::move(s); });
        names.async_accept(
            [&](error_code, receiver<line_of_text> r, strait::peer) { rx = std::move(r); });
        run();
        int refused = 0;
        for (int i = 0; i != 3; ++i)
            async_connect<line_of_text>(context, at, [&](error_code ec, sender<line_of_text>) {
                BOOST_TEST(ec == asio::error::connection_refused);
                ++refused;
            });
        context.restart();
        context.poll();
        BOOST_TEST(refused == 0);
        names.close();
        BOOST_TEST(!names.is_open());
        run();
        BOOST_TEST(refused == 3);
        tx.send(line_of_text{8, {}});
        BOOST_TEST(rx.recv().number == 8);
    }
}

BOOST_AUTO_TEST_CASE(the_limits_of_the_listener_are_those_of_the_channel_on_both_sides) {
    const endpoint at = endpoint::generate();
    listener_options options;
    options.bounds.max_message_bytes = 1000;
    strait::listener<line_of_text> names(context, at, options);
    receiver<line_of_text> rx;
    names.async_accept(
        [&](error_code, receiver<line_of_text> r, strait::peer) { rx = std::move(r); });
    async_connect<line_of_text>(context, at, [](error_code, sender<line_of_text> tx) {
        error_code ec;
        tx.send(line_of_text{1, std::string(1001, 'x')}, ec);
        BOOST_TEST((ec == error::message_too_large));
        tx.send(line_of_text{2, {}});
    });
    run();
    BOOST_TEST(rx.recv().number == 2);
}

// Senders of a channel that began at a name travel like all others.
BOOST_AUTO_TEST_CASE(the_ends_of_a_channel_made_by_name_can_be_sent_on) {
    const endpoint at = endpoint::generate();
    strait::listener<line_of_text> names(context, at);
    receiver<line_of_text> rx;
    sender<line_of_text> tx;
    names.async_accept(
        [&](error_code, receiver<line_of_text> r, strait::peer) { rx = std::move(r); });
    async_connect<line_of_text>(
        context, at, [&](error_code, sender<line_of_text> s) { tx = std::move(s); });
    run();
    auto [ends_tx, ends_rx] = make_channel<std::pair<sender<line_of_text>, receiver<line_of_text>>>();
    tx.send(line_of_text{1, {}});
    ends_tx.send({tx, std::move(rx)});
    auto ends = ends_rx.recv();
    tx.send(line_of_text{2, {}});
    ends.first.send(line_of_text{3, {}});
    for (int i = 1; i <= 3; ++i) BOOST_TEST(ends.second.recv().number == i);
}

BOOST_AUTO_TEST_CASE(a_forked_child_leaves_the_name_to_its_parent) {
    const endpoint at = files.at("socket");
    strait::listener<line_of_text> names(at);
    const pid_t child = ::fork();
    if (child == 0) {
        error_code ec;
        names.accept(ec);
        const bool right = ec == error::owner_changed;
        names.close();
        ::_exit(right && !names.is_open() ? 0 : 1);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    BOOST_TEST(status == 0);
    auto client = sending_client(at, 1);
    BOOST_TEST(names.accept().first.recv().number == 1);
    client.wait();
}

BOOST_AUTO_TEST_SUITE_END()
