//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

// Teaches: a router calls a callback for each receiver, whatever their types. A once-route hears of
// the first value only; a route may hear of the end of its channel; a stop that drains first gives
// the callbacks what has arrived.

#include <strait.hpp>

#include <boost/asio/error.hpp>
#include <boost/asio/io_context.hpp>

#include <cstdio>
#include <exception>
#include <string>
#include <utility>
#include <vector>

struct greeting {
    std::string name;
};
struct sample {
    int number = 0;
    double value = 0;
};

// Three channels to one parent, each of its own type.
int child() {
    auto ends = strait::inherited::take();
    auto hello = ends.take<strait::sender<greeting>>("hello");
    auto samples = ends.take<strait::sender<sample>>("samples");
    auto log = ends.take<strait::sender<std::string>>("log");
    hello.send(greeting{"the child"});
    for (int i = 1; i <= 100; ++i) samples.send(sample{i, i * 0.5});
    log.send("100 samples sent");
    hello.send(greeting{"nobody listens any more, and that is no error"});
    return 0;
}

int parent() {
    boost::asio::io_context context;
    auto [hello_end, hello] = strait::make_channel<greeting>();
    auto [samples_end, samples] = strait::make_channel<sample>();
    auto [log_end, log] = strait::make_channel<std::string>();
    auto self = strait::process_options::this_program();
    self.argument("child").give("hello", std::move(hello_end));
    self.give("samples", std::move(samples_end)).give("log", std::move(log_end));
    auto other = strait::process::start(context, self);

    strait::router router(context);
    std::vector<std::string> names;
    double sum = 0;
    bool at_end = false;
    router.add_once(std::move(hello), [&](greeting g) { names.push_back(std::move(g.name)); });
    router.add(std::move(samples), [&](sample s) { sum += s.value; });
    router.add(std::move(log), [&](strait::error_code ec, std::string line) {
        if (!ec) std::printf("log: %s\n", line.c_str());
        at_end = ec == boost::asio::error::eof;
    });

    // When the child has ended, all that it sent has arrived.
    bool stopped = false;
    other.async_wait([&](strait::error_code, strait::exit_status) {
        router.async_stop(strait::stop_mode::drain, [&](strait::error_code ec) { stopped = !ec; });
    });
    context.run();
    std::printf("sum %.1f, greeted by %s\n", sum, names.empty() ? "nobody" : names[0].c_str());
    return stopped && names.size() == 1 && sum == 2525 && at_end && router.size() == 0 ? 0 : 1;
}

int main(int argc, char**) try {
    return argc == 2 ? child() : parent();
} catch (const std::exception& e) {
    std::fprintf(stderr, "router: %s\n", e.what());
    return 1;
}
