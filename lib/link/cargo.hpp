//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#ifndef STRAIT_LIB_LINK_CARGO_HPP
#define STRAIT_LIB_LINK_CARGO_HPP

#include "link/in_process_channel.hpp"
#include "link/inbox.hpp"
#include "link/message_line.hpp"
#include "wire/bytes.hpp"

#include <strait/detail/byte_buffer.hpp>
#include <strait/detail/wire/incoming_message.hpp>
#include <strait/error.hpp>
#include <strait/limits.hpp>

#include <cstdint>
#include <span>
#include <vector>

namespace strait::detail {

// What leaves a receiver that moves: its links with all that was read ahead, or its place at an
// in-process channel; and the messages that were first in line.
struct cargo {
    std::vector<inbox::moving_link> links;
    receiver_place place;
    message_line line;
};

// Appends the cargo's bytes, and its handles in the order in which get_cargo takes them.
void put_cargo(byte_buffer& to, const cargo& c, std::vector<const handle*>& handles);

// Rebuilds it from what a peer sent, which is checked like anything from a peer.
error_code get_cargo(std::span<const std::byte> bytes, std::span<handle> handles,
    const limits& bounds, std::uint64_t now, cargo& out);

}  // namespace strait::detail

#endif
