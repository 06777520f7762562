//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#ifndef STRAIT_DETAIL_WIRE_INCOMING_MESSAGE_HPP
#define STRAIT_DETAIL_WIRE_INCOMING_MESSAGE_HPP

#include <strait/detail/byte_buffer.hpp>
#include <strait/detail/chunk.hpp>
#include <strait/error.hpp>
#include <strait/handle.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace strait::detail {

// A message as it was read, not decoded. What is dropped closes its handles.
struct incoming_message {
    std::span<const std::byte> body;  // the value, then the attachment table if there is one
    chunk_ptr chunk;                  // what body lies in, or
    byte_buffer assembled;            // here when it came in fragments
    std::vector<handle> handles;
    std::uint64_t stamp = 0;
    std::uint32_t link = 0;
    bool has_table = false;
    bool in_memory = false;  // the body is in the memory that is the first handle
    std::uint32_t memory_bytes = 0;
    error_code fault;        // why it cannot be decoded
};

}  // namespace strait::detail

#endif
