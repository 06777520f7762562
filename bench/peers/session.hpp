//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#ifndef STRAIT_BENCH_PEERS_SESSION_HPP
#define STRAIT_BENCH_PEERS_SESSION_HPP

#include "peers/transport.hpp"
#include "support/peer.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace bench::peers {

// What the second process is told: to make a server, to meet its client, or to serve so many
// messages.
struct task {
    std::string transport;
    std::optional<strait::handle> answers;  // in the first one
    std::optional<meeting> opening;
    std::uint64_t count = 0;
};

// A second process, with a server of each transport that has been opened for messages of one size.
class session {
public:
    session(pattern what, std::uint64_t bytes);
    session(const session&) = delete;
    session& operator=(const session&) = delete;
    ~session();

    std::unique_ptr<client> open(const transport& t);

    // Lets the server of that transport receive or answer so many messages, and then say so.
    void serve(const transport& t, std::uint64_t count);
    void wait_until_served();

private:
    meeting meeting_of(int number) const;

    pattern what_;
    std::uint64_t bytes_;
    std::string directory_;
    strait::handle answers_;
    std::optional<peer<task>> other_;
};

// The second process.
int run_peer();

}  // namespace bench::peers

#endif
