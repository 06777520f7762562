//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#include "process/names.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include <csignal>
#include <filesystem>
#include <thread>

using namespace strait;
using namespace strait::test;
using namespace std::chrono_literals;
using strait::test::line_of_text;
using strait::test::request;

// Connects and ends without a word.
STRAIT_TEST_ROLE(names_connect_only) {
    connect<line_of_text>(endpoint(args[0]));
    return 0;
}

// Sends a sender made here, and waits for what comes through it.
STRAIT_TEST_ROLE(names_embedded_sender) {
    auto [tx, rx] = make_channel<line_of_text>();
    connect<request>(endpoint(args[0])).send(request{7, std::move(tx)});
    return rx.recv().number == 8 ? 0 : 1;
}

// A server of its own, whose name it tells to the first.
STRAIT_TEST_ROLE(names_two_step) {
    strait::one_shot_server<line_of_text> own;
    auto first = connect<line_of_text>(endpoint(args[0]));
    first.send(line_of_text{1, own.local_endpoint().to_string()});
    auto [rx, answer] = own.accept();
    return answer.number == 42 ? 0 : 1;
}

namespace {

struct fixture : names_fixture {
    // The same with a path and, where there are such, with an abstract name.
    template <class Body>
    void for_each_kind(Body body) {
        body(endpoint::generate());
        body(endpoint::generate_path());
    }
};

struct own_line {
    int number = 0;
    std::string text;
};

asio::awaitable<void> serve(strait::one_shot_server<own_line>& server) {
    auto [rx, first] = co_await server.async_accept();
    BOOST_TEST(first.number == 1);
    const own_line second = co_await rx.async_recv();
    BOOST_TEST(second.number == 2);
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(one_shot_server, fixture)

// ipc-channel: spawn_one_shot_server_client, server_accept_first, server_connect_first (where the
// client connects first, it waits for the accept).
BOOST_AUTO_TEST_CASE(a_child_is_served_whichever_comes_first) {
    for_each_kind([&](const endpoint& at) {
        strait::one_shot_server<line_of_text> server(at);
        BOOST_TEST(server.is_open());
        auto child = sending_client(at, 3);
        auto [rx, first] = server.accept();
        BOOST_TEST(first.number == 1);
        BOOST_TEST(rx.recv().number == 2);
        BOOST_TEST(rx.recv().number == 3);
        error_code ec;
        rx.recv(ec);
        BOOST_TEST(ec == asio::error::eof);
        BOOST_TEST(child.wait().code == 0);
        BOOST_TEST(server.client().pid() == child.pid());
        BOOST_TEST(!server.is_open());
    });
    strait::one_shot_server<line_of_text> server(context);
    // Until the child has connected, nobody accepts.
    auto child = sending_client(server.local_endpoint(), 1);
    server.async_accept([&](error_code ec, receiver<line_of_text> rx, line_of_text first) {
        BOOST_TEST(!ec);
        BOOST_TEST(rx.is_open());
        BOOST_TEST(first.number == 1);
    });
    run();
    child.wait();
}

// ipc-channel: cross_process_embedded_senders.
BOOST_AUTO_TEST_CASE(a_sender_in_the_first_message_is_the_way_back) {
    strait::one_shot_server<request> server;
    child_process child("names_embedded_sender", {server.local_endpoint().to_string()});
    auto [rx, first] = server.accept();
    first.reply.send(line_of_text{first.number + 1, {}});
    BOOST_TEST(child.wait().code == 0);
    strait::one_shot_server<line_of_text> other;
    child_process two("names_two_step", {other.local_endpoint().to_string()});
    auto second = other.accept();
    connect<line_of_text>(endpoint(second.second.text)).send(line_of_text{42, {}});
    BOOST_TEST(two.wait().code == 0);
}

// ipc-channel #378: a second client is ignored on one system and merged with the first on another.
BOOST_AUTO_TEST_CASE(exactly_one_client_is_served_and_a_second_gets_an_error) {
    for_each_kind([&](const endpoint& at) {
        strait::one_shot_server<line_of_text> server(context, at);
        std::vector<error_code> codes;
        for (int i = 0; i != 3; ++i)
            async_connect<line_of_text>(context, at, [&](error_code ec, sender<line_of_text> tx) {
                codes.push_back(ec);
                if (!ec) tx.send(line_of_text{4, {}});
            });
        server.async_accept([&](error_code ec, receiver<line_of_text>, line_of_text first) {
            BOOST_TEST(!ec);
            BOOST_TEST(first.number == 4);
        });
        run();
        BOOST_TEST(codes.size() == 3u);
        BOOST_TEST(std::count(codes.begin(), codes.end(), error_code()) == 1);
        BOOST_TEST(std::count(codes.begin(), codes.end(),
                       error_code(asio::error::connection_refused)) == 2);
        error_code ec;
        BOOST_TEST(!connect<line_of_text>(at, ec).is_open());
        BOOST_TEST(!!ec);
        server.accept(ec);
        BOOST_TEST((ec == error::not_open));
    });
}

// ipc-channel D25, #201: accept hangs when the child dies.
BOOST_AUTO_TEST_CASE(a_client_that_dies_before_its_first_message_does_not_hang_the_server) {
    for_each_kind([&](const endpoint& at) {
        {
            strait::one_shot_server<line_of_text> server(at);
            child_process child("names_connect_only", {at.to_string()});
            error_code ec;
            server.accept(ec);
            BOOST_TEST(ec == asio::error::eof);
            BOOST_TEST(!server.is_open());
            child.wait();
        }
        strait::one_shot_server<line_of_text> server(context, at);
        raw_connection(at).close();  // before it said anything
        server.async_accept([](error_code ec, receiver<line_of_text>, line_of_text) {
            BOOST_TEST(ec == asio::error::connection_aborted);
        });
        run();
        BOOST_TEST(server.is_open());  // that was none
        auto child = sending_client(at, 1);
        BOOST_TEST(server.accept().second.number == 1);
        child.wait();
    });
}

BOOST_AUTO_TEST_CASE(a_client_of_another_type_is_an_error_with_both_names) {
    strait::one_shot_server<line_of_text> server(context);
    async_connect<int>(context, server.local_endpoint(), [](error_code ec, sender<int>) {
        BOOST_TEST((ec == error::type_mismatch));
    });
    diagnostics details;
    server.async_accept(details, [](error_code ec, receiver<line_of_text>, line_of_text) {
        BOOST_TEST((ec == error::type_mismatch));
    });
    run();
    BOOST_TEST(details.found.find("int") != std::string::npos);
    BOOST_TEST(details.expected.find("line_of_text") != std::string::npos);
}

// ipc-channel #261, #307: accept has no timeout and cannot be stopped.
BOOST_AUTO_TEST_CASE(accept_can_time_out_and_be_cancelled_and_loses_nobody) {
    for_each_kind([&](const endpoint& at) {
        strait::one_shot_server<line_of_text> server(context, at);
        error_code ec;
        server.accept_for(1ms, ec);
        BOOST_TEST(ec == asio::error::timed_out);
        const auto expect = [](error_code expected) {
            return [expected](error_code found, receiver<line_of_text>, line_of_text) {
                BOOST_TEST(found == expected);
            };
        };
        server.async_accept_for(1ms, expect(asio::error::timed_out));
        run();
        server.async_accept(expect(asio::error::operation_aborted));
        server.cancel();
        run();

        // Also between the connection and the first message.
        sender<line_of_text> tx;
        async_connect<line_of_text>(
            context, at, [&](error_code, sender<line_of_text> s) { tx = std::move(s); });
        server.async_accept_for(20ms, expect(asio::error::timed_out));
        run();
        BOOST_TEST(tx.is_open());
        server.accept_for(1ms, ec);
        BOOST_TEST(ec == asio::error::timed_out);
        server.async_accept(expect(asio::error::operation_aborted));
        context.restart();
        context.poll();
        server.cancel();
        run();
        tx.send(line_of_text{6, {}});
        server.async_accept([](error_code found, receiver<line_of_text> rx, line_of_text first) {
            BOOST_TEST(!found);
            BOOST_TEST(rx.is_open());
            BOOST_TEST(first.number == 6);
        });
        run();
    });
}

BOOST_AUTO_TEST_CASE(closing_and_destroying_complete_an_accept_that_waits) {
    std::optional<strait::one_shot_server<line_of_text>> server(context);
    int completed = 0;
    const auto aborted = [&](error_code ec, receiver<line_of_text>, line_of_text) {
        BOOST_TEST(ec == asio::error::operation_aborted);
        ++completed;
    };
    server->async_accept(aborted);
    auto moved = std::make_unique<strait::one_shot_server<line_of_text>>(std::move(*server));
    server.reset();
    context.poll();
    BOOST_TEST(completed == 0);
    moved->close();
    run();
    BOOST_TEST(completed == 1);
    *moved = strait::one_shot_server<line_of_text>(context);
    moved->async_accept(aborted);
    moved.reset();
    run();
    BOOST_TEST(completed == 2);
}

BOOST_AUTO_TEST_CASE(a_coroutine_is_given_the_receiver_and_the_first_message) {
    strait::one_shot_server<own_line> server(context);
    auto child = sending_client(server.local_endpoint(), 2);  // the structure is the same
    asio::co_spawn(context, serve(server), asio::detached);
    run();
    child.wait();
}

BOOST_AUTO_TEST_CASE(the_name_is_gone_once_the_client_is_there) {
    const endpoint at = endpoint::generate_path();
    strait::one_shot_server<line_of_text> server(at);
    auto child = sending_client(at, 1);
    auto [rx, first] = server.accept();
    BOOST_TEST(!std::filesystem::exists(std::filesystem::path(at.name()).parent_path()));
    child.wait();
}

BOOST_AUTO_TEST_SUITE_END()
