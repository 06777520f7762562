//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#ifndef STRAIT_LIB_WIRE_FRAME_HPP
#define STRAIT_LIB_WIRE_FRAME_HPP

#include <strait/limits.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <type_traits>

#include <boost/endian/conversion.hpp>

// One unit on a link: a header of fixed size, then its payload. docs/design/wire-format.md shows it
// byte by byte.

namespace strait::detail::wire {

enum class frame_kind : std::uint8_t {
    data = 1,      // a fragment of a message, to the receiver
    withdraw = 2,  // the unfinished message will not be finished
    adopt = 3,     // its handles are further links of the channel
    park = 4,      // no sender uses this link now; it may be taken up again
    hello = 5,     // from the receiver, once, on an adopted link
    release = 6,   // from the receiver: the block of that number was read
    want = 7,      // a message waits for a block
    forget = 8,    // the free block of that number is gone
    disuse = 9,    // the parked link of that lease was to be used again, and is not
};

// Flags of a data frame.
inline constexpr std::uint8_t flag_last = 1;    // commits the message
inline constexpr std::uint8_t flag_table = 2;   // the message ends with an attachment table
inline constexpr std::uint8_t flag_memory = 4;  // the message lies in the memory that rides along
inline constexpr std::uint8_t flag_block = 8;   // instead of its value the message has a block_ref
inline constexpr std::uint8_t flag_loans = 16;  // the message ends with block_refs of its loans
inline constexpr std::uint8_t flag_packed = 32;  // most of its handles lie in the last that rides along
inline constexpr std::uint8_t known_flags =
    flag_last | flag_table | flag_memory | flag_block | flag_loans | flag_packed;

// Of a release frame: the receiver keeps the block. Its number is in message_bytes.
inline constexpr std::uint8_t flag_for_good = 1;

struct frame_header {
    std::uint32_t payload_bytes = 0;
    frame_kind kind = frame_kind::data;
    std::uint8_t flags = 0;
    std::uint16_t handles = 0;          // that ride on this frame: the last one of a message, or adopt
    std::uint64_t stamp = 0;            // when it was written: system-wide monotonic clock, ns
    std::uint32_t message_bytes = 0;    // of the whole message
    std::uint32_t message_handles = 0;  // of the whole message
};

inline constexpr std::size_t header_bytes = 24;

// Whether something stands behind the value.
inline bool has_more_than_value(std::uint8_t flags) noexcept {
    return (flags & (flag_table | flag_loans)) != 0;
}

// Bytes a message may have: never more than what a receiver may hold of half messages. With something
// behind the value, such as a table with what is unread in a receiver that moves, the value alone is bounded
// by max_message_bytes.
inline std::uint64_t max_body_bytes(const limits& bounds, bool has_more) noexcept {
    if (has_more) return bounds.max_inbox_bytes;
    return std::min<std::uint64_t>(bounds.max_message_bytes, bounds.max_inbox_bytes);
}

// Loans that a message may have.
inline constexpr std::uint32_t max_loans = 16;

// Handles a message may have: those of the user, and the memories that it lies in. Where no handles are
// allowed there is no such memory either.
inline std::uint64_t max_handles(const limits& bounds, std::uint8_t flags) noexcept {
    if (bounds.max_handles_per_message == 0) return 0;
    return std::uint64_t(bounds.max_handles_per_message) +
           ((flags & (flag_memory | flag_block)) != 0 ? 1 : 0) +
           ((flags & flag_loans) != 0 ? max_loans : 0);
}

// What one write carries at most. Linux 6.18 takes a write to a local stream socket whole or not at
// all up to 36,544 bytes (measured); 32 KiB keeps clear of it.
inline constexpr std::size_t max_write_bytes = 32u << 10;
inline constexpr std::size_t max_payload_bytes = max_write_bytes - header_bytes;

namespace detail {

template <class Integer>
void store(std::byte*& at, Integer value) noexcept {
    boost::endian::native_to_little_inplace(value);
    std::memcpy(at, &value, sizeof(value));
    at += sizeof(value);
}

template <class Integer>
void fetch(const std::byte*& at, Integer& value) noexcept {
    std::memcpy(&value, at, sizeof(value));
    boost::endian::little_to_native_inplace(value);
    at += sizeof(value);
}

}  // namespace detail

inline void store_header(const frame_header& h, std::byte* at) noexcept {
    detail::store(at, h.payload_bytes);
    detail::store(at, static_cast<std::uint8_t>(h.kind));
    detail::store(at, h.flags);
    detail::store(at, h.handles);
    detail::store(at, h.stamp);
    detail::store(at, h.message_bytes);
    detail::store(at, h.message_handles);
}

inline frame_header fetch_header(const std::byte* at) noexcept {
    frame_header h;
    std::uint8_t kind = 0;
    detail::fetch(at, h.payload_bytes);
    detail::fetch(at, kind);
    h.kind = static_cast<frame_kind>(kind);
    detail::fetch(at, h.flags);
    detail::fetch(at, h.handles);
    detail::fetch(at, h.stamp);
    detail::fetch(at, h.message_bytes);
    detail::fetch(at, h.message_handles);
    return h;
}

}  // namespace strait::detail::wire

#endif
