//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

// Teaches: handles travel. One process listens and accepts; another one, which has no listener, gets
// each connection as a message and serves it. (The parent plays the client, too.)

#include <strait.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/use_future.hpp>
#include <boost/asio/write.hpp>

#include <cstdio>
#include <exception>
#include <string>
#include <utility>

#include <unistd.h>

namespace asio = boost::asio;
using asio::ip::tcp;

struct connection {
    std::string client;
    strait::handle socket;
};

int child() {
    asio::io_context context;
    auto connections = strait::inherited::take().take<strait::receiver<connection>>("connections");
    strait::error_code ec;
    for (connection c = connections.recv(ec); !ec; c = connections.recv(ec)) {
        // An Asio socket again; what is no TCP connection is refused here.
        auto socket = c.socket.into<tcp::socket>(context);
        asio::write(socket, asio::buffer("Hello, " + c.client + ", from process " +
                                         std::to_string(::getpid())));
    }
    return 0;
}

asio::awaitable<bool> run(asio::io_context& context) {
    auto [connections, connections_end] = strait::make_channel<connection>(context);
    auto self = strait::process_options::this_program();
    self.argument("child").give("connections", std::move(connections_end));
    const auto worker = strait::process::start(context, self);

    tcp::acceptor acceptor(context, tcp::endpoint(asio::ip::address_v4::loopback(), 0));
    tcp::socket client(context);
    co_await client.async_connect(acceptor.local_endpoint(), asio::use_awaitable);
    auto accepted = co_await acceptor.async_accept(asio::use_awaitable);

    connection c{"a friend", strait::handle::from(std::move(accepted))};
    co_await connections.async_send(std::move(c));  // here it is closed now, there it is open

    std::string text;
    strait::error_code at_end;
    co_await asio::async_read(client, asio::dynamic_buffer(text),
        asio::redirect_error(asio::use_awaitable, at_end));
    std::printf("%s\n", text.c_str());
    co_return text == "Hello, a friend, from process " + std::to_string(worker.pid());
}

int main(int argc, char**) try {
    if (argc == 2) return child();
    asio::io_context context;
    auto ok = asio::co_spawn(context, run(context), asio::use_future);
    context.run();
    return ok.get() ? 0 : 1;
} catch (const std::exception& e) {
    std::fprintf(stderr, "hand_over: %s\n", e.what());
    return 1;
}
