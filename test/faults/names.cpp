//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#include "faults/each_failing.hpp"
#include "names/connect_steps.hpp"
#include "process/names.hpp"

#include <strait.hpp>

#include <boost/asio/error.hpp>
#include <boost/test/unit_test.hpp>

#include <atomic>
#include <cstdint>
#include <optional>
#include <thread>
#include <utility>

// Opening names, connecting to them and accepting, with every system call failing in turn. A client is
// connected or told why not; a listener goes on, whoever came to nothing; and a name is free again.

using namespace strait::test;
namespace detail = strait::detail;
using strait::endpoint;
using strait::error;
using strait::error_code;
using strait::handle;
using strait::listener;
using strait::receiver;
using strait::sender;

namespace {

using number_listener = listener<std::uint64_t>;
using client_steps = detail::connect_steps;

// What a client may be told of a failure, be it on its side or on that of the listener.
bool is_refusal(const error_code& ec) {
    return ec == asio::error::connection_reset || ec == asio::error::connection_refused ||
           ec == asio::error::access_denied;
}

// Leaves a socket file, as a process does that is killed.
void leave_stale(const endpoint& at) {
    error_code ec;
    const handle socket = os::new_socket(ec);
    const auto address = os::socket_address::of(at, ec);
    BOOST_TEST_REQUIRE(::bind(socket.native_handle(), address.get(), address.bytes) == 0);
}

// A client that was connected has a channel to that receiver.
void expect_channel(sender<std::uint64_t>& tx, receiver<std::uint64_t>& rx, std::uint64_t n) {
    tx.send(n);
    BOOST_TEST(rx.recv() == n);
    tx.close();
    error_code ec;
    rx.recv(ec);
    BOOST_TEST(ec == asio::error::eof, ec.message());
}

// A client that never blocks.
class patient_client {
public:
    explicit patient_client(const endpoint& at)
        : steps_(detail::identity_of<std::uint64_t>(), at) {
        BOOST_TEST_REQUIRE((steps_.resume() == client_steps::action::read));
    }

    // Whether it is connected; if not, either not yet or not at all.
    bool is_connected() {
        if (!is_over_) is_over_ = steps_.resume() == client_steps::action::done;
        return is_over_ && !steps_.result();
    }

    bool was_refused() {
        return !is_connected() && is_over_ && is_refusal(steps_.result());
    }

    sender<std::uint64_t> take() { return sender<std::uint64_t>(steps_.make_sender({}), {}); }

private:
    client_steps steps_;
    bool is_over_ = false;
};

// A client in another thread that tries until it was connected, and then sends a number. It gives up
// when it is to be destroyed, the server being gone.
class stubborn_client {
public:
    stubborn_client(const endpoint& at, std::uint64_t number)
        : thread_([this, at, number] {
              error_code ec = asio::error::in_progress;
              while (ec && !stopped_.load()) {
                  auto tx = strait::connect<std::uint64_t>(at, ec);
                  if (!ec) tx.send(number, ec);
              }
          }) {}
    ~stubborn_client() {
        stopped_.store(true);
        thread_.join();
    }
    stubborn_client(const stubborn_client&) = delete;
    stubborn_client& operator=(const stubborn_client&) = delete;

private:
    std::atomic<bool> stopped_{false};
    std::thread thread_;
};

// Accepts, in another thread, until it is sent `last`; answers whoever sends a request.
struct request_for_number {
    std::uint64_t number = 0;
    sender<std::uint64_t> reply;
};
constexpr std::uint64_t last = ~std::uint64_t(0);

class number_server {
public:
    number_server() : names_(endpoint::generate()), at_(names_.local_endpoint()), thread_([this] {
        for (bool goes_on = true; goes_on;) {
            auto client = names_.accept();
            error_code ec;
            for (auto r = client.first.recv(ec); !ec; r = client.first.recv(ec)) {
                error_code gone;
                r.reply.send(r.number, gone);
                if (r.number == last) goes_on = false;
            }
        }
    }) {}
    ~number_server() {
        ask(last);
        thread_.join();
    }
    number_server(const number_server&) = delete;
    number_server& operator=(const number_server&) = delete;

    const endpoint& at() const { return at_; }

    static void ask(sender<request_for_number>& tx, std::uint64_t n) {
        auto [reply, replies] = strait::make_channel<std::uint64_t>();
        tx.send({n, std::move(reply)});
        BOOST_TEST(replies.recv() == n);
    }
    void ask(std::uint64_t n) const {
        auto tx = strait::connect<request_for_number>(at_);
        ask(tx, n);
    }

private:
    listener<request_for_number> names_;
    endpoint at_;
    std::thread thread_;
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(names, fault_fixture)

BOOST_AUTO_TEST_CASE(of_opening_a_path) {
    const scratch_directory folder;
    const endpoint at = folder.at("socket");
    for (const bool is_stale : {false, true}) {
        std::optional<number_listener> names;
        each_failing(
            [&](std::uint64_t) {
                // As a killed process leaves it.
                if (is_stale) leave_stale(at);
            },
            [&] {
                error_code ec;
                names.emplace();
                names->open(at, ec);
                return ec;
            },
            [&](std::uint64_t n, const outcome& o) {
                if (o.ec) {
                    BOOST_TEST((o.is_what_failed() || o.ec == asio::error::address_in_use),
                        o.ec.message());
                    names->open(at);
                }
                patient_client client(at);
                auto [rx, who] = names->accept();
                BOOST_TEST_REQUIRE(client.is_connected());
                auto tx = client.take();
                expect_channel(tx, rx, n);
                names.reset();
                BOOST_TEST(folder.is_empty());
            });
    }
}

BOOST_AUTO_TEST_CASE(of_closing_a_name) {
    const scratch_directory folder;
    const endpoint at = folder.at("socket");
    std::optional<number_listener> names;
    std::optional<patient_client> client;
    each_failing(
        [&](std::uint64_t) {
            names.emplace(at);
            client.emplace(at);
        },
        [&] {
            names->close();
            return error_code();
        },
        [&](std::uint64_t, const outcome& o) {
            BOOST_TEST(client->was_refused());
            client.reset();
            // Of what cannot be looked at nobody knows whose it is; the next owner takes it.
            if (o.call == system_call::lstat && o.failed) names->open(at), names->close();
            BOOST_TEST(folder.is_empty());
        });
}

BOOST_AUTO_TEST_CASE(of_connecting) {
    const number_server server;
    std::optional<sender<request_for_number>> tx;
    each_failing([&](std::uint64_t) { tx.reset(); },
        [&] {
            error_code ec;
            tx = strait::connect<request_for_number>(server.at(), ec);
            return ec;
        },
        [&](std::uint64_t n, const outcome& o) {
            if (o.ec)
                BOOST_TEST(o.is_what_failed(), o.ec.message());
            else
                number_server::ask(*tx, n);
            tx.reset();
            server.ask(n);
        });
}

BOOST_AUTO_TEST_CASE(of_accepting) {
    std::optional<number_listener> names;
    std::optional<patient_client> clients[2];
    receiver<std::uint64_t> rx;
    each_failing(
        [&](std::uint64_t) {
            names.emplace(endpoint::generate());
            for (auto& c : clients) c.emplace(names->local_endpoint());
        },
        [&] {
            error_code ec;
            rx = names->accept(ec).first;
            return ec;
        },
        [&](std::uint64_t n, const outcome& o) {
            if (o.ec) {
                BOOST_TEST(o.is_what_failed(), o.ec.message());
                rx = names->accept().first;
            }
            const bool is_first = clients[0]->is_connected();
            BOOST_TEST_REQUIRE((is_first || clients[1]->is_connected()));
            auto tx = clients[is_first ? 0 : 1]->take();
            expect_channel(tx, rx, n);
            // The other one is served, too, unless it was refused.
            if (clients[0]->was_refused()) {
                BOOST_TEST(names->faults() == 1u);
                return;
            }
            BOOST_TEST(names->faults() == 0u);
            rx = names->accept().first;
            BOOST_TEST_REQUIRE(clients[is_first ? 1 : 0]->is_connected());
        });
}

// The handshake on both sides, in one event loop.
BOOST_AUTO_TEST_CASE(of_connecting_and_accepting_asynchronously) {
    std::optional<number_listener> names;
    std::optional<sender<std::uint64_t>> tx;
    std::optional<receiver<std::uint64_t>> rx;
    error_code accepted, not_accepted;
    const auto accept = [&] {
        names->async_accept([&](error_code ec, receiver<std::uint64_t> r, const strait::peer&) {
            accepted = ec;
            rx = std::move(r);
        });
    };
    const auto connect = [&] {
        error_code result = asio::error::in_progress;
        strait::async_connect<std::uint64_t>(context, names->local_endpoint(),
            [&](error_code ec, sender<std::uint64_t> s) {
                result = ec;
                tx = std::move(s);
            });
        run_through([&] { return result != asio::error::in_progress || accepted; });
        if (accepted) {
            not_accepted = std::exchange(accepted, {});
            accept();
            run_through([&] { return result != asio::error::in_progress || accepted; });
        }
        return result;
    };
    each_failing(
        [&](std::uint64_t) {
            names.emplace(context, endpoint::generate());
            tx.reset();
            rx.reset();
            accepted = not_accepted = {};
        },
        [&] {
            accept();
            return connect();
        },
        [&](std::uint64_t n, const outcome& o) {
            // The event loop could not wait for clients: the next accept does.
            if (not_accepted) {
                BOOST_TEST((o.call == system_call::epoll_ctl && o.failed));
                BOOST_TEST(not_accepted == error_code(o.why, boost::system::system_category()));
            }
            BOOST_TEST_REQUIRE(!accepted, accepted.message());
            if (o.ec) {
                BOOST_TEST((o.is_what_failed() || is_refusal(o.ec)), o.ec.message());
                // Who was accepted and did not get to know it is gone; the next one is served.
                context.restart();
                context.poll();
                if (rx) {
                    error_code ec;
                    rx->recv(ec);
                    BOOST_TEST(ec == asio::error::eof, ec.message());
                    rx.reset();
                    accept();
                }
                const error_code again = connect();
                BOOST_TEST(!again, again.message());
            }
            run_through([&] { return rx.has_value(); });
            expect_channel(*tx, *rx, n);
            names.reset();
            run_through();
        });
}

BOOST_AUTO_TEST_CASE(of_a_one_shot_server) {
    using server_type = strait::one_shot_server<std::uint64_t>;
    std::optional<server_type> server;
    std::optional<stubborn_client> client;
    std::uint64_t got = 0;
    each_failing(
        [&](std::uint64_t n) {
            server.emplace();
            client.emplace(server->local_endpoint(), n);
            got = ~n;
        },
        [&] {
            error_code ec;
            got = server->accept(ec).second;
            return ec;
        },
        [&](std::uint64_t n, const outcome& o) {
            if (o.ec) {
                const bool is_right = o.is_what_failed() ||
                                      o.ec == asio::error::connection_aborted ||
                                      o.ec == asio::error::eof;
                BOOST_TEST(is_right, o.ec.message());
                // Nobody was served, or the one is gone.
                if (o.ec != asio::error::eof) got = server->accept().second;
            }
            if (o.ec != asio::error::eof) BOOST_TEST(got == n);
            BOOST_TEST(!server->is_open());
            server.reset();
            client.reset();
        });
}

BOOST_AUTO_TEST_CASE(of_a_one_shot_server_asynchronously) {
    using server_type = strait::one_shot_server<std::uint64_t>;
    std::optional<server_type> server;
    std::optional<stubborn_client> client;
    std::uint64_t got = 0;
    const auto accept = [&] {
        error_code result = asio::error::in_progress;
        server->async_accept([&](error_code ec, receiver<std::uint64_t>, std::uint64_t value) {
            result = ec;
            got = value;
        });
        run_through();
        return result;
    };
    each_failing(
        [&](std::uint64_t n) {
            server.emplace(context);
            client.emplace(server->local_endpoint(), n);
            got = ~n;
        },
        accept,
        [&](std::uint64_t n, const outcome& o) {
            error_code ec = o.ec;
            if (ec) {
                const bool is_right = o.is_what_failed() ||
                                      o.ec == asio::error::connection_aborted ||
                                      o.ec == asio::error::eof;
                BOOST_TEST(is_right, o.ec.message());
                if (ec != asio::error::eof) ec = accept();
            }
            if (ec != asio::error::eof) {
                BOOST_TEST(!ec, ec.message());
                BOOST_TEST(got == n);
            }
            BOOST_TEST(!server->is_open());
            server.reset();
            client.reset();
        });
}

BOOST_AUTO_TEST_SUITE_END()
