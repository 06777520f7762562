//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

// What does it cost to receive from some of many receivers? And to make a set, and a router, of them?

#include "support/machine.hpp"
#include "support/payload.hpp"
#include "support/raw.hpp"
#include "support/report.hpp"

#include <strait/channel.hpp>
#include <strait/receiver_set.hpp>
#include <strait/router.hpp>

#include <boost/asio/io_context.hpp>

#include <array>
#include <cstddef>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <sys/epoll.h>
#include <sys/socket.h>

namespace {

using message = bench::bytes_64;

// Sockets of which some get a message, an epoll descriptor over them, and one recvmsg for each.
class raw_set {
public:
    explicit raw_set(std::size_t count) : set_(::epoll_create1(EPOLL_CLOEXEC)) {
        for (std::size_t i = 0; i != count; ++i) {
            pairs_.push_back(bench::raw::socket_pair());
            epoll_event event{};
            event.events = EPOLLIN;
            event.data.u64 = i;
            if (::epoll_ctl(set_.native_handle(), EPOLL_CTL_ADD,
                    pairs_.back().second.native_handle(), &event) != 0)
                bench::raw::fail("epoll_ctl");
        }
    }

    void send(std::size_t to, std::span<const std::byte> bytes) {
        bench::raw::write_all(pairs_[to].first, bytes);
    }

    void receive(std::size_t count) {
        std::array<epoll_event, 256> events;
        while (count != 0) {
            const int n = ::epoll_wait(set_.native_handle(), events.data(), events.size(), -1);
            for (int i = 0; i < n; ++i) {
                iovec into{buffer_.data(), buffer_.size()};
                msghdr header{};
                header.msg_iov = &into;
                header.msg_iovlen = 1;
                const auto& from = pairs_[events[static_cast<std::size_t>(i)].data.u64].second;
                if (::recvmsg(from.native_handle(), &header, MSG_DONTWAIT) <= 0)
                    bench::raw::fail("recvmsg");
                --count;
            }
        }
    }

private:
    strait::handle set_;
    std::vector<std::pair<strait::handle, strait::handle>> pairs_;
    std::array<std::byte, 64u << 10> buffer_;
};

class strait_set {
public:
    explicit strait_set(std::size_t count) {
        for (std::size_t i = 0; i != count; ++i) {
            auto [tx, rx] = strait::make_channel<message>();
            set_.add(std::move(rx));
            senders_.push_back(std::move(tx));
        }
    }

    void send(std::size_t to, const message& value) { senders_[to].send(value); }

    void receive(std::size_t count) {
        while (count != 0)
            for (strait::set_event& e : set_.select()) {
                bench::require_equal(e.as<message>(), value_);
                --count;
            }
    }

private:
    strait::receiver_set set_;
    std::vector<strait::sender<message>> senders_;
    const message value_ = bench::make_payload<message>(sizeof(message));
};

// What is sent is not measured.
template <class Set, class Value>
auto select_some(Set& set, std::size_t active, std::size_t count, const Value& value) {
    return [&set, active, count, &value](bench::samples& into) {
        for (std::size_t i = 0; i != active; ++i) set.send(i * (count / active), value);
        bench::together(into, active, [&](std::size_t n) { set.receive(n); });
    };
}

template <class Make>
auto made(std::size_t count, Make make) {
    return [count, make](bench::samples& into) {
        bench::together(into, count, [&](std::size_t n) { make(n); });
    };
}

}  // namespace

int main(int argc, char** argv) {
    const auto given = bench::parse_options(argc, argv);
    bench::place(bench::placement::one_cpu);
    bench::report to("select", "epoll_wait and a recvmsg for each message, or epoll_ctl", given);
    const char* where = to_string(bench::placement::one_cpu);
    const message value = bench::make_payload<message>(sizeof(message));
    const auto bytes = std::as_bytes(std::span(value));

    struct scenario {
        std::size_t active;
        std::size_t count;
    };
    for (const scenario s : {scenario{1, 1}, scenario{20, 100}, scenario{100, 1000}}) {
        const std::string name =
            "select, " + std::to_string(s.active) + " of " + std::to_string(s.count);
        if (!to.wants(name)) continue;
        raw_set floor(s.count);
        strait_set set(s.count);
        bench::compare_in_turns(to, name, where, given.smoke ? 1 : 2000,
            select_some(floor, s.active, s.count, bytes),
            select_some(set, s.active, s.count, value));
    }

    const int rounds = given.smoke ? 1 : 100;
    constexpr std::size_t members = 100;
    const auto sockets = made(members, [](std::size_t n) { raw_set one(n); });
    bench::compare_in_turns(to, "a receiver made and added to a set", where, rounds, sockets,
        made(members, [](std::size_t n) { strait_set one(n); }));
    boost::asio::io_context context(1);
    bench::compare_in_turns(to, "a receiver made and added to a router", where, rounds, sockets,
        made(members, [&](std::size_t n) {
            strait::router router(context);
            std::vector<strait::sender<message>> senders;
            for (std::size_t i = 0; i != n; ++i) {
                auto [tx, rx] = strait::make_channel<message>();
                router.add(std::move(rx), [](message) {});
                senders.push_back(std::move(tx));
            }
            router.stop(strait::stop_mode::cancel);
            context.restart();
            context.poll();
        }));
}
