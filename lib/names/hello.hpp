//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#ifndef STRAIT_LIB_NAMES_HELLO_HPP
#define STRAIT_LIB_NAMES_HELLO_HPP

#include <strait/detail/byte_buffer.hpp>
#include <strait/detail/link/cores.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

// What a client and a listener say to each other before a connection becomes a link. No I/O here.
//
//     head    'strt', protocol version (u16), bytes of the body (u16)
//     body    answer (u8, 0 from the client), seven zeros, and what the channel is, as in the
//             attachment table of a message: docs/design/wire-format.md
//
// The head stays as it is in all versions of the protocol, so that each can name another; of
// another version nothing but the head is looked at.

namespace strait::detail {

enum class answer_code : std::uint8_t {
    none = 0,            // the client's hello
    accepted = 1,        // the connection is a link from here on
    type_mismatch = 2,
    version_mismatch = 3,
    not_allowed = 4,     // the policy of the listener refuses the peer
    closed = 5,          // nobody will accept
};

struct greeting {
    std::uint16_t version = 0;
    answer_code what = answer_code::none;
    channel_identity channel;
};

byte_buffer encode_greeting(answer_code what, const channel_identity& channel);

// Reads one greeting. Asks for no byte more than that: what follows belongs to the link.
class greeting_reader {
public:
    enum class state { more, complete, broken };

    // Where to read to; not empty while there is more.
    std::span<std::byte> room() noexcept { return std::span(bytes_).subspan(got_, want_ - got_); }

    // So many bytes were read to the room.
    state on_read(std::size_t n);

    const greeting& value() const noexcept { return value_; }

private:
    static constexpr std::size_t head_bytes = 8;
    // Larger than any body that this version writes (376), with room for what later ones add.
    static constexpr std::size_t max_body_bytes = 1024;

    state read_head() noexcept;
    state read_body();

    std::array<std::byte, head_bytes + max_body_bytes> bytes_;
    std::size_t got_ = 0;
    std::size_t want_ = head_bytes;
    greeting value_;
};

// Whether a greeting fits what this program expects; if not, `details` names both sides.
error_code compare(const greeting& theirs, const channel_identity& ours, diagnostics& details);

}  // namespace strait::detail

#endif
