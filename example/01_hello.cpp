//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

// Teaches: a program splits itself into two processes; a request carries the sender for its answer.

#include <strait.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <cstdio>
#include <exception>
#include <string>
#include <utility>

// What is sent: a plain struct. No macro, no registration.
struct request {
    std::string name;
    strait::sender<std::string> reply;
};

// The child takes up the end that it was given by name, and answers until nobody asks any more.
int child() {
    auto requests = strait::inherited::take().take<strait::receiver<request>>("requests");
    strait::error_code ec;
    for (request r = requests.recv(ec); !ec; r = requests.recv(ec))
        r.reply.send("Hello, " + r.name + '!');
    return 0;
}

boost::asio::awaitable<void> parent(boost::asio::io_context& context, bool& ok) {
    auto [requests, requests_end] = strait::make_channel<request>(context);
    auto [reply, answers] = strait::make_channel<std::string>(context);

    // This program again. It inherits the receiver and nothing else of ours.
    auto self = strait::process_options::this_program();
    self.argument("child").give("requests", std::move(requests_end));
    auto other = strait::process::start(context, self);

    request r{"world", reply};
    co_await requests.async_send(std::move(r));
    const std::string answer = co_await answers.async_recv();
    std::printf("process %lld says: %s\n", static_cast<long long>(other.pid()), answer.c_str());

    // Without senders the channel ends, and with it the child.
    requests.close();
    const strait::exit_status status = co_await other.async_wait();
    ok = status.success() && answer == "Hello, world!";
}

int main(int argc, char**) try {
    if (argc == 2) return child();
    boost::asio::io_context context;
    bool ok = false;
    boost::asio::co_spawn(context, parent(context, ok), [](std::exception_ptr e) {
        if (e) std::rethrow_exception(e);
    });
    context.run();
    return ok ? 0 : 1;
} catch (const std::exception& e) {
    std::fprintf(stderr, "hello: %s\n", e.what());
    return 1;
}
