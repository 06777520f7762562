//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#ifndef STRAIT_DETAIL_WIRE_INCOMING_MESSAGE_HPP
#define STRAIT_DETAIL_WIRE_INCOMING_MESSAGE_HPP

#include <strait/detail/byte_buffer.hpp>
#include <strait/detail/chunk.hpp>
#include <strait/detail/config.hpp>
#include <strait/error.hpp>
#include <strait/handle.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <utility>
#include <vector>

namespace strait::detail {

class block_table;
class block_view;
class lease_table;
class send_link;
struct carried_load;

// A message as it was read, not decoded. What is dropped closes its handles, and gives up the
// leased links that it refers to and its block.
struct incoming_message {
    incoming_message() = default;
    incoming_message(incoming_message&&) noexcept = default;
    incoming_message& operator=(incoming_message&& other) noexcept {
        drop_leases();
        drop_block();
        body = other.body;
        chunk = std::move(other.chunk);
        assembled = std::move(other.assembled);
        handles = std::move(other.handles);
        leases = std::move(other.leases);
        leased = std::move(other.leased);
        carried = std::move(other.carried);
        blocks = std::move(other.blocks);
        view = std::move(other.view);
        stamp = other.stamp;
        memory_bytes = other.memory_bytes;
        packed_handles = other.packed_handles;
        block_id = other.block_id;
        loans = std::move(other.loans);
        has_table = other.has_table;
        in_memory = other.in_memory;
        in_block = other.in_block;
        has_loans = other.has_loans;
        fault = other.fault;
        return *this;
    }
    ~incoming_message() {
        drop_leases();
        drop_block();
    }

    // Empty again, for the next one.
    void clear() noexcept {
        drop_leases();
        drop_block();
        chunk = {};
        assembled = {};
        handles.clear();
        loans.clear();
        carried.reset();
        view.reset();
        body = {};
        memory_bytes = block_id = packed_handles = 0;
        has_table = in_memory = in_block = has_loans = false;
        fault.clear();
    }

    // Whether the body is the value, and all there is.
    bool is_plain() const noexcept {
        return !has_table && !in_memory && !in_block && !has_loans && handles.empty() && !carried;
    }

    // The user has it now, undecoded.
    void lend() noexcept {
        if (blocks) lend_block();
    }

    std::span<const std::byte> body;  // the value, then the attachment table if there is one
    chunk_ptr chunk;                  // what body lies in, or
    byte_buffer assembled;            // here when it came in fragments
    std::vector<handle> handles;
    std::shared_ptr<lease_table> leases;  // of its link
    // What the attachment table refers to by number, once the message is in line.
    std::vector<std::pair<std::uint32_t, std::shared_ptr<send_link>>> leased;
    std::shared_ptr<carried_load> carried;  // attachments, of a message that stays in the process
    std::shared_ptr<block_table> blocks;  // of its link, while the message has some of them
    std::shared_ptr<const block_view> view;  // of that block, when it was opened
    std::uint64_t stamp = 0;
    std::uint32_t memory_bytes = 0;
    std::uint32_t packed_handles = 0;      // that lie in the last one of `handles`
    std::uint32_t block_id = 0;            // of the value's block, if there is one
    std::vector<std::uint32_t> loans;      // further blocks that are its own
    bool has_table = false;
    bool in_memory = false;  // the body is in the memory that is the first handle
    bool in_block = false;   // the body begins with a block_ref instead of the value
    bool has_loans = false;  // and ends with those of its loans
    error_code fault;        // why it cannot be decoded

private:
    void drop_leases() noexcept {
        if (!leased.empty()) discard_leased();
        leases.reset();
    }
    void drop_block() noexcept {
        if (blocks) give_block_back();
    }
    STRAIT_DECL void discard_leased() noexcept;
    STRAIT_DECL void give_block_back() noexcept;
    STRAIT_DECL void lend_block() noexcept;
};

}  // namespace strait::detail

#endif
