//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#ifndef STRAIT_TEST_FUZZ_GRAMMAR_HPP
#define STRAIT_TEST_FUZZ_GRAMMAR_HPP

#include "fuzz/choices.hpp"
#include "link/block_table.hpp"

#include <strait/detail/byte_buffer.hpp>
#include <strait/handle.hpp>
#include <strait/limits.hpp>

#include <cstdint>
#include <span>
#include <vector>

// Messages with attachments as a hostile peer would write them: right in most places, wrong in some.

namespace strait::fuzz {

// What can ride on a frame.
class things {
public:
    // One side of a connected pair of streams, of which the other is kept.
    handle link_stream();

    // The same, and now and then a side of a connection of which another was given away before.
    handle link_of(choices& from);

    // Memory as regions are, and as blocks are.
    handle region_memory(std::size_t bytes);
    handle block_memory(
        std::size_t bytes, std::span<const std::byte> content = {}, std::size_t offset = 0);

    // Anything, also what was kept before.
    handle any(choices& from);

    // The right one, and rarely anything.
    template <class Make>
    handle mostly(choices& from, Make make) {
        return from.rarely() ? any(from) : make();
    }

    // Says something on one of those that were kept, as the receiver at the other side of a link does.
    void answer(choices& from);

    std::vector<handle>& kept() noexcept { return kept_; }

private:
    std::vector<handle> kept_;
};

// What the peer believes that the receiver knows of its blocks.
struct known_blocks {
    std::vector<detail::block_ref> all;
    std::uint32_t last_id = 0;
};

// A message, and what rides with it.
struct built_message {
    detail::byte_buffer body;
    std::vector<handle> handles;
    std::uint8_t flags = 0;          // of its frame, but last
    std::uint32_t memory_bytes = 0;  // with flag_memory, of the memory that is the first handle
    std::uint32_t packed = 0;        // with flag_packed, handles in the pack that is the last one
};

// The last of the handles, and a number that is right in most cases, as one handle that they lie in.
std::uint32_t pack_some(choices& from, things& with, std::vector<handle>& handles);

// What the value of a message of the target is made of; see parcel.hpp. The ends in it are ends of
// channels of numbers, whose type has this fingerprint.
built_message build_message(choices& from, things& with, known_blocks& blocks,
    std::uint64_t fingerprint);

}  // namespace strait::fuzz

#endif
