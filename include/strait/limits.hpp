//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#ifndef STRAIT_LIMITS_HPP
#define STRAIT_LIMITS_HPP

#include <cstddef>
#include <cstdint>

namespace strait {

/// Bounds of one channel. Chosen when the channel is made; they travel with its ends, so that a
/// sender refuses what the receiver would have to drop, and the receiver enforces them against
/// peers that do not.
struct limits {
    /// Bytes of one encoded value. 64 MiB: enough for an image or a model shard, small enough
    /// that a peer can make the receiver hold no more than that for each link.
    std::uint32_t max_message_bytes = 64u << 20;

    /// Handles one message may carry, those of ends and of shared memory included; not the memory that a
    /// large value itself lies in. 4096: a quarter of the customary hard limit of descriptors a process, and
    /// a bound for what a hostile message can open here. 0: large values go through the socket, and
    /// `try_send` and `send_for` refuse those of more than 32 KiB.
    std::uint32_t max_handles_per_message = 4096;

    /// How deep values may nest while decoding (a vector in a vector is two). 128 keeps recursive types
    /// within some 100 KiB of stack.
    std::uint32_t max_depth = 128;

    /// Bytes that decoding may allocate for each byte of the message, plus 64 KiB: elements are
    /// charged `max(1, sizeof)`. 16 allows a vector of a type 16 times as large as its encoding. What
    /// default constructors allocate comes on top, for at most one element on each level of nesting.
    std::uint32_t max_expansion = 16;

    /// Links of one receiver: about one for each process that holds senders of it. Each costs a
    /// descriptor.
    std::uint32_t max_links = 4096;

    /// Links that one link may have adopted and that still live, those that they adopted in turn
    /// included, so that one peer cannot use up `max_links` for the others.
    std::uint32_t max_adopted_per_link = 1024;

    /// Bytes of messages in fragments, half ones and whole ones that wait for their turn, over all links
    /// of a receiver. The link that goes past it is ended with `asio::error::no_buffer_space`, and its
    /// sender sees `broken_pipe`; a single message beyond it, with everything that is unread in the
    /// receivers that it carries, is refused by its sender. Small messages read ahead take at most
    /// 64 KiB for each link beside it. 512 MiB: eight of the largest messages.
    std::uint64_t max_inbox_bytes = 512u << 20;

    /// Encoded bytes that waiting sends of one process may hold on one channel. Beyond it a send fails with
    /// `asio::error::no_buffer_space`. 256 MiB: four of the largest messages.
    std::uint64_t max_waiting_bytes = 256u << 20;

    /// Bytes of shared memory that one link may use for large messages, in at most 64 blocks that are
    /// used again and kept until the link ends; each costs the receiver a descriptor. When all of it
    /// holds unread messages, large sends wait. 0: none, large messages go through the socket. 16 MiB:
    /// some messages of a few MiB on their way. Sides that take turns on one CPU are faster with less, which
    /// stays in its caches: four times the largest usual message (measured: docs/design/peers.md).
    std::uint64_t max_pool_bytes = 16u << 20;

    /// Bytes of an encoded value from which on it goes through shared memory. 16 KiB: smaller ones are
    /// not faster by that (measured: docs/design/performance.md).
    std::uint32_t min_pooled_bytes = 16u << 10;

    friend bool operator==(const limits&, const limits&) = default;
};

}  // namespace strait

#endif
