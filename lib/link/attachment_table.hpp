//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#ifndef STRAIT_LIB_LINK_ATTACHMENT_TABLE_HPP
#define STRAIT_LIB_LINK_ATTACHMENT_TABLE_HPP

#include "wire/bytes.hpp"

#include <strait/detail/link/cores.hpp>

#include <cstdint>

// The table at the end of a message: what its attachments are and how many handles each has. See
// docs/design/wire-format.md.

namespace strait::detail {

enum class attachment_kind : std::uint8_t {
    handle = 1,
    sender = 2,
    receiver = 3,
    region = 4,
    loan = 5,  // within a process only
};

// Flags of a sender in the table.
inline constexpr std::uint8_t sender_parkable = 1;  // its link may be parked under its lease
inline constexpr std::uint8_t sender_leased = 2;    // no handle: the parked link of that lease

struct table_entry {
    attachment_kind kind = attachment_kind::handle;
    std::uint8_t flags = 0;
    std::uint32_t handles = 0;
    std::uint32_t lease = 0;
    std::uint32_t cargo_bytes = 0;
    std::uint64_t region_bytes = 0;
    channel_identity identity;  // of an end
};

// Bytes of the smallest entry, and of what ends the table: the count and the table's size.
inline constexpr std::size_t min_entry_bytes = 8;
inline constexpr std::size_t table_tail_bytes = 8;

void put_entry(byte_buffer& to, const table_entry& e);

// Reads one entry up to its cargo. Limits that a peer announces are cut to what `carrier`, or
// strait's defaults, allow.
table_entry get_entry(wire::byte_source& from, const limits& carrier);

}  // namespace strait::detail

#endif
