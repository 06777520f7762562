//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

// Teaches: a server of callbacks. Several children report to one receiver; when the last sender is
// gone the receiver gets eof, and each child's exit status arrives by itself.

#include <strait.hpp>

#include <boost/asio/error.hpp>
#include <boost/asio/io_context.hpp>

#include <cstdio>
#include <exception>
#include <string>
#include <utility>
#include <vector>

struct reading {
    std::string sensor;
    double value = 0;
};

int child(const std::string& name) {
    auto readings = strait::inherited::take().take<strait::sender<reading>>("readings");
    for (int i = 1; i <= 3; ++i) readings.send(reading{name, i * 1.5});
    return 0;
}

class server {
public:
    explicit server(boost::asio::io_context& context) {
        auto [readings, receiver] = strait::make_channel<reading>(context);
        receiver_ = std::move(receiver);
        for (const char* name : {"north", "south", "west"}) {
            auto self = strait::process_options::this_program();
            self.argument(name).give("readings", readings);  // a copy: one more sender
            children_.push_back(strait::process::start(context, self));
            children_.back().async_wait([this](strait::error_code, strait::exit_status status) {
                if (status.success()) ++ended_well_;
            });
        }
        receive();
    }  // our own sender goes here: from now on only the children keep the channel alive

    bool ok() const { return saw_the_end_ && count_ == 9 && ended_well_ == 3; }

private:
    void receive() {
        receiver_.async_recv([this](strait::error_code ec, reading r) {
            if (ec) {
                saw_the_end_ = ec == boost::asio::error::eof;
                return;
            }
            std::printf("%s: %.1f\n", r.sensor.c_str(), r.value);
            ++count_;
            receive();
        });
    }

    strait::receiver<reading> receiver_;
    std::vector<strait::process> children_;
    int count_ = 0;
    int ended_well_ = 0;
    bool saw_the_end_ = false;
};

int main(int argc, char** argv) try {
    if (argc == 2) return child(argv[1]);
    boost::asio::io_context context;
    server s(context);
    context.run();
    return s.ok() ? 0 : 1;
} catch (const std::exception& e) {
    std::fprintf(stderr, "callbacks: %s\n", e.what());
    return 1;
}
