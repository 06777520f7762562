//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#ifndef STRAIT_BENCH_PEERS_TRANSPORT_HPP
#define STRAIT_BENCH_PEERS_TRANSPORT_HPP

#include "support/payload.hpp"

#include <strait/handle.hpp>

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <span>
#include <string>
#include <vector>

// What strait is compared with: ways to bring bytes from one process to another, behind one
// interface, so that one loop measures them all. Each lies in a file of its own and is used there
// as its own documentation recommends.

namespace bench::peers {

// What is looked at of each message that came: cheap, and enough to tell a wrong one.
struct glimpse {
    std::uint64_t bytes = 0;
    std::uint8_t first = 0;
    std::uint8_t last = 0;

    friend bool operator==(const glimpse&, const glimpse&) = default;
};

// A figure for a wrong answer is worth nothing.
inline void require_equal(const glimpse& a, const glimpse& b) {
    if (a == b) return;
    std::fputs("bench: what came is not what was sent\n", stderr);
    std::abort();
}

inline glimpse look_at(std::span<const std::uint8_t> message) {
    return {message.size(), message.front(), message.back()};
}
inline glimpse look_at(const void* message, std::size_t bytes) {
    return look_at(std::span(static_cast<const std::uint8_t*>(message), bytes));
}

enum class pattern : std::uint8_t { one_way, round_trip };

// What both processes know before they meet.
struct meeting {
    pattern what = pattern::one_way;
    std::uint64_t bytes = 0;  // of each message
    std::string directory;    // for sockets in the file system
    std::string name;         // no other meeting's
    strait::handle socket;    // one end of a socket pair, for who can use it

    std::string path() const { return directory + '/' + name; }
    std::string url() const { return "ipc://" + path(); }
};

// The measuring side.
class client {
public:
    client() = default;
    client(const client&) = delete;
    client& operator=(const client&) = delete;
    virtual ~client() = default;

    // One way. The message may still be on its way out when this returns.
    virtual void send(const any_bytes& message) = 0;

    // A round trip: the message there and back.
    virtual glimpse call(const any_bytes& message) = 0;

    // Ends a row of sends or calls: all messages have left, or will without this process.
    virtual void flush() {}
};

// The other process. It is there before its client.
class server {
public:
    server() = default;
    server(const server&) = delete;
    server& operator=(const server&) = delete;
    virtual ~server() = default;

    // Called once, while the client is made; may wait for it.
    virtual void meet() {}

    // One way: receives one message.
    virtual glimpse receive() = 0;

    // Receives one message and sends it back.
    virtual void answer() = 0;

    // Ends a row of receives or answers.
    virtual void flush() {}
};

struct transport {
    std::string name;
    bool is_floor = false;  // what the system does, without any library
    bool one_way = true;
    bool round_trip = true;
    bool needs_server = true;
    std::uint64_t max_bytes = 64u << 20;
    std::unique_ptr<client> (*make_client)(meeting&) = nullptr;
    std::unique_ptr<server> (*make_server)(meeting&) = nullptr;
    void (*prepare)() = nullptr;  // called in the measuring process before all else

    bool carries(pattern what, std::uint64_t bytes) const {
        return bytes <= max_bytes && (what == pattern::one_way ? one_way : round_trip);
    }
};

template <class Client>
std::unique_ptr<client> make_client(meeting& m) {
    return std::make_unique<Client>(m);
}
template <class Server>
std::unique_ptr<server> make_server(meeting& m) {
    return std::make_unique<Server>(m);
}

// All that were installed when this was built.
const std::vector<transport>& transports();
const transport& transport_by_name(const std::string& name);

// Of strait: vectors, sent and received with blocking calls, each new or into the one before, with
// callbacks, or many at once; bytes into a buffer; loans; regions.
transport strait_blocking();
transport strait_into_one_vector();
transport strait_small_pool();
transport strait_callbacks();
transport strait_batches();
transport strait_bytes();
transport strait_loans();
transport strait_loans_in_place();
transport strait_shared_memory();

// Floors.
transport socket_pair();
transport socket_pair_batches();
transport memory_copy();
transport futex();
transport shared_block();

// Peers.
transport message_queue();
transport zeromq();
transport nng();
transport dbus();
transport capnproto();
transport iceoryx();

}  // namespace bench::peers

#endif
