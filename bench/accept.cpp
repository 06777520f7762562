//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

// How many clients a second can connect to a name, be accepted and deliver their first message?

#include "support/machine.hpp"
#include "support/raw.hpp"
#include "support/report.hpp"

#include <strait/connect.hpp>
#include <strait/listener.hpp>

#include <cstddef>
#include <cstring>
#include <string>
#include <string_view>
#include <thread>

#include <sys/socket.h>
#include <sys/un.h>

namespace {

// Clients of a thread, one after the other: connect, write a message, close.
template <class Connect, class Accept>
auto clients(std::size_t count, Connect connect, Accept accept) {
    return [=](bench::samples& into) {
        std::thread other([&] {
            for (std::size_t i = 0; i < count; ++i) connect();
        });
        bench::together(into, count, [&](std::size_t n) {
            for (std::size_t i = 0; i < n; ++i) accept();
        });
        other.join();
    };
}

// An abstract name, and the plain calls.
class raw_server {
public:
    raw_server() {
        const std::string_view name = "strait-bench-accept";
        address_.sun_family = AF_UNIX;
        std::memcpy(address_.sun_path + 1, name.data(), name.size());
        size_ = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + name.size());
        if (::bind(listening_.native_handle(), address(), size_) != 0 ||
            ::listen(listening_.native_handle(), 4096) != 0)
            bench::raw::fail("listen");
    }

    void connect() const {
        const strait::handle client = make();
        if (::connect(client.native_handle(), address(), size_) != 0)
            bench::raw::fail("connect");
        const std::byte message[8] = {};
        bench::raw::write_all(client, message);
    }

    void accept() const {
        const strait::handle client(
            ::accept4(listening_.native_handle(), nullptr, nullptr, SOCK_CLOEXEC));
        std::byte message[8];
        bench::raw::read_all(client, message);
    }

private:
    static strait::handle make() {
        strait::handle made(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
        if (!made.is_open()) bench::raw::fail("socket");
        return made;
    }
    const sockaddr* address() const {
        return reinterpret_cast<const sockaddr*>(&address_);
    }

    strait::handle listening_ = make();
    sockaddr_un address_{};
    socklen_t size_ = 0;
};

}  // namespace

int main(int argc, char** argv) {
    const auto given = bench::parse_options(argc, argv);
    bench::report to("accept", "connect, accept4 and one message over plain sockets", given);
    const int rounds = given.smoke ? 1 : 100;
    const std::size_t count = given.smoke ? 2 : 50;
    for (const auto where : {bench::placement::one_cpu, bench::placement::spread}) {
        bench::place(where);
        const raw_server floor;
        strait::listener<std::uint64_t> listener(strait::endpoint::generate());
        bench::compare_in_turns(to, "a client, accepted, with its first message", to_string(where),
            rounds,
            clients(count, [&] { floor.connect(); }, [&] { floor.accept(); }),
            clients(count,
                [&] { strait::connect<std::uint64_t>(listener.local_endpoint()).send(1); },
                [&] { listener.accept().first.recv(); }));
    }
}
