//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

// What do many channels cost on one context: each of them, in memory, and an active one among them, in
// time?

#include "support/machine.hpp"
#include "support/payload.hpp"
#include "support/peer.hpp"
#include "support/raw.hpp"
#include "support/report.hpp"

#include <strait/channel.hpp>

#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <malloc.h>
#include <sys/resource.h>

namespace {

namespace asio = boost::asio;
using message = bench::bytes_64;

// The second process holds the senders, since one process may not have as many descriptors as two sides
// need.
struct task {
    std::vector<strait::sender<message>> channels;
    std::vector<strait::handle> sockets;
    bool is_raw = false;
    std::uint32_t which = 0;
    std::uint64_t count = 0;  // messages to send, one after each answer
    std::optional<strait::handle> answers;
};

int run_peer() {
    auto tasks = bench::inherited_tasks<task>();
    std::vector<strait::sender<message>> channels;
    std::vector<strait::handle> sockets;
    strait::handle answers;
    const message value = bench::make_payload<message>(sizeof(message));
    for (strait::error_code ec;;) {
        task t = tasks.recv(ec);
        if (ec) return 0;
        if (t.answers) answers = std::move(*t.answers);
        for (auto& c : t.channels) channels.push_back(std::move(c));
        for (auto& s : t.sockets) sockets.push_back(std::move(s));
        for (std::uint64_t i = 0; i != t.count; ++i) {
            if (t.is_raw)
                bench::raw::write_all(sockets[t.which], std::as_bytes(std::span(value)));
            else
                channels[t.which].send(value);
            std::byte answer{};
            bench::raw::read_all(answers, {&answer, 1});
        }
    }
}

// A receiver whose sender was given away has a descriptor for its link and one for its set of links.
void allow_many_descriptors() {
    rlimit limit{};
    ::getrlimit(RLIMIT_NOFILE, &limit);
    const rlimit wanted{65'536, std::max<rlim_t>(65'536, limit.rlim_max)};
    if (limit.rlim_cur < wanted.rlim_cur && ::setrlimit(RLIMIT_NOFILE, &wanted) != 0) {
        limit.rlim_cur = limit.rlim_max;
        ::setrlimit(RLIMIT_NOFILE, &limit);
    }
}

// Memory that this process has from its heap, in bytes.
std::size_t heap_bytes() {
    const struct mallinfo2 info = ::mallinfo2();
    return info.uordblks + info.hblkhd;
}

// What waits for messages of the other process, each of which it answers.
struct place {
    asio::io_context context{1};
    strait::handle answers;
    bench::peer<task> other;
    std::uint64_t received = 0;

    place() {
        task begin;
        auto [ours, theirs] = bench::raw::socket_pair();
        answers = std::move(ours);
        begin.answers = std::move(theirs);
        other.give(std::move(begin));
    }

    void answer() {
        ++received;
        const std::byte done{1};
        bench::raw::write_all(answers, {&done, 1});
    }

    void exchange(bool is_raw, std::size_t which, std::uint64_t count) {
        task t;
        t.is_raw = is_raw;
        t.which = static_cast<std::uint32_t>(which);
        t.count = count;
        other.give(std::move(t));
        for (const std::uint64_t end = received + count; received != end;) context.run_one();
    }
};

// Adds so many, and gives their other sides to the second process, some at a time. Bytes of the heap that
// each takes here.
template <class Add>
double add_all(place& at, std::size_t count, Add add) {
    const std::size_t before = heap_bytes();
    for (std::size_t left = count; left != 0;) {
        task t;
        for (std::size_t n = std::min<std::size_t>(left, 100); n != 0; --n, --left) add(t);
        at.other.give(std::move(t));
        // What the first links have to say: that their senders are gone.
        at.context.restart();
        at.context.poll();
    }
    return static_cast<double>(heap_bytes() - before) / static_cast<double>(count);
}

class channels {
public:
    channels(place& at, std::size_t count) : at_(at) {
        bytes_each_ = add_all(at, count, [this](task& t) {
            auto [tx, rx] = strait::make_channel<message>(at_.context);
            t.channels.push_back(std::move(tx));
            receivers_.push_back(std::make_unique<strait::receiver<message>>(std::move(rx)));
            receive(*receivers_.back());
        });
    }
    ~channels() {
        receivers_.clear();
        at_.context.restart();
        at_.context.poll();
    }

    double bytes_each() const { return bytes_each_; }

private:
    void receive(strait::receiver<message>& from) {
        from.async_recv([this, &from](strait::error_code ec, const message&) {
            if (ec) return;
            receive(from);
            at_.answer();
        });
    }

    place& at_;
    std::vector<std::unique_ptr<strait::receiver<message>>> receivers_;
    double bytes_each_ = 0;
};

// As many plain sockets, each read as a whole message.
class sockets {
public:
    sockets(place& at, std::size_t count) : at_(at) {
        bytes_each_ = add_all(at, count, [this](task& t) {
            auto [a, b] = bench::raw::socket_pair();
            t.sockets.push_back(std::move(b));
            ours_.push_back(std::make_unique<one>(at_.context, a.release()));
            receive(*ours_.back());
        });
    }
    ~sockets() {
        for (const auto& s : ours_) s->socket.close();
        at_.context.restart();
        at_.context.poll();
    }

    double bytes_each() const { return bytes_each_; }

private:
    struct one {
        one(asio::io_context& context, int descriptor)
            : socket(context, asio::local::stream_protocol(), descriptor) {}
        asio::local::stream_protocol::socket socket;
        message value{};
    };

    void receive(one& from) {
        from.socket.async_read_some(
            asio::buffer(from.value), [this, &from](strait::error_code ec, std::size_t) {
                if (ec) return;
                receive(from);
                at_.answer();
            });
    }

    place& at_;
    std::vector<std::unique_ptr<one>> ours_;
    double bytes_each_ = 0;
};

}  // namespace

int main(int argc, char** argv) {
    allow_many_descriptors();
    if (bench::is_peer(argc, argv)) return run_peer();
    const auto given = bench::parse_options(argc, argv);
    bench::place(bench::placement::one_cpu);
    bench::report to("channels", "as many sockets with async_read_some, or 10 channels", given);
    const char* where = to_string(bench::placement::one_cpu);
    const int rounds = given.smoke ? 1 : 40;
    const std::uint64_t count = given.smoke ? 2 : 500;
    const auto turn = [&](place& at, std::size_t all, bool is_raw) {
        return [&at, is_raw, all, count](bench::samples& into) {
            bench::together(
                into, count, [&](std::size_t n) { at.exchange(is_raw, all / 2, n); });
        };
    };
    place for_ten;
    const channels ten(for_ten, 10);
    bench::report::counts memory;
    for (const std::size_t all : {10u, 1000u, 4000u, 10'000u}) {
        const std::string name = "1 active of " + std::to_string(all);
        if (!to.wants(name) || (given.smoke && all > 1000)) continue;
        place at;
        const channels many(at, all);
        bench::compare_in_turns(to, name + ", to 1 of 10 channels", where, rounds,
            turn(for_ten, 10, false), turn(at, all, false));
        const std::string count_of = " of " + std::to_string(all);
        memory.emplace_back("KiB a channel" + count_of, many.bytes_each() / 1024);
        // With as many sockets beside them, descriptors may not suffice.
        if (all > 4000) continue;
        place for_sockets;
        const sockets floor(for_sockets, all);
        bench::compare_in_turns(to, name + ", to 1 of as many sockets", where, rounds,
            turn(for_sockets, all, true), turn(at, all, false));
        memory.emplace_back("KiB a socket" + count_of, floor.bytes_each() / 1024);
    }
    if (!memory.empty()) to.count("memory of the receiving process", where, memory);
}
