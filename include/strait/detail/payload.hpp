//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#ifndef STRAIT_DETAIL_PAYLOAD_HPP
#define STRAIT_DETAIL_PAYLOAD_HPP

#include <strait/detail/config.hpp>
#include <strait/error.hpp>

#include <cstddef>
#include <memory>
#include <span>

namespace strait {

class output_archive;
class input_archive;

namespace detail {

class block_lender;
class receiver_core;
class sender_core;
struct incoming_message;
struct pool_block;

// Memory that loans and shared spans refer to, wherever it lies: gone, or back with whoever lent it, when
// nobody refers to it. Thread-safe.
class payload {
public:
    payload() = default;
    payload(const payload&) = delete;
    payload& operator=(const payload&) = delete;
    virtual ~payload() = default;

    // The block of that lender that it is, which could be sent as it is; null if it is none.
    virtual pool_block* block_of(const block_lender*) const noexcept { return nullptr; }

    // The block was sent, and belongs to the receiver.
    virtual void given_away() noexcept {}
};

// A part of such memory. Without an owner it is the user's, who keeps it.
struct payload_part {
    std::shared_ptr<payload> owner;
    std::span<const std::byte> bytes;
};

// Memory to be filled and sent through that sender; `writable` is all of it.
STRAIT_DECL std::shared_ptr<payload> allocate_payload(
    const std::shared_ptr<sender_core>& through, std::size_t bytes,
    std::span<std::byte>& writable, error_code& ec);

STRAIT_DECL payload_part copy_payload(std::span<const std::byte> content);

// The bytes of a message that consists of nothing else, where they lie. After an error the message is
// of no use.
STRAIT_DECL payload_part view_payload(incoming_message& message, error_code& ec);

// As members of values. Sent as it is if it is given up and lies where the message goes, else copied.
STRAIT_DECL void save_payload(output_archive& ar, std::shared_ptr<payload>& owner,
    std::span<const std::byte> bytes);
STRAIT_DECL payload_part load_payload(input_archive& ar);

}  // namespace detail
}  // namespace strait

#endif
