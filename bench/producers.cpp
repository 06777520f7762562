//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

// What does a message cost when many processes send to one receiver?

#include "support/batches.hpp"
#include "support/machine.hpp"
#include "support/payload.hpp"
#include "support/peer.hpp"
#include "support/raw.hpp"
#include "support/report.hpp"

#include <strait/channel.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <sys/epoll.h>
#include <sys/socket.h>

namespace {

using message = bench::bytes_64;

enum class how : std::uint8_t { raw, one_by_one, batches };

constexpr std::size_t batch = 64;

struct setup {
    strait::handle raw;
    strait::sender<message> out;
};

struct task {
    std::optional<setup> begin;
    how what = how::raw;
    std::uint64_t count = 0;
};

// A producer.

int run_peer() {
    auto tasks = bench::inherited_tasks<task>();
    setup mine = std::move(*tasks.recv().begin);
    const message value = bench::make_payload<message>(sizeof(message));
    const std::vector<message> several(batch, value);
    for (strait::error_code ec;;) {
        const task t = tasks.recv(ec);
        if (ec) return 0;
        switch (t.what) {
        case how::raw:
            for (std::uint64_t i = 0; i != t.count; ++i)
                bench::raw::write_all(mine.raw, std::as_bytes(std::span(value)));
            break;
        case how::one_by_one:
            for (std::uint64_t i = 0; i != t.count; ++i) mine.out.send(value);
            break;
        case how::batches:
            bench::send_in_batches(mine.out, several, t.count);
            break;
        }
    }
}

// The receiver.

// A socket for each producer, with 64 KiB of room for each read.
class raw_receiver {
public:
    raw_receiver() : set_(::epoll_create1(EPOLL_CLOEXEC)) {}

    strait::handle add() {
        sockets_.push_back(bench::raw::socket_pair());
        epoll_event event{};
        event.events = EPOLLIN;
        event.data.fd = sockets_.back().first.native_handle();
        if (::epoll_ctl(set_.native_handle(), EPOLL_CTL_ADD, event.data.fd, &event) != 0)
            bench::raw::fail("epoll_ctl");
        return std::move(sockets_.back().second);
    }

    void receive(std::uint64_t bytes) {
        std::array<epoll_event, 64> events;
        while (bytes != 0) {
            const int n = ::epoll_wait(
                set_.native_handle(), events.data(), static_cast<int>(events.size()), -1);
            for (int i = 0; i < n; ++i) {
                const auto got = ::recv(events[static_cast<std::size_t>(i)].data.fd, buffer_.data(),
                    buffer_.size(), MSG_DONTWAIT);
                if (got <= 0) bench::raw::fail("recv");
                bytes -= static_cast<std::uint64_t>(got);
            }
        }
    }

private:
    strait::handle set_;
    std::vector<std::pair<strait::handle, strait::handle>> sockets_;
    std::array<std::byte, 64u << 10> buffer_;
};

class producers {
public:
    explicit producers(std::size_t count) {
        auto [tx, rx] = strait::make_channel<message>();
        in_ = std::move(rx);
        for (std::size_t i = 0; i != count; ++i) {
            others_.push_back(std::make_unique<bench::peer<task>>());
            task begin;
            begin.begin.emplace(setup{raw_.add(), tx});
            others_.back()->give(std::move(begin));
        }
    }

    // Until all have arrived.
    void run(how what, std::uint64_t count_each) {
        for (const auto& other : others_) {
            task t;
            t.what = what;
            t.count = count_each;
            other->give(std::move(t));
        }
        std::uint64_t left = count_each * others_.size();
        if (what == how::raw) return raw_.receive(left * sizeof(message));
        while (left != 0) {
            const std::size_t n = in_.recv_some(room_);
            for (const message& m : std::span(room_).first(n)) bench::require_equal(m, value_);
            left -= n;
        }
    }

private:
    raw_receiver raw_;
    strait::receiver<message> in_;
    std::vector<std::unique_ptr<bench::peer<task>>> others_;
    std::vector<message> room_ = std::vector<message>(batch);
    const message value_ = bench::make_payload<message>(sizeof(message));
};

void measure(bench::placement where, const bench::options& given, bench::report& to) {
    bench::place(where);
    for (const std::size_t count : {1u, 4u, 16u, 64u}) {
        const std::string name =
            std::to_string(count) + (count == 1 ? " producer, " : " producers, ");
        if (!to.wants(name + "one by one") && !to.wants(name + "batches of 64")) continue;
        producers all(count);
        const std::uint64_t each = given.smoke ? 2 : 12'800 / count;
        const auto turn = [&](how what) {
            return [&all, what, each, count](bench::samples& into) {
                bench::together(
                    into, each * count, [&](std::size_t) { all.run(what, each); });
            };
        };
        const int rounds = given.smoke ? 1 : 30;
        bench::compare_in_turns(to, name + "one by one", to_string(where), rounds,
            turn(how::raw), turn(how::one_by_one));
        bench::compare_in_turns(to, name + "batches of 64", to_string(where), rounds,
            turn(how::raw), turn(how::batches));
    }
}

}  // namespace

int main(int argc, char** argv) {
    if (bench::is_peer(argc, argv)) return run_peer();
    const auto given = bench::parse_options(argc, argv);
    bench::report to("producers",
        "64 B, one write a message, a socket for each producer, epoll and 64 KiB of room", given);
    measure(bench::placement::one_cpu, given, to);
    measure(bench::placement::spread, given, to);
}
